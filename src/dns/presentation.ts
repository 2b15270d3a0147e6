/**
 * Records as text, in the form of zone files (RFC 1035 §5.1). `presentation-format.ts` goes the other way.
 *
 *     "www 60 IN A 192.0.2.1"  ──parseRecord──►  RRset of one record  ──formatRecord──►  "www.example. 60 IN A 192.0.2.1"
 *
 * In: one record, on one line or within parentheses, comments allowed; TTL and class may stand in either order or be
 * left out; names without a final dot are completed by the origin, `@` is the origin. Out: a value, or what was
 * expected and where; nothing throws. Any type can be written as `\# LENGTH HEX` (RFC 3597 §5); A, AAAA, NS, CNAME, PTR,
 * DNAME, SRV (RFC 2782), TXT, MX, SOA, HINFO and CAA (RFC 8659) have their own form.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { Class, Type, classOf, typeName, typeOf } from './constants.ts';
import type { Name } from './name.ts';
import { WireReader } from './reader.ts';
import type { RRset } from './rrset.ts';
import { Fault, Words, show, parseSeconds } from './presentation-words.ts';

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
const MAX_UINT32 = 0xffff_ffff;
const MAX_DATA = 0xffff;

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

interface RecordHeader {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
}

function readRecord(words: Words, defaults: RecordDefaults): RRset {
  const owner = words.name('a record: NAME [TTL] [CLASS] TYPE DATA');
  let ttl: number | undefined;
  let klass: number | undefined;
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
    } else {
      const type = typeOf(upper);
      if (type === undefined || isNoData(type)) {
        throw new Fault(`'${show(word)}' is no type of record`, 'a TTL, a class or a record type', word.at);
      }
      return readData(words, { owner, type, class: klass ?? Class.IN, ttl: ttl ?? defaults.ttl });
    }
  }
}

/** OPT and the types that stand in questions and transactions only (RFC 6895 §3.1). */
function isNoData(type: number): boolean {
  return type === Type.OPT || type === 0 || (type >= 249 && type <= 255);
}

function readData(words: Words, header: RecordHeader): RRset {
  if (words.peek?.text === '\\#' && !words.peek.quoted) return readGeneric(words, header);
  switch (header.type) {
    case Type.A:
      return { ...header, kind: 'address', octets: words.address(isIPv4, 'an IPv4 address') };
    case Type.AAAA:
      return { ...header, kind: 'address', octets: words.address(isIPv6, 'an IPv6 address') };
    case Type.NS:
    case Type.CNAME:
    case Type.PTR:
    case Type.DNAME:
      return { ...header, kind: 'name', targets: [words.name('the name that the record points to')] };
    case Type.SRV: {
      const priority = words.number(0xffff, 'a priority');
      const weight = words.number(0xffff, 'a weight');
      const port = words.number(0xffff, 'a port');
      return { ...header, kind: 'srv', services: [{ priority, weight, port, target: words.name('a target') }] };
    }
    case Type.TXT:
      return { ...header, kind: 'text', texts: [readStrings(words)] };
    case Type.MX: {
      const preference = words.number(0xffff, 'a preference');
      return { ...header, kind: 'mx', exchanges: [{ preference, exchange: words.name('a mail exchange') }] };
    }
    case Type.SOA:
      return readSoa(words, header);
    case Type.HINFO: {
      const parts = [words.string('a CPU, in quotes'), words.string('an operating system, in quotes')];
      return opaque(header, ...parts.flatMap((part) => [[part.length], part]));
    }
    case Type.CAA: {
      const flags = words.number(255, 'flags');
      const tag = words.take('a property such as issue');
      if (!/^[0-9a-z]{1,255}$/i.test(tag.text))
        throw new Fault(`'${show(tag)}' is no property`, 'letters and digits', tag.at);
      const value = words.string('a value, in quotes', MAX_DATA - 2 - tag.text.length);
      return opaque(header, [flags, tag.text.length], Buffer.from(tag.text, 'latin1'), value);
    }
    default:
      return readGeneric(words, header);
  }
}

function readStrings(words: Words): readonly Uint8Array[] {
  const strings = [words.string('a text, in quotes')];
  while (words.peek !== undefined) strings.push(words.string('a text, in quotes'));
  return strings;
}

function readSoa(words: Words, header: RecordHeader): RRset {
  const primary = words.name('the primary name server');
  const mailbox = words.name('the mailbox of who is responsible, as a name');
  const serial = words.number(MAX_UINT32, 'a serial number');
  const refresh = words.seconds('the refresh interval');
  const retry = words.seconds('the retry interval');
  const expire = words.seconds('the expiry interval');
  const minimum = words.seconds('the TTL of negative answers');
  return { ...header, kind: 'soa', soa: { primary, mailbox, serial, refresh, retry, expire, minimum } };
}

function opaque(header: RecordHeader, ...parts: readonly (readonly number[] | Uint8Array)[]): RRset {
  return { ...header, kind: 'opaque', data: [Uint8Array.from(parts.flatMap((part) => Array.from(part)))] };
}

/** `\# LENGTH HEX…` (RFC 3597 §5). Data of a known type is read as such. */
function readGeneric(words: Words, header: RecordHeader): RRset {
  const form = String.raw`\# LENGTH HEX, the generic form of record data`;
  const mark = words.take(form);
  if (mark.text !== '\\#' || mark.quoted)
    throw new Fault(`data of type ${typeName(header.type)} in words`, form, mark.at);
  const length = words.number(MAX_DATA, 'the number of octets');
  let hex = '';
  while (words.peek !== undefined) hex += words.take(form).text;
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex) || hex.length !== 2 * length) {
    throw new Fault(`data that is not ${length} octets in hexadecimal`, `${2 * length} hexadecimal digits`, mark.at);
  }
  const { type, class: klass, ttl } = header;
  // The record in wire form, owned by the root.
  const wire = new Uint8Array(11 + length);
  const fields = new DataView(wire.buffer);
  fields.setUint16(1, type);
  fields.setUint16(3, klass);
  fields.setUint32(5, ttl);
  fields.setUint16(9, length);
  wire.set(Buffer.from(hex, 'hex'), 11);
  const record = new WireReader(wire, 0).record();
  if (record?.kind !== 'record') throw new Fault(`octets that are no ${typeName(type)} record`, 'valid data', mark.at);
  return { ...record.set, owner: header.owner };
}
