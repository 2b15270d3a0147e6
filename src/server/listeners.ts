/**
 * The sockets of the server: for each address and port a pair of UDP and TCP, or TCP alone where DNS goes over TLS or HTTPS.
 * They belong to the process, not to a generation: a reload gives a socket that stays a new handler and a new certificate,
 * opens what is new, and closes what nobody asks for.
 */
import { isIP } from 'node:net';
import type { Bounds } from '../bounds.ts';
import type { Timeouts } from '../plugins/plugin.ts';
import { openHttps } from '../transport/https.ts';
import { openTcp } from '../transport/tcp.ts';
import type { TlsTerminator } from '../transport/tls-terminator.ts';
import type { Listener, RequestHandler, TransportReport } from '../transport/transport.ts';
import type { UdpTransport } from '../transport/udp-transport.ts';
import type { UdpWildcardListener } from '../transport/udp-wildcard.ts';
import {
  ANY_ADDRESS,
  type ListenAddress,
  listenKey,
  overlap,
  ownOverlapText,
  placeText,
  whereText,
} from './listen-address.ts';
import { messageOf } from './message-of.ts';

/** Sockets that are open, with the address that was asked for. */
export interface ListenerPair {
  readonly at: ListenAddress;
  /** Undefined where nothing but TCP is spoken. */
  readonly udp: Listener | undefined;
  readonly tcp: Listener;
  /** Looks for addresses that have come or gone; only where all addresses are served. */
  refresh(): Promise<void>;
}

/** What is served at an address: who answers there, and which values of the table of bounds are replaced. */
export interface WantedListener {
  readonly at: ListenAddress;
  readonly handler: RequestHandler;
  /** As in the table where left out. */
  readonly limits?: Partial<Bounds>;
  /** What new connections are encrypted with; left out where they are not. */
  readonly tls?: TlsTerminator | undefined;
  /** Told the status of each HTTP response. */
  readonly responded?: ((status: number) => void) | undefined;
}

/** The sockets that stand behind an address. */
export function listenersOf({ udp, tcp }: Pick<ListenerPair, 'udp' | 'tcp'>): readonly Listener[] {
  return udp === undefined ? [tcp] : [udp, tcp];
}

/** `timeouts` of a server block as values of the table of bounds. */
export function limitsOf(timeouts: Timeouts | undefined): Partial<Bounds> {
  if (timeouts === undefined) return {};
  const { read, write, idle, queries } = timeouts;
  return {
    ...(read === undefined ? {} : { tcpFirstQuery: read }),
    ...(write === undefined ? {} : { tcpWrite: write }),
    ...(idle === undefined ? {} : { tcpIdle: idle }),
    ...(queries === undefined ? {} : { tcpQueries: queries }),
  };
}

/** What has been opened and is not in service: one of the two is called, once. */
export interface Prepared {
  /** Puts it in service, in this tick. Gives what nobody wants any more. */
  swap(): readonly ListenerPair[];
  undo(): void;
}

/** A port that cannot be had: the message says so to a person, and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** How sockets are opened, and who is told of what happens to them. */
export interface Opening {
  readonly udp: UdpTransport;
  readonly report: TransportReport;
}

/** Opens what is spoken at an address; undefined, with one line, where the machine has no such address. */
export async function openPair(wanted: WantedListener, opening: Opening): Promise<ListenerPair | undefined> {
  const { at } = wanted;
  try {
    return at.scheme === 'dns'
      ? await openBoth(wanted, opening, PORT_TRIES)
      : { at, udp: undefined, tcp: await openEncrypted(wanted, opening), refresh: async () => undefined };
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined && MISSING_ADDRESS.has(code)) {
      const what = isIP(at.address) === 0 ? 'interface' : 'address';
      opening.report(`this machine has no ${what} ${at.address}: not served there`);
      return undefined;
    }
    throw new ListenError(listenText(at, code, error), { cause: error });
  }
}

/** With port 0: how many ports that are free for UDP are tried for TCP. */
const PORT_TRIES = 16;

/** DNS over TLS or HTTPS. */
function openEncrypted(
  { at, handler, limits = {}, tls, responded }: WantedListener,
  opening: Opening,
): Promise<Listener> {
  const { address, port } = at;
  const options = { address, port, handler, report: opening.report, limits, tls };
  return at.scheme === 'https' ? openHttps({ ...options, responded }) : openTcp(options);
}

async function openBoth(wanted: WantedListener, opening: Opening, tries: number): Promise<ListenerPair> {
  const { at, handler, limits = {} } = wanted;
  const { report } = opening;
  const udp = await openUdpAt(wanted, opening);
  try {
    const port = at.port === 0 ? (udp.bound[0]?.port ?? 0) : at.port;
    const tcp = await openTcp({ address: at.address, port, handler, report, limits });
    return { at, udp, tcp, refresh: async () => ('refresh' in udp ? udp.refresh() : undefined) };
  } catch (error) {
    await udp.close();
    if (at.port === 0 && tries > 1 && codeOf(error) === 'EADDRINUSE') return openBoth(wanted, opening, tries - 1);
    throw error;
  }
}

