/**
 * What a plugin may do on the network: ask upstreams. The server hands it an implementation; a plugin opens no socket
 * itself.
 *
 *     channel(target) ──► Channel.send(message, listener) ──► Attempt
 *                                                 ▲   │ received(octets, from) → true: it is the reply, the attempt is over
 *                                                 │   │                        → false: it is not, the attempt goes on waiting
 *                                                 │   └ failed(problem): nothing can come any more
 *
 * A channel is all traffic to one upstream over one protocol. Over UDP each message leaves from a fresh socket with a
 * random port; over the others connections are kept, shared and opened again by the channel.
 */

/** Text form without brackets; a scope behind `%`. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type UpstreamProtocol = 'udp' | 'tcp' | 'tls' | 'https';

/** How the upstream's certificate is checked, and what is shown to it. PEM texts. */
export interface TlsSettings {
  /** The name that the certificate must bear, also sent as SNI; undefined: the address. */
  readonly serverName: string | undefined;
  /** Undefined: the system's. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

export interface UpstreamTarget {
  readonly protocol: UpstreamProtocol;
  readonly to: Endpoint;
  /** The local address to send from; undefined for the system's choice. */
  readonly source: string | undefined;
  /** For `tls` and `https`. */
  readonly tls: TlsSettings | undefined;
  /** For `https` (RFC 8484 §4.1). */
  readonly method: 'GET' | 'POST';
  /** Milliseconds after which an idle connection is closed. */
  readonly idle: number;
  /** Milliseconds after which a connection takes no more queries; 0 for no limit. */
  readonly maxAge: number;
  /** Idle connections that are kept; 0 for no limit but the table of bounds. */
  readonly maxIdle: number;
  /** Milliseconds that opening a connection, TLS included, may take. */
  readonly connectTimeout: number;
}

/** Why nothing can come any more. `limit`: a bound of this server; the others are the network's or the upstream's doing. */
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
  /** For a person: `connection refused`, `certificate has expired`. */
  readonly text: string;
  /** With `socket-limit`: the system had nothing left, and no bound of this server was reached. */
  readonly shortage?: true;
}

export interface AttemptListener {
  /** A message from the upstream, borrowed until the call returns. True takes it: nothing more is told of this attempt. */
  received(message: Uint8Array, from: Endpoint): boolean;
  /** At most once, never after a message was taken and never after `cancel`. */
  failed(problem: UpstreamProblem): void;
}

/** A message that was sent and may be answered. */
export interface Attempt {
  /** Gives it up. Harmless when it is over. */
  cancel(): void;
}

export interface Channel {
  /**
   * Sends one message, which is copied where it must wait. Calls nothing of the listener before it returns. Over a stream
   * it is shown what bears the id of its message; whether that is the reply, it alone decides. Where a connection keeps
   * others waiting, what is sent next goes on another. A channel that was closed fails what is sent on it.
   */
  send(message: Uint8Array, listener: AttemptListener): Attempt;
  /**
   * Messages that left on a connection that was open already, those for which one was opened, and those that came over a
   * connection and that nothing waited for, or not any more; live.
   */
  readonly counts: { readonly reused: number; readonly opened: number; readonly unasked?: number };
  /** Ends all attempts without a word and closes all connections. */
  close(): void;
}

export interface Network {
  channel(target: UpstreamTarget): Channel;
  /** Asks an HTTP server for a path. Resolves with the status, rejects when there is none within `timeout` milliseconds. */
  httpStatus(at: Endpoint, path: string, timeout: number): Promise<number>;
}
