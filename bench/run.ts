/**
 * `npm run bench`: what a query costs, and what a start costs. README.md beside this file says what the figures are.
 *
 *     cluster.ts ─► manifests.ts ─► servers.ts: nodens | knotd | echo   (one core)
 *          └──────► queries.ts ───► load.ts: dnsperf                    (another core)  ─► table.ts
 */
import { rmSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { writeLines } from './files.ts';
import { type Measurement, load } from './load.ts';
import { type Options, readOptions, usage } from './options.ts';
import { allowedCores, cleanUp, cleanUpAtExit, isInstalled, temporaryFolder } from './processes.ts';
import { type Mix, mixes, questionLines } from './queries.ts';
import { measurePromises } from './promises/promises.ts';
import { measureResolver } from './resolver.ts';
import { promiseRows, resolverRows } from './rows.ts';
import { type Server, startServers, writeCorefile } from './servers.ts';
import { measureStarts } from './starts.ts';
import { median, must, table, withSpread } from './table.ts';

/** Microseconds of processor time that a query for a ClusterIP name may cost. */
const CPU_LIMIT = 12;
/** Seconds of the load before the first that counts: the JavaScript engine compiles while it runs. */
const WARM_UP = 2;
/** Lines of a file of questions, which dnsperf starts over at its end. */
const QUESTIONS = 50_000;
/** Questions that never repeat are written for this many in a second. */
const HIGHEST_RATE = 250_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** What keeps the benchmarks from running here; undefined where nothing does. */
function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'the benchmarks read /proc and pin processes to cores: they need Linux';
  const tools = { dnsperf: 'dnsperf', taskset: 'util-linux', getconf: 'libc-bin' };
  const missing = Object.entries(tools).filter(([command]) => !isInstalled(command));
  if (missing.length === 0) return undefined;
  const names = missing.map(([command]) => command).join(' and ');
  return `${names} not found; on Debian and Ubuntu: apt-get install ${missing.map(([, name]) => name).join(' ')}`;
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    say(usage);
    return 0;
  }
  const why = obstacle();
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  cleanUpAtExit();
  const folder = temporaryFolder();
  writeCorefile(options.program, folder);
  const { services, endpoints, runs, seconds } = options;
  say(`Node ${process.versions.node}, Linux ${release()}, ${cpus()[0]?.model ?? 'unknown processor'}`);
  say(`${services} Services × ${endpoints} endpoints; medians of ${runs} runs (lowest–highest)`);
  if (options.only.includes('start')) {
    say(`\n${await measureStarts(options, folder, services === 10_000 && endpoints === 15)}`);
  }
  const chosen = mixes.filter(({ name }) => options.only.includes(name));
  if (chosen.length > 0) {
    say(`\nLoads of ${seconds} s by dnsperf, UDP on loopback`);
    say(await measureLoads(chosen, options, folder));
    say(`\n${chosen.map(({ name, about }) => `${name}: ${about}`).join('\n')}`);
  }
  const [server, client] = allowedCores();
  const cores = server === undefined || client === undefined ? undefined : { server, client };
  if (options.only.some((name) => resolverRows.includes(name))) {
    say("\nExternal names under kubeadm's Corefile, with one upstream on the client's core");
    say(isInstalled('knotd') ? await measureResolver(options, { folder, cores }) : 'knotd is not installed: left out');
  }
  if (options.only.some((name) => promiseRows.includes(name))) {
    say('\nWhat holds whatever happens');
    say(await measurePromises(options, folder, cores));
  }
  return 0;
}

async function measureLoads(chosen: readonly Mix[], options: Options, folder: string): Promise<string> {
  const [serverCore, clientCore] = allowedCores();
  const alone = clientCore === undefined;
  if (alone) say('only one core may be used here: server and client share it, and the rates mean nothing');
  const servers = await startServers({
    size: options,
    folder,
    core: alone ? undefined : serverCore,
    program: options.program,
  });
  if (!servers.some(({ name }) => name === 'knotd')) say('knotd is not installed: no peer is measured');
  const rows: string[][] = [];
  for (const mix of chosen) {
    // One load after another: together they would measure each other.
    // oxlint-disable-next-line no-await-in-loop
    const measured = await measureMix(mix, servers, options, { folder, core: clientCore });
    for (const server of servers) rows.push(row(mix, server, measured.get(server) ?? []));
  }
  await Promise.all(servers.map((server) => server.process.stop()));
  return table(['mix', 'server', 'CPU µs/query', 'queries/s', 'lost', 'MiB resident', 'replies'], rows);
}

/** All runs of a mix; the servers take turns, so that what else the machine does meets all of them. */
async function measureMix(
  mix: Mix,
  servers: readonly Server[],
  options: Options,
  place: { readonly folder: string; readonly core: number | undefined },
): Promise<ReadonlyMap<Server, readonly Measurement[]>> {
  const measured = new Map(servers.map((server) => [server, new Array<Measurement>()]));
  const questions = join(place.folder, 'questions');
  const count = mix.neverRepeats ? HIGHEST_RATE * options.seconds : QUESTIONS;
  /* oxlint-disable no-await-in-loop */
  for (let run = 0; run <= options.runs; run++) {
    await writeLines(questions, questionLines(mix, options, count, mix.neverRepeats ? run * count : 0));
    const isWarmUp = run === 0;
    const seconds = isWarmUp ? Math.min(WARM_UP, options.seconds) : options.seconds;
    for (const server of servers) {
      const measurement = await load(server, { questions, seconds, core: place.core });
      if (!isWarmUp) measured.get(server)?.push(measurement);
    }
  }
  /* oxlint-enable no-await-in-loop */
  rmSync(questions);
  return measured;
}

function row(mix: Mix, server: Server, measurements: readonly Measurement[]): string[] {
  const all = (get: (one: Measurement) => number): readonly number[] => measurements.map(get);
  const cpu = all((one) => one.cpu);
  return [
    mix.name,
    server.name,
    withSpread(cpu, 2),
    withSpread(
      all((one) => one.rate),
      0,
    ),
    String(all((one) => one.lost).reduce((sum, lost) => sum + lost, 0)),
    all((one) => one.resident)
      .at(-1)
      ?.toFixed(0) ?? '',
    [
      replies(mix, server, measurements),
      server.name === 'nodens' && mix.name === 'cluster' && must(median(cpu), CPU_LIMIT, 'µs'),
    ]
      .filter((text) => text !== false)
      .join('; '),
  ];
}

/** The response codes, and whether they are what the mix must get. */
function replies(mix: Mix, server: Server, measurements: readonly Measurement[]): string {
  if (!server.answers) return 'no answers: the questions themselves';
  const shares = new Map<string, number[]>();
  for (const [code, share] of measurements.flatMap(({ rcodes }) => [...rcodes])) {
    shares.set(code, [...(shares.get(code) ?? []), share]);
  }
  const text = [...shares].map(([code, of]) => `${code} ${median(of).toFixed(0)} %`).join(', ');
  const wrong = mix.rcode !== undefined && (shares.size !== 1 || !shares.has(mix.rcode));
  return wrong ? `${text}: WRONG, all must be ${mix.rcode}` : text;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  cleanUp();
}
