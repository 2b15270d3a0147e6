/**
 * What listens for connections, whatever is spoken on them: accepts within the bounds, has the TLS handshake done where there
 * is one, and looks after everybody's time (RFC 7766, RFC 9210).
 *
 *     socket ──► room? ──► TlsTerminator, where there is one ──► serve ──► StreamConnection
 *                  └─ closed at once      └─ closed where it fails or takes too long
 *
 * The listening socket knows nothing of TLS, so that another certificate can be taken without closing anything.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Bounds } from '../bounds.ts';
import { Serving } from './serving.ts';
import { codeOf } from './system-error.ts';
import { TlsHandshake, type TlsTerminator } from './tls-terminator.ts';
import type { Family, Listener, OpenOptions, RequestHandler } from './transport.ts';

/** Milliseconds between two looks at the deadlines of all connections, and how often one falls into the shortest limit. */
const LONGEST_LOOK = 250;
const SHORTEST_LOOK = 5;
const LOOKS_PER_LIMIT = 8;

/** The two ends of a connection, as text and ports. */
export interface StreamEnds {
  readonly clientFamily: Family;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** An open connection, as its listener sees it. */
export interface StreamConnection {
  /** Takes no more queries; answers those in flight, then ends. */
  drain(): void;
  /** Closes at once. */
  destroy(): void;
  /** Ends or cuts off what has had its time. @param now of `performance.now()` */
  check(now: number): void;
}

/** A connection that may be used. */
export interface Accepted {
  /** What is read and written: the connection itself, or what TLS makes of it. */
  readonly socket: Socket;
  /** The TCP connection below. */
  readonly carrier: Socket;
  readonly ends: StreamEnds;
}

export interface StreamOptions extends OpenOptions {
  /** One address as a literal, a link-local one with its scope; `*` for all addresses, IPv4 and IPv6. */
  readonly address: string;
  /** Left out, nothing is encrypted. */
  readonly tls?: TlsTerminator | undefined;
}

/** What is spoken on connections. */
export interface StreamProtocol {
  /** How many of them there may be. */
  connections(limits: Bounds): number;
  serve(accepted: Accepted, serving: Serving): StreamConnection;
}

/**
 * Opens a listener for connections. Rejects with the system's error (`code`, `address`, `port`). `*` is one dual-stack
 * socket, or one for IPv4 where the machine has no IPv6; `::` is IPv6 alone.
 */
export async function openStream(options: StreamOptions, protocol: StreamProtocol): Promise<Listener> {
  if (options.address !== '*') return await listen(options, protocol, options.address);
  try {
    return await listen(options, protocol, '::');
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error;
    return await listen(options, protocol, '0.0.0.0');
  }
}

async function listen(options: StreamOptions, protocol: StreamProtocol, host: string): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const listener = new StreamListener(server, options, protocol);
  const listening = once(server, 'listening');
  server.listen({ host, port: options.port, ipv6Only: options.address !== '*', exclusive: true });
  await listening;
  listener.opened();
  return listener;
}

class StreamListener implements Listener {
  readonly protocol = 'tcp';
  bound: Listener['bound'] = [];
  readonly #server: Server;
  readonly #serving: Serving;
  readonly #protocol: StreamProtocol;
  #tls: TlsTerminator | undefined;
  /** By the TCP connection; while TLS shakes hands, that is what stands here. */
  readonly #connections = new Map<Socket, StreamConnection>();
  readonly #perClient = new Map<string, number>();
  #sweep: NodeJS.Timeout | undefined;
  #closed: Promise<unknown> | undefined;

