/**
 * The words of one rule, taken one after the other. In: a directive, all on one line or spread over lines between braces. Out:
 * words, and names and patterns made of them; what is wrong is reported with the form that was expected.
 */
import type { RE2JS } from 're2js';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { bounds } from '../../bounds.ts';
import { Name } from '../../dns/name.ts';
import { doubtOfNameExpression } from '../name-expressions.ts';
import { compileRegexp } from '../regexp.ts';
import { type MatchWord, type NameChange, type NameMatch, matchWords } from './match.ts';
import { Replacement } from './replacement.ts';

/** What is read of one server block: its problems, and how many expressions it has. */
export class Reading {
  readonly problems: Problems;
  #expressions = 0;

  constructor(problems: Problems) {
    this.problems = problems;
  }

  regexp(token: Token): RE2JS | undefined {
    if (++this.#expressions <= bounds.rewriteExpressions) {
      const doubt = doubtOfNameExpression(token.text);
      if (doubt !== undefined) this.problems.warning(token, doubt.message, { expected: doubt.expected });
      return compileRegexp(token, this.problems);
    }
    this.problems.error(token, `there are more than ${bounds.rewriteExpressions} expressions in rules of this block`, {
      expected: 'exact, prefix or suffix, which cost next to nothing',
    });
    return undefined;
  }
}

/** All words behind the directive's name; lines between braces are read as if they stood on one. */
export function wordsOf(use: Directive, problems: Problems): readonly Token[] {
  const inner = (use.block ?? []).flatMap(({ name, args, block }) => {
    if (block !== undefined) {
      problems.error(name, `'${shorten(name.text)}' takes no block`, { expected: `no '{' on this line` });
    }
    return [name, ...args];
  });
  return [...use.args, ...inner];
}

/** One of a few words in any case. */
export function oneOf<T extends string>(token: Token, words: readonly T[]): T | undefined {
  const lower = token.text.toLowerCase();
  return words.find((word) => word === lower);
}

/** The same where it must be one. @param what as in `unknown WHAT 'x'` */
export function readWord<T extends string>(
  token: Token,
  what: string,
  words: readonly T[],
  problems: Problems,
): T | undefined {
  const word = oneOf(token, words);
  if (word === undefined) problems.unknownWord(token, what, words);
  return word;
}

/** The words of a rule `FIELD [KIND] …`, with the kind told apart. */
export interface Matched {
  readonly kind: MatchWord;
  /** As many as were asked for. */
  readonly rest: readonly Token[];
}

/**
 * Reads `[exact|prefix|suffix|substring|regex]` and the words behind it; without one of these it is `exact`.
 *
 * @param at where it is reported that there are too few words
 * @param count of the words behind the kind
 */
export function readMatched(
  at: Token,
  words: readonly Token[],
  count: number,
  usage: string,
  problems: Problems,
): Matched | undefined {
  const [first] = words;
  if (words.length === count && first !== undefined) {
    const kind = oneOf(first, matchWords);
    if (kind !== undefined) {
      problems.warning(first, `'${first.text}' is read as a name here, since a word is missing behind it`, {
        expected: usage,
      });
    }
    return { kind: 'exact', rest: words };
  }
  if (words.length === count + 1 && first !== undefined) {
    const kind = readWord(first, 'way to match names', matchWords, problems);
    return kind && { kind, rest: words.slice(1) };
  }
  const surplus = words[count + 1];
  if (surplus === undefined) problems.error(words.at(-1) ?? at, 'there are words missing', { expected: usage });
  else problems.error(surplus, `there is no place for '${shorten(surplus.text)}'`, { expected: usage });
  return undefined;
}

/** What a word says of the names that a rule is for. */
export function readMatch(kind: MatchWord, from: Token, reading: Reading): NameMatch | undefined {
  const { problems } = reading;
  if (kind === 'regex') {
    const regexp = reading.regexp(from);
    return regexp && { kind, regexp };
  }
  if (kind === 'exact') {
    const name = readName(from, problems);
    return name && { kind, name };
  }
  const text = readText(from, problems);
  if (text === undefined) return undefined;
  if (text === '') {
    problems.error(from, `an empty text stands in every name`, { expected: `the text that names are to have` });
    return undefined;
  }
  return { kind, text: kind === 'suffix' ? withFinalDot(text) : text };
}

/** The same with what becomes of such names. */
export function readChange(kind: MatchWord, from: Token, to: Token, reading: Reading): NameChange | undefined {
  const { problems } = reading;
  const match = readMatch(kind, from, reading);
  switch (match?.kind) {
    case undefined:
      // The other word is read for its own mistakes.
      if (kind === 'exact') readName(to, problems);
      else readText(to, problems);
      return undefined;
    case 'exact': {
      const name = readName(to, problems);
      return name && { ...match, to: name };
    }
    case 'regex': {
      const replacement = readReplacement(to, match.regexp.groupCount(), problems);
      return replacement && { ...match, to: replacement };
    }
    case 'prefix':
    case 'suffix':
    case 'substring': {
      const text = readText(to, problems);
      return text === undefined ? undefined : { ...match, to: match.kind === 'suffix' ? withFinalDot(text) : text };
    }
  }
}

function readReplacement(token: Token, groups: number, problems: Problems): Replacement | undefined {
  const text = readText(token, problems);
  if (text === undefined) return undefined;
  const replacement = new Replacement(text);
  const { highestGroup } = replacement;
  if (highestGroup === undefined && Name.parse(text) === undefined) return noName(token, problems);
  if (highestGroup === undefined || highestGroup <= groups) return replacement;
  problems.error(token, `the expression has no group {${highestGroup}}`, {
    expected: groups === 0 ? '{0}, all that matched, or (…) in the expression' : `{0} to {${groups}}`,
  });
  return undefined;
}

function readName(token: Token, problems: Problems): Name | undefined {
  const text = readText(token, problems);
  return text === undefined ? undefined : (Name.parse(text) ?? noName(token, problems));
}

function noName(token: Token, problems: Problems): undefined {
  problems.error(token, `'${shorten(token.text)}' is no domain name`, {
    expected: 'labels of at most 63 characters with dots between them, 253 in all',
  });
  return undefined;
}

/** A part of a name as it is compared: lower case. */
function readText(token: Token, problems: Problems): string | undefined {
  if (token.text.length > bounds.rewriteText) {
    problems.error(token, `a word of ${token.text.length} characters`, {
      expected: `at most ${bounds.rewriteText} characters, what the longest of names has`,
    });
    return undefined;
  }
  const strange = /[^!-~]/u.exec(token.text)?.[0];
  if (strange !== undefined) {
    problems.error(token, `'${strange}' stands in no name`, {
      expected: String.raw`names as they are on the wire: xn--… for letters beyond ASCII, \032 for a space`,
    });
    return undefined;
  }
  return token.text.toLowerCase();
}

function withFinalDot(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
