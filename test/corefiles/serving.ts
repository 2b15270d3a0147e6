/** Servers that run a stock Corefile on loopback, with a real upstream, and what a client asks them. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packet, { type DecodedPacket, type Question } from 'dns-packet';
import { onTestFinished } from 'vitest';
import { openAnswerCache } from '../../src/server/answer-cache/answer-cache.ts';
import { Server } from '../../src/server/server.ts';
import { openNetwork } from '../../src/transport/client/network.ts';
import { prepare, tcp, udp } from '../server/running.ts';
import { freePort } from '../support/free-port.ts';
import { type HostileUpstream, openUpstream } from '../support/upstreams/hostile.ts';
import { manifests, outside } from './cluster.ts';
import { type Places, moved } from './moved.ts';

const RECURSION_DESIRED = 0x0100;
const here = fileURLToPath(new URL('./', import.meta.url));

/** The text of a stock Corefile. */
export function read(name: string): string {
  return readFileSync(join(here, `${name}.Corefile`), 'utf8');
}

export interface ServingOptions {
  /** The folder below `custom/` whose files fill the one that the Corefile imports. */
  readonly custom?: string | undefined;
  /** `ADDRESS:PORT` of the cluster's server; the server itself where it is left out. */
  readonly clusterDns?: string;
  /** Text by absolute path, as the Corefile names it. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Serving {
  readonly upstream: HostileUpstream;
  readonly places: Places;
  readonly log: readonly string[];
  ask(protocol: 'udp' | 'tcp', question: Question, address?: string): Promise<DecodedPacket>;
  /** Status and text of a GET at one of the addresses for probes. */
  fetched(what: 'health' | 'ready' | 'metrics'): Promise<{ readonly status: number; readonly text: string }>;
}

/** Environment that the manifests of a distribution set. */
export const environment = { POD_IP: '127.0.0.1' };

/** Starts a server with the Corefile of that name; it is gone when the test is over. */
export async function serve(name: string, options: ServingOptions = {}): Promise<Serving> {
  const upstream = await openUpstream({ behaviour: outside });
  onTestFinished(() => upstream.close());
  const { start, log, folder, configure } = prepare('', { manifests });
  const places = await placesIn(folder, `127.0.0.1:${upstream.port}`, options.clusterDns);
  configure(moved(read(name), places));
  fill(folder, places, options);
  const { parts } = start;
  const network = openNetwork();
  onTestFinished(() => network.close());
  const answers = openAnswerCache(parts.facts, parts.clock, parts.metrics);
  const plan = { ...start.plan, bind: ['127.0.0.1', '::1'] };
  const server = await Server.start({ ...start, environment, plan, parts: { ...parts, network, answers } });
  onTestFinished(() => server.close());
  return {
    upstream,
    places,
    log: log.lines,
    ask: (protocol, question, address) => ask(places.dns, protocol, question, address),
    fetched: async (what) => {
      const response = await fetch(`http://127.0.0.1:${places[what]}/${what}`);
      return { status: response.status, text: await response.text() };
    },
  };
}

async function placesIn(folder: string, upstream: string, clusterDns: string | undefined): Promise<Places> {
  const dns = await newPort();
  const [health, ready, metrics] = [await newPort(), await newPort(), await newPort()];
  // Where nothing else is, what a Corefile calls the cluster's server is the server itself.
  return { dns, health, ready, metrics, upstream, clusterDns: clusterDns ?? `127.0.0.1:${dns}`, folder };
}

const given = new Set<number>();

/** A free port that was not given to anything else here: nothing holds it until the server opens it. */
async function newPort(): Promise<number> {
  const port = await freePort();
  if (given.has(port)) return newPort();
  given.add(port);
  return port;
}

/** Puts the files where the Corefile looks for them. */
function fill(folder: string, places: Places, { custom, files = {} }: ServingOptions): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  if (custom === undefined) return;
  for (const [name, text] of Object.entries(customFiles(custom))) {
    // Beside the Corefile, or where an absolute path leads to the same folder.
    for (const imported of ['custom', 'etc/coredns/custom']) write(`${imported}/${name}`, moved(text, places));
  }
}

/** Text by name of a custom folder's files. */
export function customFiles(custom: string): Readonly<Record<string, string>> {
  const folder = join(here, 'custom', custom);
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Lines of a log that an operator would look into. */
export function alarms(log: readonly string[]): readonly string[] {
  return log.filter((line) => /^\[(?:WARNING|ERROR|FATAL)\]/.test(line));
}

const clients = { udp, tcp };
let id = 0;

async function ask(
  port: number,
  protocol: 'udp' | 'tcp',
  question: Question,
  address?: string,
): Promise<DecodedPacket> {
  const client = await clients[protocol](port, address);
  id = (id + 1) & 0xffff;
  client.send(packet.encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [question] }));
  const reply = packet.decode(await client.receive());
  client.close();
  if (reply.id !== id) throw new Error('a reply to another question');
  return reply;
}
