/** Where something is listened for: how addresses are told apart, which are in each other's way, and what a person reads of them. */
import type { Token } from '../corefile/corefile.ts';
import type { Scheme } from './schemes.ts';

/** All addresses of the machine. */
export const ANY_ADDRESS = '*';

/** What is spoken at an address, or `*` for all addresses of the machine, and a port. */
export interface ListenAddress {
  readonly scheme: Scheme;
  readonly address: string;
  readonly port: number;
  /** Where the port comes from: a key of the Corefile, or the command line or its default. */
  readonly portFrom: Token | undefined;
}

/** The same for two that are one listener. */
export function listenKey({ scheme, address, port }: Pick<ListenAddress, 'scheme' | 'address' | 'port'>): string {
  return `${scheme} ${address} ${port}`;
}

/** Whether one socket would be in the other's way: all addresses of a port are in the way of each. */
export function overlap(one: Pick<ListenAddress, 'address' | 'port'>, other: typeof one): boolean {
  if (one.port !== other.port) return false;
  return one.address === other.address || one.address === ANY_ADDRESS || other.address === ANY_ADDRESS;
}

/** An address for a person: `127.0.0.1 port 53`, `port 53` for all addresses. */
export function whereText({ address, port }: Pick<ListenAddress, 'address' | 'port'>): string {
  return address === ANY_ADDRESS ? `port ${port}` : `${address} port ${port}`;
}

/** Why an address cannot be opened in a reload: this server itself has the port in another form. */
export function ownOverlapText(
  own: Pick<ListenAddress, 'address' | 'port'> & { readonly scheme?: Scheme },
  wanted: { readonly scheme?: Scheme } = own,
): string {
  const change =
    own.scheme === wanted.scheme
      ? 'from all addresses to some, or back,'
      : `from ${own.scheme ?? 'http'}:// to ${wanted.scheme ?? 'http'}://`;
  return `cannot be opened while this server has ${whereText(own)} open; a change ${change} takes a restart`;
}

/** Where a word stands, and the word: `Corefile:7: health`. */
export function placeText({ at: { file, line }, text }: Token): string {
  return `${file}:${line}: ${text}`;
}
