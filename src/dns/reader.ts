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

export type ReadRecord =
  { readonly kind: 'record'; readonly set: RRset } | { readonly kind: 'opt'; readonly edns: Edns };

interface RecordHeader {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
}

const NO_OPTIONS: readonly EdnsOption[] = [];

export class WireReader {
  readonly #in: WireCursor;

  /** `octets` is borrowed; what is read is copied out of it. Compression pointers lead to nothing before `at`. */
  constructor(octets: Uint8Array, at: number) {
    this.#in = new WireCursor(octets, at);
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
    return this.#in.within(length, () => this.#data({ owner, type, class: klass, ttl }));
  }

  #data(header: RecordHeader): ReadRecord | undefined {
    if (header.type === Type.OPT) {
      const edns = this.#opt(header);
      return edns && { kind: 'opt', edns };
    }
    const set = this.#rdata(header.ttl > MAX_TTL ? { ...header, ttl: 0 } : header);
    return set && { kind: 'record', set };
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
      default:
        return this.#opaque(header);
    }
  }

  #opaque(header: RecordHeader): RRset {
    return { ...header, kind: 'opaque', data: [this.#in.rest()] };
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
