/**
 * The words of an expression. In: its text. Out: tokens with their places; what is no word ends the reading with a fault.
 */
import { SyntaxFault } from './fault.ts';

/** By the indexes of the first character and of the one behind the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type ExpressionToken = Span &
  (
    | { readonly kind: 'number'; readonly value: number; readonly isInteger: boolean }
    | { readonly kind: 'string'; readonly value: string }
    /** A name, or an operator that is written in letters. */
    | { readonly kind: 'name'; readonly text: string }
    | { readonly kind: 'sign'; readonly text: string }
    | { readonly kind: 'end' }
  );

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const NAME = /[A-Za-z_$][\w$]*/y;
// A point is not taken where another follows: `1..3` is a range.
const NUMBER =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const SIGN = /\?\?|\?\.|\*\*|\.\.|&&|\|\||==|!=|<=|>=|[-+*/%^()[\]{}<>!?:,.|#;=]/y;

/** The tokens of a text, with one of the kind `end` behind the last. */
export function readTokens(source: string): readonly ExpressionToken[] {
  const tokens: ExpressionToken[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  for (;;) {
    at += take(SPACE)?.length ?? 0;
    if (at >= source.length) break;
    const token = readString(source, at) ?? readWord(take, at);
    if (token === undefined) {
      const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
      throw new SyntaxFault(`'${character}' means nothing here`, 'an operator, a name, a number or text in quotes', {
        start: at,
        end: at + character.length,
      });
    }
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', start: source.length, end: source.length });
  return tokens;
}

function readWord(take: (pattern: RegExp) => string | undefined, start: number): ExpressionToken | undefined {
  const number = take(NUMBER);
  if (number !== undefined) {
    const end = start + number.length;
    const digits = number.replaceAll('_', '').toLowerCase();
    const isInteger = !/^[\d.]*[.e]/.test(digits);
    const value = Number(digits);
    if (Number.isFinite(value) && (!isInteger || Number.isSafeInteger(value)))
      return { kind: 'number', value, isInteger, start, end };
    throw new SyntaxFault(`the number ${number} is too large`, `at most ${Number.MAX_SAFE_INTEGER}`, { start, end });
  }
  const name = take(NAME);
  if (name !== undefined) return { kind: 'name', text: name, start, end: start + name.length };
  const sign = take(SIGN);
  return sign === undefined ? undefined : { kind: 'sign', text: sign, start, end: start + sign.length };
}

/** Text in single or double quotes with escapes, or in backquotes as it stands. */
function readString(source: string, start: number): ExpressionToken | undefined {
  const quote = source[start];
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined;
  let value = '';
  let at = start + 1;
  for (;;) {
    const character = source[at];
    if (character === undefined || (character === '\n' && quote !== '`')) {
      throw new SyntaxFault(`a ${quote} that is never closed`, `another ${quote} behind the text`, { start, end: at });
    }
    if (character === quote) return { kind: 'string', value, start, end: at + 1 };
    if (character === '\\' && quote !== '`') {
      const escape = readEscape(source, at);
      value += escape.value;
      at = escape.end;
    } else {
      value += character;
      at++;
    }
  }
}

const PLAIN_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const CODE_ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-3][0-7]{2}))/y;

/** The escape that begins at a backslash. */
function readEscape(source: string, start: number): { readonly value: string; readonly end: number } {
  const next = source[start + 1] ?? '';
  const plain = Object.hasOwn(PLAIN_ESCAPES, next) ? PLAIN_ESCAPES[next] : undefined;
  if (plain !== undefined) return { value: plain, end: start + 2 };
  CODE_ESCAPE.lastIndex = start;
  const [whole, two, four, eight, octal] = CODE_ESCAPE.exec(source) ?? [];
  const hexadecimal = two ?? four ?? eight;
  const code = hexadecimal === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hexadecimal, 16);
  if (whole !== undefined && code <= 0x10_ffff) return { value: String.fromCodePoint(code), end: start + whole.length };
  throw new SyntaxFault(
    `'\\${next}' is no escape`,
    String.raw`\\ for a backslash: '^www\\.', or the text in backquotes`,
    { start, end: start + 1 + next.length },
  );
}
