/**
 * The rules of a server block as they were configured. In: all uses of `rewrite`. Out: what makes each rule when the block is put
 * in service; everything wrong in them is reported.
 *
 *     rewrite [continue|stop] FIELD …        or the same words on lines between braces, one rule for each `rewrite`
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { bounds } from '../../bounds.ts';
import type { Problems } from '../../corefile/problems.ts';
import type { ConfigureContext } from '../plugin.ts';
import type { RuleDefinition, RuleReader } from './definition.ts';
import { readRcodeRule, readTtlRule } from './read-answer-rules.ts';
import { readEdnsRule } from './read-edns0.ts';
import { readClassRule, readCnameRule, readNameRule, readTypeRule } from './read-question-rules.ts';
import { Reading, oneOf, readWord, wordsOf } from './words.ts';

const readers: Readonly<Record<(typeof fields)[number], RuleReader>> = {
  name: readNameRule,
  type: readTypeRule,
  class: readClassRule,
  ttl: readTtlRule,
  rcode: readRcodeRule,
  cname: readCnameRule,
  edns0: readEdnsRule,
};

export function readRules(uses: readonly Directive[], context: ConfigureContext): readonly RuleDefinition[] {
  const { problems } = context;
  const reading = new Reading(problems);
  const surplus = uses[bounds.rewriteRules];
  if (surplus !== undefined) {
    problems.error(surplus.name, `there are more than ${bounds.rewriteRules} rules in this block`, {
      expected: 'one rule with suffix or regex in place of many',
    });
  }
  return uses
    .slice(0, bounds.rewriteRules)
    .flatMap((use, i) => readRule(use, i + 1 < uses.length, reading, context) ?? []);
}

const USAGE = 'rewrite [continue|stop] name|type|class|ttl|rcode|cname|edns0 …';
const fields = ['name', 'type', 'class', 'ttl', 'rcode', 'cname', 'edns0'] as const;
const modes = ['continue', 'stop'] as const;

/** @param hasNext further rules stand behind it */
function readRule(
  use: Directive,
  hasNext: boolean,
  reading: Reading,
  context: ConfigureContext,
): RuleDefinition | undefined {
  const { problems } = reading;
  const words = wordsOf(use, problems);
  const [first] = words;
  const mode = first && oneOf(first, modes);
  const [field, ...rest] = mode === undefined ? words : words.slice(1);
  if (field === undefined) {
    problems.error(first ?? use.name, 'there is no rule', { expected: USAGE });
    return undefined;
  }
  if (field.text.toLowerCase() === 'answer') {
    problems.error(field, `'answer' stands behind a name rule`, {
      expected: 'name … TO answer …, in the same rewrite',
    });
    return undefined;
  }
  const word = readWord(field, 'field of a rule', fields, problems);
  const create = word && readers[word](field, rest, reading, context);
  const stops = mode !== 'continue';
  if (word === 'cname' && stops && hasNext) warnOfStop(mode === undefined ? use.name : field, problems);
  return create && { stops, create };
}

/** Whether an answer will have such an alias is not known when the rules are looked at. */
function warnOfStop(at: Token, problems: Problems): void {
  problems.warning(at, `a rule for 'cname' applies to every query, so that no rule behind it is ever looked at`, {
    expected: 'rewrite continue cname …',
  });
}
