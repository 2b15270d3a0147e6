/**
 * The addresses that this server can be reached at: what its zones' NS records rest on. Where it is bound to some
 * addresses these are it; else all of the machine but loopback, looked at again from time to time.
 */
import { networkInterfaces } from 'node:os';
import { type FactCounters, ownAddressesFact } from '../cluster/facts.ts';
import { parseAddress } from '../dns/address.ts';
import { ANY_ADDRESS } from './listen-address.ts';

export class OwnAddresses {
  readonly #facts: FactCounters;
  readonly #read: () => readonly string[];
  #text: readonly string[];
  #octets: readonly Uint8Array[];

  /** `read` gives the machine's addresses in text form, loopback left out. */
  constructor(facts: FactCounters, read: () => readonly string[] = machineAddresses) {
    this.#facts = facts;
    this.#read = read;
    this.#text = read();
    this.#octets = octetsOf(this.#text);
  }

  /** For a server block that listens at these addresses. */
  for(listening: readonly string[]): readonly Uint8Array[] {
    return listening.includes(ANY_ADDRESS) ? this.#octets : octetsOf(listening);
  }

  /** Looks at the machine again. */
  refresh(): void {
    const text = this.#read();
    if (text.length === this.#text.length && text.every((address, i) => address === this.#text[i])) return;
    this.#text = text;
    this.#octets = octetsOf(text);
    this.#facts.changed(ownAddressesFact);
  }
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter((one) => !one.internal).map((one) => one.address),
  );
}

/** A scope is left out: it means something on this machine only. */
function octetsOf(addresses: readonly string[]): readonly Uint8Array[] {
  return addresses.map((address) => parseAddress(address.replace(/%.*$/, ''))).filter((octets) => octets !== undefined);
}
