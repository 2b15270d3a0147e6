/**
 * Which prefixes of addresses are in use: what tells an empty non-terminal of the reverse trees (`10.in-addr.arpa` while
 * some address begins with 10) from a name that does not exist (RFC 8020).
 *
 *     10 ─┬─ 10.96 ─── 10.96.0 ─── (10.96.0.1, 10.96.0.10)     each prefix counts its children;
 *         └─ 10.244 ── 10.244.7 ── (10.244.7.3)                the one whose count falls to 0 leaves its parent
 *
 * An address costs the levels that are new, mostly none but the last.
 */

/** Prefix digits as a key: the level, then the digits, each an octet (IPv4) or a nibble (IPv6). */
function prefixKey(family: 4 | 6, digits: readonly number[]): string {
  return String.fromCharCode(family, ...digits);
}

function digitsOf(octets: Uint8Array): readonly number[] {
  return octets.length === 4 ? [...octets] : Array.from(octets, (octet) => [octet >> 4, octet & 15]).flat();
}

export class AddressPrefixes {
  readonly #children = new Map<string, number>();

  /** Adds an address that was not in use. */
  add(octets: Uint8Array): void {
    for (const key of ancestors(octets)) {
      const count = this.#children.get(key) ?? 0;
      this.#children.set(key, count + 1);
      if (count > 0) return;
    }
  }

  /** Removes an address that was in use. */
  remove(octets: Uint8Array): void {
    for (const key of ancestors(octets)) {
      const count = this.#children.get(key) ?? 0;
      if (count > 1) {
        this.#children.set(key, count - 1);
        return;
      }
      this.#children.delete(key);
    }
  }

  /** True while an address in use begins with these octets (IPv4) or nibbles (IPv6). */
  has(family: 4 | 6, digits: readonly number[]): boolean {
    return this.#children.has(prefixKey(family, digits));
  }
}

/** The keys of all proper prefixes of an address, the longest first, down to the empty one. */
function* ancestors(octets: Uint8Array): Generator<string> {
  const digits = digitsOf(octets);
  for (let length = digits.length - 1; length >= 0; length--) {
    yield prefixKey(octets.length === 4 ? 4 : 6, digits.slice(0, length));
  }
}
