/**
 * RRsets: records that share owner, type, class and TTL (RFC 2181 §5), with their data in the form in which the
 * program holds it. A single record off the wire is an RRset of one.
 *
 * `kind` tells the form of the data, `type` what stands on the wire: NS, CNAME and PTR are all of kind `name`; a type
 * that is not known here is `opaque` (RFC 3597).
 */
import { Type } from './constants.ts';
import type { Name } from './name.ts';

interface RRsetHeader {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /** Set where the TTL counts down with the age of what it was taken from. */
  readonly aging?: true;
}

/** A or AAAA: the addresses one behind the other, 4 or 16 octets each. */
export interface AddressRRset extends RRsetHeader {
  readonly kind: 'address';
  readonly octets: Uint8Array;
}

/** NS, CNAME, PTR (and DNAME). */
export interface NameRRset extends RRsetHeader {
  readonly kind: 'name';
  readonly targets: readonly Name[];
}

export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

export interface SrvRRset extends RRsetHeader {
  readonly kind: 'srv';
  readonly services: readonly Srv[];
}

/** TXT: each record is a list of character strings of at most 255 octets. */
export interface TextRRset extends RRsetHeader {
  readonly kind: 'text';
  readonly texts: readonly (readonly Uint8Array[])[];
}

export interface Mx {
  readonly preference: number;
  readonly exchange: Name;
}

export interface MxRRset extends RRsetHeader {
  readonly kind: 'mx';
  readonly exchanges: readonly Mx[];
}

/** Timers in seconds; `minimum` is the TTL of negative answers (RFC 2308 §4). */
export interface Soa {
  readonly primary: Name;
  readonly mailbox: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Something whose last change is the serial of a zone. */
export interface SerialSource {
  readonly serial: number;
}

export interface SoaRRset extends RRsetHeader {
  readonly kind: 'soa';
  readonly soa: Soa;
  /** Where the serial was read, for whoever gives the record again later. */
  readonly serialSource?: SerialSource;
}

export interface OpaqueRRset extends RRsetHeader {
  readonly kind: 'opaque';
  readonly data: readonly Uint8Array[];
}

export type RRset = AddressRRset | NameRRset | SrvRRset | TextRRset | MxRRset | SoaRRset | OpaqueRRset;

/** The empty section of a message. */
export const NO_RECORDS: readonly RRset[] = [];

/** Octets of one address of this type. */
export function addressSize(type: number): number {
  return type === Type.A ? 4 : 16;
}

/** The set without its first `count` records. */
export function withoutFirst(set: RRset, count: number): RRset {
  switch (set.kind) {
    case 'address':
      return { ...set, octets: set.octets.subarray(count * addressSize(set.type)) };
    case 'name':
      return { ...set, targets: set.targets.slice(count) };
    case 'srv':
      return { ...set, services: set.services.slice(count) };
    case 'text':
      return { ...set, texts: set.texts.slice(count) };
    case 'mx':
      return { ...set, exchanges: set.exchanges.slice(count) };
    case 'soa':
      return set;
    case 'opaque':
      return { ...set, data: set.data.slice(count) };
  }
}

/** The number of records in the set. */
export function recordCount(set: RRset): number {
  switch (set.kind) {
    case 'address':
      return set.octets.length / addressSize(set.type);
    case 'name':
      return set.targets.length;
    case 'srv':
      return set.services.length;
    case 'text':
      return set.texts.length;
    case 'mx':
      return set.exchanges.length;
    case 'soa':
      return 1;
    case 'opaque':
      return set.data.length;
  }
}
