/**
 * How long answers take at a steady rate that is well below what the servers can do: quantiles of what dnsperf says of each
 * answer, in turns with a server that only sends datagrams back. The rest of that time is the kernel's and dnsperf's own.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLines } from './files.ts';
import type { Lineup } from './lineup.ts';
import { type Steady, steadyLoad } from './load.ts';
import { questionLines } from './queries.ts';
import { quantile } from './promises/asking.ts';
import type { Server, ServerName } from './servers.ts';
import { median, table, verdict, withSpread } from './table.ts';

/** Queries in a second. */
const RATE = 20_000;
/**
 * Of one turn, which is a million queries in one go. External names run out by the clock, after half a minute: in shorter turns with
 * other servers each would begin with all of them out of date, several times as often for the same number of queries as with a server
 * that is asked all the time.
 */
const SECONDS = 50;
/** That count, however many loads each row has: one such turn of all servers takes two and a half minutes. */
const MOST_TURNS = 3;
const QUESTIONS = 50_000;
/**
 * Before the first load that counts: so often the mixture, and names that no cache has, for so many seconds each. A turn asks the upstream
 * for 200 names only, when they have run out, and code that has hardly run is compiled while it runs; a server that has been up
 * for some minutes has asked for many more. `first` is the number of the first of these names, behind those of the row `miss`.
 */
const WARM_UP = { rounds: 3, seconds: 2, missing: 4_000, first: 1_000_000 } as const;

/** Multiples of the echo's median and 99th percentile, and milliseconds. */
const limits = { timesEcho: 2, p99: 1, slowest: 5 } as const;

/** Milliseconds. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly load: Steady;
}

/** How often each server is asked, and for how much. */
export function describeTurns(runs: number): string {
  const turns = turnsOf(runs);
  return `${turns} ${turns === 1 ? 'turn' : 'turns'} of ${(SECONDS * RATE).toLocaleString('en')} queries to each server`;
}

function turnsOf(runs: number): number {
  return Math.min(runs, MOST_TURNS);
}

/** The table of latencies, of the mixture under kubeadm's Corefile. */
export async function measureLatency(
  lineup: Lineup,
  runs: number,
  names: readonly Extract<ServerName, 'nodens' | 'nodens dgram' | 'echo'>[],
): Promise<string> {
  const { folder, size, cores } = lineup.place;
  const questions = join(folder, 'latency.questions');
  await writeLines(questions, questionLines('real', size, QUESTIONS));
  const servers: Server[] = [];
  /* oxlint-disable no-await-in-loop -- together they would measure each other */
  for (const name of names) servers.push(await lineup.server(name, 'kubeadm'));
  const core = cores?.client;
  const missing = join(folder, 'latency.missing');
  for (const server of servers) {
    for (let round = 0; round < WARM_UP.rounds; round++) {
      const { seconds, missing: rate, first } = WARM_UP;
      const count = rate * seconds;
      await steadyLoad(server, { core, questions, seconds, rate: RATE });
      await writeLines(missing, questionLines('missing', size, count, first + round * count));
      await steadyLoad(server, { core, questions: missing, seconds, rate });
    }
  }
  const measured = new Map(servers.map((server) => [server.name, new Array<Latency>()]));
  for (let turn = 0; turn < turnsOf(runs); turn++) {
    for (const server of servers) {
      const got = await steadyLoad(server, { core, questions, seconds: SECONDS, rate: RATE });
      measured.get(server.name)?.push(latencyOf(got));
    }
  }
  /* oxlint-enable no-await-in-loop */
  for (const file of [questions, missing]) rmSync(file);
  const bare = measured.get('echo') ?? [];
  const rows = [...measured].map(([name, all]) => line(name, all, bare));
  const heading = [
    'row',
    'server',
    'p50 ms',
    '× echo',
    'p99 ms',
    '× echo',
    'p99.9 ms',
    'CPU µs/query',
    'lost',
    'limits',
  ];
  return table(heading, rows);
}

function latencyOf(load: Steady): Latency {
  const sorted = load.times.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), p999: quantile(sorted, 0.999), load };
}

function line(name: ServerName, all: readonly Latency[], bare: readonly Latency[]): readonly string[] {
  const of = (get: (one: Latency) => number): readonly number[] => all.map(get);
  const timesEcho = (get: (one: Latency) => number): readonly number[] =>
    all.map((one, turn) => get(one) / (bare[turn] === undefined ? NaN : get(bare[turn])));
  const [p50, p99, p999] = [of((one) => one.p50), of((one) => one.p99), of((one) => one.p999)];
  const [times50, times99] = [timesEcho((one) => one.p50), timesEcho((one) => one.p99)];
  const verdicts = [
    `p50 must ≤ echo × ${verdict(median(times50), limits.timesEcho)}`,
    `p99 must ≤ echo × ${verdict(median(times99), limits.timesEcho)}`,
    `p99 must ≤ ${verdict(median(p99), limits.p99)}`,
    `p99.9 aim ≤ ${verdict(median(p999), limits.slowest)}`,
  ];
  const isEcho = name === 'echo';
  return [
    'latency',
    name,
    withSpread(p50, 3),
    isEcho ? '' : withSpread(times50, 2),
    withSpread(p99, 3),
    isEcho ? '' : withSpread(times99, 2),
    withSpread(p999, 3),
    withSpread(
      of(({ load }) => load.cpu),
      2,
    ),
    String(of(({ load }) => load.lost).reduce((sum, lost) => sum + lost, 0)),
    isEcho ? '' : verdicts.join('; '),
  ];
}
