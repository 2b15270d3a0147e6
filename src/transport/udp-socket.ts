/**
 * One UDP socket: a datagram in, at most one datagram back to where it came from.
 *
 *     dgram 'message' ──► ignored? ──► handler ──► reply room ──► send
 *                                         └─ defer() ──► UdpReplyHandle ──► send, later
 *
 * This is the hottest path of the transports, so a datagram costs no promise, no closure and one object, the view that is
 * sent. Addresses stay the strings that dgram made; the exchange is one object that reads them when asked.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { OpenExchange, Serving } from './serving.ts';
import type { ReplyHandle } from './transport.ts';

/** What the sockets of one UDP listener share beside the handler. */
export interface UdpServing {
  readonly serving: Serving;
  /** The addresses of the listener's own sockets: a datagram from one of them, and from its port, is never answered. */
  readonly own: Set<string>;
  /** Replies that were deferred and have not left. */
  inFlight: number;
  stopping: boolean;
}

const NOBODY: RemoteInfo = { address: '', family: 'IPv4', port: 0, size: 0 };

/** The socket's one exchange, pointed at each datagram in turn. */
class UdpExchange implements OpenExchange {
  readonly protocol = 'udp';
  readonly #socket: UdpSocket;
  request: Uint8Array = new Uint8Array(0);
  reply: Uint8Array;
  client: RemoteInfo = NOBODY;
  deferred: ReplyHandle | undefined = undefined;

  constructor(socket: UdpSocket, room: number) {
    this.#socket = socket;
    this.reply = new Uint8Array(room);
  }

  get clientAddress(): string {
    return this.client.address;
  }

  get clientPort(): number {
    return this.client.port;
  }

  get localAddress(): string {
    return this.#socket.address;
  }

  get localPort(): number {
    return this.#socket.port;
  }

  defer(): ReplyHandle {
    const handle = new UdpReplyHandle(this.#socket, this.client);
    this.deferred = handle;
    return handle;
  }
}

class UdpReplyHandle implements ReplyHandle {
  readonly protocol = 'udp';
  readonly #socket: UdpSocket;
  readonly #client: RemoteInfo;
  /** Whether the handle still has its place among the replies in flight. */
  #open: boolean;

  constructor(socket: UdpSocket, client: RemoteInfo) {
    this.#socket = socket;
    this.#client = client;
    this.#open = socket.beginReply();
  }

  get clientAddress(): string {
    return this.#client.address;
  }

  get clientPort(): number {
    return this.#client.port;
  }

  get localAddress(): string {
    return this.#socket.address;
  }

  get localPort(): number {
    return this.#socket.port;
  }

  send(message: Uint8Array): void {
    if (this.#finish()) this.#socket.sendLater(message, this.#client);
  }

  drop(): void {
    this.#finish();
  }

  /** Gives the place back; false where there was none, or no longer. */
  #finish(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#socket.endReply();
    return true;
  }
}

export class UdpSocket {
  /** The bound address in the system's own spelling, a link-local one with its scope. */
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #shared: UdpServing;
  readonly #exchange: UdpExchange;
  /** Whether the system held a reply back when last asked; only then is it asked before a send. */
  #backlogged = false;
  #closed: Promise<void> | undefined;

  /** Binds. Rejects with the system's error, which has `code`, `address` and `port`. */
  static async open(address: string, port: number, shared: UdpServing): Promise<UdpSocket> {
    const socket = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      ipv6Only: isIPv6(address),
      // Every address here is a literal. Without this, dgram puts each send off to a later tick.
      lookup: (literal, { family }, found) => found(null, literal, Number(family ?? 0)),
    });
    try {
      const listening = once(socket, 'listening');
      socket.bind({ address, port, exclusive: true });
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new UdpSocket(socket, shared);
  }

  private constructor(socket: Socket, shared: UdpServing) {
    this.#socket = socket;
    this.#shared = shared;
    ({ address: this.address, port: this.port } = socket.address());
    const { limits } = shared.serving;
    this.#exchange = new UdpExchange(this, limits.udpMessage);
    try {
      socket.setRecvBufferSize(limits.udpReceiveBuffer);
    } catch {
      // Some systems refuse what they cannot give in full; their own size then stands.
    }
    // What ICMP says of an earlier reply, and other passing troubles of the socket: the next datagram is not concerned.
    socket.on('error', () => {});
    socket.on('message', (datagram, client) => this.#receive(datagram, client));
  }

  /** Octets of replies that the system has not taken yet. */
  get unsent(): number {
    return this.#closed === undefined ? this.#socket.getSendQueueSize() : 0;
  }

  #receive(datagram: Uint8Array, client: RemoteInfo): void {
    const shared = this.#shared;
    const { serving } = shared;
    if (
      shared.stopping ||
      datagram.length > serving.limits.udpMessage ||
      client.port === 0 ||
      (client.port === this.port && shared.own.has(client.address))
    ) {
      serving.counts.ignored++;
      return;
    }
    const exchange = this.#exchange;
    exchange.request = datagram;
    exchange.client = client;
    const length = serving.ask(exchange);
    if (length > 0) this.#sendNow(length, client);
  }

  /**
   * Sends what the handler wrote, out of the reply room itself: as a rule the system takes it before `send` returns.
   * Where it did not, the room still belongs to that send and the exchange gets another.
   */
  #sendNow(length: number, client: RemoteInfo): void {
    const { reply } = this.#exchange;
    if (this.#backlogged) {
      this.sendLater(reply.subarray(0, length), client);
      return;
    }
    try {
      this.#socket.send(new Uint8Array(reply.buffer, 0, length), client.port, client.address);
    } catch {
      this.#shared.serving.counts.unsent++;
      return;
    }
    if (this.#socket.getSendQueueCount() > 0) {
      this.#backlogged = true;
      this.#exchange.reply = new Uint8Array(reply.length);
    }
  }

  /** Sends a copy of a borrowed message, unless too much waits to be sent already. */
  sendLater(message: Uint8Array, client: RemoteInfo): void {
    const { counts, limits } = this.#shared.serving;
    if (this.#closed !== undefined || message.length === 0) return;
    this.#backlogged = this.#socket.getSendQueueCount() > 0;
    if (
      message.length > limits.udpMessage ||
      (this.#backlogged && this.#socket.getSendQueueSize() + message.length > limits.udpUnsent)
    ) {
      counts.overBound++;
      return;
    }
    try {
      this.#socket.send(Buffer.from(message), client.port, client.address, this.#sent);
    } catch {
      counts.unsent++;
    }
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#shared.serving.counts.unsent++;
  };

  /** Takes a place among the replies in flight; false where there is none. */
  beginReply(): boolean {
    const shared = this.#shared;
    if (shared.inFlight >= shared.serving.limits.udpInFlight) {
      shared.serving.counts.overBound++;
      return false;
    }
    shared.inFlight++;
    return true;
  }

  endReply(): void {
    this.#shared.inFlight--;
  }

  /** Closes at once; replies that are sent later vanish. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.close(resolve);
    });
    return this.#closed;
  }
}
