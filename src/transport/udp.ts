/**
 * UDP on one address, and what every UDP listener is: a set of sockets with one handler and one set of bounds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bounds } from '../bounds.ts';
import { Serving } from './serving.ts';
import { textOf } from './system-error.ts';
import type { Listener, OpenOptions, RequestHandler } from './transport.ts';
import { type OpenUdpEndpoint, type UdpEndpoint, UdpServing } from './udp-serving.ts';
import { UdpSocket } from './udp-socket.ts';

/** How often a listener that stops looks whether its replies have left, in milliseconds. */
const DRAIN_LOOK = 5;

export interface UdpOptions extends OpenOptions {
  /** One address of this machine as a literal; a link-local one with its scope (`fe80::1%eth0`). */
  readonly address: string;
}

/** Through `node:dgram`, where a socket ends only when it is closed. */
export const openDgram: OpenUdpEndpoint = (address, port, shared) => UdpSocket.open(address, port, shared);

/**
 * Opens one UDP socket. Rejects with the system's error (`code`, `address`, `port`). `0.0.0.0` and `::` bind too, the
 * latter for IPv6 alone, but then replies may leave from another address than the one asked: see `openUdpWildcard`.
 */
export async function openUdp(options: UdpOptions): Promise<Listener> {
  const listener = new UdpListener(options);
  await listener.open(options.address, options.port);
  return listener;
}

export class UdpListener implements Listener {
  readonly protocol = 'udp';
  readonly #shared: UdpServing;
  readonly #openEndpoint: OpenUdpEndpoint;
  readonly #sockets = new Map<string, UdpEndpoint>();

  /** @param openEndpoint through `node:dgram` unless given */
  constructor(options: Omit<OpenOptions, 'port'>, openEndpoint: OpenUdpEndpoint = openDgram) {
    this.#shared = new UdpServing(new Serving(options));
    this.#openEndpoint = openEndpoint;
  }

  get bound(): readonly { readonly address: string; readonly port: number }[] {
    return Array.from(this.#sockets.values(), ({ address, port }) => ({ address, port }));
  }

  get counts(): Listener['counts'] {
    return this.#shared.serving.counts;
  }

  /** The addresses as they were given to `open`. */
  get addresses(): readonly string[] {
    return [...this.#sockets.keys()];
  }

  /** Adds a socket; resolves with its port. Rejects with the system's error. */
  async open(address: string, port: number): Promise<number> {
    return this.#add(address, port, this.#openEndpoint);
  }

  async #add(address: string, port: number, open: OpenUdpEndpoint): Promise<number> {
    const socket = await open(
      address,
      port,
      this.#shared,
      () => void this.mend(address).catch((error: unknown) => this.#shared.serving.fail(error)),
    );
    if (this.#shared.stopping) {
      await socket.close();
      return socket.port;
    }
    this.#sockets.set(address, socket);
    this.#shared.own.add(socket.address);
    return socket.port;
  }

  /** Puts a socket of `node:dgram` in the place of one that has ended by itself. */
  protected async mend(address: string): Promise<void> {
    const port = this.#sockets.get(address)?.port;
    await this.closeAddress(address);
    if (port === undefined || this.#shared.stopping) return;
    const { report } = this.#shared.serving;
    report(`UDP: the socket of ${address} port ${port} has broken and is opened again without batches`);
    try {
      await this.#add(address, port, openDgram);
    } catch (error) {
      report(`UDP: ${address} port ${port} cannot be opened: ${textOf(error)}`);
    }
  }

  /** Closes the socket of one address. Replies that were deferred there vanish: nobody can receive them any more. */
  async closeAddress(address: string): Promise<void> {
    const socket = this.#sockets.get(address);
    if (socket === undefined) return;
    this.#sockets.delete(address);
    this.#shared.own.delete(socket.address);
    await socket.close();
  }

  setHandler(handler: RequestHandler): void {
    this.#shared.serving.handler = handler;
  }

  setLimits(limits: Partial<Bounds>): void {
    this.#shared.serving.setLimits(limits);
  }

  async stop(graceMs: number): Promise<void> {
    this.#shared.stopping = true;
    await this.#drained(performance.now() + graceMs);
    await this.close();
  }

  /** Resolves when every request has been answered and every reply has left, and at `deadline` at the latest. */
  async #drained(deadline: number): Promise<void> {
    const left = deadline - performance.now();
    const busy = Array.from(this.#sockets.values()).some((socket) => socket.isBusy);
    if (left <= 0 || (this.#shared.inFlight === 0 && !busy)) return;
    await delay(Math.min(DRAIN_LOOK, left));
    await this.#drained(deadline);
  }

  async close(): Promise<void> {
    this.#shared.stopping = true;
    await Promise.all(this.addresses.map((address) => this.closeAddress(address)));
  }
}
