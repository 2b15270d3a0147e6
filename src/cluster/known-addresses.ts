/**
 * Which Services and endpoints have which addresses, and which prefixes of addresses are in use: what reverse names ask.
 */
import { AddressIndex } from './address-index.ts';
import { type FactCounters, addressFact, prefixesFact } from './facts.ts';
import { type EndpointSlice, type Service, addressCount, addressWidth } from './objects.ts';
import { AddressPrefixes } from './prefixes.ts';

type Holder = Service | EndpointSlice;

export class KnownAddresses {
  readonly #facts: FactCounters;
  readonly #services = new AddressIndex<Service>();
  readonly #slices = new AddressIndex<EndpointSlice>();
  readonly #prefixes = new AddressPrefixes();

  constructor(facts: FactCounters) {
    this.#facts = facts;
  }

  /** The Services that have this cluster IP. */
  servicesAt(octets: Uint8Array): readonly Service[] {
    return this.#services.at(octets);
  }

  /** The slices that have a ready endpoint with this address. */
  slicesAt(octets: Uint8Array): readonly EndpointSlice[] {
    return this.#slices.at(octets);
  }

  /** True where an address begins with these octets (IPv4) or nibbles (IPv6). */
  hasPrefix(family: 4 | 6, digits: readonly number[]): boolean {
    return this.#prefixes.has(family, digits);
  }

  // What comes is held before what goes is given up: an address in both never leaves use, and its prefixes stay untouched.

  /** A Service comes, goes, or takes another's place. */
  moveService(before: Service | undefined, after: Service | undefined): void {
    const index = this.#services;
    if (after !== undefined) for (const octets of after.clusterIPs) this.#hold(index, octets, after);
    if (before !== undefined) for (const octets of before.clusterIPs) this.#giveUp(index, octets, before);
  }

  /** The same for a slice. */
  moveSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    const index = this.#slices;
    if (after !== undefined) for (const octets of addressesOf(after)) this.#hold(index, octets, after);
    if (before !== undefined) for (const octets of addressesOf(before)) this.#giveUp(index, octets, before);
  }

  #hold<T extends Holder>(index: AddressIndex<T>, octets: Uint8Array, holder: T): void {
    if (!this.#inUse(octets)) {
      this.#prefixes.add(octets);
      this.#facts.changed(prefixesFact);
    }
    index.add(octets, holder);
    this.#facts.changed(addressFact(octets));
  }

  #giveUp<T extends Holder>(index: AddressIndex<T>, octets: Uint8Array, holder: T): void {
    const wasInUse = this.#inUse(octets);
    index.remove(octets, holder);
    this.#facts.changed(addressFact(octets));
    if (wasInUse && !this.#inUse(octets)) {
      this.#prefixes.remove(octets);
      this.#facts.changed(prefixesFact);
    }
  }

  #inUse(octets: Uint8Array): boolean {
    return this.#services.has(octets) || this.#slices.has(octets);
  }
}

function* addressesOf(slice: EndpointSlice): Generator<Uint8Array> {
  const width = addressWidth(slice.family);
  for (let i = 0; i < addressCount(slice); i++) yield slice.addresses.subarray(i * width, (i + 1) * width);
}
