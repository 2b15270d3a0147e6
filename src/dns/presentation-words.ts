/**
 * The words of a record in presentation form (RFC 1035 §5.1): quotes, escapes, parentheses and comments, and what a word
 * can stand for. A word that is wrong ends the reading with a `Fault`, which says what was expected and where.
 */
import { parseAddress } from './address.ts';
import { Name } from './name.ts';

const MAX_UINT32 = 0xffff_ffff;
const MAX_STRING = 255;
const MAX_DATA = 0xffff;

/** Ends the reading of one record; it never leaves `parseRecord`. */
export class Fault extends Error {
  readonly expected: string;
  readonly at: number;

  constructor(message: string, expected: string, at: number) {
    super(message);
    this.expected = expected;
    this.at = at;
  }
}

export interface Word {
  /** Without its quotes, escapes still in it. */
  readonly text: string;
  readonly quoted: boolean;
  readonly at: number;
}

/** Parentheses and line ends only separate: what is read is one record. */
export function splitWords(text: string): readonly Word[] {
  const words: Word[] = [];
  // Not \s: of an octet string it would split UTF-8, in which 0xA0 is no space.
  const token = /[ \t\r\n\f\v]+|;[^\n]*|([()])|"((?:[^"\\]|\\[^])*)("?)|(?:[^ \t\r\n\f\v;()"\\]|\\[^]?)+/gy;
  let depth = 0;
  for (const match of text.matchAll(token)) {
    const [raw, parenthesis, quoted, closing] = match;
    if (parenthesis !== undefined) {
      depth += parenthesis === '(' ? 1 : -1;
      if (depth < 0) throw new Fault(`a ')' without its '('`, `a '(' before it`, match.index);
    } else if (quoted !== undefined) {
      if (closing === '') throw new Fault('a quote that is never closed', `a second '"'`, match.index);
      words.push({ text: quoted, quoted: true, at: match.index });
    } else if (!/^[ \t\r\n\f\v;]/.test(raw)) {
      words.push({ text: raw, quoted: false, at: match.index });
    }
  }
  if (depth > 0) throw new Fault(`a '(' without its ')'`, `a ')' at the end`, text.length);
  return words;
}

/** The words of a record, read one after the other. */
export class Words {
  readonly #words: readonly Word[];
  readonly #origin: Name;
  readonly #length: number;
  #next = 0;

  constructor(text: string, origin: Name) {
    this.#words = splitWords(text);
    this.#origin = origin;
    this.#length = text.length;
  }

  get peek(): Word | undefined {
    return this.#words[this.#next];
  }

