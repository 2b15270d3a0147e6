/**
 * Which Services and endpoints have which addresses, and which prefixes of addresses are in use: what reverse names ask. And
 * which families the addresses are of: what a cluster speaks.
 */
import { AddressIndex } from './address-index.ts';
import { type FactCounters, addressFact, familiesFact, prefixesFact } from './facts.ts';
import { type EndpointSlice, type Service, addressWidth } from './objects.ts';
import { AddressPrefixes } from './prefixes.ts';

type Holder = Service | EndpointSlice;

/** The address families that are in use. */
export interface Families {
  readonly v4: boolean;
  readonly v6: boolean;
}

function isService(holder: Holder): holder is Service {
  return 'clusterIPs' in holder;
}

function isSlice(holder: Holder): holder is EndpointSlice {
  return 'addresses' in holder;
}

export class KnownAddresses {
  readonly #facts: FactCounters;
  readonly #holders = new AddressIndex<Holder>();
  readonly #prefixes = new AddressPrefixes();
  /** Addresses in use, of each family. */
  #ipv4 = 0;
  #ipv6 = 0;
  #families: Families = { v4: false, v6: false };

  constructor(facts: FactCounters) {
    this.#facts = facts;
  }

  /** The Services that have this cluster IP. */
  servicesAt(octets: Uint8Array): readonly Service[] {
    return this.#holders.at(octets).filter(isService);
  }

  /** The slices that have a ready endpoint with this address. */
  slicesAt(octets: Uint8Array): readonly EndpointSlice[] {
    return this.#holders.at(octets).filter(isSlice);
  }

  /** True where an address begins with these octets (IPv4) or nibbles (IPv6). */
  hasPrefix(family: 4 | 6, digits: readonly number[]): boolean {
    return this.#prefixes.has(family, digits);
  }

  /** The families of all these addresses. */
  get families(): Families {
    return this.#families;
  }

  // What comes takes the place of what goes, which is given up only then: an address in both never leaves use, and its prefixes stay
  // untouched.

  /** A Service comes, goes, or takes another's place. */
  moveService(before: Service | undefined, after: Service | undefined): void {
    if (after !== undefined) for (const octets of after.clusterIPs) this.#hold(octets, 0, octets.length, after, before);
    if (before !== undefined) for (const octets of before.clusterIPs) this.#giveUp(octets, 0, octets.length, before);
  }

  /** The same for a slice. */
  moveSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (after !== undefined) {
      const width = addressWidth(after.family);
      const { addresses } = after;
      for (let start = 0; start < addresses.length; start += width) this.#hold(addresses, start, width, after, before);
    }
    if (before !== undefined) {
      const width = addressWidth(before.family);
      const { addresses } = before;
      for (let start = 0; start < addresses.length; start += width) this.#giveUp(addresses, start, width, before);
    }
  }

  // The addresses of a slice are never cut out of it: that would cost each slice a buffer of its own outside the heap.

  #hold(octets: Uint8Array, start: number, width: number, holder: Holder, instead: Holder | undefined): void {
    if (this.#holders.add(octets, holder, start, width, instead)) {
      this.#prefixes.add(octets, start, width);
      this.#count(width, 1);
      this.#facts.changed(prefixesFact);
    }
    this.#facts.changed(addressFact(octets, start, width));
  }

  #giveUp(octets: Uint8Array, start: number, width: number, holder: Holder): void {
    if (this.#holders.remove(octets, holder, start, width)) {
      this.#prefixes.remove(octets, start, width);
      this.#count(width, -1);
      this.#facts.changed(prefixesFact);
    }
    this.#facts.changed(addressFact(octets, start, width));
  }

  #count(width: number, by: 1 | -1): void {
    if (width === 4) this.#ipv4 += by;
    else this.#ipv6 += by;
    const v4 = this.#ipv4 > 0;
    const v6 = this.#ipv6 > 0;
    if (v4 === this.#families.v4 && v6 === this.#families.v6) return;
    this.#families = { v4, v6 };
    this.#facts.changed(familiesFact);
  }
}
