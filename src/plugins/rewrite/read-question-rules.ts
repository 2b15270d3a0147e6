/** Reading rules for `name` with what is to become of the answer, `type`, `class` and `cname`. */
import type { Token } from '../../corefile/corefile.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { Type, classMnemonics, classOf, typeMnemonics, typeOf } from '../../dns/constants.ts';
import { CnameRule } from './cname-rule.ts';
import { type AnswerNames, NameRule, NumberRule } from './question-rules.ts';
import type { RuleReader } from './definition.ts';
import { Renaming } from './renaming.ts';
import type { Revision } from './turn.ts';
import { type Reading, oneOf, readChange, readMatched, readWord } from './words.ts';

const KINDS = '[exact|prefix|suffix|substring|regex]';
const NAME_USAGE = `name ${KINDS} FROM TO [answer auto|name RE TO|value RE TO]…`;
const answerWords = ['auto', 'name', 'value'] as const;

export const readNameRule: RuleReader = (field, words, reading) => {
  const { problems } = reading;
  // FROM and TO stand in front of it in any case.
  const behind = words.findIndex((word, i) => i >= 2 && word.text.toLowerCase() === 'answer');
  const end = behind < 0 ? words.length : behind;
  const matched = readMatched(field, words.slice(0, end), 2, NAME_USAGE, problems);
  const answer = readAnswerNames(words.slice(end), reading);
  const [from, to] = matched?.rest ?? [];
  if (matched === undefined || from === undefined || to === undefined) return undefined;
  const change = readChange(matched.kind, from, to, reading);
  if (change === undefined) return undefined;
  // What is rewritten to one name and back to one name is always told as it was asked for.
  const auto = answer.auto || change.kind === 'exact';
  return () => new NameRule(change, { ...answer, auto });
};

/** `answer auto`, `answer name RE TO`, `answer value RE TO`; behind the first, `answer` may be left out. */
function readAnswerNames(words: readonly Token[], reading: Reading): AnswerNames {
  const { problems } = reading;
  const revisions: Revision[] = [];
  let auto: Token | undefined;
  let explicit: Token | undefined;
  let at = 0;
  while (at < words.length) {
    const lead = words[at];
    if (lead?.text.toLowerCase() === 'answer') at++;
    const what = words[at++];
    if (what === undefined) {
      if (lead !== undefined) problems.error(lead, 'there are words missing', { expected: NAME_USAGE });
      break;
    }
    const part = readWord(what, 'rule for answers', answerWords, problems);
    if (part === undefined) break;
    if (part === 'auto') {
      auto = what;
      continue;
    }
    const from = words[at++];
    const to = words[at++];
    if (from === undefined || to === undefined) {
      const suggestion = from !== undefined && oneOf(from, ['auto']) !== undefined ? { suggestion: 'answer auto' } : {};
      problems.error(from ?? what, 'there are words missing', { expected: `answer ${part} RE TO`, ...suggestion });
      break;
    }
    if (part === 'name') explicit = what;
    const change = readChange('regex', from, to, reading);
    if (change !== undefined) revisions.push(new Renaming(part, change));
  }
  if (auto !== undefined && explicit !== undefined) {
    problems.error(explicit, `'answer name' and 'answer auto' both say what becomes of owner names`, {
      expected: 'one of the two',
    });
  }
  return { auto: auto !== undefined, revisions };
}

/** Types that are no data of a name, and are not asked for in place of others (RFC 6895 §3.1). */
const NOT_ASKED_FOR: ReadonlySet<number> = new Set([Type.OPT, Type.TKEY, Type.TSIG, Type.IXFR, Type.AXFR]);

export const readTypeRule: RuleReader = (field, words, { problems }) => {
  const pair = readPair(field, words, 'type FROM TO', problems);
  const from = pair && readMnemonic(pair[0], 'type', typeOf, typeMnemonics, problems);
  const to = pair && readMnemonic(pair[1], 'type', typeOf, typeMnemonics, problems);
  if (pair === undefined || from === undefined || to === undefined) return undefined;
  if (NOT_ASKED_FOR.has(to) || NOT_ASKED_FOR.has(from)) {
    const wrong = NOT_ASKED_FOR.has(to) ? pair[1] : pair[0];
    problems.error(wrong, `${shorten(wrong.text)} is no type that a question is rewritten from or to`, {
      expected: 'a type of records, or ANY',
    });
    return undefined;
  }
  return () => new NumberRule('type', from, to);
};

export const readClassRule: RuleReader = (field, words, { problems }) => {
  const pair = readPair(field, words, 'class FROM TO', problems);
  const from = pair && readMnemonic(pair[0], 'class', classOf, classMnemonics, problems);
  const to = pair && readMnemonic(pair[1], 'class', classOf, classMnemonics, problems);
  return from === undefined || to === undefined ? undefined : () => new NumberRule('class', from, to);
};

export const readCnameRule: RuleReader = (field, words, reading) => {
  const matched = readMatched(field, words, 2, `cname ${KINDS} FROM TO`, reading.problems);
  const [from, to] = matched?.rest ?? [];
  if (matched === undefined || from === undefined || to === undefined) return undefined;
  const change = readChange(matched.kind, from, to, reading);
  return change && (() => new CnameRule(change));
};

function readPair(
  field: Token,
  words: readonly Token[],
  usage: string,
  problems: Problems,
): readonly [Token, Token] | undefined {
  const [from, to, surplus] = words;
  if (from === undefined || to === undefined) {
    problems.error(from ?? field, 'there are words missing', { expected: usage });
    return undefined;
  }
  if (surplus === undefined) return [from, to];
  problems.error(surplus, `there is no place for '${shorten(surplus.text)}'`, { expected: usage });
  return undefined;
}

function readMnemonic(
  token: Token,
  what: string,
  valueOf: (name: string) => number | undefined,
  known: readonly string[],
  problems: Problems,
): number | undefined {
  const value = valueOf(token.text.toUpperCase());
  if (value === undefined) problems.unknownWord(token, what, known);
  return value;
}
