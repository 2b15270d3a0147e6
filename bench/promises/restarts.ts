/**
 * Rolling restarts under load, as a Deployment does them: two servers, and for each in turn a new one is started, and as soon
 * as that is ready the old one is told to stop. The nodes go on asking the old one for as long as their proxies have not
 * heard of it. No query may be lost, every stop is clean, and none takes longer than promised.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { kubeadmCorefile } from '../kubeadm.ts';
import { untilAnswered } from '../probe.ts';
import { type Running, start } from '../processes.ts';
import { nodeCommand } from '../../tools/node-command.ts';
import { freePort } from '../../test/support/free-port.ts';
import { type Expected, Nodes } from './nodes.ts';
import { openUpstream } from './upstream.ts';

export interface RestartsOptions {
  readonly program: string;
  readonly folder: string;
  /** Of both servers. */
  readonly rolling: number;
  /** Queries that are asked at least. */
  readonly queries: number;
  /** In a second. */
  readonly rate: number;
  /** `lameduck` of the servers. */
  readonly lameDuck: string;
  /** Milliseconds after which the last proxy has heard that a server stops. */
  readonly delay: number;
  /** The core of the servers; undefined for any. */
  readonly core?: number | undefined;
}

export interface Restarts {
  readonly asked: number;
  readonly lost: number;
  /** Answers that were not what they must be. */
  readonly wrong: number;
  /** Servers that were replaced. */
  readonly replaced: number;
  /** Of them, those that ended with another status than 0. */
  readonly unclean: number;
  /** Milliseconds from SIGTERM to the end of the process. */
  readonly slowestStop: number;
  /** Queries that the servers served after the signal, and of them those after the lame-duck time, by their own account. */
  readonly late: number;
  readonly afterLameDuck: number;
}

/** Milliseconds that the whole stop may take. */
export const STOP_LIMIT = 25_000;

const NODES = 8;
const SERVICES = 100;
/** Milliseconds within which proxies learn of a new server. */
const ADDED_WITHIN = 1_000;
const DEADLINE = 60_000;

interface Replica {
  readonly process: Running;
  readonly port: number;
}

export async function restarts(options: RestartsOptions): Promise<Restarts> {
  const { rolling, queries, rate, delay } = options;
  const place = join(options.folder, 'restarts');
  mkdirSync(place);
  const manifests = join(place, 'cluster.yaml');
  writeFileSync(manifests, cluster());
  const upstream = await openUpstream();
  const replicas: Replica[] = [];
  let instance = 0;
  const grow = async (): Promise<Replica> => {
    const replica = await startReplica(options, { place, manifests, upstream: upstream.port, instance: instance++ });
    replicas.push(replica);
    return replica;
  };
  let nodes: Nodes | undefined;
  try {
    let serving = [await grow(), await grow()];
    nodes = new Nodes(
      NODES,
      serving.map(({ port }) => port),
      questions(),
      rate,
    );
    const stops: Stop[] = [];
    /* oxlint-disable no-await-in-loop -- one after another is what a rolling restart is */
    for (let i = 0; i < rolling; i++) {
      const next: Replica[] = [];
      const stopping: Promise<Stop>[] = [];
      for (const old of serving) {
        const young = await grow();
        next.push(young);
        nodes.add(young.port, ADDED_WITHIN);
        nodes.remove(old.port, delay);
        stopping.push(stop(old));
      }
      stops.push(...(await Promise.all(stopping)));
      serving = next;
    }
    while (nodes.tally.asked < queries) await wait(100);
    /* oxlint-enable no-await-in-loop */
    await nodes.close();
    return { ...nodes.tally, ...summary(stops) };
  } finally {
    await Promise.all(replicas.map(end));
    await nodes?.close();
    upstream.close();
  }
}

interface Stop {
  readonly took: number;
  readonly status: number | null;
  readonly output: string;
}

async function stop({ process: server }: Replica): Promise<Stop> {
  const began = performance.now();
  process.kill(server.pid, 'SIGTERM');
  const status = await server.ended();
  return { took: performance.now() - began, status, output: server.output() };
}

function summary(stops: readonly Stop[]) {
  const late = stops.map(({ output }) => /(\d+) late queries served, (\d+) of them/.exec(output));
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return {
    replaced: stops.length,
    unclean: stops.filter(({ status }) => status !== 0).length,
    slowestStop: Math.max(...stops.map(({ took }) => took)),
    late: sum(late.map((match) => Number(match?.[1] ?? NaN))),
    afterLameDuck: sum(late.map((match) => Number(match?.[2] ?? NaN))),
  };
}

/** Ends what still runs, at once. */
async function end({ process: server }: Replica): Promise<void> {
  try {
    process.kill(server.pid, 'SIGINT');
  } catch {
    // It has ended.
  }
  await server.ended();
}

interface Place {
  readonly place: string;
  readonly manifests: string;
  /** The port of the server that external names are asked for at. */
  readonly upstream: number;
  readonly instance: number;
}

/** Resolves when the new server says that it is ready, and answers. */
async function startReplica(
  { program, lameDuck, core }: RestartsOptions,
  { place, manifests, upstream, instance }: Place,
): Promise<Replica> {
  const [port, health, ready, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const corefile = join(place, `${instance}.Corefile`);
  writeFileSync(corefile, kubeadmCorefile({ dns: port, http: { health, ready, metrics }, upstream, lameDuck }));
  const command = [...nodeCommand, program, '-conf', corefile, '--fixture', manifests] as const;
  const server = start(command, core === undefined ? {} : { core });
  try {
    await untilReady(server, ready);
    await untilAnswered(server, port, serviceName(0));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { process: server, port };
}

async function untilReady(server: Running, port: number): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE);
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      const { status } = await fetch(`http://127.0.0.1:${port}/ready`, { signal });
      if (status === 200) return;
    } catch {
      // Nobody listens there yet.
    }
    if (signal.aborted) throw new Error(`the server is never ready:\n${server.output()}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await wait(10);
  }
}

const serviceName = (i: number): string => `service-${i}.default.svc.cluster.local`;

function cluster(): string {
  const service = (i: number): string => `apiVersion: v1
kind: Service
metadata: { name: service-${i} }
spec: { clusterIP: 10.96.1.${i}, ports: [{ port: 80 }] }
`;
  return Array.from({ length: SERVICES }, (_, i) => service(i)).join('---\n');
}

/** Mostly Services, what search paths make of names, and names outside of the cluster. */
function questions(): readonly Expected[] {
  return Array.from({ length: 1_000 }, (_, i) => {
    if (i % 10 < 6) return { name: serviceName(i % SERVICES), rcode: 'NOERROR' };
    if (i % 10 < 9) return { name: `www.example-${i}.default.svc.cluster.local`, rcode: 'NXDOMAIN' };
    return { name: `www.example-${i}.example`, rcode: 'NOERROR' };
  });
}
