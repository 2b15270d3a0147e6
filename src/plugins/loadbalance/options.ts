/**
 * The words of a `loadbalance` directive. In: the directive. Out: its policy; undefined where something is wrong.
 */
import { resolve } from 'node:path';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import type { ConfigureContext } from '../plugin.ts';
import { type Subnet, parseSubnet, subnetOf } from './subnets.ts';

export type LoadBalancePolicy =
  | { readonly kind: 'round_robin'; readonly prefer: readonly Subnet[] }
  /** `file` is absolute; `reload` in milliseconds, 0 for never. */
  | { readonly kind: 'weighted'; readonly file: string; readonly reload: number };

const USAGE = 'loadbalance [round_robin | weighted FILE]';
/** Milliseconds. */
const DEFAULT_RELOAD = 30_000;
/** What a timer can wait, rounded down to whole days. */
const MAX_RELOAD = 24 * 86_400_000;

export function readPolicy(use: Directive, { problems, folder }: ConfigureContext): LoadBalancePolicy | undefined {
  const [policy, file] = use.args;
  const weighted = policy?.text === 'weighted';
  if (policy !== undefined && !weighted && policy.text !== 'round_robin') {
    problems.unknownWord(policy, "policy of 'loadbalance'", ['round_robin', 'weighted']);
  } else if (expectArguments(use, problems, { max: weighted ? 2 : 1, usage: USAGE }) && weighted && !file?.text) {
    problems.error(policy, "'weighted' needs a file", { expected: 'loadbalance weighted FILE' });
  }
  const { reload, prefer } = readOptions(use, weighted, problems);
  if (problems.hasErrors) return undefined;
  return weighted
    ? { kind: 'weighted', file: resolve(folder, file?.text ?? ''), reload }
    : { kind: 'round_robin', prefer };
}

function readOptions(use: Directive, weighted: boolean, problems: Problems) {
  const prefer: Subnet[] = [];
  let reload: number | undefined;
  eachOption(use, problems, {
    reload: (option) => {
      const [time] = option.args;
      forbidBlock(option, problems);
      if (!weighted) onlyWith('weighted', option.name, problems);
      if (reload !== undefined) problems.error(option.name, "'reload' is given twice", { expected: "one 'reload'" });
      reload = DEFAULT_RELOAD;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'reload DURATION' }) || time === undefined)
        return;
      reload = Math.ceil(readDuration(time, problems, { max: MAX_RELOAD }) ?? DEFAULT_RELOAD);
    },
    prefer: (option) => {
      forbidBlock(option, problems);
      if (weighted) onlyWith('round_robin', option.name, problems);
      expectArguments(option, problems, { min: 1, usage: 'prefer CIDR…' });
      for (const word of option.args) prefer.push(...readSubnet(word, problems));
    },
  });
  return { reload: reload ?? DEFAULT_RELOAD, prefer };
}

function onlyWith(policy: string, option: Token, problems: Problems): void {
  problems.error(option, `'${option.text}' goes with '${policy}' only`, {
    expected: policy === 'weighted' ? 'loadbalance weighted FILE' : 'loadbalance round_robin',
  });
}

function readSubnet(word: Token, problems: Problems): readonly Subnet[] {
  const subnet = parseSubnet(word.text);
  if (subnet !== undefined) return [subnet];
  const suggestion = subnetOf(word.text);
  problems.error(word, `'${shorten(word.text)}' is not a network`, {
    expected: 'a network such as 10.0.0.0/8 or 2001:db8::/32',
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  return [];
}