async function openUdpAt(
  { at, handler, limits = {} }: WantedListener,
  { udp, report }: Opening,
): Promise<Listener | UdpWildcardListener> {
  const { address, port } = at;
  return address === ANY_ADDRESS
    ? udp.openWildcard({ port, handler, report, limits })
    : udp.open({ address, port, handler, report, limits });
}

/** What the system says of an address that is not there, or of a family that is switched off. */
const MISSING_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENODEV', 'EINVAL']);

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What is said to be taken in place of a port that cannot be had. */
const SPARE_PORT = 1053;

function listenText(at: ListenAddress, code: string | undefined, error: unknown): string {
  const where = whereText(at);
  const other = at.port === SPARE_PORT ? SPARE_PORT + 1 : SPARE_PORT;
  const way =
    at.portFrom === undefined
      ? `take another with -dns.port ${other} and ask it with dig -p ${other}`
      : `change the port in the Corefile (${placeText(at.portFrom)})`;
  if (code === 'EACCES') {
    return `${where} is not allowed for this user: ports below 1024 are root's on most systems; ${way}`;
  }
  if (code === 'EADDRINUSE') return `${where} is in use by another program; stop that one, or ${way}`;
  return `${where} cannot be opened: ${messageOf(error)}`;
}

/** The pairs that are open, by `listenKey`. */
export class Listeners {
  readonly #pairs = new Map<string, ListenerPair>();
  readonly #opening: Opening;

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  get pairs(): readonly ListenerPair[] {
    return [...this.#pairs.values()];
  }

  /**
   * Opens those of `wanted` that are not open yet, and leaves the others as they are. Either all of them are open then,
   * save addresses that the machine lacks, or none is new and an error is thrown.
   * @throws ListenError, also where no address would be served at all
   */
  async prepare(wanted: ReadonlyMap<string, WantedListener>): Promise<Prepared> {
    const opened = new Map<string, ListenerPair>();
    const closeOpened = async (): Promise<void> => {
      await Promise.all([...opened.values()].map(closePair));
    };
    try {
      for (const [key, one] of wanted) {
        if (this.#pairs.has(key)) continue;
        // One after another, so that the first failure is the one that is told.
        // oxlint-disable-next-line no-await-in-loop
        const pair = await this.#openBeside(one);
        if (pair !== undefined) opened.set(key, pair);
      }
      if (![...wanted.keys()].some((key) => opened.has(key) || this.#pairs.has(key))) {
        throw new ListenError('none of the addresses to serve can be opened');
      }
    } catch (error) {
      await closeOpened();
      throw error;
    }
    const swap = (): readonly ListenerPair[] => {
      for (const [key, pair] of opened) this.#pairs.set(key, pair);
      for (const [key, { handler, limits = {}, tls }] of wanted) {
        const pair = this.#pairs.get(key);
        for (const listener of pair === undefined ? [] : listenersOf(pair)) {
          listener.setHandler(handler);
          listener.setLimits(limits);
          listener.setTls?.(tls);
        }
      }
      const unwanted = this.pairs.filter((pair) => !wanted.has(listenKey(pair.at)));
      for (const pair of unwanted) this.#pairs.delete(listenKey(pair.at));
      return unwanted;
    };
    return { swap, undo: () => void closeOpened() };
  }

  /** An address and all addresses cannot both be open at one port: where both are ours, that is what to say. */
  async #openBeside(wanted: WantedListener): Promise<ListenerPair | undefined> {
    try {
      return await openPair(wanted, this.#opening);
    } catch (error) {
      const own = this.pairs.find(({ at }) => overlap(at, wanted.at));
      const inUse = error instanceof ListenError && codeOf(error.cause) === 'EADDRINUSE';
      if (own === undefined || !inUse) throw error;
      throw new ListenError(`${whereText(wanted.at)} ${ownOverlapText(own.at, wanted.at)}`, { cause: error });
    }
  }

  async refresh(): Promise<void> {
    await Promise.all(this.pairs.map((pair) => pair.refresh()));
  }

  /** Takes no more requests, lets answers in flight leave for at most `graceMs` milliseconds, and closes. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.pairs.map((pair) => stopPair(pair, graceMs)));
    this.#pairs.clear();
  }

  async close(): Promise<void> {
    await Promise.all(this.pairs.map(closePair));
    this.#pairs.clear();
  }
}

export async function stopPair(pair: ListenerPair, graceMs: number): Promise<void> {
  await Promise.all(listenersOf(pair).map((listener) => listener.stop(graceMs)));
}

async function closePair(pair: ListenerPair): Promise<void> {
  await Promise.all(listenersOf(pair).map((listener) => listener.close()));
}
