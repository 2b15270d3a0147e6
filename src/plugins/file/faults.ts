/**
 * What is wrong in a zone file, with the place. In: a `Fault` of the reader of words, and the entry that it came from. Out: a
 * line such as `/zones/db.example:12:5: 'wwww' is no type of record; expected a TTL, a class or a record type`.
 */
import type { Fault } from '../../dns/presentation-words.ts';
import { type Entry, placeIn } from './entries.ts';

/** Characters of a message. */
const SHOWN = 300;
/** Remarks that are said one by one. */
const MAX_NAMED = 5;

/** Ends the reading of a zone file; the message names the place. */
export class ZoneFault extends Error {}

export function faultIn(path: string, entry: Entry, fault: Fault): ZoneFault {
  const { line, column } = placeIn(entry, fault.at);
  return new ZoneFault(shown(`${path}:${line}:${column}: ${fault.message}; expected ${fault.expected}`));
}

/** What is left out of a zone: the first few by their words, the others as a count. */
export class Remarks {
  readonly #named: string[] = [];
  #count = 0;

  add(text: string): void {
    this.#count++;
    if (this.#named.length < MAX_NAMED) this.#named.push(shown(text));
  }

  get lines(): readonly string[] {
    const further = this.#count - this.#named.length;
    return further === 0 ? this.#named : [...this.#named, `${further} more such remarks`];
  }
}

/** A file may hold anything: what is shown is one line without control characters. */
function shown(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return cut.replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD');
}
