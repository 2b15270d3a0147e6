/**
 * IP addresses as octets: their text forms (RFC 5952 for IPv6) and their names in the reverse trees
 * (RFC 1035 §3.5, RFC 3596 §2.5).
 */
import { isIPv6 } from 'node:net';
import { Name } from './name.ts';
import { uint16At } from './octets.ts';

/** The 4 or 16 octets of an address in text form; undefined where the text is none. Zone identifiers are not taken. */
export function parseAddress(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  if (readIPv4(text, octets, 0)) return octets;
  return isIPv6(text) && !text.includes('%') ? parseIPv6(text) : undefined;
}

/**
 * Writes the octets of an IPv4 address from `at` on; false where the text is none, and what is there then means nothing. There
 * is one way to write each: four numbers without leading zeros.
 */
export function readIPv4(text: string, into: Uint8Array, at: number): boolean {
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT;
    if (code === DOT) {
      if (digits === 0 || octet > 255 || dots > 3) return false;
      into[at + dots++] = octet;
      octet = 0;
      digits = 0;
    } else {
      // A number of several digits begins with no zero.
      if (code < ZERO || code > NINE || digits === 3 || (digits > 0 && octet === 0)) return false;
      octet = octet * 10 + code - ZERO;
      digits++;
    }
  }
  return dots === 4;
}

/** The IPv4 address that begins at `start` as a 32-bit integer. */
export function ipv4Number(octets: Uint8Array, start: number): number {
  return (
    ((octets[start] ?? 0) << 24) |
    ((octets[start + 1] ?? 0) << 16) |
    ((octets[start + 2] ?? 0) << 8) |
    (octets[start + 3] ?? 0)
  );
}

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** `text` has been checked to be an IPv6 address. */
function parseIPv6(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  const octets = new Uint8Array(16);
  [...front, ...zeros, ...back].forEach((group, i) => {
    octets[2 * i] = group >> 8;
    octets[2 * i + 1] = group & 0xff;
  });
  return octets;
}

/** The 16-bit groups of a part of an IPv6 address; an IPv4 address at its end is two of them. */
function groups(part: string): readonly number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** Text form of 4 or 16 octets; IPv6 as RFC 5952 wants it, except that IPv4-mapped addresses stay hexadecimal. */
export function formatAddress(octets: Uint8Array): string {
  return octets.length === 4 ? octets.join('.') : formatIPv6(octets);
}

function formatIPv6(octets: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => uint16At(octets, 2 * i));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return hexadecimal(words);
  return `${hexadecimal(words.slice(0, best.start))}::${hexadecimal(words.slice(best.start + best.length))}`;
}

function hexadecimal(words: readonly number[]): string {
  return words.map((word) => word.toString(16)).join(':');
}

const IN_ADDR = Name.fromText('in-addr.arpa');
const IP6 = Name.fromText('ip6.arpa');

/** The name below in-addr.arpa or ip6.arpa that stands for an address. */
export function reverseName(octets: Uint8Array): Name {
  const labels =
    octets.length === 4
      ? Array.from(octets, String)
      : Array.from(octets, (octet) => [(octet >> 4).toString(16), (octet & 15).toString(16)]).flat();
  return Name.fromLabels(labels.toReversed(), octets.length === 4 ? IN_ADDR : IP6) ?? Name.root;
}

export type ReverseQuestion =
  /** All labels are there: the octets of one address. */
  | { readonly kind: 'address'; readonly octets: Uint8Array }
  /**
   * Some of the leading octets (IPv4) or nibbles (IPv6) of an address, one array element each, none for the apex:
   * an empty non-terminal if any address begins so.
   */
  | { readonly kind: 'prefix'; readonly family: 4 | 6; readonly digits: readonly number[] };

/** What a name asks in the reverse trees; undefined where it is not in them or can stand for no address. */
export function parseReverseName(name: Name): ReverseQuestion | undefined {
  const family = name.isAtOrBelow(IN_ADDR) ? 4 : name.isAtOrBelow(IP6) ? 6 : undefined;
  if (family === undefined) return undefined;
  const width = family === 4 ? 4 : 32;
  const count = name.labelCount - 2;
  if (count > width) return undefined;
  const digits: number[] = [];
  for (let i = count - 1; i >= 0; i--) {
    const digit = family === 4 ? decimalOctet(name.label(i)) : nibble(name.label(i));
    if (digit === undefined) return undefined;
    digits.push(digit);
  }
  if (count < width) return { kind: 'prefix', family, digits };
  if (family === 4) return { kind: 'address', octets: Uint8Array.from(digits) };
  return {
    kind: 'address',
    octets: Uint8Array.from({ length: 16 }, (_, i) => ((digits[2 * i] ?? 0) << 4) | (digits[2 * i + 1] ?? 0)),
  };
}

function decimalOctet(label: string): number | undefined {
  if (!/^(0|[1-9]\d{0,2})$/.test(label)) return undefined;
  const value = Number(label);
  return value <= 255 ? value : undefined;
}

function nibble(label: string): number | undefined {
  return /^[0-9a-f]$/.test(label) ? Number.parseInt(label, 16) : undefined;
}
