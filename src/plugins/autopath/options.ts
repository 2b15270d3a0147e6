/**
 * The words of `autopath`: for which names, and whose search path. In: the directive. Out: zones, and a file or the cluster.
 */
import { resolve } from 'node:path';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import { shorten } from '../../corefile/problems.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readZones } from '../zone-arguments.ts';

export interface AutopathOptions {
  /** Longest first. */
  readonly zones: readonly Name[];
  readonly source: Source;
}

/** Where search paths come from: one file for all clients (its absolute path), or for each the namespace of its pod. */
export type Source = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'kubernetes' };

const KUBERNETES = '@kubernetes';

/** Undefined where nothing usable came out. */
export function readAutopath(use: Directive, context: ConfigureContext): AutopathOptions | undefined {
  const { problems } = context;
  forbidBlock(use, problems);
  if (!expectArguments(use, problems, { min: 1, usage: 'autopath [ZONES…] RESOLV-CONF' })) return undefined;
  const zones = readZones(use.args.slice(0, -1), context.zones, problems);
  const word = use.args.at(-1);
  const source = word && readSource(word, context);
  if (word === undefined || source === undefined || problems.hasErrors) return undefined;
  if (source.kind === 'kubernetes') warnOfMissingPods(word, context);
  warnOfSearchPath(use, context);
  return { zones, source };
}

function readSource(word: Token, { folder, problems }: ConfigureContext): Source | undefined {
  const { text } = word;
  if (text === KUBERNETES) return { kind: 'kubernetes' };
  if (text === '' || text.startsWith('@')) {
    const message =
      text === '' ? 'the name of the file is empty' : `no directive gives search paths as '${shorten(text)}'`;
    problems.error(word, message, { expected: `a file such as /etc/resolv.conf, or ${KUBERNETES}` });
    return undefined;
  }
  return { kind: 'file', path: resolve(folder, text) };
}

/** CoreDNS starts without a word as well, and does nothing. */
function warnOfMissingPods(word: Token, context: ConfigureContext): void {
  const { problems } = context;
  const [cluster] = context.usesOf('kubernetes');
  if (cluster === undefined) {
    problems.warning(word, `'${KUBERNETES}' does nothing without a 'kubernetes' directive in the same server block`, {
      expected: "kubernetes cluster.local { pods verified } beside it, or no 'autopath'",
    });
    return;
  }
  const pods = cluster.block?.findLast(({ name }) => name.text === 'pods');
  if (pods?.args[0]?.text === 'verified') return;
  problems.warning(
    word,
    `'${KUBERNETES}' does nothing without 'pods verified': clients are known by the addresses of pods`,
    {
      expected: "pods verified in the block of 'kubernetes', or searchpath { complete } in place of 'autopath'",
    },
  );
}

function warnOfSearchPath({ name }: Directive, context: ConfigureContext): void {
  const uses = context.usesOf('searchpath');
  if (!uses.some(({ block }) => block?.some((line) => line.name.text === 'complete'))) return;
  context.problems.warning(name, "'autopath' acts first, and 'complete' of 'searchpath' only where it finds nothing", {
    expected: 'one of the two',
  });
}