  take(expected: string): Word {
    const word = this.peek;
    if (word === undefined) throw new Fault('the record ends too early', expected, this.#length);
    this.#next++;
    return word;
  }

  end(): void {
    const word = this.peek;
    if (word !== undefined) throw new Fault(`'${show(word)}' is one word too many`, 'the end of the record', word.at);
  }

  name(what: string): Name {
    const word = this.take(what);
    if (word.text === '@' && !word.quoted) return this.#origin;
    const name = word.text.includes('\\') ? this.#escapedName(word.text) : this.#plainName(word.text);
    if (name === undefined) throw new Fault(`'${show(word)}' is no domain name`, what, word.at);
    return name;
  }

  /** Most names have no escapes. */
  #plainName(text: string): Name | undefined {
    return text.endsWith('.') ? Name.parse(text) : Name.fromLabels(text.split('.'), this.#origin);
  }

  #escapedName(text: string): Name | undefined {
    const name = Name.parse(text);
    if (name === undefined || /(?:^|[^\\])(?:\\\\)*\.$/.test(text)) return name;
    const labels = Array.from({ length: name.labelCount }, (_, i) => name.labelAsWritten(i));
    return Name.fromLabels(labels, this.#origin);
  }

  /** A whole number from 0 to `max`. */
  number(max: number, what: string): number {
    const word = this.take(what);
    const value = /^\d{1,10}$/.test(word.text) ? Number(word.text) : -1;
    if (value < 0 || value > max) {
      throw new Fault(`'${show(word)}' is no number from 0 to ${max}`, `${what}, from 0 to ${max}`, word.at);
    }
    return value;
  }

  /** Seconds, as a number or with units: `1h30m`. */
  seconds(what: string): number {
    const word = this.take(what);
    const value = parseSeconds(word.text);
    if (value === undefined || value > MAX_UINT32) {
      throw new Fault(`'${show(word)}' is no time`, `${what}: seconds, or a time like 1h30m`, word.at);
    }
    return value;
  }

  /** The octets of a character string. */
  string(what: string, max: number = MAX_STRING): Uint8Array {
    const word = this.take(what);
    const octets = unescape(word);
    if (octets.length > max) throw new Fault(`a string of ${octets.length} octets`, `at most ${max} octets`, word.at);
    return octets;
  }

  /**
   * Character strings up to the end of the record, at least one. A word that is too long for one stands for several, as CoreDNS and
   * most servers have it: keys of DKIM are written so.
   */
  strings(what: string): readonly Uint8Array[] {
    const at = this.peek?.at ?? this.#length;
    const strings: Uint8Array[] = [];
    let length = 0;
    do {
      const octets = this.string(what, MAX_DATA);
      for (let from = 0; from === 0 || from < octets.length; from += MAX_STRING) {
        const string = octets.subarray(from, from + MAX_STRING);
        strings.push(string);
        length += 1 + string.length;
      }
      if (length > MAX_DATA) {
        throw new Fault(
          `strings of more than ${MAX_DATA} octets`,
          `at most ${MAX_DATA} octets, each string of 255 with its length`,
          at,
        );
      }
    } while (this.peek !== undefined);
    return strings;
  }

  /** All words that are left, one after the other without what separated them. */
  rest(what: string): Word {
    const first = this.take(what);
    let text = first.text;
    while (this.peek !== undefined) text += this.take(what).text;
    return { ...first, text };
  }

  address(valid: (text: string) => boolean, what: string): Uint8Array {
    const word = this.take(what);
    const octets = valid(word.text) ? parseAddress(word.text) : undefined;
    if (octets === undefined) throw new Fault(`'${show(word)}' is no ${what.replace(/^an /, '')}`, what, word.at);
    return octets;
  }
}

/** A word for a message: printable, and not too long. */
export function show(word: Word): string {
  const text = word.text.length > 60 ? `${word.text.slice(0, 60)}…` : word.text;
  return text.replace(/[^\x20-\x7e…]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`);
}

/** Octets without an escape, which most words are made of. */
const UNESCAPED = /^[\0-\x5b\x5d-\xff]*$/;

export function unescape(word: Word): Uint8Array {
  if (UNESCAPED.test(word.text)) return Uint8Array.from(Buffer.from(word.text, 'latin1'));
  const octets: number[] = [];
  for (const [unit] of word.text.matchAll(/\\\d{3}|\\[^]?|[^]/g)) {
    const octet = /^\\\d/.test(unit)
      ? unit.length === 4
        ? Number(unit.slice(1))
        : 256
      : unit.charCodeAt(unit.length - 1);
    if (octet > 255 || unit === '\\') {
      throw new Fault(
        `the escape '${unit}' stands for no octet`,
        String.raw`\000 to \255, or a character that is no digit`,
        word.at,
      );
    }
    octets.push(octet);
  }
  return Uint8Array.from(octets);
}

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

export function parseSeconds(text: string): number | undefined {
  if (!/^(?:\d{1,10}|(?:\d{1,10}[smhdw]){1,5})$/i.test(text)) return undefined;
  let sum = 0;
  for (const [, digits, unit = ''] of text.matchAll(/(\d+)([a-z]?)/gi)) {
    sum += Number(digits) * (unitSeconds[unit.toLowerCase()] ?? 0);
  }
  return sum;
}
