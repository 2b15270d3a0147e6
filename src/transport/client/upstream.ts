/**
 * The words of transport/client/: what an upstream is, what is asked of a channel to it, and what its listener is told.
 *
 *     send(message) ──► attempt ──► socket or connection ──► upstream
 *                          ▲ received(octets) → true: over; false: it goes on waiting
 *                          └ failed(problem): nothing can come any more
 *
 * The plugins state the same shapes as their contract: the two rooms do not import each other, the server joins them.
 */

/** Text form without brackets; a scope behind `%`. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** PEM texts, and how the upstream's certificate is checked. */
export interface TlsSettings {
  /** The name that the certificate must bear, also sent as SNI; undefined: the address. */
  readonly serverName: string | undefined;
  /** Undefined: the system's. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Times in milliseconds. */
export interface UpstreamTarget {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'https';
  readonly to: Endpoint;
  /** The local address to send from; undefined for the system's choice. */
  readonly source: string | undefined;
  readonly tls: TlsSettings | undefined;
  readonly method: 'GET' | 'POST';
  /** After which an idle connection is closed. */
  readonly idle: number;
  /** After which a connection takes no more queries; 0 for no limit. */
  readonly maxAge: number;
  /** Idle connections that are kept; 0 for no limit. */
  readonly maxIdle: number;
  /** That opening a connection, TLS included, may take. */
  readonly connectTimeout: number;
}

export interface UpstreamProblem {
  readonly kind:
    | 'refused'
    | 'unreachable'
    | 'reset'
    | 'closed'
    | 'timeout'
    | 'tls'
    | 'http'
    | 'invalid'
    | 'socket-limit'
    | 'octet-limit';
  /** For a person. */
  readonly text: string;
  /** With `socket-limit`: the system had nothing left, and no bound of this server was reached. */
  readonly shortage?: true;
}

export interface AttemptListener {
  /** A message, borrowed until the call returns. True takes it. */
  received(message: Uint8Array, from: Endpoint): boolean;
  /** At most once, never after a message was taken and never after `cancel`. */
  failed(problem: UpstreamProblem): void;
}

export interface Attempt {
  /** Gives it up. Harmless when it is over. */
  cancel(): void;
}

/** Live. */
export interface ChannelCounts {
  /** Messages that left on a connection that was there already. */
  readonly reused: number;
  /** Messages for which a connection, or over UDP a socket, was opened. */
  readonly opened: number;
  /** Messages that came over a connection and that nothing waited for there, or not any more. */
  readonly unasked: number;
}

export interface Channel {
  /**
   * Sends one message, which is copied. Calls nothing of the listener before it returns, and never throws. On a channel
   * that was closed it fails. Over a stream the listener is shown what bears the id of its message; where a connection
   * keeps others waiting, what is sent next goes on another.
   */
  send(message: Uint8Array, listener: AttemptListener): Attempt;
  readonly counts: ChannelCounts;
  /** Ends all attempts without a word and closes all connections. */
  close(): void;
}
