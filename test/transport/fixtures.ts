/** Listeners and handlers that the tests of transports share. */
import type { ConnectionOptions } from 'node:tls';
import { describe, onTestFinished } from 'vitest';
import type { Bounds } from '../../src/bounds.ts';
import { openHttps } from '../../src/transport/https.ts';
import { openTcp } from '../../src/transport/tcp.ts';
import { type TlsIdentity, TlsTerminator } from '../../src/transport/tls-terminator.ts';
import {
  DEFERRED,
  type Exchange,
  type Listener,
  type ReplyHandle,
  type RequestHandler,
  type TransportReport,
  requestOf,
} from '../../src/transport/transport.ts';
import { openUdp } from '../../src/transport/udp.ts';
import { batchSupport } from '../../src/transport/udp-batch/support.ts';
import { openUdpBatch, openUdpBatchWildcard } from '../../src/transport/udp-batch/udp-batch.ts';
import { openUdpWildcard } from '../../src/transport/udp-wildcard.ts';
import { authority, keyPairs } from '../support/upstreams/certificates.ts';
import { TcpClient, UdpClient, type Client } from './clients.ts';

export interface Opened {
  readonly listener: Listener;
  readonly port: number;
  readonly reports: readonly string[];
}

export function portOf(listener: Listener): number {
  const [first] = listener.bound;
  if (first === undefined) throw new Error('nothing is bound');
  return first.port;
}

export type Open = (handler: RequestHandler, limits?: Partial<Bounds>) => Promise<Opened>;

const ADDRESSES = ['127.0.0.1', '127.0.0.2', '::1'];

/** Whether UDP in batches is there; where it is not, its tests are skipped, and the reason is printed. */
export const batches = await batchSupport();
if (batches.kind === 'absent') console.warn(`UDP in batches is not tested: ${batches.why}`);
export const describeBatches = describe.skipIf(batches.kind === 'absent');

/** The ways to open a UDP listener that are there, on 127.0.0.1 and on every address; each is closed when the test is over. */
export interface UdpWay {
  readonly name: string;
  readonly openUdp: typeof openUdp;
  readonly openOne: Open;
  readonly openEvery: Open;
}

function udpWay(name: string, open: typeof openUdp, openWildcard: typeof openUdpWildcard): UdpWay {
  return {
    name,
    openUdp: open,
    openOne: async (handler, limits = {}) => {
      const { reports, report } = reporting();
      return opened(await open({ address: '127.0.0.1', port: 0, handler, report, limits }), reports);
    },
    openEvery: async (handler, limits = {}) => {
      const { reports, report } = reporting();
      return opened(await openWildcard({ port: 0, handler, report, limits, interfaces: () => ADDRESSES }), reports);
    },
  };
}

export const dgramWay = udpWay('UDP', openUdp, openUdpWildcard);
export const batchWay = udpWay('UDP in batches', openUdpBatch, openUdpBatchWildcard);
/** For tests that one way will do for. */
export const openOneUdp = dgramWay.openOne;

export const udpWays: readonly UdpWay[] = batches.kind === 'ready' ? [dgramWay, batchWay] : [dgramWay];

/** What `openOneTcp` and `tcpClient` speak. */
export const STREAM: 'TCP' | 'TLS' = 'TCP';

export const IDENTITY: TlsIdentity = {
  certificate: keyPairs.server.cert,
  key: keyPairs.server.key,
  ca: authority,
  clientAuth: 'nocert',
  protocols: ['dot'],
  keylog: undefined,
};

/** DNS over TLS. */
export async function openOneTls(
  handler: RequestHandler,
  limits: Partial<Bounds> = {},
  identity: Partial<TlsIdentity> = {},
): Promise<Opened> {
  const { reports, report } = reporting();
  const tls = new TlsTerminator({ ...IDENTITY, ...identity });
  return opened(await openTcp({ address: '127.0.0.1', port: 0, handler, report, limits, tls }), reports);
}

/** DNS over HTTPS; `protocols` empty for HTTP without TLS. */
export async function openOneHttps(
  handler: RequestHandler,
  limits: Partial<Bounds> = {},
  { responded, tls }: { readonly responded?: (status: number) => void; readonly tls?: false } = {},
): Promise<Opened> {
  const { reports, report } = reporting();
  const terminator = tls === false ? undefined : new TlsTerminator({ ...IDENTITY, protocols: ['h2', 'http/1.1'] });
  const where = { address: '127.0.0.1', port: 0 };
  return opened(await openHttps({ ...where, handler, report, limits, tls: terminator, responded }), reports);
}

export async function openOneTcp(
  handler: RequestHandler,
  limits: Partial<Bounds> = {},
  address = '127.0.0.1',
): Promise<Opened> {
  const { reports, report } = reporting();
  return opened(await openTcp({ address, port: 0, handler, report, limits }), reports);
}

function reporting(): { readonly reports: readonly string[]; readonly report: TransportReport } {
  const reports: string[] = [];
  return { reports, report: (line) => reports.push(line) };
}

function opened(listener: Listener, reports: readonly string[]): Opened {
  onTestFinished(() => listener.close());
  return { listener, port: portOf(listener), reports };
}

/** A client of the listener, closed when the test is over. */
export async function udpClient(port: number, address?: string): Promise<UdpClient> {
  const client = await UdpClient.connect(port, address);
  onTestFinished(() => client.close());
  return client;
}

export async function tcpClient(port: number, options?: Parameters<typeof TcpClient.connect>[1]): Promise<TcpClient> {
  const client = await TcpClient.connect(port, options);
  onTestFinished(() => client.close());
  return client;
}

export async function tlsClient(port: number, options?: ConnectionOptions): Promise<TcpClient> {
  const client = await TcpClient.connectTls(port, options);
  onTestFinished(() => client.close());
  return client;
}

export async function ask(client: Client, message: Buffer | string): Promise<string> {
  client.send(Buffer.from(message));
  return (await client.receive()).toString();
}

/** Writes a reply. */
export function answer(exchange: Exchange, text: string): number {
  return Buffer.from(text).copy(exchange.reply);
}

export function textOf(exchange: Exchange): string {
  return Buffer.from(requestOf(exchange)).toString();
}

/** Gives every request back. */
export const echo: RequestHandler = (exchange) => {
  const request = requestOf(exchange);
  exchange.reply.set(request);
  return request.length;
};

/** Defers every request, except those that begin with `now`, which it gives back at once. */
export class Deferrer {
  readonly taken: { readonly request: string; readonly handle: ReplyHandle }[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  readonly handler: RequestHandler = (exchange) => {
    const request = textOf(exchange);
    if (request.startsWith('now')) return echo(exchange);
    this.taken.push({ request, handle: exchange.defer() });
    for (const { count, resolve } of this.#waiting) if (this.taken.length >= count) resolve();
    return DEFERRED;
  };

  /** Resolves when so many requests have been deferred. */
  deferred(count: number): Promise<void> {
    if (this.taken.length >= count) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    return promise;
  }

  /** Answers a deferred request with its own text. */
  send(index: number): void {
    const { request, handle } = this.at(index);
    handle.send(Buffer.from(request));
  }

  at(index: number): { readonly request: string; readonly handle: ReplyHandle } {
    const taken = this.taken.at(index);
    if (taken === undefined) throw new Error(`only ${this.taken.length} requests were deferred`);
    return taken;
  }
}
