/**
 * Sockets to upstreams by the system's own calls. Each carries one message and is connected, so that the system drops what comes from
 * elsewhere; its port is the system's choice, drawn at random when it is connected. One epoll instance watches all of them, and
 * libuv watches that.
 *
 *     open: socket ─ connect ─ send ─► upstream
 *                 └─ epoll ──► uv_poll ──► epoll_wait ──► recvfrom ──► user
 *
 * What the system refuses is not opened here: `node:dgram` is asked for the same then, and can say why.
 */
import { isIPv6 } from 'node:net';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import type { UdpPeer, UdpSocket, UdpSocketUser, UdpSockets } from '../client/udp-sockets.ts';
import type { Endpoint } from '../client/upstream.ts';
import type { AddressTexts } from './address-texts.ts';
import {
  AF_INET,
  AF_INET6,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_EVENT,
  EPOLLERR,
  EPOLLIN,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCKADDR_IN,
  SOCKADDR_IN6,
} from './layout.ts';
import type { LoopTurns } from './loop-turns.ts';
import type { Native } from '../../native/native.ts';
import type { PollHandle, PollHandles } from './poll-handles.ts';
import type { SystemSockets } from './system-sockets.ts';

/** The longest datagram that there is (65,507 octets) has room. */
const MESSAGE_ROOM = 65_536;
/** Sockets that are looked at with one call, and calls in one turn of the event loop. */
const EVENTS = 64;
const ROUNDS = 4;
/** Datagrams that are read from a socket before others have their turn. */
const DATAGRAMS = 8;
const LITTLE = true;
/** The memory: a socket address, its length, an event to add, the events that come, and a message each way. */
const LENGTH = 32;
const ADDED = 40;
const COMING = ADDED + 16;
const RECEIVED = COMING + EVENTS * 16;
const SENT = RECEIVED + MESSAGE_ROOM;

export interface ClientParts {
  readonly native: Native;
  readonly texts: AddressTexts;
  readonly sockets: SystemSockets;
  readonly polls: PollHandles;
  readonly loop: LoopTurns;
}

export class ClientSockets implements UdpSockets {
  readonly parts: ClientParts;
  readonly #memory = new DataView(new ArrayBuffer(SENT + MESSAGE_ROOM));
  readonly #received: Buffer;
  readonly #sent: Buffer;
  readonly #base: bigint;
  /** Undefined until it is first wanted, and where the system refuses it. */
  #epoll: number | undefined;
  #handle: PollHandle | undefined;
  #isBroken = false;
  /** By the number that the system gives back with an event: never used twice, so that none is taken for another's. */
  readonly #open = new Map<number, ClientSocket>();
  #lastId = 0;

  constructor(parts: ClientParts) {
    this.parts = parts;
    this.#base = parts.native.addressOf(this.#memory.buffer);
    this.#received = Buffer.from(this.#memory.buffer, RECEIVED, MESSAGE_ROOM);
    this.#sent = Buffer.from(this.#memory.buffer, SENT, MESSAGE_ROOM);
  }

  peer(to: Endpoint, source: string | undefined): UdpPeer | undefined {
    const remote = this.#addressOf(to);
    const local = source === undefined ? undefined : this.#addressOf({ address: source, port: 0 });
    if (remote === undefined || (source !== undefined && local === undefined)) return undefined;
    return new ClientPeer(this, to, remote, local);
  }

