/**
 * One UDP socket whose datagrams are received and sent many at a time.
 *
 *     uv_poll ──► recvmmsg ──► inbox ──► Serving.askAll ──► handler, … ──► outbox ──► sendmmsg
 *                                └─ defer() ──► UdpReplyHandle ──► the outbox's last slot ──► sendmmsg, later
 *
 * All runs within one callback of the event loop, which makes no object for a datagram. Where the system takes no more replies, copies
 * of them wait, and leave when the socket has room again. Which of several reasons a call failed for is not asked of `errno`: a socket
 * that has no room is one that `poll` says has none; where it has some, it is the datagram that cannot be sent.
 */
import type { Batch, OpenExchange } from '../serving.ts';
import { type UdpEndpoint, UdpReplyHandle, type UdpServing } from '../udp-serving.ts';
import type { Family, ReplyHandle } from '../transport.ts';
import { BatchExchange, type BatchClients } from './batch-exchange.ts';
import type { BatchParts } from './batch-parts.ts';
import { MSG_DONTWAIT, MSG_TRUNC, SOCKADDR_IN } from './layout.ts';
import { NULL } from '../../native/native.ts';
import type { PollHandle, PollTarget } from './poll-handles.ts';
import type { EndsShape } from './slots.ts';
import type { Bound } from './system-sockets.ts';
import { UnsentReplies } from './unsent-replies.ts';

/** Milliseconds after which a callback reads no further batch: it is the turn of everything else in the event loop. */
const TURN = 1;
/** So often in a row may a socket be ready without giving anything, and be ready again at once. */
const MOST_EMPTY_WAKES = 1_000;

export interface BatchSocketOptions {
  readonly isWildcard: boolean;
  /** Whether a client with the socket's own port is the socket itself. */
  readonly isOwn: (address: string) => boolean;
  /** The socket wakes the event loop for nothing, without end: it has to be replaced. */
  readonly broke: () => void;
}

export class BatchSocket implements UdpEndpoint, PollTarget, BatchClients, Batch {
  readonly address: string;
  readonly port: number;
  readonly family: Family;
  readonly #parts: BatchParts;
  readonly #shared: UdpServing;
  readonly #options: BatchSocketOptions;
  readonly #bound: Bound;
  readonly #ends: EndsShape;
  readonly #exchange: BatchExchange;
  readonly #poll: PollHandle;
  /** The slots of the inbox that requests are answered from, by their places in the batch. */
  readonly #accepted: number[] = [];
  /** Of the outbox, by the numbers of the replies. */
  #rooms: readonly Uint8Array[] = [];
  /** Requests of the batch that may have left something behind for the event loop. */
  #unsettled = 0;
  readonly #unsent = new UnsentReplies();
  #emptyWakes = 0;
  #closed: Promise<void> | undefined;

  /** Takes over the socket, also where it throws: where libuv does not poll it. */
  constructor(parts: BatchParts, bound: Bound, shared: UdpServing, options: BatchSocketOptions) {
    ({ address: this.address, port: this.port } = bound);
    this.family = bound.family.family;
    this.#parts = parts;
    this.#bound = bound;
    this.#shared = shared;
    this.#options = options;
    this.#ends = options.isWildcard ? bound.family.wildcard : bound.family.single;
    this.#exchange = new BatchExchange(parts.inbox.octets, this);
    const poll = parts.polls.take(bound.socket, this);
    if (poll === undefined) {
      parts.sockets.close(bound.socket);
      throw new Error('libuv does not poll the socket');
    }
    this.#poll = poll;
    if (!poll.wait(false)) {
      void this.close();
      throw new Error('libuv does not poll the socket');
    }
  }

  get isBusy(): boolean {
    return this.#unsent.size > 0;
  }

