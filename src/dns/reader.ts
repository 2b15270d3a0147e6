/**
 * The bounded reader: questions and records off the wire, from octets that anybody may have written. The first read that
 * fails makes the whole element undefined, and nothing throws.
 */
import { Type } from './constants.ts';
import { WireCursor } from './cursor.ts';
import type { Edns, EdnsOption } from './edns.ts';
import type { Question } from './question.ts';
import type { Name } from './name.ts';
import type { RRset } from './rrset.ts';

/** Options of one OPT record. The registry has some two dozen, and none is of use twice. */
const MAX_OPTIONS = 128;
/** Strings of one TXT record; what has more is kept as opaque octets, which is one object rather than one per string. */
const MAX_STRINGS = 1024;
/** A TTL beyond this counts as zero (RFC 2181 §8). */
const MAX_TTL = 0x7fff_ffff;

/** The OPT record belongs to no name, and says what concerns the whole message. */
export type ReadRecord = RRset | { readonly kind: 'opt'; readonly edns: Edns };

interface RecordHeader {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
}

/** What stands in the data of a record: so many octets, a name, a character string, whatever is left. */
type Field = number | 'name' | 'string' | 'rest';

/**
 * Types that are kept as opaque octets but may hold compressed names: those of RFC 1035, and those that RFC 3597 §4 has
 * receivers decompress. Their names are written out, as a pointer means nothing in another message.
 */
const FIELDS_WITH_NAMES: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [3, ['name']], // MD
  [4, ['name']], // MF
  [7, ['name']], // MB
  [8, ['name']], // MG
  [9, ['name']], // MR
  [14, ['name', 'name']], // MINFO
  [Type.RP, ['name', 'name']],
  [Type.AFSDB, [2, 'name']],
  [21, [2, 'name']], // RT
  [24, [18, 'name', 'rest']], // SIG
  [26, [2, 'name', 'name']], // PX
  [30, ['name', 'rest']], // NXT
  [Type.NAPTR, [4, 'string', 'string', 'string', 'name']],
  [Type.KX, [2, 'name']],
]);
/** Octets that the data of one record can have. */
const MAX_DATA = 0xffff;
/** What the names that are written out may take together, for each octet of the message. */
const WRITTEN_PER_OCTET = 4;
/** This much more, so that a short message may hold a few of the longest names. */
const WRITTEN_FREE = 4096;

const NO_OPTIONS: readonly EdnsOption[] = [];

export class WireReader {
  readonly #in: WireCursor;
  /** Octets that names may still take which are written out. */
  #writable: number;

  /** `octets` is borrowed; what is read is copied out of it. Compression pointers lead to nothing before `at`. */
  constructor(octets: Uint8Array, at: number) {
    this.#in = new WireCursor(octets, at);
    this.#writable = WRITTEN_FREE + WRITTEN_PER_OCTET * octets.length;
  }

  get atEnd(): boolean {
    return this.#in.atEnd;
  }

  question(): Question | undefined {
    const name = this.#in.name();
    const type = this.#in.uint16();
    const klass = this.#in.uint16();
    if (name === undefined || type === undefined || klass === undefined) return undefined;
    return { name, type, class: klass };
  }

  record(): ReadRecord | undefined {
    const owner = this.#in.name();
    const type = this.#in.uint16();
    const klass = this.#in.uint16();
    const ttl = this.#in.uint32();
    const length = this.#in.uint16();
    if (owner === undefined || type === undefined || klass === undefined) return undefined;
    if (ttl === undefined || length === undefined) return undefined;
    const outerEnd = this.#in.enter(length);
    if (outerEnd === undefined) return undefined;
    const record = this.#data({ owner, type, class: klass, ttl });
    return this.#in.leave(outerEnd) ? record : undefined;
  }

