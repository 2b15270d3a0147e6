/**
 * The way between the program and the API server, on loopback: it sees what arrives, and it can be cut, stopped and closed, for
 * all streams or for the connection of one.
 */
import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import type { Connection, Delivery } from './delivery.ts';

const HOST = '127.0.0.1';

interface Way {
  readonly program: Socket;
  readonly server: Socket;
  readonly seen: Connection;
}

export class Proxy {
  readonly #target: number;
  readonly #delivery: Delivery;
  readonly #ways = new Set<Way>();
  #listener: Server;
  #port = 0;
  #isStalled = false;
  /** Connections are accepted and nothing more. */
  isSilent = false;

  static async open(target: number, delivery: Delivery): Promise<Proxy> {
    const proxy = new Proxy(target, delivery);
    await proxy.listen();
    return proxy;
  }

  private constructor(target: number, delivery: Delivery) {
    this.#target = target;
    this.#delivery = delivery;
    this.#listener = this.#newListener();
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#ways.size;
  }

  #newListener(): Server {
    return createServer({ noDelay: true }, (program) => this.#accept(program));
  }

  #accept(program: Socket): void {
    const server = connect({ port: this.#target, host: HOST, noDelay: true });
    const way: Way = { program, server, seen: this.#delivery.connection() };
    this.#ways.add(way);
    const end = (): void => {
      way.seen.closed();
      this.#ways.delete(way);
      program.destroy();
      server.destroy();
    };
    // The API server's reset is one for the program too.
    server.on('error', () => program.resetAndDestroy());
    program.on('error', () => undefined);
    server.on('close', end);
    program.on('close', end);
    program.on('data', (octets: Buffer) => {
      if (this.isSilent) return;
      way.seen.toServer(octets);
      server.write(octets);
    });
    server.on('data', (octets: Buffer) => {
      const isReady = program.write(octets, (error) => {
        // oxlint-disable-next-line no-eq-null, eqeqeq -- null or undefined, as Node has it
        if (error == null) way.seen.toProgram(octets);
      });
      if (!isReady) server.pause();
    });
    program.on('drain', () => {
      if (!this.#isStalled) server.resume();
    });
    if (this.#isStalled) server.pause();
  }

  async listen(): Promise<void> {
    if (this.#listener.listening) return;
    this.#listener.listen(this.#port, HOST);
    await once(this.#listener, 'listening');
    const bound = this.#listener.address();
    if (bound !== null && typeof bound === 'object') this.#port = bound.port;
  }

  /** Connections are refused from now on; those that are open stay. */
  refuse(): void {
    this.#listener.close();
    this.#listener = this.#newListener();
  }

  /** Resets all connections. */
  reset(): void {
    for (const { program, server } of this.#ways) {
      program.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Hands nothing on to the program until `resume`. */
  stall(): void {
    this.#isStalled = true;
    for (const { server } of this.#ways) server.pause();
  }

  resume(): void {
    this.#isStalled = false;
    for (const { server } of this.#ways) server.resume();
  }

  async close(): Promise<void> {
    const closed = this.#listener.listening ? once(this.#listener, 'close') : undefined;
    this.#listener.close();
    this.reset();
    await closed;
  }
}
