/**
 * Which objects have an address: the index behind reverse names. Most addresses have one object, so that one is held
 * without an array around it; there are 150,000 of them in a large cluster.
 */

/** An IPv4 address as a 32-bit integer, an IPv6 address as 16 latin1 characters. */
type AddressKey = number | string;

function addressKey(octets: Uint8Array): AddressKey {
  if (octets.length !== 4) return String.fromCharCode(...octets);
  return ((octets[0] ?? 0) << 24) | ((octets[1] ?? 0) << 16) | ((octets[2] ?? 0) << 8) | (octets[3] ?? 0);
}

export class AddressIndex<T extends object> {
  readonly #holders = new Map<AddressKey, T | readonly T[]>();

  has(octets: Uint8Array): boolean {
    return this.#holders.has(addressKey(octets));
  }

  /** The holders of the address in the order in which they came. */
  at(octets: Uint8Array): readonly T[] {
    const held = this.#holders.get(addressKey(octets));
    if (held === undefined) return [];
    return isList(held) ? held : [held];
  }

  /** Adds a holder; one that is there already stays once. */
  add(octets: Uint8Array, holder: T): void {
    const key = addressKey(octets);
    const held = this.#holders.get(key);
    if (held === undefined) this.#holders.set(key, holder);
    else if (isList(held)) this.#holders.set(key, held.includes(holder) ? held : [...held, holder]);
    else if (held !== holder) this.#holders.set(key, [held, holder]);
  }

  remove(octets: Uint8Array, holder: T): void {
    const key = addressKey(octets);
    const held = this.#holders.get(key);
    if (held === undefined) return;
    const rest = (isList(held) ? held : [held]).filter((other) => other !== holder);
    const [only] = rest;
    if (only === undefined) this.#holders.delete(key);
    else this.#holders.set(key, rest.length === 1 ? only : rest);
  }
}

function isList<T>(held: T | readonly T[]): held is readonly T[] {
  return Array.isArray(held);
}