  constructor(server: Server, options: StreamOptions, protocol: StreamProtocol) {
    this.#server = server;
    this.#serving = new Serving(options);
    this.#protocol = protocol;
    this.#tls = options.tls;
    server.on('connection', (socket: Socket) => this.#connected(socket));
  }

  get counts(): Listener['counts'] {
    return this.#serving.counts;
  }

  /** To be called once the server listens. */
  opened(): void {
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') {
      this.bound = [{ address: address.address, port: address.port }];
    }
    // Connections that could not be accepted, as where the process has no file descriptor left.
    this.#server.on('error', (error) =>
      this.#serving.reportOnce(`TCP: a connection was not accepted: ${error.message}`),
    );
  }

  setHandler(handler: RequestHandler): void {
    this.#serving.handler = handler;
  }

  setLimits(limits: Partial<Bounds>): void {
    this.#serving.setLimits(limits);
    if (this.#sweep === undefined) return;
    clearInterval(this.#sweep);
    this.#sweep = this.#startSweep();
  }

  setTls(tls: TlsTerminator | undefined): void {
    this.#tls = tls;
  }

  async stop(graceMs: number): Promise<void> {
    const closed = this.#stopAccepting();
    for (const connection of this.#connections.values()) connection.drain();
    const grace = setTimeout(() => this.#destroyAll(), graceMs);
    await closed;
    clearTimeout(grace);
  }

  async close(): Promise<void> {
    const closed = this.#stopAccepting();
    this.#destroyAll();
    await closed;
  }

  /** Resolves when the listening socket and every connection are closed. */
  #stopAccepting(): Promise<unknown> {
    if (this.#closed === undefined) {
      this.#closed = once(this.#server, 'close');
      this.#server.close();
      this.bound = [];
    }
    return this.#closed;
  }

  #destroyAll(): void {
    for (const connection of this.#connections.values()) connection.destroy();
  }

  #connected(socket: Socket): void {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    // A peer that is gone already has no address any more.
    if (
      localAddress === undefined ||
      localPort === undefined ||
      remoteAddress === undefined ||
      remotePort === undefined
    ) {
      socket.destroy();
      return;
    }
    const clientAddress = withoutMapping(remoteAddress);
    if (!this.#hasRoom(clientAddress)) {
      this.#serving.counts.overBound++;
      socket.destroy();
      return;
    }
    this.#serving.counts.connections++;
    const ends: StreamEnds = {
      clientFamily: clientAddress.includes(':') ? 6 : 4,
      clientAddress,
      clientPort: remotePort,
      localAddress: withoutMapping(localAddress),
      localPort,
    };
    this.#connections.set(socket, this.#begin(socket, ends));
    this.#perClient.set(clientAddress, (this.#perClient.get(clientAddress) ?? 0) + 1);
    this.#sweep ??= this.#startSweep();
    socket.once('close', () => this.#disconnected(socket, clientAddress));
  }

  /** What a new connection is at first. */
  #begin(carrier: Socket, ends: StreamEnds): StreamConnection {
    if (this.#tls === undefined) return this.#protocol.serve({ socket: carrier, carrier, ends }, this.#serving);
    return new TlsHandshake(this.#tls, carrier, this.#serving, (socket) => {
      // The listener may have been closed meanwhile, and the carrier with it.
      if (this.#connections.has(carrier) && this.#closed === undefined) {
        this.#connections.set(carrier, this.#protocol.serve({ socket, carrier, ends }, this.#serving));
      } else {
        socket.destroy();
      }
    });
  }

  #hasRoom(clientAddress: string): boolean {
    const { limits } = this.#serving;
    if (this.#connections.size >= this.#protocol.connections(limits)) return false;
    return (this.#perClient.get(clientAddress) ?? 0) < limits.tcpConnectionsPerClient;
  }

  #disconnected(socket: Socket, clientAddress: string): void {
    this.#connections.delete(socket);
    const left = (this.#perClient.get(clientAddress) ?? 0) - 1;
    if (left > 0) this.#perClient.set(clientAddress, left);
    else this.#perClient.delete(clientAddress);
    if (this.#connections.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }

  #startSweep(): NodeJS.Timeout {
    return setInterval(() => this.#checkAll(), this.#lookEvery());
  }

  #checkAll(): void {
    const now = performance.now();
    for (const connection of this.#connections.values()) connection.check(now);
  }

  #lookEvery(): number {
    const { tcpFirstQuery, tcpIdle, tcpWrite, tcpLinger, tlsHandshake, dohRequest } = this.#serving.limits;
    const shortest = Math.min(tcpFirstQuery, tcpIdle, tcpWrite, tcpLinger, tlsHandshake, dohRequest);
    return Math.min(LONGEST_LOOK, Math.max(SHORTEST_LOOK, shortest / LOOKS_PER_LIMIT));
  }
}

/** An IPv4 address as such, also where a dual-stack socket shows it as IPv6 (RFC 4291 §2.5.5.2). */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
