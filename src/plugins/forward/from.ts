/**
 * The FROM word of a `forward` line: below which name it is asked. In: the line. Out: a name; what is wrong is reported,
 * and the name is then the root.
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { expectArguments, wordsAsZones } from '../../corefile/options.ts';
import { Problems, shorten } from '../../corefile/problems.ts';
import { Name } from '../../dns/name.ts';
import { looksLikeTarget } from './target-mistakes.ts';

const USAGE = 'forward FROM TO…';

/** Reports a line of fewer than two words too. */
export function readFrom(use: Directive, problems: Problems): Name {
  const [word] = use.args;
  if (word !== undefined && looksLikeTarget(word.text)) return readForgotten(use, word, problems);
  expectArguments(use, problems, { min: 2, usage: USAGE });
  if (word === undefined) return Name.root;
  const [zone = '.', ...further] = wordsAsZones([word], [], problems);
  if (further.length > 0) {
    problems.warning(word, `'${shorten(word.text)}' covers ${further.length + 1} zones: only ${zone} is forwarded`, {
      expected: "one 'forward' for each zone",
    });
  }
  return Name.parse(zone) ?? Name.root;
}

/** An upstream where FROM should stand; some are domain names as well, and with TOs behind them they are taken for such. */
function readForgotten(use: Directive, word: Token, problems: Problems): Name {
  const hint = { expected: USAGE, suggestion: `forward . ${use.args.map(({ text }) => text).join(' ')}` };
  const unheard = new Problems();
  const [zone = ''] = wordsAsZones([word], [], unheard);
  const name = Name.parse(zone);
  if (use.args.length > 1 && name !== undefined && !unheard.hasErrors) {
    problems.warning(word, `'${shorten(word.text)}' is read as the zone ${zone}, and not as an upstream`, hint);
    return name;
  }
  problems.error(word, `FROM is missing: '${shorten(word.text)}' is an upstream`, hint);
  return Name.root;
}