  ready(status: number, isReadable: boolean, isWritable: boolean): void {
    if (isWritable || status !== 0) this.#sendUnsent();
    if (isReadable || status !== 0) this.#receive();
    if (status === 0 || this.#closed !== undefined) return;
    // The socket holds an error, and libuv has ended polling.
    this.#parts.sockets.takeError(this.#bound.socket);
    this.#wait();
  }

  failed(error: unknown): void {
    this.#shared.serving.fail(error);
    this.#wokeForNothing();
  }

  #receive(): void {
    const { native, inbox } = this.#parts;
    const { socket } = this.#bound;
    const most = Math.max(1, Math.min(this.#shared.serving.limits.udpBatch, inbox.count));
    const end = performance.now() + TURN;
    let isFirst = true;
    do {
      inbox.expect(most, this.#ends);
      const count = native.recvmmsg(socket, inbox.header(0), most, MSG_DONTWAIT, NULL);
      if (count > 0) {
        this.#emptyWakes = 0;
        this.#answer(count);
      } else if (isFirst) {
        this.#wokeForNothing();
      }
      if (count < most) return;
      isFirst = false;
    } while (this.#closed === undefined && performance.now() < end);
  }

  /** Answers the datagrams in the inbox, all of them first, and then sends the replies. */
  #answer(received: number): void {
    const { outbox, loop } = this.#parts;
    const { serving } = this.#shared;
    let count = 0;
    for (let slot = 0; slot < received; slot++) {
      if (this.#accepts(slot)) this.#accepted[count++] = slot;
      else serving.counts.ignored++;
    }
    this.#rooms = outbox.rooms(serving.limits.udpMessage);
    this.#unsettled = 0;
    const replies = serving.askAll(this, count);
    if (this.#unsettled > 0) loop.hasWork();
    if (replies > 0) this.#send(replies);
  }

  exchangeAt(place: number, reply: number): OpenExchange {
    const { inbox } = this.#parts;
    const exchange = this.#exchange;
    const slot = this.#accepted[place] ?? 0;
    exchange.slot = slot;
    exchange.start = slot * inbox.room;
    exchange.end = exchange.start + inbox.length(slot);
    exchange.reply = this.#rooms[reply] ?? NO_ROOM;
    return exchange;
  }

  answered(place: number, reply: number, length: number): void {
    if (!this.#exchange.settled) this.#unsettled++;
    if (length === 0) return;
    const { inbox, outbox } = this.#parts;
    outbox.copyEnds(reply, inbox, this.#accepted[place] ?? 0, this.#ends);
    outbox.address(reply, length, this.#ends);
  }

  #accepts(slot: number): boolean {
    const { inbox } = this.#parts;
    const { serving, stopping } = this.#shared;
    if (
      stopping ||
      (inbox.flags(slot) & MSG_TRUNC) !== 0 ||
      inbox.length(slot) > serving.limits.udpMessage ||
      (this.#options.isWildcard && !this.#bound.family.turnAround(inbox, slot))
    ) {
      return false;
    }
    const port = this.clientPort(slot);
    return port !== 0 && (port !== this.port || !this.#options.isOwn(this.clientAddress(slot)));
  }

  /** Sends the first `count` replies of the outbox, or keeps copies of those that the system does not take. */
  #send(count: number): void {
    if (this.#closed !== undefined) {
      this.#shared.serving.counts.unsent += count;
      return;
    }
    const taken = this.#unsent.size > 0 ? 0 : this.#transmit(0, count);
    for (let slot = taken; slot < count; slot++) this.#keep(slot);
  }

  /**
   * Sends the replies of the outbox from one slot to before another, and leaves out those that cannot be sent. Returns the slot of
   * the first for which there is no room now, or `to`.
   */
  #transmit(from: number, to: number): number {
    const { native, outbox, sockets } = this.#parts;
    const { socket } = this.#bound;
    let at = from;
    let isSecondTry = false;
    while (at < to) {
      const sent = native.sendmmsg(socket, outbox.header(at), to - at, MSG_DONTWAIT);
      if (sent > 0) {
        at += sent;
        isSecondTry = false;
        continue;
      }
      if (!sockets.isWritable(socket)) return at;
      // Room may have come after the call: only what fails twice cannot be sent.
      if (isSecondTry) {
        this.#shared.serving.counts.unsent++;
        at++;
      }
      isSecondTry = !isSecondTry;
    }
    return to;
  }

  /** Keeps a copy of the reply in a slot of the outbox, unless too much waits to be sent already. */
  #keep(slot: number): void {
    const { outbox } = this.#parts;
    const { counts, limits } = this.#shared.serving;
    const message = outbox.message(slot);
    if (!this.#unsent.hasRoom(message.length, limits.udpUnsent)) {
      counts.overBound++;
      return;
    }
    this.#unsent.add({ message: Buffer.from(message), ends: outbox.ends(slot) });
    if (this.#unsent.size === 1) this.#wait();
  }

  #sendUnsent(): void {
    const { outbox } = this.#parts;
    const unsent = this.#unsent;
    while (unsent.size > 0 && this.#closed === undefined) {
      const count = Math.min(unsent.size, outbox.count);
      for (let slot = 0; slot < count; slot++) {
        const reply = unsent.at(slot);
        if (reply !== undefined) this.#load(slot, reply.message, reply.ends);
      }
      const taken = this.#transmit(0, count);
      unsent.remove(taken);
      if (taken < count) return;
    }
    this.#wait();
  }

  #load(slot: number, message: Uint8Array, ends: Uint8Array): void {
    const { outbox } = this.#parts;
    outbox.octets.set(message, slot * outbox.room);
    outbox.setEnds(slot, ends);
    outbox.address(slot, message.length, this.#ends);
  }

  /** Sends a copy of a borrowed message in this tick, or keeps it, unless too much waits to be sent already. */
  sendLater(message: Uint8Array, ends: Uint8Array): void {
    const { outbox } = this.#parts;
    const { counts, limits } = this.#shared.serving;
    if (this.#closed !== undefined || message.length === 0) return;
    if (message.length > Math.min(limits.udpMessage, outbox.room)) {
      counts.overBound++;
      return;
    }
    // A batch may be on its way through the other slots.
    const last = outbox.count - 1;
    this.#load(last, message, ends);
    if (this.#unsent.size > 0 || this.#transmit(last, outbox.count) === last) this.#keep(last);
  }

  clientAddress(slot: number): string {
    return this.#bound.family.clientText(this.#parts.inbox, slot, this.#parts.texts);
  }

  clientPort(slot: number): number {
    const { inbox } = this.#parts;
    return inbox.networkHalf(inbox.nameAt(slot) + SOCKADDR_IN.port);
  }

  localAddress(slot: number): string {
    return this.#options.isWildcard
      ? this.#bound.family.localText(this.#parts.inbox, slot, this.#parts.texts)
      : this.address;
  }

  defer(slot: number): ReplyHandle {
    return new UdpReplyHandle(this.#shared, this, this.#parts.inbox.ends(slot));
  }

  /** A socket that gives nothing and is ready nonetheless would keep the event loop awake for ever. */
  #wokeForNothing(): void {
    if (this.#closed !== undefined) return;
    this.#emptyWakes = this.#parts.sockets.isReadable(this.#bound.socket) ? this.#emptyWakes + 1 : 0;
    if (this.#emptyWakes >= MOST_EMPTY_WAKES) this.#break();
  }

  #wait(): void {
    if (this.#closed === undefined && !this.#poll.wait(this.#unsent.size > 0)) this.#break();
  }

  #break(): void {
    void this.close();
    this.#parts.loop.hasWork();
    this.#options.broke();
  }

  /** Closes at once; replies that are sent later vanish. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  #end(): Promise<void> {
    const released = this.#parts.polls.release(this.#poll);
    this.#parts.sockets.close(this.#bound.socket);
    return released;
  }
}

const NO_ROOM = new Uint8Array(0);
