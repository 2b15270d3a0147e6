/** The one word of `ipv6`. */
import type { Directive } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import type { ConfigureContext } from '../plugin.ts';

const MODES = ['auto', 'keep', 'filter'] as const;

/** As the cluster is; nothing is filtered; everything is. */
export type Mode = (typeof MODES)[number];

/** Undefined where the word is missing or wrong. */
export function readMode(use: Directive, context: ConfigureContext): Mode | undefined {
  const { problems } = context;
  forbidBlock(use, problems);
  const [word] = use.args;
  const usage = `ipv6 ${MODES.join('|')}`;
  if (!expectArguments(use, problems, { min: 1, max: 1, usage }) || word === undefined) return undefined;
  const mode = readChoice(word, problems, MODES);
  if (mode === 'auto' && context.usesOf('kubernetes').length === 0) {
    problems.error(word, "'ipv6 auto' needs a 'kubernetes' directive in the same server block", {
      expected: "kubernetes cluster.local beside it, or 'ipv6 filter' where clients have no IPv6, or 'ipv6 keep'",
    });
  }
  return mode;
}
