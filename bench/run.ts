/**
 * `npm run bench`: what a query costs, how long answers take, what a start costs, and what holds whatever happens. README.md
 * beside this file says what the figures are.
 *
 *     cluster.ts ─► manifests.ts ─► lineup.ts: nodens | knotd | unbound | coredns | echo   (one core)
 *          └──────► queries.ts ───► load.ts: dnsperf                                       (another core)
 *     rows.ts ─► costs.ts | latency.ts | missing.ts | starts.ts | promises/ ─► table.ts ─► report.ts
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { builtInCorefile, describeCorefiles, hasUpstream } from './corefiles.ts';
import { costTable } from './cost-table.ts';
import { type RowCosts, measureCosts } from './costs.ts';
import { describeTurns, measureLatency } from './latency.ts';
import { Lineup } from './lineup.ts';
import { measureMissing } from './missing.ts';
import { type Options, readOptions, usage } from './options.ts';
import { cleanUp, cleanUpAtExit, isInstalled, obstacle, temporaryFolder, twoCores } from './processes.ts';
import { measurePromises } from './promises/promises.ts';
import { mixes } from './queries.ts';
import { Report, describeMachine } from './report.ts';
import { costRows, otherCostRows, promiseRows } from './rows.ts';
import { measureSearchPath, searchPathObstacle } from './searchpath/searchpath.ts';
import { measureStarts } from './starts.ts';
import { weather } from './weather.ts';

/** Seconds of each half of the row `miss` at least. */
const SHORTEST_MISSING = 5;
/** How often each of 200 names is looked up for the row `searchpath`. */
const LOOKUPS = 20;

const report = new Report();
const say = (text: string): void => report.say(text);

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const why = obstacle({ dnsperf: 'dnsperf' });
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  cleanUpAtExit();
  const folder = temporaryFolder();
  const cores = twoCores();
  const { services, endpoints, runs, only, program } = options;
  say(describeMachine());
  say(`${services} Services × ${endpoints} endpoints; medians of ${runs} runs (lowest–highest)`);
  if (cores === undefined)
    say('only one core may be used here: server and client share it, and the rates mean nothing');
  if (only.includes('start')) {
    say(`\n${await measureStarts(options, folder, services === 10_000 && endpoints === 15)}`);
  }
  const lineup = new Lineup({ size: { services, endpoints }, folder, cores, program });
  try {
    await measureQueries(lineup, options);
  } finally {
    await lineup.stop();
  }
  if (only.includes('searchpath')) {
    say("\nLook-ups of external names by glibc with a pod's search path, with `searchpath { complete }` and without");
    say(searchPathObstacle() ?? measureSearchPath(program, folder, runs, LOOKUPS));
  }
  if (only.some((name) => promiseRows.includes(name))) {
    say('\nWhat holds whatever happens');
    say(await measurePromises(options, folder, cores));
  }
  if (options.writes) report.write(args);
  return 0;
}

async function measureQueries(lineup: Lineup, options: Options): Promise<void> {
  const { only, seconds, runs, program, servers } = options;
  const rows = [...costRows, ...otherCostRows].filter(({ name }) => only.includes(name));
  const needsUpstream = (name: string): boolean => !isInstalled('knotd') && only.includes(name);
  const costs: RowCosts[] = [];
  for (const row of rows) {
    if (hasUpstream(row.corefile) && needsUpstream(row.name)) continue;
    // The table has to wait for its last row.
    process.stderr.write(`${row.name} …\n`);
    // oxlint-disable-next-line no-await-in-loop -- together they would measure each other
    costs.push(await measureCosts(row, lineup, { seconds, runs, servers }));
  }
  if (costs.length > 0) {
    say(
      `\nLoads of ${seconds} s by dnsperf on loopback, UDP unless the row says TCP, 16 clients, 100 queries under way`,
    );
    say(costTable(costs));
    say(`\n${costs.map(({ row }) => `${row.name}: ${mixes[row.mix].about}`).join('\n')}`);
  }
  if (['ext', 'real', 'stock', 'latency', 'miss'].some(needsUpstream)) {
    say('\next, real, stock, latency and miss are left out: their upstream is knotd, which is not installed');
  } else {
    if (only.includes('latency')) {
      say(`\nThe mixture at a steady rate, ${describeTurns(runs)}`);
      const names = (['nodens', 'nodens dgram', 'echo'] as const).filter((name) => servers.includes(name));
      const told = weather();
      say(await measureLatency(lineup, runs, names));
      say(`\nWhat other programs and machines used meanwhile: ${told()}`);
    }
    if (only.includes('miss')) {
      say('\n20,000 external names a second that never repeat');
      say(await measureMissing(lineup, Math.max(seconds, SHORTEST_MISSING)));
    }
  }
  if (costs.length > 0) {
    const empty = join(lineup.place.folder, 'empty');
    mkdirSync(empty);
    say(`\n${describeCorefiles(builtInCorefile(program, empty))}`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  cleanUp();
}
