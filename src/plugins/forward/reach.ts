/** Lines of `forward` that no query comes to, for which there is a warning each. In: the lines of one block, and what they say. */
import type { Directive } from '../../corefile/corefile.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import { warnOfZonesOutside } from '../zone-arguments.ts';
import type { ForwardOptions } from './options.ts';

/** @param lines what each of `uses` says */
export function warnOfUnreached(
  uses: readonly Directive[],
  lines: readonly ForwardOptions[],
  context: ConfigureContext,
): void {
  for (const [i, use] of uses.entries()) {
    warnOfZonesOutside(use.args.slice(0, 1), context);
    const { from } = lines[i] ?? {};
    const above = from && lines.slice(0, i).find((line) => takesAll(line, from));
    if (above === undefined) continue;
    context.problems.warning(use.name, `no query comes so far: the 'forward' at ${above.at} takes all of them`, {
      expected: "one line with the upstreams of both, or 'next' in the block of the one above",
    });
  }
}

/** Whether nothing at or below a name is left to the lines behind. */
export function takesAll({ from, except, next, nextOnNodata }: ForwardOptions, name: Name): boolean {
  if (!name.isAtOrBelow(from) || next.size > 0 || nextOnNodata) return false;
  return !except.some((zone) => zone.isAtOrBelow(name) || name.isAtOrBelow(zone));
}
