/**
 * Networks of clients, asked whether an address is in one of them. In: networks and addresses as octets. Out: yes or no, in
 * about as many steps as the number of networks has bits, however many overlap.
 *
 * An IPv6 address that stands for an IPv4 one (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is that IPv4 address, on both sides:
 * a client is the same one whether the socket that it came to is of one family or of both.
 */
import { parseAddress } from '../dns/address.ts';

export interface Network {
  /** 4 or 16. */
  readonly octets: Uint8Array;
  /** Leading bits that count. */
  readonly bits: number;
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address; undefined where it is neither. Bits behind the prefix are read over. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const octets = parseAddress(address);
  if (octets === undefined) return undefined;
  const bits = length === undefined ? octets.length * 8 : Number(length);
  if (bits > octets.length * 8) return undefined;
  const isMapped = octets.length === 16 && bits >= MAPPED_BITS && isMappedAddress(octets);
  return isMapped ? { octets: octets.slice(12), bits: bits - MAPPED_BITS } : { octets, bits };
}

/**
 * The 4 or 16 octets of a client's address in text form; undefined where the text is none. What follows a `%` names an
 * interface of this machine.
 */
export function clientOctets(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  const octets = parseAddress(zone < 0 ? text : text.slice(0, zone));
  return octets?.length === 16 && isMappedAddress(octets) ? octets.subarray(12) : octets;
}

/** Bits before the IPv4 address in a mapped one. */
const MAPPED_BITS = 96;

function isMappedAddress(octets: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (octets[i] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}

export class NetworkSet {
  readonly #ipv4: Ranges;
  readonly #ipv6: Ranges;

  constructor(networks: readonly Network[]) {
    this.#ipv4 = new Ranges(networks.filter(({ octets }) => octets.length === 4));
    this.#ipv6 = new Ranges(networks.filter(({ octets }) => octets.length === 16));
  }

  /** @param octets 4 or 16, as `clientOctets` gives them */
  has(octets: Uint8Array): boolean {
    return (octets.length === 4 ? this.#ipv4 : this.#ipv6).has(octets);
  }
}

/** Networks of one family as first and last addresses. Networks lie apart or one in the other, so that none overlap here. */
class Ranges {
  readonly #firsts: readonly Uint8Array[];
  readonly #lasts: readonly Uint8Array[];

  constructor(networks: readonly Network[]) {
    const ranges = networks.map(rangeOf).toSorted((a, b) => compare(a.first, b.first) || compare(b.last, a.last));
    const apart: Range[] = [];
    for (const range of ranges) {
      const before = apart.at(-1);
      if (before === undefined || compare(range.last, before.last) > 0) apart.push(range);
    }
    this.#firsts = apart.map(({ first }) => first);
    this.#lasts = apart.map(({ last }) => last);
  }

  has(octets: Uint8Array): boolean {
    let low = 0;
    let high = this.#firsts.length;
    // Below `low` all networks begin at the address or before it.
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#firsts[middle];
      if (first !== undefined && compare(first, octets) <= 0) low = middle + 1;
      else high = middle;
    }
    const last = this.#lasts[low - 1];
    return last !== undefined && compare(octets, last) <= 0;
  }
}

interface Range {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

function rangeOf({ octets, bits }: Network): Range {
  const maskAt = (i: number): number => (0xff00 >> Math.min(Math.max(bits - 8 * i, 0), 8)) & 0xff;
  return {
    first: octets.map((octet, i) => octet & maskAt(i)),
    last: octets.map((octet, i) => octet | (~maskAt(i) & 0xff)),
  };
}

/** Below 0 where the first of two addresses of one family comes first. */
function compare(one: Uint8Array, other: Uint8Array): number {
  for (let i = 0; i < one.length; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
