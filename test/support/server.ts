/**
 * The real pipeline without sockets: octets in, octets out. Corefile and manifests are read as the program reads them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounds } from '../../src/bounds.ts';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterStores } from '../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../src/cluster/watch/events.ts';
import { OwnAddresses } from '../../src/server/own-addresses.ts';
import { createGeneration } from '../../src/server/generation.ts';
import { AnswerCounts } from '../../src/server/answer-counts.ts';
import { Responder } from '../../src/server/responder.ts';
import { configure } from '../../src/server/server.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { testUdp } from './udp.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { NO_NETWORK } from '../plugins/support.ts';
import { LogWriter } from '../../src/telemetry/logger.ts';
import { DEFERRED, type Exchange, NO_REPLY, type ReplyHandle, UNREAD } from '../../src/transport/transport.ts';

export interface TestServerOptions {
  readonly corefile: string;
  /** YAML of manifests; none where it is left out. */
  readonly manifests?: string;
  /** The cluster is that of the API server which the Corefile names, and no manifests are read. */
  readonly isWatching?: true;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly ownAddresses?: readonly string[];
}

export interface AskOptions {
  readonly protocol?: 'udp' | 'tcp';
  readonly clientAddress?: string;
  readonly localAddress?: string;
}

export interface TestServer {
  /** Resolves with the reply, or undefined where there is none. */
  ask(message: Uint8Array, options?: AskOptions): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
  readonly log: readonly string[];
}

/** Serves the first block's address; blocks share it unless they say otherwise. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nodens-test-'));
  const manifests = join(folder, 'cluster.yaml');
  await writeFile(manifests, options.manifests ?? '');
  const log: string[] = [];
  const writer = new LogWriter({
    write: (lines) => {
      log.push(...lines.split('\n').slice(0, -1));
      return true;
    },
    drained: () => undefined,
  });
  const now = options.now ?? Date.now;
  const facts = new FactCounters();
  const parts = {
    facts,
    stores: new ClusterStores({
      facts,
      now,
      report: (report) => log.push(`${report.severity}: ${report.message}`),
      events: { ...NO_EVENTS, log: (severity, line) => log.push(`${severity}: ${line}`) },
    }),
    clock: { now, monotonic: () => performance.now() },
    log: writer,
    ownAddresses: new OwnAddresses(facts, () => options.ownAddresses ?? []),
    metrics: new Metrics(),
    network: NO_NETWORK,
    shared: new SharedThings(),
    udp: testUdp,
    fatal: () => undefined,
  };
  const { plan } = configure({
    source: { kind: 'text', name: 'Corefile', text: options.corefile, folder },
    environment: {},
    plan: { defaultPort: 53, bind: [], fixtures: options.isWatching === true ? [] : [manifests] },
    parts,
  });
  const generation = await createGeneration(plan, parts);
  if (options.isWatching === true && generation.notReady().length > 0) {
    generation.close();
    writer.flush();
    throw new Error(`not ready: ${generation.notReady().join()}\n${log.join('\n')}`);
  }
  const [served] = generation.served.values();
  if (served === undefined) throw new Error('the Corefile serves nothing');
  const panics: unknown[] = [];
  const responder = new Responder({
    resolver: served.router,
    facts,
    counts: new AnswerCounts(parts.metrics, served.router.server),
    panic: (error) => panics.push(error),
    idle: bounds.tcpIdle,
  });
  return {
    log,
    ask: async (message, asked = {}) => {
      const reply = await exchange(responder, message, asked);
      writer.flush();
      if (panics.length > 0) throw panics[0];
      return reply;
    },
    close: async () => {
      generation.close();
      await rm(folder, { recursive: true });
    },
  };
}

function exchange(responder: Responder, request: Uint8Array, options: AskOptions): Promise<Uint8Array | undefined> {
  const protocol = options.protocol ?? 'udp';
  const ends = {
    protocol,
    clientFamily: (options.clientAddress ?? '').includes(':') ? (6 as const) : (4 as const),
    clientAddress: options.clientAddress ?? '192.0.2.1',
    clientPort: 40_000,
    localAddress: options.localAddress ?? '192.0.2.53',
    localPort: 53,
  };
  return new Promise((resolve) => {
    const handle: ReplyHandle = {
      send: (message) => resolve(message.slice()),
      drop: () => resolve(undefined),
    };
    const reply = new Uint8Array(protocol === 'tcp' ? 65_535 : 4096);
    const octets = request.slice();
    const borrowed: Exchange = {
      ...ends,
      octets,
      start: 0,
      end: octets.length,
      reply,
      settled: false,
      place: UNREAD,
      defer: () => handle,
    };
    const length = responder.respond(borrowed);
    if (length === DEFERRED) return;
    resolve(length === NO_REPLY ? undefined : reply.slice(0, length));
  });
}
