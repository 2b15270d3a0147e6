/**
 * External names: what an answer from the cache costs, whether names that are never in the cache all get one, and how long
 * answers take at a steady rate. The program runs with kubeadm's Corefile, its ports moved, its upstream a knotd on the
 * client's core that answers every name below `example`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLines } from './files.ts';
import { cpuTime, memory, nodeFlags, start, type Running } from './processes.ts';
import { untilAnswered } from './probe.ts';
import { blockYaml } from './manifests.ts';
import { type Measurement, load } from './load.ts';
import { median, must, table, withSpread } from './table.ts';
import { quantile } from './promises/asking.ts';
import type { Options } from './options.ts';
import { startEcho } from './servers.ts';
import { freePort } from '../test/support/free-port.ts';

/** Microseconds of processor time that a query for an external name in the cache may cost. */
const CACHED_LIMIT = 9;
/** Queries in a second of the steady loads. */
const STEADY = 20_000;
/** Of the steady rate, what counts as the whole of it. */
const KEPT_UP = 0.98;
/** MiB by which the process may still grow when the cache is full. */
const GROWTH = 32;
/** Names that are in the cache. */
const CACHED_NAMES = 200;

interface Place {
  readonly folder: string;
  readonly cores: { readonly server: number; readonly client: number } | undefined;
}

export async function measureResolver(options: Options, place: Place): Promise<string> {
  const folder = join(place.folder, 'resolver');
  mkdirSync(folder);
  const upstream = await startUpstream(folder, place);
  const nodens = await startNodens(options, folder, upstream.port, place);
  try {
    const rows: string[][] = [];
    /* oxlint-disable no-await-in-loop -- together they would measure each other */
    if (options.only.includes('ext')) rows.push(await cached(nodens, options, folder, place));
    if (options.only.includes('miss')) rows.push(await missing(nodens, options, folder, place));
    if (options.only.includes('latency')) rows.push(await latency(nodens, options, folder, place));
    /* oxlint-enable no-await-in-loop */
    return table(['row', 'load', 'CPU µs/query', 'queries/s', 'lost', 'MiB resident', 'figures'], rows);
  } finally {
    await nodens.process.stop();
    await upstream.process.stop();
  }
}

interface Serving {
  readonly port: number;
  readonly process: Running;
}

async function startUpstream(folder: string, { cores }: Place): Promise<Serving> {
  const port = await freePort();
  writeFileSync(
    join(folder, 'example.zone'),
    '$ORIGIN example.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 192.0.2.53\n* A 192.0.2.1\n',
  );
  const configuration = join(folder, 'upstream.conf');
  writeFileSync(
    configuration,
    `server:\n  listen: 127.0.0.1@${port}\n  rundir: ${folder}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n` +
      `database:\n  storage: ${folder}\nzone:\n  - domain: example\n    file: ${join(folder, 'example.zone')}\n`,
  );
  const process = start(['knotd', '-c', configuration], cores === undefined ? {} : { core: cores.client });
  await untilAnswered(process, port, 'www.example');
  return { port, process };
}

