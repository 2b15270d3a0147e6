/**
 * transport/: sockets, frames and clients. It knows no names, records or plugins.
 *
 *     socket ──► Exchange { request, room for the reply } ──► RequestHandler ──► octets written ──► socket
 *                                                                  └─ defer() ──► ReplyHandle ──► socket, later
 *
 * Whatever opens a socket for DNS stands here, one file per protocol, and all of them are interchangeable behind `Listener`.
 */
import type { Bounds } from '../bounds.ts';
import type { TlsTerminator } from './tls-terminator.ts';

export type Protocol = 'udp' | 'tcp';

/** IPv4 or IPv6; an IPv4-mapped IPv6 address is IPv4. */
export type Family = 4 | 6;

/** The two ends of an exchange. Addresses are in text form without brackets; IPv4-mapped IPv6 is shown as IPv4. */
export interface Endpoints {
  readonly protocol: Protocol;
  /** Of the client's address, for whoever does not need its text. */
  readonly clientFamily: Family;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** The address that the client asked, from which the reply leaves. */
  readonly localAddress: string;
  readonly localPort: number;
}

/**
 * One request and the place for its reply. The object and all memory are borrowed: they are valid until the handler
 * returns, and a transport may use them again for the next request.
 */
export interface Exchange extends Endpoints {
  /** The memory in which the request message stands, without a length prefix: from `start` to before `end`. */
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Where the reply is written, from offset 0; as long as the longest reply that the transport can carry. */
  readonly reply: Uint8Array;
  /**
   * Set by a handler that has left nothing behind which the event loop must still do: no promise, no tick. The transport
   * sets it back before each request.
   */
  settled: boolean;
  /** Its place in a batch that the handler's `Lookahead` reads, and has read when it is to be answered; otherwise `UNREAD`. */
  readonly place: number;
  /** Takes the reply out of this tick. The handler then returns `DEFERRED`. */
  defer(): ReplyHandle;
}

/** The request message as a view of its own, borrowed as the exchange is. */
export function requestOf({ octets, start, end }: Exchange): Uint8Array {
  return start === 0 && end === octets.length ? octets : octets.subarray(start, end);
}

/** The right to answer one request later: exactly one call of `send` or `drop`. Both are harmless when the client is gone. */
export interface ReplyHandle {
  /** Sends the message; its octets are borrowed until the call returns. */
  send(message: Uint8Array): void;
  /** Gives the reply up: nothing is sent. */
  drop(): void;
  /** In place of `send`, where a reply may be several messages: over a stream (RFC 5936 §2.2). Left out elsewhere. */
  stream?(source: MessageSource): void;
}

/** A reply of several messages, each made when the client has taken those before it. */
export interface MessageSource {
  /**
   * Writes the next message to `target` from offset 0, which is as long as a message can be. Gives the number of its octets;
   * `NO_REPLY` behind the last one; `CUT_OFF` where the client must not take what it got for the whole. It must not throw.
   */
  next(target: Uint8Array): number;
  /** Called once: nothing more will be asked for, because it has all been sent, or because the client is gone. */
  ended(): void;
}

/** What a source of messages returns to have the connection closed at once. */
export const CUT_OFF = -2;

/** What a handler returns when it has written nothing and never will. */
export const NO_REPLY = 0;
/** What a handler returns when it has called `defer`. A handle that was taken without it is dropped. */
export const DEFERRED = -1;

/** The place of a request that is read when it is answered: it came alone, or its reply gets another room than it was read for. */
export const UNREAD = -1;

/** Answers one request: the number of octets written to `exchange.reply`, `NO_REPLY`, or `DEFERRED`. It must not throw. */
export interface RequestHandler {
  (exchange: Exchange): number;
  readonly lookahead?: Lookahead | undefined;
}

/**
 * What a handler does with requests that have arrived together before it is asked for the first of them, so that what they wait for
 * is waited for once. It must not throw.
 */
export interface Lookahead {
  /** Reads the request at a place of the batch, the first of which is 0. It may write to the room for the reply. */
  read(exchange: Exchange): void;
  /** The requests at the first `count` places have been read; they are asked for next and in this order, some perhaps as `UNREAD`. */
  fetch(count: number): void;
}

/** An open socket, or a set of sockets that act as one. */
export interface Listener {
  readonly protocol: Protocol;
  /** The addresses and ports that are open now. */
  readonly bound: readonly { readonly address: string; readonly port: number }[];
  /** Replaces the handler from the next request on: how a reload takes over a socket. */
  setHandler(handler: RequestHandler): void;
  /**
   * Replaces values of the table of bounds; those that are not named are as in the table, whatever they were before. New
   * connections take them, and on open ones every wait that begins afterwards.
   */
  setLimits(limits: Partial<Bounds>): void;
  /**
   * Replaces what new connections are encrypted with, and undefined is nothing; left out where nothing ever is. Connections
   * that are open stay as they are.
   */
  setTls?(tls: TlsTerminator | undefined): void;
  /** Stops taking requests, lets deferred replies leave for at most `graceMs`, then closes. Resolves when closed. */
  stop(graceMs: number): Promise<void>;
  /** Closes at once. Resolves when closed. */
  close(): Promise<void>;
  /** What came, and what of it was refused; the object is live. */
  readonly counts: TransportCounts;
}

/** What a listener took, refused or lost since it was opened. What was refused or lost is not told to the client. */
export interface TransportCounts {
  /** Requests that were handed to the handler. */
  readonly requests: number;
  /** TCP connections that were taken; 0 for UDP. */
  readonly connections: number;
  /** Datagrams that were not handed on: longer than `udpMessage`, from port 0, from a socket of this listener. */
  readonly ignored: number;
  /** Queries, replies and connections beyond a bound. */
  readonly overBound: number;
  /** UDP queries among those: they were dropped because too many replies were deferred. */
  readonly overInFlight?: number;
  /** TCP connections ended because the client was idle or slow, or did not read. */
  readonly cutOff: number;
  /** TLS handshakes that failed or took too long, and clients without the certificate that they need. */
  readonly handshakes?: number;
  /**
   * UDP replies that the system refused. Those that it refuses within the request's own tick are not seen: a callback
   * for each would cost every query a twentieth of its time.
   */
  readonly unsent: number;
  /** Requests whose handler threw or returned no possible length. */
  readonly failed: number;
}

/** What every `open` function takes. */
export interface OpenOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly handler: RequestHandler;
  readonly report: TransportReport;
  /** Replaces values of the table of bounds. */
  readonly limits?: Partial<Bounds>;
}

/** What happened in a transport that an operator may want to read. */
export type TransportReport = (message: string) => void;