  #addressOf({ address, port }: Endpoint): SocketAddress | undefined {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
    const { native } = this.parts;
    const view = new DataView(new ArrayBuffer(SOCKADDR_IN6.size));
    const at = native.addressOf(view.buffer);
    const isIpv6 = isIPv6(address);
    const made = isIpv6 ? native.uv_ip6_addr(address, port, at) : native.uv_ip4_addr(address, port, at);
    if (made !== 0) return undefined;
    return isIpv6
      ? { view, at, domain: AF_INET6, length: SOCKADDR_IN6.size }
      : { view, at, domain: AF_INET, length: SOCKADDR_IN.size };
  }

  /** Undefined where the system refuses any part of it; nothing is open then. */
  open(peer: ClientPeer, message: Uint8Array, user: UdpSocketUser): UdpSocket | undefined {
    const epoll = this.#watching();
    if (epoll === undefined || message.length > MESSAGE_ROOM) return undefined;
    const { native } = this.parts;
    const { remote, local } = peer;
    const socket = native.socket(remote.domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return undefined;
    this.#sent.set(message);
    const id = ++this.#lastId >>> 0;
    const isOpen =
      (local === undefined || native.bind(socket, local.at, local.length) === 0) &&
      native.connect(socket, remote.at, remote.length) === 0 &&
      native.send(socket, this.#base + BigInt(SENT), BigInt(message.length), MSG_DONTWAIT) === message.length &&
      this.#watch(epoll, socket, id);
    if (!isOpen) {
      native.close(socket);
      return undefined;
    }
    const opened = new ClientSocket(this, socket, id, peer, user);
    this.#open.set(id, opened);
    if (this.#open.size === 1) this.#handle?.keepsAlive(true);
    return opened;
  }

  #watch(epoll: number, socket: number, id: number): boolean {
    this.#memory.setUint32(ADDED + EPOLL_EVENT.events, EPOLLIN, LITTLE);
    this.#memory.setUint32(ADDED + EPOLL_EVENT.data, id, LITTLE);
    return this.parts.native.epoll_ctl(epoll, EPOLL_CTL_ADD, socket, this.#base + BigInt(ADDED)) === 0;
  }

  /** The epoll instance, made when it is first wanted; undefined where there can be none. */
  #watching(): number | undefined {
    if (this.#epoll !== undefined || this.#isBroken) return this.#epoll;
    const { native, polls } = this.parts;
    const epoll = native.epoll_create1(EPOLL_CLOEXEC);
    const handle = epoll < 0 ? undefined : polls.take(epoll, this);
    if (handle?.wait(false) !== true) {
      this.#isBroken = true;
      return undefined;
    }
    this.#epoll = epoll;
    this.#handle = handle;
    return epoll;
  }

  ready(status: number): void {
    if (status !== 0) {
      this.#break();
    } else if (this.#epoll !== undefined) {
      for (let round = 0; round < ROUNDS; round++) {
        const count = this.parts.native.epoll_wait(this.#epoll, this.#base + BigInt(COMING), EVENTS, 0);
        this.#look(count);
        if (count < EVENTS) break;
      }
    }
    this.parts.loop.hasWork();
  }

  #look(count: number): void {
    for (let at = COMING; at < COMING + count * EPOLL_EVENT.size; at += EPOLL_EVENT.size) {
      const id = this.#memory.getUint32(at + EPOLL_EVENT.data, LITTLE);
      // Missing where it was closed on account of an event before this one.
      this.#open.get(id)?.ready((this.#memory.getUint32(at + EPOLL_EVENT.events, LITTLE) & EPOLLERR) !== 0);
    }
  }

  failed(error: unknown): void {
    this.#break(error);
  }

  /** libuv watches no more: whoever waits is told, and what is asked from now on goes through `node:dgram`. */
  #break(error: unknown = new Error('sockets are no longer watched')): void {
    this.#isBroken = true;
    this.#epoll = undefined;
    for (const socket of this.#open.values()) socket.fail(error);
  }

  /** Reads one datagram. Gives its length; negative where there is none. */
  read(socket: number): number {
    this.#memory.setUint32(LENGTH, SOCKADDR_IN6.size, LITTLE);
    const { native } = this.parts;
    const room = BigInt(MESSAGE_ROOM);
    const address = this.#base + BigInt(LENGTH);
    return native.recvfrom(socket, this.#base + BigInt(RECEIVED), room, MSG_DONTWAIT, this.#base, address);
  }

  /** What was read last, borrowed. */
  message(length: number): Uint8Array {
    return this.#received.subarray(0, length);
  }

  /** Where what was read last came from: the peer's endpoint itself where it is from there. */
  from({ to, remote }: ClientPeer): Endpoint {
    return this.#isFrom(remote) ? to : this.#sender(remote.domain);
  }

  #isFrom({ domain, view }: SocketAddress): boolean {
    const first = domain === AF_INET6 ? SOCKADDR_IN6.address : SOCKADDR_IN.address;
    const end = domain === AF_INET6 ? SOCKADDR_IN6.scope : SOCKADDR_IN.address + 4;
    for (let at = first; at < end; at += 4) {
      if (view.getUint32(at) !== this.#memory.getUint32(at)) return false;
    }
    return view.getUint16(SOCKADDR_IN.port) === this.#memory.getUint16(SOCKADDR_IN.port);
  }

  #sender(domain: number): Endpoint {
    const word = (at: number): number => this.#memory.getUint32(at, LITTLE);
    const at = SOCKADDR_IN6.address;
    const { texts } = this.parts;
    const address =
      domain === AF_INET6
        ? texts.ipv6(word(at), word(at + 4), word(at + 8), word(at + 12), word(SOCKADDR_IN6.scope))
        : texts.ipv4(word(SOCKADDR_IN.address));
    return { address, port: this.#memory.getUint16(SOCKADDR_IN.port) };
  }

  forget(id: number): void {
    this.#open.delete(id);
    // Where the program ends for want of anything to do, nothing may call back any more.
    if (this.#open.size === 0) this.#handle?.keepsAlive(false);
  }
}

/** A `struct sockaddr_in` or `sockaddr_in6`, and where it stands. */
interface SocketAddress {
  readonly view: DataView<ArrayBuffer>;
  readonly at: bigint;
  readonly domain: number;
  readonly length: number;
}

class ClientPeer implements UdpPeer {
  readonly to: Endpoint;
  readonly remote: SocketAddress;
  readonly local: SocketAddress | undefined;
  readonly #sockets: ClientSockets;

  constructor(sockets: ClientSockets, to: Endpoint, remote: SocketAddress, local: SocketAddress | undefined) {
    this.#sockets = sockets;
    this.to = to;
    this.remote = remote;
    this.local = local;
  }

  open(message: Uint8Array, user: UdpSocketUser): UdpSocket | undefined {
    return this.#sockets.open(this, message, user);
  }
}

class ClientSocket implements UdpSocket {
  readonly #sockets: ClientSockets;
  readonly #socket: number;
  readonly #id: number;
  readonly #peer: ClientPeer;
  readonly #user: UdpSocketUser;
  #isOpen = true;

  constructor(sockets: ClientSockets, socket: number, id: number, peer: ClientPeer, user: UdpSocketUser) {
    this.#sockets = sockets;
    this.#socket = socket;
    this.#id = id;
    this.#peer = peer;
    this.#user = user;
  }

  /** @param hasError reading would take the error away, so it is looked at first; what came before it counts first */
  ready(hasError: boolean): void {
    const sockets = this.#sockets;
    const error = hasError ? sockets.parts.sockets.takeError(this.#socket) : 0;
    for (let i = 0; i < DATAGRAMS && this.#isOpen; i++) {
      const length = sockets.read(this.#socket);
      if (length < 0) break;
      this.#user.datagram(sockets.message(length), sockets.from(this.#peer));
    }
    if (hasError && this.#isOpen) this.fail(systemError(error));
  }

  fail(error: unknown): void {
    this.#user.error(error);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#sockets.forget(this.#id);
    // The epoll instance forgets what is closed.
    this.#sockets.parts.native.close(this.#socket);
  }
}

/** The error of a number of the system's, as Node.js gives it. */
function systemError(number: number): Error {
  if (number === 0) return new Error('the socket failed');
  const errno = -number;
  return Object.assign(new Error(getSystemErrorMessage(errno)), { code: getSystemErrorName(errno), errno });
}
