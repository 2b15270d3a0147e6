/** Reading rules for `ttl` and `rcode`. */
import type { Token } from '../../corefile/corefile.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { rcodeMnemonics, rcodeOf } from '../../dns/constants.ts';
import { AnswerRule, RcodeRevision, type TtlRange, TtlRevision } from './answer-rules.ts';
import type { RuleReader } from './definition.ts';
import { readMatch, readMatched } from './words.ts';

const KINDS = '[exact|prefix|suffix|substring|regex]';

export const readTtlRule: RuleReader = (field, words, reading) => {
  const matched = readMatched(field, words, 2, `ttl ${KINDS} NAME SECONDS|MIN-MAX|-MAX|MIN-`, reading.problems);
  const [name, seconds] = matched?.rest ?? [];
  if (matched === undefined || name === undefined || seconds === undefined) return undefined;
  const match = readMatch(matched.kind, name, reading);
  const range = readRange(seconds, reading.problems);
  return match && range && (() => new AnswerRule(match, new TtlRevision(range)));
};

/** RFC 2181 §8 */
const MAX_TTL = 0x7fff_ffff;

function readRange(token: Token, problems: Problems): TtlRange | undefined {
  const [, only, from, to] = /^(?:(\d{1,10})|(\d{1,10})?-(\d{1,10})?)$/.exec(token.text) ?? [];
  const min = Number(only ?? from ?? 0);
  const max = Number(only ?? to ?? MAX_TTL);
  if (only === undefined && from === undefined && to === undefined) {
    problems.error(token, `'${shorten(token.text)}' is no time to live`, {
      expected: 'seconds such as 30, or a range: 5-30, -30, 5-',
    });
  } else if (min > max || max > MAX_TTL) {
    problems.error(token, `the time to live ${shorten(token.text)} is out of range`, {
      expected: `the lower number first, and at most ${MAX_TTL}`,
    });
  } else {
    return { min, max };
  }
  return undefined;
}

export const readRcodeRule: RuleReader = (field, words, reading) => {
  const { problems } = reading;
  const matched = readMatched(field, words, 3, `rcode ${KINDS} NAME FROM TO`, problems);
  const [name, fromWord, toWord] = matched?.rest ?? [];
  if (matched === undefined || name === undefined || fromWord === undefined || toWord === undefined) return undefined;
  const match = readMatch(matched.kind, name, reading);
  const from = readRcode(fromWord, problems);
  const to = readRcode(toWord, problems);
  if (match === undefined || from === undefined || to === undefined) return undefined;
  return () => new AnswerRule(match, new RcodeRevision(from, to));
};

/** The highest response code that has a meaning in messages (RFC 6895 §2.3, RFC 7873 §8). */
const MAX_RCODE = 23;

function readRcode(token: Token, problems: Problems): number | undefined {
  const value = /^\d{1,2}$/.test(token.text) ? Number(token.text) : rcodeOf(token.text.toUpperCase());
  if (value !== undefined && value <= MAX_RCODE) return value;
  problems.unknownWord(token, 'response code', rcodeMnemonics);
  return undefined;
}
