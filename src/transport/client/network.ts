/**
 * transport/client/: how the program asks others. It sends messages to upstreams and gives back whatever comes, without a
 * look at it: what a reply is, the asker decides.
 *
 *     openNetwork ──► channel(target) ──┬─ udp    a socket for each message             udp.ts, udp-sockets.ts
 *                         │             ├─ tcp    ┐ pool.ts: connections that are kept and shared,     stream.ts
 *                         │             ├─ tls    │ connection.ts, conduct.ts: the life of each,       stream.ts, tls.ts
 *                         │             └─ https  ┘ attempt.ts, pace.ts: messages on their way         https.ts, tls.ts
 *                         └─ usage.ts, socket-queue.ts: sockets and octets of all of them, and their bounds
 *
 * Nothing here throws out of a socket's event, and what is held is bounded by `upstreamSockets` and `upstreamOctets`.
 */
import { bounds, type Bounds } from '../../bounds.ts';
import { HttpStatus } from './http-status.ts';
import { httpsConnections } from './https.ts';
import { ConnectionPool } from './pool.ts';
import { tcpConnections, tlsConnections } from './stream.ts';
import { TlsConnector } from './tls.ts';
import { UdpChannel } from './udp.ts';
import type { UdpSockets } from './udp-sockets.ts';
import type { Channel, Endpoint, UpstreamTarget } from './upstream.ts';
import { Usage } from './usage.ts';

export interface ClientNetwork {
  /** Opens nothing yet. A target that cannot be used is told by the attempts. */
  channel(target: UpstreamTarget): Channel;
  /** Resolves with the status of a GET; rejects when there is none within `timeout` milliseconds. */
  httpStatus(at: Endpoint, path: string, timeout: number): Promise<number>;
  /** What is held now, by all channels; live. */
  readonly usage: { readonly sockets: number; readonly octets: number };
  /** How often a bound was reached; live. */
  readonly reached: { readonly sockets: number; readonly octets: number };
  /** Closes all channels, ending their attempts without a word. */
  close(): void;
}

export interface NetworkOptions {
  /** Replaces values of the table of bounds. */
  readonly limits?: Partial<Bounds>;
  /** Told when a listener throws; it should not. */
  readonly report?: (message: string) => void;
  /** What opens sockets for UDP in place of `node:dgram`, from the moment on in which it gives something. */
  readonly udpSockets?: () => UdpSockets | undefined;
}

export function openNetwork({ limits, report, udpSockets }: NetworkOptions = {}): ClientNetwork {
  const usage = new Usage({ ...bounds, ...limits }, report ?? (() => {}));
  return new OpenNetwork(usage, udpSockets ?? (() => undefined));
}

class OpenNetwork implements ClientNetwork {
  readonly usage: Usage;
  readonly #channels = new Set<Channel>();
  readonly #closing = new AbortController();
  readonly #httpStatus = new HttpStatus();
  readonly #udpSockets: () => UdpSockets | undefined;

  constructor(usage: Usage, udpSockets: () => UdpSockets | undefined) {
    this.usage = usage;
    this.#udpSockets = udpSockets;
  }

  get reached(): ClientNetwork['reached'] {
    return this.usage.reached;
  }

  channel(target: UpstreamTarget): Channel {
    const channel: Channel = this.#open(target, () => this.#channels.delete(channel));
    this.#channels.add(channel);
    return channel;
  }

  #open(target: UpstreamTarget, closed: () => void): Channel {
    switch (target.protocol) {
      case 'udp':
        return new UdpChannel(target, this.usage, closed, this.#udpSockets);
      case 'tcp':
        return new ConnectionPool(target, this.usage, tcpConnections(target), closed);
      case 'tls':
        return new ConnectionPool(target, this.usage, tlsConnections(new TlsConnector(target, ['dot'])), closed);
      case 'https': {
        // HTTP/1.1 is offered so that a server which speaks nothing else says so, rather than breaks the handshake off.
        const connector = new TlsConnector(target, ['h2', 'http/1.1']);
        return new ConnectionPool(target, this.usage, httpsConnections(target, connector), closed);
      }
    }
  }

  httpStatus(at: Endpoint, path: string, timeout: number): Promise<number> {
    return this.#httpStatus.ask(at, path, timeout, this.#closing.signal);
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
    this.#closing.abort();
    this.#httpStatus.close();
  }
}
