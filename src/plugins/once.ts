/**
 * Directives that stand once per server block. In: all uses of one in a block. Out: the first; each further one is
 * reported together with the place of the first.
 */
import type { Directive } from '../corefile/corefile.ts';
import type { Problems } from '../corefile/problems.ts';

export function onlyUse(uses: readonly [Directive, ...Directive[]], problems: Problems): Directive {
  const [first, ...further] = uses;
  const { file, line, column } = first.name.at;
  for (const { name } of further) {
    problems.error(
      name,
      `'${name.text}' can be used once per server block, and stands at ${file}:${line}:${column} already`,
      {
        expected: `one '${name.text}' in this block`,
      },
    );
  }
  return first;
}
