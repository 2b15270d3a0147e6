/**
 * The ready endpoints of one Service, slice by slice in canonical order: slice name, then position in the slice.
 *
 *     ServiceEndpoints ─► SliceEndpoints ─► the EndpointSlice, its columns and its labels, taken apart when first asked for
 *
 * An endpoint is a position in a slice and never an object of its own: a Service may have thousands, most questions
 * concern a few of them, and a change concerns one slice, so that what was made of the others stays.
 */
import { formatAddress, ipv4Number, readIPv4 } from '../dns/address.ts';
import { Name } from '../dns/name.ts';
import { hashName } from './name-table.ts';
import {
  type Column,
  type EndpointSlice,
  type ServicePort,
  addressCount,
  addressWidth,
  columnTexts,
} from './objects.ts';

/** An address as a label: `10.0.0.1` → `10-0-0-1`, `fd00::` → `fd00--0`, since no label ends in a dash. */
export function dashedAddress(text: string): string {
  const dashed = text.toLowerCase().replaceAll(/[.:]/g, '-');
  return dashed.endsWith('-') ? `${dashed}0` : dashed;
}

/**
 * A number for the label at each position: that of its IPv4 address where it is that one's, else a hash. A map of labels would be
 * quicker to look into, and fifteen times as large (13 KB for 100 endpoints), and so would the labels: slices of large Services are
 * replaced many times in a second, and what is made of each is garbage a moment later.
 */
type LabelIndex = readonly number[];

/** The number of the address whose label this is: of `10-0-0-1`; undefined for any other label. */
function addressNumber(label: string): number | undefined {
  if (!(label.charCodeAt(0) <= NINE)) return undefined;
  return readIPv4(label.replaceAll('-', '.'), addressOctets, 0) ? ipv4Number(addressOctets, 0) : undefined;
}

const NINE = 0x39;
const addressOctets = new Uint8Array(4);

const NO_POSITIONS: readonly number[] = [];

/** The endpoints of one slice. A position counts addresses from 0. */
export class SliceEndpoints {
  readonly slice: EndpointSlice;
  readonly count: number;
  readonly #width: number;
  readonly #hostnames: Texts;
  readonly #targets: Texts;
  readonly #zones: Texts;
  readonly #texts: Texts;
  #byHostname: LabelIndex | undefined;
  #byPodName: LabelIndex | undefined;
  /** Names that have been made, by the Service's name and whether pods' names are used; undefined for those that cannot be. */
  readonly #names = new Map<string, (Name | undefined)[]>();

  constructor(slice: EndpointSlice) {
    this.slice = slice;
    this.count = addressCount(slice);
    this.#width = addressWidth(slice.family);
    this.#hostnames = new Texts(slice.hostnames, this.count);
    this.#targets = new Texts(slice.targets, this.count);
    this.#zones = new Texts(slice.zones, this.count);
    this.#texts = new Texts(slice.texts, this.count);
  }

  get family(): 4 | 6 {
    return this.slice.family;
  }

  /** Empty where the slice names none. */
  get ports(): readonly ServicePort[] {
    return this.slice.ports;
  }

  *positions(): Generator<number> {
    for (let position = 0; position < this.count; position++) yield position;
  }

  /** The endpoints in a topology zone. */
  positionsIn(zone: string): readonly number[] {
    return zone === '' ? NO_POSITIONS : [...this.positions()].filter((position) => this.#zones.at(position) === zone);
  }

  /** 4 or 16 octets; a view into the slice. */
  octetsAt(position: number): Uint8Array {
    return this.slice.addresses.subarray(position * this.#width, (position + 1) * this.#width);
  }

  /**
   * The label of an endpoint in DNS, lower case: its hostname; else, where the cluster's zone uses pod names, its pod's;
   * else its address with dashes.
   */
  labelAt(position: number, podNames: boolean): string {
    const name = this.#givenName(position, podNames);
    return name === '' ? this.#addressLabel(position) : name.toLowerCase();
  }

  /** Empty for an endpoint that is called by its address. */
  #givenName(position: number, podNames: boolean): string {
    return this.#hostnames.at(position) || (podNames ? this.#targets.at(position) : '');
  }

  /**
   * The endpoint's name below its Service's, made once: SRV records of large Services would spend their time on it.
   * Undefined where it is too long.
   *
   * @param service the Service's own name in one of the cluster's zones; there are few, so that few names are kept
   */
  nameAt(position: number, service: Name, podNames: boolean): Name | undefined {
    const key = podNames ? `pods ${service.written}` : service.written;
    let names = this.#names.get(key);
    if (names === undefined) this.#names.set(key, (names = []));
    return (names[position] ??= Name.fromLabels([this.labelAt(position, podNames)], service));
  }

  #addressLabel(position: number): string {
    const written = this.#texts.at(position);
    if (written !== '' || this.family === 6) return dashedAddress(written || formatAddress(this.octetsAt(position)));
    const octets = this.slice.addresses;
    const at = position * 4;
    return `${octets[at]}-${octets[at + 1]}-${octets[at + 2]}-${octets[at + 3]}`;
  }

