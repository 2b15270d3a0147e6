/**
 * Networks in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), and whether an address is in one.
 */
import { parseAddress } from '../../dns/address.ts';

export interface Cidr {
  /** 4 or 16. */
  readonly octets: Uint8Array;
  /** Leading bits that count. */
  readonly bits: number;
}

/** Networks stand in expressions, of which there are few: they are read once. What else is asked for beyond these is read each time. */
const KEPT = 1024;
const known = new Map<string, Cidr>();

/** Undefined where the text is no network. Bits behind the prefix may be set. */
export function parseCidr(text: string): Cidr | undefined {
  const kept = known.get(text);
  if (kept !== undefined) return kept;
  const cidr = readCidr(text);
  if (cidr !== undefined && known.size < KEPT) known.set(text, cidr);
  return cidr;
}

function readCidr(text: string): Cidr | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(\d|[1-9]\d{1,2})$/.exec(text) ?? [];
  const octets = parseAddress(address);
  const bits = Number(length);
  if (octets === undefined || length === '' || bits > 8 * octets.length) return undefined;
  // Addresses of such a network are compared as IPv4 ones.
  return bits >= MAPPED_BITS && isMapped(octets)
    ? { octets: octets.slice(12), bits: bits - MAPPED_BITS }
    : { octets, bits };
}

/** Bits before the IPv4 address in a mapped one. */
const MAPPED_BITS = 96;

/** An IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2) counts as IPv4, and a scope does not count. */
export function parseClientAddress(text: string): Uint8Array | undefined {
  const scope = text.indexOf('%');
  const octets = parseAddress(scope < 0 ? text : text.slice(0, scope));
  return octets !== undefined && isMapped(octets) ? octets.subarray(12) : octets;
}

function isMapped(octets: Uint8Array): boolean {
  if (octets.length !== 16 || octets[10] !== 0xff || octets[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (octets[i] !== 0) return false;
  return true;
}

export function isInCidr(address: Uint8Array, { octets, bits }: Cidr): boolean {
  if (address.length !== octets.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== octets[i]) return false;
  const left = bits & 7;
  return left === 0 || ((address[whole] ?? 0) ^ (octets[whole] ?? 0)) >> (8 - left) === 0;
}
