/**
 * Which Services have which external address: what reverse names of zones for clients outside the cluster ask. It has an entry
 * for those Services alone that have such addresses, so that a cluster without them pays nothing.
 */
import { parseAddress } from '../dns/address.ts';
import { AddressIndex } from './address-index.ts';
import { type FactCounters, addressFact, prefixesFact } from './facts.ts';
import type { Service } from './objects.ts';
import { AddressPrefixes } from './prefixes.ts';

export class ExternalAddresses {
  readonly #facts: FactCounters;
  readonly #holders = new AddressIndex<Service>();
  readonly #prefixes = new AddressPrefixes();

  constructor(facts: FactCounters) {
    this.#facts = facts;
  }

  /** The Services that have this external address, in no order. */
  servicesAt(octets: Uint8Array): readonly Service[] {
    return this.#holders.at(octets);
  }

  /** True where an external address begins with these octets (IPv4) or nibbles (IPv6). */
  hasPrefix(family: 4 | 6, digits: readonly number[]): boolean {
    return this.#prefixes.has(family, digits);
  }

  /** A Service comes, goes, or takes another's place. What comes is held first, so that an address in both stays in use. */
  moveService(before: Service | undefined, after: Service | undefined): void {
    for (const octets of addressesOf(after)) {
      if (after !== undefined && this.#holders.add(octets, after)) {
        this.#prefixes.add(octets);
        this.#facts.changed(prefixesFact);
      }
      this.#facts.changed(addressFact(octets));
    }
    for (const octets of addressesOf(before)) {
      if (before !== undefined && this.#holders.remove(octets, before)) {
        this.#prefixes.remove(octets);
        this.#facts.changed(prefixesFact);
      }
      this.#facts.changed(addressFact(octets));
    }
  }
}

const NONE: readonly Uint8Array[] = [];

/** Those that are no names of hosts, 4 or 16 octets each. */
function addressesOf(service: Service | undefined): readonly Uint8Array[] {
  if (service === undefined || service.externalAddresses.length === 0) return NONE;
  return service.externalAddresses.flatMap((text) => parseAddress(text) ?? []);
}
