/**
 * One UDP socket: a datagram in, at most one datagram back to where it came from.
 *
 *     dgram 'message' ──► ignored? ──► batch ─┬─► Serving.askAll ──► handler, … ──► rooms ──► send, send, …
 *          of one turn of the event loop        └─ defer() ──► UdpReplyHandle ──► send, later
 *
 * This is the hottest path of the transports, so a datagram costs no promise, no closure and, if its reply is short, no object
 * beside those of dgram. Addresses stay the strings that dgram made; the exchange is one object that reads them when asked.
 *
 * What arrives in one turn of the event loop is answered together, and then sent together: the processor goes from the
 * engine's own code to the handler's and back once per batch rather than once per datagram, which takes a fifth off the
 * time of a query. Nothing waits longer for it than for its neighbours to be read.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Batch, OpenExchange } from './serving.ts';
import { type Family, type ReplyHandle, UNREAD } from './transport.ts';
import { ReplyRoom } from './reply-room.ts';
import { type UdpEndpoint, UdpReplyHandle, type UdpServing } from './udp-serving.ts';

const NOTHING = new Uint8Array(0);
const NOBODY: RemoteInfo = { address: '', family: 'IPv4', port: 0, size: 0 };

/** The socket's one exchange, pointed at each datagram in turn: by an index, for a reference to each costs a write barrier. */
class UdpExchange implements OpenExchange {
  readonly protocol = 'udp';
  readonly #socket: UdpSocket;
  readonly start = 0;
  index = 0;
  reply: Uint8Array = NOTHING;
  settled = false;
  place = UNREAD;
  deferred: ReplyHandle | undefined = undefined;

  constructor(socket: UdpSocket) {
    this.#socket = socket;
  }

  get octets(): Uint8Array {
    return this.#socket.datagram(this.index);
  }

  get end(): number {
    return this.octets.length;
  }

  get clientFamily(): Family {
    return this.#client.family === 'IPv6' ? 6 : 4;
  }

  get clientAddress(): string {
    return this.#client.address;
  }

  get clientPort(): number {
    return this.#client.port;
  }

  get #client(): RemoteInfo {
    return this.#socket.client(this.index);
  }

  get localAddress(): string {
    return this.#socket.address;
  }

  get localPort(): number {
    return this.#socket.port;
  }

  defer(): ReplyHandle {
    const handle = this.#socket.defer(this.#client);
    this.deferred = handle;
    return handle;
  }
}

/**
 * Gives the octets of a datagram back to the system at once, for the next one to be read into, still near to the processor. Otherwise
 * those of thousands of datagrams are given back in one go, when the young generation is collected, which is half of the time that it
 * holds answers up. Who kept them without a copy would find none.
 */
function giveBack({ buffer, byteLength }: Uint8Array<ArrayBuffer>): void {
  // Where others have octets in the same buffer it is not the datagram's to give.
  if (buffer.byteLength === byteLength) buffer.transfer(0);
}

export class UdpSocket implements UdpEndpoint, Batch {
  /** The bound address in the system's own spelling, a link-local one with its scope. */
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #shared: UdpServing;
  readonly #exchange: UdpExchange;
  /** Whether the system held a reply back when last asked; only then is it asked before a send. */
  #backlogged = false;
  #closed: Promise<void> | undefined;
  /** The batch: what has arrived in this turn of the event loop, and from whom; once answered, to whom the replies go. */
  #datagrams: Uint8Array<ArrayBuffer>[] = [];
  #clients: RemoteInfo[] = [];
  /** The replies of the batch, by their numbers. */
  readonly #lengths: number[] = [];

  /** Binds. Rejects with the system's error, which has `code`, `address` and `port`. */
  static async open(address: string, port: number, shared: UdpServing): Promise<UdpSocket> {
    const socket = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      ipv6Only: isIPv6(address),
      // Every address here is a literal. Without this, dgram puts each send off to a later tick.
      lookup: (literal, _, found) => found(null, literal, 0),
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
    this.#exchange = new UdpExchange(this);
    try {
      socket.setRecvBufferSize(limits.udpReceiveBuffer);
    } catch {
      // Some systems refuse what they cannot give in full; their own size then stands.
    }
    // What ICMP says of an earlier reply, and other passing troubles of the socket: the next datagram is not concerned.
    socket.on('error', () => {});
    socket.on('message', (datagram, client) => this.#receive(datagram, client));
  }

  /** True while a request has not been answered, or the system has not taken all replies. */
  get isBusy(): boolean {
    return this.#closed === undefined && (this.#datagrams.length > 0 || this.#socket.getSendQueueCount() > 0);
  }

  #receive(datagram: Uint8Array<ArrayBuffer>, client: RemoteInfo): void {
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
    this.#clients.push(client);
    if (this.#datagrams.push(datagram) === serving.limits.udpBatch) this.#answerBatch();
    else if (this.#datagrams.length === 1) setImmediate(this.#answerBatch);
  }

  /** Answers what has arrived, all of it first, and then sends the replies. */
  readonly #answerBatch = (): void => {
    const count = this.#datagrams.length;
    if (count === 0 || this.#closed !== undefined) return;
    const replies = this.#shared.serving.askAll(this, count);
    const datagrams = this.#datagrams;
    const recipients = this.#clients;
    this.#datagrams = [];
    this.#clients = [];
    const { rooms } = this.#shared;
    const lengths = this.#lengths;
    for (let reply = 0; reply < replies; reply++) {
      const room = rooms[reply];
      if (room !== undefined) this.#sendNow(room, lengths[reply] ?? 0, recipients[reply] ?? NOBODY);
      // The first tells whether the system takes replies at all, the last whether it took all of them.
      if (reply === 0) this.#lookForBacklog();
    }
    this.#lookForBacklog();
    for (const datagram of datagrams) giveBack(datagram);
  };

  exchangeAt(place: number, reply: number): OpenExchange {
    const exchange = this.#exchange;
    exchange.index = place;
    exchange.reply = this.#room(reply).octets;
    return exchange;
  }

  answered(place: number, reply: number, length: number): void {
    this.#lengths[reply] = length;
    // The client of a reply stands where it can be found by the reply's number: no request before it is asked for any more.
    if (length > 0 && reply !== place) this.#clients[reply] = this.#clients[place] ?? NOBODY;
  }

  datagram(index: number): Uint8Array {
    return this.#datagrams[index] ?? NOTHING;
  }

  client(index: number): RemoteInfo {
    return this.#clients[index] ?? NOBODY;
  }

  #room(index: number): ReplyRoom {
    return (this.#shared.rooms[index] ??= new ReplyRoom(this.#shared.serving.limits.udpMessage));
  }

  /** Sends what the handler wrote, out of the reply's room itself: as a rule the system takes it before `send` returns. */
  #sendNow(room: ReplyRoom, length: number, client: RemoteInfo): void {
    if (this.#backlogged) {
      this.sendLater(room.first(length), client);
      return;
    }
    try {
      this.#socket.send(room.first(length), client.port, client.address);
    } catch {
      this.#shared.serving.counts.unsent++;
    }
  }

  /** Where the system did not take all replies, the rooms still belong to those sends, and others take their place. */
  #lookForBacklog(): void {
    if (this.#backlogged || this.#socket.getSendQueueCount() === 0) return;
    this.#backlogged = true;
    this.#shared.rooms = [];
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

  defer(client: RemoteInfo): ReplyHandle {
    return new UdpReplyHandle(this.#shared, this, client);
  }

  /** Closes at once; replies that are sent later vanish. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.close(resolve);
    });
    return this.#closed;
  }
}