  /** Where this label (lower case) is. Several endpoints may have one: pods of one hostname. */
  positionsOf(label: string, podNames: boolean): readonly number[] {
    const index = podNames ? (this.#byPodName ??= this.#index(true)) : (this.#byHostname ??= this.#index(false));
    const hash = hashName('', label);
    const address = addressNumber(label);
    let positions: number[] | undefined;
    for (let at = 0; at < index.length; at++) {
      const number = index[at];
      if (number !== hash && number !== address) continue;
      if (this.labelAt(at, podNames) === label) (positions ??= []).push(at);
    }
    return positions ?? NO_POSITIONS;
  }

  #index(podNames: boolean): LabelIndex {
    const isPlain = this.family === 4 && this.slice.texts === undefined;
    return Array.from({ length: this.count }, (_, position) =>
      isPlain && this.#givenName(position, podNames) === ''
        ? ipv4Number(this.slice.addresses, position * 4)
        : hashName('', this.labelAt(position, podNames)),
    );
  }

  /** The first position of an address; -1 where the slice does not have it. */
  positionOf(octets: Uint8Array): number {
    const { addresses } = this.slice;
    const width = this.#width;
    for (let position = 0; position < this.count; position++) {
      let same = 0;
      while (same < width && addresses[position * width + same] === octets[same]) same++;
      if (same === width) return position;
    }
    return -1;
  }
}

/** A column, taken apart when one of its texts is first asked for. */
class Texts {
  readonly #column: Column;
  readonly #count: number;
  #texts: readonly string[] | undefined;

  constructor(column: Column, count: number) {
    this.#column = column;
    this.#count = count;
  }

  /** Empty where there is none. */
  at(position: number): string {
    if (this.#column === undefined) return '';
    this.#texts ??= columnTexts(this.#column, this.#count);
    return this.#texts[position] ?? '';
  }
}

export class ServiceEndpoints {
  /** Those with ready endpoints, in the order of their names. */
  readonly slices: readonly SliceEndpoints[];
  /** The number of addresses: what holding this in memory is measured by. */
  readonly size: number;
  #ipv4: Uint8Array | undefined;
  #ipv6: Uint8Array | undefined;

  /** @param slices with ready endpoints, in the order of their names */
  private constructor(slices: readonly SliceEndpoints[]) {
    this.slices = slices;
    this.size = slices.reduce((sum, slice) => sum + slice.count, 0);
  }

  /**
   * @param slices in the order of their names
   * @param before what was made of slices that may still be among them
   */
  static of(slices: readonly EndpointSlice[], before?: ServiceEndpoints): ServiceEndpoints {
    const known = new Map(before?.slices.map((one) => [one.slice, one]));
    return new ServiceEndpoints(
      slices
        .filter((slice) => slice.addresses.length > 0)
        .map((slice) => known.get(slice) ?? new SliceEndpoints(slice)),
    );
  }

  /** The same with one slice in the place of another; undefined where not both have ready endpoints. */
  with(before: EndpointSlice, after: EndpointSlice): ServiceEndpoints | undefined {
    const at = this.slices.findIndex((one) => one.slice === before);
    return at < 0 || after.addresses.length === 0
      ? undefined
      : new ServiceEndpoints(this.slices.with(at, new SliceEndpoints(after)));
  }

  /** True where no endpoint is ready. */
  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** All addresses of the family one behind the other, each once. */
  addresses(family: 4 | 6): Uint8Array {
    if (family === 4) return (this.#ipv4 ??= addressesOf(this.slices, 4));
    return (this.#ipv6 ??= addressesOf(this.slices, 6));
  }
}

/** The addresses of a family in these slices one behind the other, each once. */
export function addressesOf(slices: readonly SliceEndpoints[], family: 4 | 6): Uint8Array {
  const blocks = slices.filter((one) => one.family === family).map((one) => one.slice.addresses);
  return distinctAddresses(blocks, family);
}

/** Joins blocks of addresses of one family, leaving out what came before. */
export function distinctAddresses(blocks: readonly Uint8Array[], family: 4 | 6): Uint8Array {
  const width = addressWidth(family);
  const joined = Buffer.concat(blocks);
  const seen = new Set<number | string>();
  let length = 0;
  for (let at = 0; at < joined.length; at += width) {
    seen.add(family === 4 ? joined.readInt32LE(at) : joined.toString('latin1', at, at + width));
    if (seen.size * width === length) continue;
    if (length < at) joined.copyWithin(length, at, at + width);
    length += width;
  }
  // A copy of the exact length: concat draws from a shared pool, which a view would keep alive.
  return Uint8Array.prototype.slice.call(joined, 0, length);
}
