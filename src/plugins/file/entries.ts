/**
 * The entries of a master file (RFC 1035 §5.1): a line, or as many as parentheses hold together. In: the text piece by piece,
 * one character for each octet. Out: entries with their place; lines that are blank or only a comment are passed over.
 *
 *     push(chunk) ──► next(), next(), … undefined: more is needed ──► push(chunk) … finish()
 */
import { bounds } from '../../bounds.ts';
import { Fault } from '../../dns/presentation-words.ts';

export interface Entry {
  /** Without the end of its last line. */
  readonly text: string;
  /** Of its first character, from 1. */
  readonly line: number;
}

/** What an entry cannot be cut after. */
const PLAIN = /[^\n"\\();]*/y;
const NOTHING = /^[ \t\r\f\v]*(?:;|$)/;

export class Entries {
  #text = '';
  /** Where the entry begins that is being read, and its line. */
  #start = 0;
  #startLine = 1;
  /** Up to where it has been looked at. */
  #at = 0;
  #line = 1;
  #depth = 0;
  /** The first parenthesis that is open. */
  #openedAt = 0;
  #state: 'plain' | 'quote' | 'comment' = 'plain';

  push(chunk: string): void {
    this.#text = this.#text.slice(this.#start) + chunk;
    this.#at -= this.#start;
    this.#openedAt -= this.#start;
    this.#start = 0;
  }

  /** The entry that is being read, for messages about its place. */
  get current(): Entry {
    return { text: this.#text.slice(this.#start, this.#at), line: this.#startLine };
  }

  /** The next whole entry; undefined where its end has not been pushed yet. @throws Fault where it is too long */
  next(): Entry | undefined {
    for (;;) {
      if (!this.#toLineEnd()) {
        if (this.#text.length - this.#start > bounds.zoneEntry) throw this.#tooLong();
        return undefined;
      }
      const entry = this.#cut(this.#at);
      this.#start = ++this.#at;
      this.#startLine = ++this.#line;
      if (entry !== undefined) return entry;
    }
  }

  /** What stands behind the last line end. @throws Fault where a parenthesis is open */
  finish(): Entry | undefined {
    if (this.#depth > 0) throw this.#unclosed();
    const entry = this.#cut(this.#text.length);
    this.#start = this.#text.length;
    return entry;
  }

  #cut(end: number): Entry | undefined {
    const text = this.#text.slice(this.#start, this.#text.charAt(end - 1) === '\r' ? end - 1 : end);
    this.#depth = 0;
    this.#state = 'plain';
    return NOTHING.test(text) ? undefined : { text, line: this.#startLine };
  }

  #tooLong(): Fault {
    if (this.#depth > 0) return this.#unclosed();
    return new Fault(`an entry of more than ${bounds.zoneEntry} octets`, 'shorter records', 0);
  }

  #unclosed(): Fault {
    return new Fault(`a '(' without its ')'`, `a ')' behind it`, this.#openedAt - this.#start);
  }

  /** Goes to the line end that ends the entry; false where it is not there yet. */
  #toLineEnd(): boolean {
    const text = this.#text;
    while (this.#at < text.length) {
      if (this.#state === 'comment') {
        const end = text.indexOf('\n', this.#at);
        this.#at = end < 0 ? text.length : end;
        if (end < 0) return false;
        this.#state = 'plain';
      } else if (this.#state === 'plain') {
        PLAIN.lastIndex = this.#at;
        PLAIN.test(text);
        this.#at = PLAIN.lastIndex;
      }
      if (this.#at >= text.length) return false;
      const character = text.charAt(this.#at);
      if (character === '\\') {
        if (this.#at + 1 >= text.length) return false;
        // A line end is the end of a line behind a backslash, too: whoever reads the words says what is wrong with that.
        this.#at += text.charAt(this.#at + 1) === '\n' ? 1 : 2;
        continue;
      }
      // A quote ends with its line: where it has no end, whoever reads the words says so.
      if (character === '\n' && (this.#depth === 0 || this.#state === 'quote')) return true;
      this.#pass(character);
      this.#at++;
    }
    return false;
  }

  #pass(character: string): void {
    if (character === '\n') this.#line++;
    if (character === '"') this.#state = this.#state === 'quote' ? 'plain' : 'quote';
    if (this.#state === 'quote') return;
    if (character === ';') this.#state = 'comment';
    if (character === '(' && this.#depth++ === 0) this.#openedAt = this.#at;
    if (character === ')' && this.#depth > 0) this.#depth--;
  }
}

/** Line and column of a place in an entry, both from 1. */
export function placeIn({ text, line }: Entry, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at);
  return { line: line + before.split('\n').length - 1, column: at - before.lastIndexOf('\n') };
}
