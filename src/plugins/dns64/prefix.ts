/**
 * IPv4 addresses inside IPv6 ones (RFC 6052 §2.2). In: a prefix and 4 octets, or 16. Out: 16 octets, or 4.
 *
 *     bits   0 ───────── 32 ── 40 ── 48 ── 56 ── 64 ── 72 ── 80 ── 88 ── 96 ── 104 ── … 128
 *     /32    prefix       │ IPv4 address          │  0  │ zeros
 *     /56    prefix                         │ IPv4│  0  │ IPv4 address    │ zeros
 *     /96    prefix                                                 │ IPv4 address
 *
 * The octet from bit 64 on is 0 in each of them.
 */
import { parseAddress } from '../../dns/address.ts';

/** Bits of the shortest and of the longest prefix. */
export const MIN_BITS = 32;
export const MAX_BITS = 96;

/** The octet that is never a part of an IPv4 address. */
const RESERVED_OCTET = 8;

const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;

/** What was meant for a prefix; `bits` of any size. */
export interface PrefixText {
  /** 4 or 16. */
  readonly octets: Uint8Array;
  readonly bits: number;
}

/** An address, a slash and a number; undefined for anything else. */
export function parsePrefixText(text: string): PrefixText | undefined {
  const [, address = '', length = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const octets = parseAddress(address);
  return octets === undefined || length === '' ? undefined : { octets, bits: Number(length) };
}

export class Prefix {
  /** 16 octets, zero behind the prefix. */
  readonly #octets: Uint8Array;
  /** Where each octet of an IPv4 address stands. */
  readonly #places: readonly number[];
  readonly #length: number;

  /** @param octets 16; what stands behind the prefix is read over. @param bits a multiple of 8 from 32 to 96 */
  constructor(octets: Uint8Array, bits: number) {
    this.#length = bits / 8;
    this.#octets = octets.map((octet, i) => (i < this.#length ? octet : 0));
    const behind = Array.from({ length: IPV6_OCTETS - this.#length }, (_, i) => this.#length + i);
    this.#places = behind.filter((place) => place !== RESERVED_OCTET).slice(0, IPV4_OCTETS);
  }

  /** True where the octet that all forms keep at 0 is a part of the prefix, and is something else. */
  get hasReservedBits(): boolean {
    return this.#octets[RESERVED_OCTET] !== 0;
  }

  /** Writes the IPv6 address of the IPv4 address that begins at `from`. */
  embed(ipv4: Uint8Array, from: number, into: Uint8Array, at: number): void {
    into.set(this.#octets, at);
    for (const [i, place] of this.#places.entries()) into[at + place] = ipv4[from + i] ?? 0;
  }

  /** The IPv4 address that is in an IPv6 address; undefined where that has another prefix, or more in it. */
  extract(ipv6: Uint8Array): Uint8Array | undefined {
    if (ipv6.length !== IPV6_OCTETS) return undefined;
    const isAlike = this.#octets.every((octet, i) => ipv6[i] === octet || this.#places.includes(i));
    return isAlike ? Uint8Array.from(this.#places, (place) => ipv6[place] ?? 0) : undefined;
  }
}
