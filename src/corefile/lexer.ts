/**
 * Text → tokens. In: the text of one file. Out: its words with their places, quotes and comments taken off, environment
 * variables untouched. The rules are those of CoreDNS's Corefile:
 *
 * - White space separates words; `\r` is dropped wherever it stands; a byte order mark at the start is skipped.
 * - A word that begins with `"` runs to the next `"` that has no backslash, across lines. Only `\"` is an escape.
 * - `#` outside of quotes starts a comment to the end of the line, in the middle of a word too.
 * - `{` and `}` are braces only as words of their own, which is for the parser to see.
 *
 * A quote that is never closed is reported where it was opened, and then taken to end with its line.
 */
import { isIP, isIPv6 } from 'node:net';
import { type Problems, shorten } from './problems.ts';
import type { Source, SourceToken } from './tokens.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const hash = 0x23;
const backslash = 0x5c;

/**
 * @param limit how many tokens are read at most; a text with more is cut there
 */
export function readTokens(source: Source, text: string, problems: Problems, limit: number): readonly SourceToken[] {
  const tokens: SourceToken[] = [];
  let line = 1;
  let lineStart = 0;
  let startsLine = true;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === newline) {
      line++;
      lineStart = index + 1;
      startsLine = true;
      index++;
    } else if (isSpace(code)) {
      index++;
    } else if (code === hash) {
      index = endOfLine(text, index);
    } else {
      if (tokens.length === limit) return tokens;
      const at = { file: source.name, line, column: index - lineStart + 1 };
      if (code === quote) {
        const word = readQuoted(text, index);
        if (!word.closed) {
          problems.error(at, 'this quote is never closed', { expected: `a second '"'` });
        }
        // Only the word itself is searched: to the end of a line of many words it would take quadratic time.
        const written = text.slice(index, word.end);
        const width = endOfLine(written, 0);
        tokens.push({ text: word.text, quoted: true, at, width, startsLine, source });
        for (let next = written.indexOf('\n'); next !== -1; next = written.indexOf('\n', next + 1)) {
          line++;
          lineStart = index + next + 1;
        }
        index = word.end;
      } else {
        const end = endOfWord(text, index);
        const word = text.slice(index, end).replaceAll('\r', '');
        const token = { text: word, quoted: false, at, width: word.length, startsLine, source };
        tokens.push(token);
        if (text.charCodeAt(end) === hash && word !== '{' && word !== '}') warnOfComment(token, text, end, problems);
        index = end;
      }
      startsLine = false;
    }
  }
  return tokens;
}

/** CoreDNS reads it as a comment as well, and most who write it do not know that. */
function warnOfComment(token: SourceToken, text: string, start: number, problems: Problems): void {
  const comment = text.slice(start, endOfWord(text, start));
  const isPort = isIP(token.text) !== 0 && /^#\d{1,5}$/.test(comment);
  const address = isIPv6(token.text) ? `[${token.text}]` : token.text;
  problems.warning(token, `'${shorten(comment)}' behind it is a comment`, {
    expected: isPort ? 'a port behind a colon' : 'a space in front of a comment, or quotes around a word with one',
    ...(isPort ? { suggestion: `${address}:${comment.slice(1)}` } : {}),
  });
}

function endOfWord(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === hash || (isSpace(code) && code !== carriageReturn)) break;
    index++;
  }
  return index;
}

function readQuoted(
  text: string,
  start: number,
): { readonly text: string; readonly end: number; readonly closed: boolean } {
  let index = start + 1;
  while (index < text.length && text.charCodeAt(index) !== quote) {
    if (text.charCodeAt(index) === backslash) {
      // The backslash takes the next character with it, and a carriage return is none.
      index++;
      while (text.charCodeAt(index) === carriageReturn) index++;
    }
    index++;
  }
  const closed = index < text.length;
  const end = closed ? index : endOfLine(text, start);
  const raw = text.slice(start + 1, end).replaceAll('\r', '');
  const unescaped = raw.replace(/\\[\s\S]/g, (pair) => (pair === '\\"' ? '"' : pair));
  return { text: unescaped, end: closed ? index + 1 : end, closed };
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}

/** White space as Unicode has it, which is what CoreDNS goes by: unlike `\s`, with U+0085 and without U+FEFF. */
function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return (
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}
