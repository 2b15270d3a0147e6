/**
 * Records as text, in the form of zone files (RFC 1035 §5.1). `presentation-format.ts` goes the other way.
 *
 *     "www 60 IN A 192.0.2.1"  ──parseRecord──►  RRset of one record  ──formatRecord──►  "www.example. 60 IN A 192.0.2.1"
 *
 * In: one record, on one line or within parentheses, comments allowed; TTL and class may stand in either order or be
 * left out; names without a final dot are completed by the origin, `@` is the origin. Out: a value, or what was
 * expected and where; nothing throws. Which types have a form of their own stands in `presentation-data.ts`; any can be
 * written as `\# LENGTH HEX` (RFC 3597 §5).
 */
import { Class, Type, classOf, typeOf } from './constants.ts';
import type { Name } from './name.ts';
import { readData } from './presentation-data.ts';
import { Fault, Words, parseSeconds, show } from './presentation-words.ts';
import type { RRset } from './rrset.ts';

export interface RecordDefaults {
  /** Completes names that do not end in a dot. */
  readonly origin: Name;
  /** Seconds, for a record without a TTL. */
  readonly ttl: number;
}

export type ParsedRecord =
  | { readonly kind: 'record'; readonly set: RRset }
  | {
      readonly kind: 'error';
      /** What is wrong, `'1.2.3' is no IPv4 address` for example. */
      readonly message: string;
      /** What would have been right. */
      readonly expected: string;
      /** Where in the text, counted from 0. */
      readonly at: number;
    };

/** RFC 2181 §8 */
const MAX_TTL = 0x7fff_ffff;

/** Reads one record. Characters beyond ASCII stand for their UTF-8 octets. */
export function parseRecord(text: string, defaults: RecordDefaults): ParsedRecord {
  // From here on one character is one octet.
  const octets = /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
  try {
    const words = new Words(octets, defaults.origin);
    const set = readRecord(words, defaults);
    words.end();
    return { kind: 'record', set };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: 'error', message: error.message, expected: error.expected, at: error.at };
  }
}

/** What stands between owner and data. */
export interface RecordWords {
  /** Seconds; undefined where the record does not say. */
  readonly ttl: number | undefined;
  readonly class: number | undefined;
  readonly type: number;
  /** Where the word of the class stands; of the type where there is none. */
  readonly classAt: number;
}

function readRecord(words: Words, defaults: RecordDefaults): RRset {
  const owner = words.name('a record: NAME [TTL] [CLASS] TYPE DATA');
  const { ttl, class: klass, type } = readRecordWords(words);
  return readData(words, { owner, type, class: klass ?? Class.IN, ttl: ttl ?? defaults.ttl });
}

/** Reads `[TTL] [CLASS] TYPE`, the first two in either order. @throws Fault */
export function readRecordWords(words: Words): RecordWords {
  let ttl: number | undefined;
  let klass: number | undefined;
  let classAt: number | undefined;
  for (;;) {
    const word = words.take('a record type');
    const upper = word.text.toUpperCase();
    const seconds = ttl === undefined ? parseSeconds(word.text) : undefined;
    const classHere = klass === undefined ? classOf(upper) : undefined;
    if (seconds !== undefined) {
      if (seconds > MAX_TTL) throw new Fault(`a TTL of ${seconds}`, `a TTL of at most ${MAX_TTL} seconds`, word.at);
      ttl = seconds;
    } else if (classHere !== undefined) {
      klass = classHere;
      classAt = word.at;
    } else {
      const type = typeOf(upper);
      if (type === undefined || isNoData(type)) {
        throw new Fault(`'${show(word)}' is no type of record`, 'a TTL, a class or a record type', word.at);
      }
      return { ttl, class: klass, type, classAt: classAt ?? word.at };
    }
  }
}

/** OPT and the types that stand in questions and transactions only (RFC 6895 §3.1). */
function isNoData(type: number): boolean {
  return type === Type.OPT || type === 0 || (type >= 249 && type <= 255);
}
