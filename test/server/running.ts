/** A server over real sockets on loopback whose Corefile, manifests and log a test holds. */
import packet from 'dns-packet';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterStores, type Needs, type StoreLease, type ClusterSource } from '../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../src/cluster/watch/events.ts';
import { OwnAddresses } from '../../src/server/own-addresses.ts';
import { Server, type ServerOptions } from '../../src/server/server.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { testUdp } from '../support/udp.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { NO_NETWORK } from '../plugins/support.ts';
import { LogWriter } from '../../src/telemetry/logger.ts';
import { type Client, TcpClient, UdpClient, deadline } from '../transport/clients.ts';

/** A folder that is gone when the test is over. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-server-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Lines of a log, and the means to wait for one. */
export class LogLines {
  readonly lines: string[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly writer = new LogWriter({
    write: (text) => {
      this.lines.push(...text.split('\n').slice(0, -1));
      for (const resolve of this.#waiting.splice(0)) resolve();
      return true;
    },
    drained: () => undefined,
  });

  count(text: string): number {
    this.writer.flush();
    return this.lines.filter((line) => line.includes(text)).length;
  }

  /** Resolves when so many lines hold the text; rejects at a deadline. */
  async until(text: string, times = 1): Promise<void> {
    const { signal } = deadline();
    while (this.count(text) < times) {
      // oxlint-disable-next-line no-await-in-loop -- one line after another
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => reject(new Error(`no line "${text}" in:\n${this.lines.join('\n')}`)));
      });
    }
  }
}

/** Stores whose opening a test can hold up or refuse. */
export class TestStores extends ClusterStores {
  acquired = 0;
  before: () => Promise<void> = () => Promise.resolve();

  override async acquire(source: ClusterSource, needs: Needs): Promise<StoreLease> {
    this.acquired++;
    await this.before();
    return super.acquire(source, needs);
  }
}

export interface Running {
  readonly server: Server;
  readonly log: LogLines;
  readonly metrics: Metrics;
  readonly stores: TestStores;
  /** What the stores said of the manifests. */
  readonly reports: readonly string[];
  readonly folder: string;
  /** The folder of manifests. */
  readonly manifests: string;
  /** The port of the address, or of the only one there is. */
  readonly port: (address?: string) => number;
  /** Writes another Corefile in the place of the one that there is. */
  readonly configure: (corefile: string) => void;
}

export interface RunningOptions {
  readonly bind?: readonly string[];
  readonly manifests?: string;
  readonly defaultPort?: number;
}

/** What a test starts a server with, before it does. */
export function prepare(corefile: string, options: RunningOptions = {}) {
  const folder = makeFolder();
  const path = join(folder, 'Corefile');
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'cluster.yaml'), options.manifests ?? '');
  // No manifest: each store that is opened says once that it skips it.
  writeFileSync(join(manifests, 'values.yaml'), 'replicas: 3\n');
  writeFileSync(path, corefile);
  const log = new LogLines();
  const facts = new FactCounters();
  const reports: string[] = [];
  const stores = new TestStores({
    facts,
    now: Date.now,
    report: (report) => reports.push(report.message),
    events: NO_EVENTS,
  });
  const start: ServerOptions = {
    source: { kind: 'file', path },
    environment: {},
    plan: { defaultPort: options.defaultPort ?? 0, bind: options.bind ?? ['127.0.0.1'], fixtures: [manifests] },
    parts: {
      facts,
      stores,
      clock: { now: Date.now, monotonic: () => performance.now() },
      log: log.writer,
      ownAddresses: new OwnAddresses(facts, () => []),
      metrics: new Metrics(),
      network: NO_NETWORK,
      shared: new SharedThings(),
      udp: testUdp,
      fatal: () => undefined,
    },
  };
  const { metrics } = start.parts;
  const write = (text: string): void => writeFileSync(path, text);
  return { start, log, metrics, stores, reports, folder, manifests, configure: write };
}

export async function run(corefile: string, options: RunningOptions = {}): Promise<Running> {
  const { start, ...rest } = prepare(corefile, options);
  const server = await Server.start(start);
  onTestFinished(() => server.close());
  const port = (address?: string): number => {
    const pair = server.listening.find(({ at }) => address === undefined || at.address === address);
    if (pair === undefined) throw new Error(`nothing is served at ${address}`);
    return pair.tcp.bound[0]?.port ?? 0;
  };
  return { server, ...rest, port };
}

/** A block that answers every TXT question with one text. */
export function saying(text: string, { keys = '.', lines = '' } = {}): string {
  return `${keys} {\n${lines}\ntemplate IN TXT {\nanswer "{{ .Name }} 5 IN TXT ${text}"\n}\n}\n`;
}

let id = 0;

/** The first TXT or address record of the reply; the response code where there is none. */
export async function ask(client: Client, name = 'x.test', type: 'TXT' | 'A' = 'TXT'): Promise<string> {
  id = (id + 1) & 0xffff;
  client.send(packet.encode({ type: 'query', id, questions: [{ type, name }] }));
  const message = packet.decode(await client.receive());
  const [answer] = message.answers;
  if (answer?.type === 'A') return answer.data;
  if (answer?.type === 'TXT') return String(answer.data);
  return message.rcode;
}

export async function udp(port: number, address?: string): Promise<UdpClient> {
  const client = await UdpClient.connect(port, address);
  onTestFinished(() => client.close());
  return client;
}

export async function tcp(port: number, address = '127.0.0.1'): Promise<TcpClient> {
  const client = await TcpClient.connect(port, { host: address });
  onTestFinished(() => client.close());
  return client;
}
