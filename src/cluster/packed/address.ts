/**
 * Addresses as texts in little memory: an IPv4 address is its 32 bits, any other text is kept as it is. The hash of an
 * address says which of the two it is.
 */
import { hashName } from '../name-table.ts';

const ADDRESS_SEED = hashName('pod', 'address');

/** Whether this is the hash of a packed address: its highest bit says so, since the lowest ones choose the slot. */
export function isPacked(hash: number): boolean {
  return hash < 0;
}

/** Each bit of the address changes about half of the bits of its hash; the slots of neighbours are far apart. */
export function hashOfIPv4(packed: number): number {
  let hash = packed ^ ADDRESS_SEED;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) | 0x8000_0000;
}

/** The hash of an address that is kept as a text. */
export function hashOfText(ip: string): number {
  return hashName('', ip) & 0x7fff_ffff;
}

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** The 32 bits of an IPv4 address; undefined for a text that is none, or is not written as `unpackIPv4` writes it. */
export function packIPv4(text: string): number | undefined {
  let packed = 0;
  let octet = 0;
  let digits = 0;
  let octets = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT;
    if (code === DOT) {
      if (digits === 0 || octet > 255 || octets === 4) return undefined;
      packed = (packed << 8) | octet;
      octets++;
      octet = 0;
      digits = 0;
    } else {
      // A number of several digits begins with no zero.
      if (code < ZERO || code > NINE || digits === 3 || (digits > 0 && octet === 0)) return undefined;
      octet = octet * 10 + code - ZERO;
      digits++;
    }
  }
  return octets === 4 ? packed : undefined;
}

export function unpackIPv4(packed: number): string {
  return `${packed >>> 24}.${(packed >>> 16) & 255}.${(packed >>> 8) & 255}.${packed & 255}`;
}
