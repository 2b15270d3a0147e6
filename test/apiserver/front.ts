/**
 * The listening socket and the connections below TLS and HTTP, where those can be refused, reset, or left in silence.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Faults } from './faults.ts';

/** The ends of a connection, which the socket above TLS shares. */
interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

export class Front {
  readonly #host: string;
  #port: number;
  #listener: Server;
  readonly #faults: Faults;
  readonly #take: (socket: Socket) => void;
  readonly #sockets = new Map<string, Socket>();

  /** Connections go to `take`. */
  constructor(host: string, port: number, faults: Faults, take: (socket: Socket) => void) {
    this.#host = host;
    this.#port = port;
    this.#faults = faults;
    this.#take = take;
    this.#listener = this.#newListener();
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  #newListener(): Server {
    return createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  #accept(socket: Socket): void {
    const key = keyOf(socket);
    this.#sockets.set(key, socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(key));
    const faults = this.#faults.takeConnection();
    if (faults.get('reset-connection') !== undefined) socket.resetAndDestroy();
    else if (faults.get('silent-connection') !== undefined) socket.resume();
    else this.#take(socket);
  }

  async listen(): Promise<void> {
    if (this.#listener.listening) return;
    this.#listener.listen(this.#port, this.#host);
    await once(this.#listener, 'listening');
    const bound = this.#listener.address();
    if (bound !== null && typeof bound === 'object') this.#port = bound.port;
  }

  /** Stops listening: connections are refused. Those that are open stay; `listen` takes the same port again. */
  refuse(): void {
    this.#listener.close();
    this.#listener = this.#newListener();
  }

  /** Breaks all connections. */
  drop(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  /** The socket below another with the same ends; undefined if it is gone. */
  below(ends: Ends): Socket | undefined {
    return this.#sockets.get(keyOf(ends));
  }

  /** Stops listening and destroys all connections. */
  async close(): Promise<void> {
    const closed = this.#listener.listening ? once(this.#listener, 'close') : undefined;
    this.#listener.close();
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }
}

function keyOf({ remoteAddress, remotePort }: Ends): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`;
}
