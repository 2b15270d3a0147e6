/**
 * One file of a zone, entry by entry (RFC 1035 §5, RFC 2308 §4). In: an entry. Out: its records, or the file that it includes;
 * what goes from one entry to the next (origin, owner, TTL) is kept here.
 *
 *     $ORIGIN NAME            completes names that do not end in a dot
 *     $TTL TIME               of records that do not say theirs; before it, the last one that was said, or the SOA's minimum
 *     $INCLUDE FILE [ORIGIN]  another file in place of the line; afterwards all is as it was before
 *     $GENERATE …             as many records as the range has numbers (generate.ts)
 *     [NAME] [TTL] [CLASS] TYPE DATA
 */
import { Class, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { readData } from '../../dns/presentation-data.ts';
import { Fault, Words, show, unescape } from '../../dns/presentation-words.ts';
import { readRecordWords } from '../../dns/presentation.ts';
import type { RRset } from '../../dns/rrset.ts';
import { generate } from './generate.ts';

/** RFC 2181 §8 */
const MAX_TTL = 0x7fff_ffff;

export type Reading =
  /** RRsets of one record each; `made` octets of text of which they are read do not stand in the file. */
  | { readonly kind: 'records'; readonly records: Iterable<RRset>; readonly made: number }
  /** As it was written, one character for each octet; `at` is where it stands. */
  | { readonly kind: 'include'; readonly file: string; readonly at: number; readonly scope: Scope }
  | { readonly kind: 'nothing' };

const NOTHING: Reading = { kind: 'nothing' };

export class Scope {
  #origin: Name;
  #owner: Name | undefined;
  /** `$TTL`. */
  #defaultTtl: number | undefined;
  /** The last TTL that a record said. */
  #lastTtl: number | undefined;

  constructor(origin: Name) {
    this.#origin = origin;
  }

  /** @throws Fault */
  read(text: string): Reading {
    if (text.startsWith('$')) return this.#directive(new Words(text, this.#origin));
    const words = new Words(text, this.#origin);
    if (words.peek === undefined) return NOTHING;
    return { kind: 'records', records: [this.#record(words, /^[ \t\r\f\v]/.test(text))], made: 0 };
  }

  #record(words: Words, isOwnerLeftOut: boolean): RRset {
    const owner = isOwnerLeftOut ? this.#owner : words.name('a record: [NAME] [TTL] [CLASS] TYPE DATA');
    if (owner === undefined) {
      throw new Fault('a record without an owner, and none before it', 'a name at the start of the line', 0);
    }
    this.#owner = owner;
    const { ttl, class: klass, type, classAt } = readRecordWords(words);
    if (klass !== undefined && klass !== Class.IN) throw new Fault('a class that is not served', 'IN', classAt);
    const said = ttl ?? this.#defaultTtl ?? this.#lastTtl;
    const set = readData(words, { owner, type, class: Class.IN, ttl: said ?? 0 });
    words.end();
    this.#lastTtl = ttl ?? this.#lastTtl;
    if (said !== undefined) return set;
    if (set.kind !== 'soa') throw new Fault('a record without a TTL, and none before it', '$TTL 1h above it', classAt);
    const { minimum } = set.soa;
    this.#lastTtl = Math.min(minimum, MAX_TTL);
    return { ...set, ttl: this.#lastTtl };
  }

  #directive(words: Words): Reading {
    const word = words.take('a directive');
    switch (word.text.toUpperCase()) {
      case '$ORIGIN':
        this.#origin = words.name('a name');
        words.end();
        return NOTHING;
      case '$TTL': {
        const at = words.peek?.at ?? 0;
        const ttl = words.seconds('a TTL');
        if (ttl > MAX_TTL) throw new Fault(`a TTL of ${ttl}`, `a TTL of at most ${MAX_TTL} seconds`, at);
        words.end();
        this.#defaultTtl = ttl;
        return NOTHING;
      }
      case '$INCLUDE': {
        const file = words.take('a file');
        const scope = this.#inner(words.peek === undefined ? this.#origin : words.name('an origin'));
        words.end();
        return { kind: 'include', file: Buffer.from(unescape(file)).toString('latin1'), at: file.at, scope };
      }
      case '$GENERATE': {
        const { lines, octets } = generate(words);
        return { kind: 'records', records: this.#generated(lines), made: octets };
      }
      default: {
        const known = '$ORIGIN, $TTL, $INCLUDE, $GENERATE, or a record';
        throw new Fault(`'${show(word)}' is no directive of a zone file`, known, word.at);
      }
    }
  }

  /** The records of lines that were made of a template, one at a time. */
  *#generated(lines: Iterable<string>): Generator<RRset, void> {
    for (const line of lines) {
      try {
        yield this.#record(new Words(line, this.#origin), false);
      } catch (error) {
        // Places in what was made mean nothing in the file.
        throw error instanceof Fault ? new Fault(`${error.message}, in '${line}'`, error.expected, 0) : error;
      }
    }
  }

  /** For a file that is included: what it changes is forgotten behind it. */
  #inner(origin: Name): Scope {
    const inner = new Scope(origin);
    inner.#owner = this.#owner;
    inner.#defaultTtl = this.#defaultTtl;
    inner.#lastTtl = this.#lastTtl;
    return inner;
  }
}

/** Whether a record is the SOA of a zone. */
export function isSoaOf(set: RRset, zone: Name): boolean {
  return set.type === Type.SOA && set.owner.equals(zone);
}
