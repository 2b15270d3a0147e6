/**
 * Which prefixes of addresses are in use: what tells an empty non-terminal of the reverse trees (`10.in-addr.arpa` while
 * some address begins with 10) from a name that does not exist (RFC 8020).
 *
 *     10 ─┬─ 10.96 ─── 10.96.0 ─── (10.96.0.1, 10.96.0.10)     each prefix counts its children;
 *         └─ 10.244 ── 10.244.7 ── (10.244.7.3)                the one whose count falls to 0 leaves its parent
 *
 * An address costs the levels that are new, mostly none but the last.
 */

/** The children of each prefix, by its length in digits: octets of IPv4, nibbles of IPv6. */
type Levels<Key> = readonly Map<Key, number>[];

const IPV4_DIGITS = 4;
const IPV6_DIGITS = 32;

export class AddressPrefixes {
  /** Keys are the octets as one number. */
  readonly #ipv4: Levels<number> = levels(IPV4_DIGITS);
  /** Keys are the nibbles as characters. */
  readonly #ipv6: Levels<string> = levels(IPV6_DIGITS);

  /** Adds an address that was not in use: the `width` octets from `start` on. */
  add(octets: Uint8Array, start = 0, width: number = octets.length): void {
    if (width === 4) count(this.#ipv4, (length) => ipv4Key(octets, start, length));
    else count(this.#ipv6, ipv6Keys(octets, start));
  }

  /** Removes an address that was in use. */
  remove(octets: Uint8Array, start = 0, width: number = octets.length): void {
    if (width === 4) discount(this.#ipv4, (length) => ipv4Key(octets, start, length));
    else discount(this.#ipv6, ipv6Keys(octets, start));
  }

  /** True while an address in use begins with these octets (IPv4) or nibbles (IPv6). */
  has(family: 4 | 6, digits: readonly number[]): boolean {
    return family === 4
      ? this.#ipv4[digits.length]?.has(ipv4Key(digits, 0, digits.length)) === true
      : this.#ipv6[digits.length]?.has(String.fromCharCode(...digits)) === true;
  }
}

function levels<Key>(digits: number): Levels<Key> {
  return Array.from({ length: digits }, () => new Map<Key, number>());
}

/** Adds a child to the longest prefix, and to each shorter one while the one below it is new. */
function count<Key>(prefixes: Levels<Key>, keyOf: (length: number) => Key): void {
  for (let length = prefixes.length - 1; length >= 0; length--) {
    const level = prefixes[length];
    const key = keyOf(length);
    const children = level?.get(key) ?? 0;
    level?.set(key, children + 1);
    if (children > 0) return;
  }
}

/** Takes a child from the longest prefix, and from each shorter one while the one below it ends. */
function discount<Key>(prefixes: Levels<Key>, keyOf: (length: number) => Key): void {
  for (let length = prefixes.length - 1; length >= 0; length--) {
    const level = prefixes[length];
    const key = keyOf(length);
    const children = level?.get(key) ?? 0;
    if (children > 1) {
      level?.set(key, children - 1);
      return;
    }
    level?.delete(key);
  }
}

function ipv4Key(octets: ArrayLike<number>, start: number, length: number): number {
  let key = 0;
  for (let i = 0; i < length; i++) key = (key << 8) | (octets[start + i] ?? 0);
  return key;
}

/** The nibbles once as characters: their beginnings are the keys. */
function ipv6Keys(octets: Uint8Array, start: number): (length: number) => string {
  let nibbles = '';
  for (let at = start; at < start + 16; at++) {
    const octet = octets[at] ?? 0;
    nibbles += String.fromCharCode(octet >> 4, octet & 15);
  }
  return (length) => nibbles.slice(0, length);
}
