/**
 * The networks of `prefer`: addresses of the first one come first, then those of the second, and so on, then all others.
 */
import { isIPv6 } from 'node:net';
import { parseAddress } from '../../dns/address.ts';
import type { Groups } from './shuffle.ts';

export interface Subnet {
  /** 4 or 16. */
  readonly octets: Uint8Array;
  /** Leading bits that count. */
  readonly bits: number;
}

/** `10.0.0.0/8`, `2001:db8::/32`; undefined where it is none. Bits behind the prefix are read over. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, address = '', length = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const octets = parseAddress(address);
  const bits = Number(length);
  if (octets === undefined || length === '' || bits > octets.length * 8) return undefined;
  return { octets, bits };
}

/** The network of one address, for somebody who wrote no prefix length. */
export function subnetOf(address: string): string | undefined {
  if (parseAddress(address) === undefined) return undefined;
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}

export class PreferredSubnets implements Groups {
  readonly count: number;
  readonly #subnets: readonly Subnet[];

  constructor(subnets: readonly Subnet[]) {
    this.#subnets = subnets;
    this.count = subnets.length + 1;
  }

  groupOf(octets: Uint8Array): number {
    const found = this.#subnets.findIndex((subnet) => isIn(octets, subnet));
    return found < 0 ? this.#subnets.length : found;
  }
}

function isIn(octets: Uint8Array, { octets: network, bits }: Subnet): boolean {
  if (octets.length !== network.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (octets[i] !== network[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = 0xff00 >> rest;
  return (((octets[whole] ?? 0) ^ (network[whole] ?? 0)) & mask & 0xff) === 0;
}
