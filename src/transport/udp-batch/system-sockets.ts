/**
 * Sockets as the system gives them: numbers. They are opened here, bound, asked whether they are ready, and closed. What goes wrong is
 * told as such and not why, since that stands in `errno`.
 */
import { isIPv6 } from 'node:net';
import type { AddressTexts } from './address-texts.ts';
import { type AddressFamily, ipv4, ipv6 } from './families.ts';
import {
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  POLLFD,
  POLLIN,
  POLLOUT,
  SO_ERROR,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCKADDR_IN,
  SOCKADDR_IN6,
  SOL_SOCKET,
} from './layout.ts';
import type { Native } from '../../native/native.ts';

const LITTLE = true;
const ONE = 1n;
/** The scratch memory: a socket address, its length or the value of an option, and a `struct pollfd`. */
const NAME = 0;
const VALUE = 32;
const POLL = 40;
const SCRATCH = POLL + POLLFD.size;
const INT = 4;

export interface Binding {
  /** A literal of IPv4 or IPv6, a link-local one with its scope. */
  readonly address: string;
  readonly port: number;
  /** Asks for the address that each datagram is for. */
  readonly isWildcard: boolean;
  /** Octets that are asked for; the system may give less. */
  readonly receiveBuffer: number;
  /** The same for what is sent; the system's own choice where it is left out. */
  readonly sendBuffer?: number;
}

/** A bound socket, with the address and port that the system says it has. */
export interface Bound {
  readonly socket: number;
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
}

export class SystemSockets {
  readonly #native: Native;
  readonly #texts: AddressTexts;
  readonly #view = new DataView(new ArrayBuffer(SCRATCH));
  readonly #name: bigint;
  readonly #value: bigint;
  readonly #poll: bigint;

  constructor(native: Native, texts: AddressTexts) {
    this.#native = native;
    this.#texts = texts;
    this.#name = native.addressOf(this.#view.buffer);
    this.#value = this.#name + BigInt(VALUE);
    this.#poll = this.#name + BigInt(POLL);
  }

  /** Undefined where the system refuses. */
  open(binding: Binding): Bound | undefined {
    const family = isIPv6(binding.address) ? ipv6 : ipv4;
    const socket = this.#native.socket(family.domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return undefined;
    const name = this.#prepare(socket, family, binding) && this.#bind(socket, family, binding) && this.#nameOf(socket);
    if (name === false || name === undefined) {
      this.close(socket);
      return undefined;
    }
    return { socket, family, ...name };
  }

  #prepare(socket: number, family: AddressFamily, binding: Binding): boolean {
    this.#set(socket, SOL_SOCKET, SO_RCVBUF, binding.receiveBuffer);
    if (binding.sendBuffer !== undefined) this.#set(socket, SOL_SOCKET, SO_SNDBUF, binding.sendBuffer);
    if (family.family === 6 && !this.#set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return false;
    return !binding.isWildcard || this.#set(socket, ...family.packetInfo, 1);
  }

  #set(socket: number, level: number, option: number, value: number): boolean {
    this.#view.setInt32(VALUE, value, LITTLE);
    return this.#native.setsockopt(socket, level, option, this.#value, INT) === 0;
  }

  #bind(socket: number, family: AddressFamily, { address, port }: Binding): boolean {
    const native = this.#native;
    const isIpv6 = family.family === 6;
    const made = isIpv6 ? native.uv_ip6_addr(address, port, this.#name) : native.uv_ip4_addr(address, port, this.#name);
    return made === 0 && native.bind(socket, this.#name, isIpv6 ? SOCKADDR_IN6.size : SOCKADDR_IN.size) === 0;
  }

  #nameOf(socket: number): { readonly address: string; readonly port: number } | undefined {
    const view = this.#view;
    view.setUint32(VALUE, VALUE - NAME, LITTLE);
    if (this.#native.getsockname(socket, this.#name, this.#value) !== 0) return undefined;
    const word = (at: number): number => view.getUint32(NAME + at, LITTLE);
    const isIpv6 = word(SOCKADDR_IN.family) % 65_536 === ipv6.domain;
    const at = SOCKADDR_IN6.address;
    const address = isIpv6
      ? this.#texts.ipv6(word(at), word(at + 4), word(at + 8), word(at + 12), word(SOCKADDR_IN6.scope))
      : this.#texts.ipv4(word(SOCKADDR_IN.address));
    return { address, port: view.getUint16(NAME + SOCKADDR_IN.port) };
  }

  /** Whether the system would take a datagram now. */
  isWritable(socket: number): boolean {
    return this.#pollNow(socket, POLLOUT) > 0;
  }

  /** Whether something is said to be there, be it an error. */
  isReadable(socket: number): boolean {
    return this.#pollNow(socket, POLLIN) > 0;
  }

  #pollNow(socket: number, events: number): number {
    const view = this.#view;
    view.setInt32(POLL + POLLFD.fd, socket, LITTLE);
    view.setUint32(POLL + POLLFD.events, events, LITTLE);
    if (this.#native.poll(this.#poll, ONE, 0) !== 1) return 0;
    return view.getUint16(POLL + POLLFD.result, LITTLE);
  }

  /** Takes the error away that a socket may hold. Gives its number; 0 where there is none. */
  takeError(socket: number): number {
    this.#view.setInt32(VALUE, 0, LITTLE);
    this.#view.setInt32(VALUE + INT, INT, LITTLE);
    this.#native.getsockopt(socket, SOL_SOCKET, SO_ERROR, this.#value, this.#value + BigInt(INT));
    return this.#view.getInt32(VALUE, LITTLE);
  }

  close(socket: number): void {
    this.#native.close(socket);
  }
}
