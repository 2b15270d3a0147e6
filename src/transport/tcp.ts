/**
 * TCP: a listener that accepts connections within its bounds and looks after their time (RFC 7766, RFC 9210).
 */
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Bounds } from '../bounds.ts';
import { FrameWriter } from './frames.ts';
import { Serving } from './serving.ts';
import { TcpConnection, type TcpEnds } from './tcp-connection.ts';
import { TcpExchange } from './tcp-exchange.ts';
import type { Listener, OpenOptions, RequestHandler } from './transport.ts';

/** Milliseconds between two looks at the deadlines of all connections, and how often one falls into the shortest limit. */
const LONGEST_LOOK = 250;
const SHORTEST_LOOK = 5;
const LOOKS_PER_LIMIT = 8;

export interface TcpOptions extends OpenOptions {
  /** One address as a literal, a link-local one with its scope; `*` for all addresses, IPv4 and IPv6. */
  readonly address: string;
}

/**
 * Opens a TCP listener. Rejects with the system's error (`code`, `address`, `port`). `*` is one dual-stack socket, or
 * one for IPv4 where the machine has no IPv6; `::` is IPv6 alone.
 */
export async function openTcp(options: TcpOptions): Promise<Listener> {
  if (options.address !== '*') return await listen(options, options.address);
  try {
    return await listen(options, '::');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error;
    return await listen(options, '0.0.0.0');
  }
}

async function listen(options: TcpOptions, host: string): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const listener = new TcpListener(server, options);
  const listening = once(server, 'listening');
  server.listen({ host, port: options.port, ipv6Only: options.address !== '*', exclusive: true });
  await listening;
  listener.opened();
  return listener;
}

class TcpListener implements Listener {
  readonly protocol = 'tcp';
  bound: Listener['bound'] = [];
  readonly #server: Server;
  readonly #serving: Serving;
  readonly #exchange = new TcpExchange();
  readonly #writer = new FrameWriter();
  readonly #connections = new Set<TcpConnection>();
  readonly #perClient = new Map<string, number>();
  #sweep: NodeJS.Timeout | undefined;
  #closed: Promise<unknown> | undefined;

  constructor(server: Server, options: TcpOptions) {
    this.#server = server;
    this.#serving = new Serving(options);
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

  async stop(graceMs: number): Promise<void> {
    const closed = this.#stopAccepting();
    for (const connection of this.#connections) connection.drain();
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
    for (const connection of this.#connections) connection.destroy();
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
    const ends: TcpEnds = {
      clientFamily: clientAddress.includes(':') ? 6 : 4,
      clientAddress,
      clientPort: remotePort,
      localAddress: withoutMapping(localAddress),
      localPort,
    };
    const connection = new TcpConnection(socket, ends, this.#serving, this.#exchange, this.#writer);
    this.#connections.add(connection);
    this.#perClient.set(clientAddress, (this.#perClient.get(clientAddress) ?? 0) + 1);
    this.#sweep ??= this.#startSweep();
    socket.once('close', () => this.#disconnected(connection));
  }

  #hasRoom(clientAddress: string): boolean {
    const { tcpConnections, tcpConnectionsPerClient } = this.#serving.limits;
    if (this.#connections.size >= tcpConnections) return false;
    return (this.#perClient.get(clientAddress) ?? 0) < tcpConnectionsPerClient;
  }

  #disconnected(connection: TcpConnection): void {
    this.#connections.delete(connection);
    const left = (this.#perClient.get(connection.clientAddress) ?? 0) - 1;
    if (left > 0) this.#perClient.set(connection.clientAddress, left);
    else this.#perClient.delete(connection.clientAddress);
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
    for (const connection of this.#connections) connection.check(now);
  }

  #lookEvery(): number {
    const { tcpFirstQuery, tcpIdle, tcpWrite, tcpLinger } = this.#serving.limits;
    const shortest = Math.min(tcpFirstQuery, tcpIdle, tcpWrite, tcpLinger);
    return Math.min(LONGEST_LOOK, Math.max(SHORTEST_LOOK, shortest / LOOKS_PER_LIMIT));
  }
}

/** An IPv4 address as such, also where a dual-stack socket shows it as IPv6 (RFC 4291 §2.5.5.2). */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
