/**
 * Reading the `k8s_external` directive. In: the directive as it stands in a block. Out: typed values; what is wrong is in
 * `problems`.
 */
import type { Directive } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readInteger, wordsAsZones } from '../../corefile/options.ts';
import { shorten } from '../../corefile/problems.ts';
import { Name } from '../../dns/name.ts';
import { isReverseZone } from '../kubernetes/options.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readFallthrough } from '../zone-arguments.ts';

export interface ExternalOptions {
  /** Those of names, in the order in which they were given; there is at least one unless something is wrong. */
  readonly zones: readonly Name[];
  readonly reverseZones: readonly Name[];
  /** The label below a zone's apex that the name server's own name is below. */
  readonly apex: string;
  /** Seconds, for all records. */
  readonly ttl: number;
  /** Headless Services without an external address are shown by their endpoints. */
  readonly headless: boolean;
  /** Names below these that do not exist are passed on. */
  readonly fallthrough: readonly Name[];
}

const USAGE = 'k8s_external [ZONES…]';
const DEFAULT_APEX = 'dns';
const DEFAULT_TTL = 5;
const MAX_TTL = 3600;

export function readExternal(
  use: Directive,
  { zones: blockZones, problems, usesOf }: Pick<ConfigureContext, 'zones' | 'problems' | 'usesOf'>,
): ExternalOptions {
  const zones = wordsAsZones(use.args, blockZones, problems);
  let apex = DEFAULT_APEX;
  let ttl = DEFAULT_TTL;
  let headless = false;
  let fallthrough: readonly Name[] = [];
  eachOption(use, problems, {
    apex(option) {
      const [word] = option.args;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'apex LABEL' }) || word === undefined) return;
      if (Name.parse(word.text)?.labelCount === 1 && !word.text.endsWith('.')) {
        apex = word.text.toLowerCase();
        return;
      }
      problems.error(word, `'${shorten(word.text)}' is not one label`, {
        expected: `a label of at most 63 characters, such as apex ${DEFAULT_APEX}`,
      });
    },
    ttl(option) {
      const [word] = option.args;
      const usage = `ttl SECONDS, from 0 to ${MAX_TTL}`;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage }) || word === undefined) return;
      ttl = readInteger(word, problems, { min: 0, max: MAX_TTL, what: 'ttl' }) ?? ttl;
    },
    headless(option) {
      headless = expectArguments(option, problems, { max: 0, usage: 'headless' });
    },
    fallthrough(option) {
      fallthrough = readFallthrough(option.args, problems);
    },
  });
  for (const option of use.block ?? []) forbidBlock(option, problems);
  if (usesOf('kubernetes').length === 0) {
    problems.error(
      use.name,
      "'k8s_external' shows the cluster of 'kubernetes', which this server block does not have",
      {
        expected: "kubernetes cluster.local in the same server block, or 'k8s_external' in the block that has it",
      },
    );
  }
  if (zones.length > 0 && zones.every(isReverseZone)) {
    problems.error(use.name, 'a zone that is not a reverse zone must be served, since PTR records point into it', {
      expected: `${USAGE}, for example k8s_external example.org ${zones.join(' ')}`,
    });
  }
  const named = (isReverse: boolean): readonly Name[] =>
    zones.filter((zone) => isReverseZone(zone) === isReverse).flatMap((zone) => Name.parse(zone) ?? []);
  return { zones: named(false), reverseZones: named(true), apex, ttl, headless, fallthrough };
}