/** kubeadm's Corefile with other ports and one upstream. */
function corefile(ports: { readonly dns: number; readonly http: number; readonly upstream: number }): string {
  return `.:${ports.dns} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${ports.http} {
       lameduck 0s
    }
    ready 127.0.0.1:${ports.http}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus 127.0.0.1:${ports.http}
    forward . 127.0.0.1:${ports.upstream} {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;
}

async function startNodens(options: Options, folder: string, upstream: number, { cores }: Place): Promise<Serving> {
  const [dns, http] = [await freePort(), await freePort()];
  const manifests = join(folder, 'cluster.yaml');
  await writeLines(manifests, blockYaml({ services: 20, endpoints: 1 }));
  writeFileSync(join(folder, 'Corefile'), corefile({ dns, http, upstream }));
  const command = [...nodeFlags, options.program, '-conf', join(folder, 'Corefile'), '--fixture', manifests];
  const server = start([process.execPath, ...command], {
    cwd: folder,
    ...(cores === undefined ? {} : { core: cores.server }),
  });
  await untilAnswered(server, dns, 'www.example');
  return { port: dns, process: server };
}

/** The cache's answers, in turns with a server that sends each datagram back: what Node's sockets cost by themselves. */
async function cached(server: Serving, options: Options, folder: string, { cores }: Place): Promise<string[]> {
  const questions = join(folder, 'cached');
  await writeLines(questions, names(CACHED_NAMES, 'www'));
  const nodens = { ...server, name: 'nodens', answers: true } as const;
  const echo = await startEcho({ core: cores?.server });
  const measured: Record<'nodens' | 'echo', Measurement[]> = { nodens: [], echo: [] };
  try {
    for (let run = 0; run <= options.runs; run++) {
      for (const one of [nodens, echo]) {
        // oxlint-disable-next-line no-await-in-loop -- one load after another
        const got = await load(one, { questions, seconds: options.seconds, core: cores?.client });
        // The first warms up.
        if (run > 0) measured[one === nodens ? 'nodens' : 'echo'].push(got);
      }
    }
  } finally {
    await echo.process.stop();
  }
  const cpu = measured.nodens.map((one) => one.cpu);
  const bare = measured.echo.map((one) => one.cpu);
  const ratio = median(cpu) / median(bare);
  return [
    'ext',
    `${CACHED_NAMES} external names, cached`,
    withSpread(cpu, 2),
    withSpread(
      measured.nodens.map(({ rate }) => rate),
      0,
    ),
    String(measured.nodens.reduce((sum, { lost }) => sum + lost, 0)),
    memory(server.process.pid).now.toFixed(0),
    `${must(median(cpu), CACHED_LIMIT, 'µs')}; echo ${withSpread(bare, 2)}, ${ratio.toFixed(2)} of it`,
  ];
}

async function missing(server: Serving, options: Options, folder: string, place: Place): Promise<string[]> {
  const seconds = Math.max(options.seconds, 5);
  const [first, second] = [join(folder, 'missing-1'), join(folder, 'missing-2')];
  await writeLines(first, names(STEADY * (seconds + 1), 'miss-1'));
  await writeLines(second, names(STEADY * (seconds + 1), 'miss-2'));
  await steadyLoad(server, first, seconds, place);
  const { highest: full } = memory(server.process.pid);
  const steady = await steadyLoad(server, second, seconds, place);
  const { highest } = memory(server.process.pid);
  const keptUp = steady.rate >= STEADY * KEPT_UP;
  const growth = highest - full;
  const verdicts = [
    `must lose none: ${steady.lost === 0 ? 'met' : 'MISSED'}`,
    `aim ${STEADY} a second: ${keptUp ? 'met' : 'MISSED'}`,
    `must grow by ≤ ${GROWTH} MiB in the second half: ${growth <= GROWTH ? 'met' : 'MISSED'}`,
  ];
  return row('miss', `${STEADY} names a second that never repeat`, steady, highest, verdicts);
}

async function latency(server: Serving, options: Options, folder: string, place: Place): Promise<string[]> {
  const questions = join(folder, 'latency');
  await writeLines(questions, names(CACHED_NAMES, 'www'));
  const steady = await steadyLoad(server, questions, Math.max(options.seconds, 5), place);
  return row('latency', `${STEADY} queries a second, cached`, steady, memory(server.process.pid).now, []);
}

function row(name: string, about: string, steady: Steady, resident: number, verdicts: readonly string[]): string[] {
  const { cpu, rate, lost, p50, p99, rcodes } = steady;
  const times = `p50 ${(p50 * 1_000).toFixed(2)} ms, p99 ${(p99 * 1_000).toFixed(2)} ms`;
  const figures = [times, ...verdicts, ...(rcodes === 'NOERROR' ? [] : [`WRONG: ${rcodes}`])].join('; ');
  return [name, about, cpu.toFixed(2), rate.toFixed(0), String(lost), resident.toFixed(0), figures];
}

interface Steady {
  readonly cpu: number;
  readonly rate: number;
  readonly lost: number;
  /** Seconds. */
  readonly p50: number;
  readonly p99: number;
  /** The response codes that came. */
  readonly rcodes: string;
}

async function steadyLoad(server: Serving, questions: string, seconds: number, { cores }: Place): Promise<Steady> {
  const times: number[] = [];
  const rcodes = new Set<string>();
  let rest = '';
  const watch = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const found = /^> (\S+) .* ([\d.]+)$/.exec(line);
      if (found === null) continue;
      rcodes.add(found[1] ?? '');
      times.push(Number(found[2]));
    }
  };
  const before = cpuTime(server.process.pid);
  const target = ['-s', '127.0.0.1', '-p', String(server.port), '-d', questions, '-l', String(seconds), '-v'];
  const dnsperf = start(['dnsperf', ...target, '-c', '16', '-q', '2000', '-Q', String(STEADY)], {
    watch,
    ...(cores === undefined ? {} : { core: cores.client }),
  });
  await dnsperf.ended();
  const report = dnsperf.output();
  const figure = (label: string): number => Number(new RegExp(`${label}:\\s*([\\d.]+)`).exec(report)?.[1] ?? NaN);
  return {
    cpu: (cpuTime(server.process.pid) - before) / figure('Queries completed'),
    rate: figure('Queries per second'),
    lost: figure('Queries lost'),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    rcodes: [...rcodes].join(' '),
  };
}

function* names(count: number, stem: string): Generator<string> {
  for (let i = 0; i < count; i++) yield `${stem}-${i}.example A\n`;
}
