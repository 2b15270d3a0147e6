/**
 * UDP on every address of the machine: one socket per address, so that a reply leaves from the address that was asked.
 * A single socket on the wildcard address would let the routing table choose, and clients drop replies from elsewhere.
 *
 * Addresses come and go (interfaces, pods' virtual pairs, IPv6 that is still being probed), so the machine is looked at
 * again every ten seconds and whenever `refresh` is called.
 */
import { networkInterfaces } from 'node:os';
import { codeOf, textOf } from './system-error.ts';
import type { Listener, OpenOptions } from './transport.ts';
import { UdpListener } from './udp.ts';
import type { OpenUdpEndpoint } from './udp-serving.ts';

/** How often the machine's addresses are looked at again, in milliseconds. */
const LOOK_EVERY = 10_000;
/** With port 0: how many free ports of the first address are tried on all others. */
const PORT_TRIES = 16;

/** The code of an error that says that a kind of socket is not to be had at all; no start goes on without it. */
export const NO_SUCH_SOCKET = 'ENOTSUP';
const FATAL_AT_START: ReadonlySet<unknown> = new Set(['EACCES', 'EADDRINUSE', NO_SUCH_SOCKET]);

export interface UdpWildcardOptions extends OpenOptions {
  /** The machine's addresses as literals, link-local ones with their scope; `machineAddresses` unless given. */
  readonly interfaces?: () => readonly string[];
  /** Milliseconds between two looks at them. */
  readonly lookEvery?: number;
}

export interface UdpWildcardListener extends Listener {
  /** Looks at the addresses now: closes the sockets of those that are gone, opens those that are new. */
  refresh(): Promise<void>;
}

/**
 * Opens UDP on every address. Rejects with the system's error (`code`, `address`, `port`) where the port is not to be
 * had (EACCES, EADDRINUSE) on any of them; an address that fails for another reason is reported and tried again later.
 * With port 0 all addresses share one free port.
 */
export function openUdpWildcard(options: UdpWildcardOptions): Promise<UdpWildcardListener> {
  return startUdpWildcard(options);
}

/** The same with sockets of another kind. */
export async function startUdpWildcard(
  options: UdpWildcardOptions,
  openEndpoint?: OpenUdpEndpoint,
): Promise<UdpWildcardListener> {
  const wildcard = new UdpWildcard(options, openEndpoint);
  await wildcard.start(PORT_TRIES);
  return wildcard;
}

/** Every address of the interfaces that are up, as literals; link-local IPv6 with its interface as the scope. */
export function machineAddresses(): readonly string[] {
  const addresses: string[] = [];
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    for (const entry of entries ?? []) {
      const linkLocal = entry.family === 'IPv6' && entry.scopeid !== 0;
      addresses.push(linkLocal ? `${entry.address}%${name}` : entry.address);
    }
  }
  return addresses;
}

class UdpWildcard extends UdpListener implements UdpWildcardListener {
  readonly #options: UdpWildcardOptions;
  readonly #interfaces: () => readonly string[];
  /** 0 until the first socket is open. */
  #port: number;
  /** What was reported of addresses that could not be opened; said once, not at each look. */
  readonly #troubles = new Map<string, string>();
  #looking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: UdpWildcardOptions, openEndpoint: OpenUdpEndpoint | undefined) {
    super(options, openEndpoint);
    this.#options = options;
    this.#interfaces = options.interfaces ?? machineAddresses;
    this.#port = options.port;
  }

  async start(tries: number): Promise<void> {
    try {
      await this.#openNew(new Set(this.#interfaces()), true);
    } catch (error) {
      if (this.#options.port !== 0 || codeOf(error) !== 'EADDRINUSE' || tries <= 1) {
        await this.close();
        throw error;
      }
      // The port was free on the first address and is taken on another: the next free one may do for all.
      await Promise.all(this.addresses.map((address) => this.closeAddress(address)));
      this.#port = 0;
      await this.start(tries - 1);
      return;
    }
    this.#timer = setInterval(() => void this.refresh(), this.#options.lookEvery ?? LOOK_EVERY).unref();
  }

  refresh(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    let wanted: ReadonlySet<string>;
    try {
      wanted = new Set(this.#interfaces());
    } catch (error) {
      this.#trouble('', `UDP: the addresses of this machine cannot be read: ${textOf(error)}`);
      return;
    }
    this.#troubles.delete('');
    const gone = this.addresses.filter((address) => !wanted.has(address));
    await Promise.all(gone.map((address) => this.closeAddress(address)));
    for (const address of this.#troubles.keys()) if (!wanted.has(address)) this.#troubles.delete(address);
    await this.#openNew(wanted, false);
  }

  /** Opens, one after the other, the addresses that have no socket. Rejects only where `starting`. */
  async #openNew(wanted: ReadonlySet<string>, starting: boolean): Promise<void> {
    const open = new Set(this.addresses);
    for (const address of wanted) {
      if (open.has(address) || this.#closed) continue;
      try {
        // One after the other: with port 0 the first address chooses for all.
        // oxlint-disable-next-line no-await-in-loop
        this.#port = await this.open(address, this.#port);
        this.#troubles.delete(address);
      } catch (error) {
        if (starting && FATAL_AT_START.has(codeOf(error))) throw error;
        this.#trouble(address, `UDP: ${address} port ${this.#port} cannot be opened: ${textOf(error)}`);
      }
    }
  }

  /** The next look opens the address again. */
  protected override async mend(address: string): Promise<void> {
    this.#options.report(`UDP: the socket of ${address} port ${this.#port} has broken and is opened again soon`);
    await this.closeAddress(address);
  }

  #trouble(address: string, message: string): void {
    if (this.#troubles.get(address) === message) return;
    this.#troubles.set(address, message);
    this.#options.report(message);
  }

  override async stop(graceMs: number): Promise<void> {
    this.#end();
    await super.stop(graceMs);
  }

  override async close(): Promise<void> {
    this.#end();
    await this.#looking;
    await super.close();
  }

  #end(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }
}
