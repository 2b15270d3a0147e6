/**
 * One TCP connection: queries in, replies out as they are ready, in any order (RFC 7766 §6.2.1, RFC 9210).
 *
 *     'data' ──► FrameReader ──► handler ──► TcpReplies ──► socket
 *        ▲                          ├─ defer() ──► endReply, later ──┤
 *        │                          └─ stream() ─► TcpStreams ────────┘
 *        └── reading pauses while too much is in flight or unsent
 *
 * A connection passes through these phases, never backwards:
 *   open      queries are taken
 *   draining  no more queries; those in flight are still answered
 *   ended     our side is closed; what the peer still sends is thrown away until it closes, or the linger time is over
 *   closed    gone
 *
 * There is no timer here: the listener calls `check` from time to time, and a deadline is a number.
 */
import type { Socket } from 'node:net';
import { FrameReader, type FrameWriter } from './frames.ts';
import type { Serving } from './serving.ts';
import type { Accepted, StreamConnection } from './stream-listener.ts';
import type { TcpClient, TcpExchange } from './tcp-exchange.ts';
import { TcpReplies } from './tcp-replies.ts';
import { TcpStreams } from './tcp-streams.ts';
import type { Family, MessageSource } from './transport.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class TcpConnection implements TcpClient, StreamConnection {
  readonly clientFamily: Family;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #socket: Socket;
  /** The TCP connection itself, where the socket is what TLS makes of it. */
  readonly #carrier: Socket;
  readonly #serving: Serving;
  readonly #exchange: TcpExchange;
  readonly #replies: TcpReplies;
  readonly #streams: TcpStreams;
  readonly #frames = new FrameReader();
  #phase: 'open' | 'draining' | 'ended' | 'closed' = 'open';
  #peerEnded = false;
  #queries = 0;
  #inFlight = 0;
  /** When the peer must have sent a whole query, or, in phase `ended`, have closed its side. */
  #peerDeadline: number;
  #wake: NodeJS.Immediate | undefined;

  /** `exchange` and `writer` are shared by all connections of a listener: each uses them within its turn. */
  constructor({ socket, carrier, ends }: Accepted, serving: Serving, exchange: TcpExchange, writer: FrameWriter) {
    ({
      clientFamily: this.clientFamily,
      clientAddress: this.clientAddress,
      clientPort: this.clientPort,
      localAddress: this.localAddress,
      localPort: this.localPort,
    } = ends);
    this.#socket = socket;
    this.#carrier = carrier;
    this.#serving = serving;
    this.#exchange = exchange;
    this.#replies = new TcpReplies({ socket, isSecure: socket !== carrier }, serving, writer, () => {
      // Not in this tick: while the peer reads, its writes would follow each other and leave nobody else a turn.
      if (socket.isPaused()) this.#serveSoon();
      this.#streams.goOn();
    });
    this.#streams = new TcpStreams(this.#replies, exchange.reply, {
      written: () => this.#replies.write(),
      finished: () => this.endReply(undefined),
      cut: () => this.#cutOff(),
    });
    this.#peerDeadline = performance.now() + serving.limits.tcpFirstQuery;
    socket.on('data', (chunk: Buffer) => {
      if (this.#phase !== 'open') return;
      this.#frames.push(chunk);
      this.#serve();
    });
    socket.on('end', () => {
      this.#peerEnded = true;
      this.#serve();
    });
    // A reset at any moment is the peer's right; 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#gone());
  }

  /** Takes no more queries; answers those in flight, then ends. */
  drain(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'draining';
    // Not at once: who stops the server may be the handler, with a query of another connection under way.
    this.#serveSoon();
  }

  /** Closes at once; what the peer has not read is lost. */
  destroy(): void {
    this.#gone();
    this.#socket.destroy();
  }

  /** Ends or cuts off a connection whose time is over. `now` is of `performance.now()`. */
  check(now: number): void {
    if (now >= this.#replies.deadline) {
      this.#cutOff();
    } else if (now >= this.#peerDeadline) {
      if (this.#phase === 'ended') {
        this.destroy();
      } else {
        this.#serving.counts.cutOff++;
        this.#end();
      }
    }
  }

  beginReply(): void {
    this.#inFlight++;
  }

  endReply(message: Uint8Array | undefined): void {
    this.#inFlight--;
    if (this.#phase === 'closed') return;
    if (message !== undefined && message.length > 0) this.#replies.addLate(message);
    if (this.#replies.unsent >= this.#serving.limits.tcpUnsentCutOff) {
      this.#replies.write();
      if (this.#replies.unsent >= this.#serving.limits.tcpUnsentCutOff) {
        this.#serving.counts.overBound++;
        this.#cutOff();
        return;
      }
    }
    this.#serveSoon();
  }

  streamReply(source: MessageSource): void {
    if (this.#phase === 'closed') source.ended();
    else this.#streams.add(source);
  }

  /** Takes queries while bounds allow, writes what is ready, and settles what happens next. */
  #serve(): void {
    if (this.#phase === 'ended' || this.#phase === 'closed') return;
    const before = this.#queries;
    // Sharing the loop: as many queries as may be in flight, then everybody else's turn.
    const turn = before + this.#serving.limits.tcpInFlight;
    while (this.#phase === 'open' && this.#queries < turn && !this.#full() && this.#frames.find(this.#exchange)) {
      this.#take();
    }
    this.#replies.write();
    this.#settle(this.#queries > before);
  }

  /** Answers the query that stands in the exchange. */
  #take(): void {
    const exchange = this.#exchange;
    if (exchange.start === exchange.end) {
      this.#phase = 'draining';
      return;
    }
    this.#queries++;
    if (this.#queries >= this.#serving.limits.tcpQueries) this.#phase = 'draining';
    exchange.client = this;
    const length = this.#serving.ask(exchange);
    if (length > 0) this.#replies.add(exchange.reply, length);
  }

  /** Whether a bound keeps the connection from taking queries now. */
  #full(): boolean {
    const { limits } = this.#serving;
    return this.#inFlight >= limits.tcpInFlight || this.#replies.unsent >= limits.tcpUnsent;
  }

  #settle(progress: boolean): void {
    // The handler may have closed the listener.
    if (this.#phase === 'closed') return;
    const open = this.#phase === 'open';
    const done = open ? this.#peerEnded && this.#frames.empty : true;
    if (done && this.#inFlight === 0) {
      this.#end();
      return;
    }
    // Unread frames wait for a reply or a write to make room, or for the next turn.
    const paused = open && (this.#full() || !this.#frames.empty);
    if (paused) {
      this.#socket.pause();
      if (!this.#full()) this.#serveSoon();
    } else if (this.#socket.isPaused()) {
      this.#socket.resume();
    }
    if (!open || paused || this.#inFlight > 0) {
      this.#peerDeadline = NEVER;
    } else if (progress || this.#peerDeadline === NEVER) {
      this.#peerDeadline = performance.now() + this.#serving.limits.tcpIdle;
    }
  }

  /** Serves once more in this turn of the loop, after whatever else makes replies ready in it. */
  #serveSoon(): void {
    this.#wake ??= setImmediate(() => {
      this.#wake = undefined;
      this.#serve();
    });
  }

  /** Closes our side in an orderly way, after everything written has left. */
  #end(): void {
    this.#phase = 'ended';
    this.#peerDeadline = NEVER;
    // Octets that nobody reads would turn our closing into a reset, which can take replies from the peer.
    this.#socket.resume();
    this.#socket.end(() => {
      this.#peerDeadline = performance.now() + this.#serving.limits.tcpLinger;
    });
  }

  /** Closes at once and takes back what the system still holds for a peer that does not read. */
  #cutOff(): void {
    this.#serving.counts.cutOff++;
    this.#gone();
    this.#carrier.resetAndDestroy();
  }

  #gone(): void {
    this.#phase = 'closed';
    this.#peerDeadline = NEVER;
    clearImmediate(this.#wake);
    this.#replies.drop();
    this.#streams.drop();
  }
}
