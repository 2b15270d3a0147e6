/**
 * `npm run bench:cluster`: what it costs to keep up with an API server, at the start, at rest, and on its bad days. README.md
 * in the folder above says what the figures are.
 *
 *     ../cluster.ts ─► api-process.ts: the API server ─ TLS ─► nodens ◄─ UDP ─ dnsperf, clients that measure
 *                      (one core)                     (another core)          (the first core)
 *     rows.ts ─► starting.ts | relisting.ts | changing.ts ─► figures.ts ─► a table
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { cleanUp, cleanUpAtExit, obstacle, temporaryFolder, twoCores } from '../processes.ts';
import { openUpstream } from '../promises/upstream.ts';
import { table } from '../table.ts';
import { weather } from '../weather.ts';
import { figureRow, heading } from './figures.ts';
import type { Surroundings } from './nodens.ts';
import { type Options, readOptions, rowNames, usage } from './options.ts';
import { rows } from './rows.ts';

/** Of external names, in seconds: longer than a cache may keep them under kubeadm's Corefile. */
const TTL = 300;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    say(usage);
    return 0;
  }
  const why = obstacle({ dnsperf: 'dnsperf', nice: 'coreutils', stdbuf: 'coreutils' });
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  cleanUpAtExit();
  const cores = twoCores();
  const { services, endpoints, runs } = options;
  say(`Node ${process.versions.node}, Linux ${release()}, ${cpus()[0]?.model ?? 'unknown processor'}`);
  say(`${services} Services × ${endpoints} endpoints; medians of ${runs} runs (lowest–highest); ${options.program}`);
  if (cores === undefined) say('only one core may be used here: all processes share it, and the times mean nothing');
  // This process measures too: beside the load, away from the server.
  else execFileSync('taskset', ['-a', '-c', '-p', String(cores.client), String(process.pid)], { stdio: 'ignore' });
  const upstream = await openUpstream(TTL);
  try {
    await measure(options, cores, upstream.port);
  } finally {
    upstream.close();
  }
  return 0;
}

async function measure(options: Options, cores: Surroundings['cores'], upstream: number): Promise<void> {
  const { services, endpoints, program, flags, runs, isQuick } = options;
  const limitsHold = services === 10_000 && endpoints === 15;
  const folder = temporaryFolder();
  const lines: string[][] = [];
  const skies: string[] = [];
  for (const name of rowNames.filter((one) => options.only.has(one))) {
    const around = { program, flags, folder: join(folder, name), cores, size: { services, endpoints }, upstream };
    const told = weather();
    // oxlint-disable-next-line no-await-in-loop -- together they would measure each other
    const figures = await rows[name]({ around, runs, isQuick });
    skies.push(`${name} ${told()}`);
    lines.push(...figures.map((figure) => figureRow(figure, limitsHold)));
  }
  say(`\n${table(heading, lines)}`);
  say(
    `\nWhat other programs and machines used meanwhile: ${skies.join('; ')}; load average ${loadavg()[0]?.toFixed(1) ?? ''}`,
  );
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  cleanUp();
}