  #data(header: RecordHeader): ReadRecord | undefined {
    if (header.type === Type.OPT) {
      const edns = this.#opt(header);
      return edns && { kind: 'opt', edns };
    }
    return this.#rdata(header.ttl > MAX_TTL ? { ...header, ttl: 0 } : header);
  }

  #rdata(header: RecordHeader): RRset | undefined {
    // Record data may be empty in the messages of RFC 2136; such a record says nothing and is kept as it is.
    if (this.atEnd) return this.#opaque(header);
    switch (header.type) {
      case Type.A:
        return this.#address(header, 4);
      case Type.AAAA:
        return this.#address(header, 16);
      case Type.NS:
      case Type.CNAME:
      case Type.PTR:
      case Type.DNAME: {
        const target = this.#in.name();
        return target && { ...header, kind: 'name', targets: [target] };
      }
      case Type.SRV:
        return this.#srv(header);
      case Type.TXT:
        return this.#text(header);
      case Type.MX: {
        const preference = this.#in.uint16();
        const exchange = this.#in.name();
        if (preference === undefined || exchange === undefined) return undefined;
        return { ...header, kind: 'mx', exchanges: [{ preference, exchange }] };
      }
      case Type.SOA:
        return this.#soa(header);
      default: {
        const fields = FIELDS_WITH_NAMES.get(header.type);
        return fields === undefined ? this.#opaque(header) : this.#opaqueWithNames(header, fields);
      }
    }
  }

  #opaque(header: RecordHeader): RRset {
    return { ...header, kind: 'opaque', data: [this.#in.rest()] };
  }

  #opaqueWithNames(header: RecordHeader, fields: readonly Field[]): RRset | undefined {
    const parts: Uint8Array[] = [];
    for (const field of fields) {
      const part = this.#field(field);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    const data = new Uint8Array(Buffer.concat(parts));
    return data.length > MAX_DATA ? undefined : { ...header, kind: 'opaque', data: [data] };
  }

  #field(field: Field): Uint8Array | undefined {
    switch (field) {
      case 'name':
        return this.#writtenOut();
      case 'string': {
        const length = this.#in.uint8();
        const text = length === undefined ? undefined : this.#in.take(length);
        return text && Uint8Array.of(text.length, ...text);
      }
      case 'rest':
        return this.#in.rest();
      default:
        return this.#in.take(field);
    }
  }

  /** A name without pointers. Undefined too where all of them together would take too much. */
  #writtenOut(): Uint8Array | undefined {
    const name = this.#in.name();
    if (name === undefined) return undefined;
    this.#writable -= name.octetLength;
    return this.#writable < 0 ? undefined : Buffer.from(name.written, 'latin1');
  }

  #address(header: RecordHeader, size: number): RRset | undefined {
    const octets = this.#in.take(size);
    return octets && { ...header, kind: 'address', octets };
  }

  #srv(header: RecordHeader): RRset | undefined {
    const priority = this.#in.uint16();
    const weight = this.#in.uint16();
    const port = this.#in.uint16();
    const target = this.#in.name();
    if (priority === undefined || weight === undefined || port === undefined || target === undefined) return undefined;
    return { ...header, kind: 'srv', services: [{ priority, weight, port, target }] };
  }

  #text(header: RecordHeader): RRset | undefined {
    const data = this.#in.rest();
    const strings: Uint8Array[] = [];
    for (let at = 0; at < data.length;) {
      const end = at + 1 + (data[at] ?? 0);
      if (end > data.length) return undefined;
      if (strings.length === MAX_STRINGS) return { ...header, kind: 'opaque', data: [data] };
      strings.push(data.subarray(at + 1, end));
      at = end;
    }
    return { ...header, kind: 'text', texts: [strings] };
  }

  #soa(header: RecordHeader): RRset | undefined {
    const primary = this.#in.name();
    const mailbox = this.#in.name();
    const serial = this.#in.uint32();
    const refresh = this.#in.uint32();
    const retry = this.#in.uint32();
    const expire = this.#in.uint32();
    const minimum = this.#in.uint32();
    if (primary === undefined || mailbox === undefined || serial === undefined || refresh === undefined)
      return undefined;
    if (retry === undefined || expire === undefined || minimum === undefined) return undefined;
    return { ...header, kind: 'soa', soa: { primary, mailbox, serial, refresh, retry, expire, minimum } };
  }

  /** RFC 6891 §6.1.2: class is the UDP size; TTL holds extended rcode, version and flags; the owner is the root. */
  #opt(header: RecordHeader): Edns | undefined {
    if (header.owner.labelCount !== 0) return undefined;
    const options = this.atEnd ? NO_OPTIONS : this.#options();
    if (options === undefined) return undefined;
    return {
      udpSize: header.class,
      extendedRcode: header.ttl >>> 24,
      version: (header.ttl >>> 16) & 0xff,
      dnssecOk: (header.ttl & 0x8000) !== 0,
      options,
    };
  }

  #options(): readonly EdnsOption[] | undefined {
    const options: EdnsOption[] = [];
    while (!this.atEnd) {
      const code = this.#in.uint16();
      const length = this.#in.uint16();
      const data = length === undefined ? undefined : this.#in.take(length);
      if (code === undefined || data === undefined || options.length === MAX_OPTIONS) return undefined;
      options.push({ code, data });
    }
    return options;
  }
}
