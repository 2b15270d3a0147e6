/**
 * External names that no cache has: whether each gets its answer at a steady rate, and whether memory stops growing when the
 * cache is full. The program runs under kubeadm's Corefile, its upstream on the client's core.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLines } from './files.ts';
import type { Lineup } from './lineup.ts';
import { steadyLoad, type Steady } from './load.ts';
import { memory } from './processes.ts';
import { quantile } from './promises/asking.ts';
import { questionLines } from './queries.ts';
import type { Server } from './servers.ts';
import { table } from './table.ts';

/** Queries in a second. */
const RATE = 20_000;
/** Of that rate, what counts as the whole of it. */
const KEPT_UP = 0.98;
/** MiB by which the process may still grow when the cache is full. */
const GROWTH = 32;

/** @param seconds of each half of the load */
export async function measureMissing(lineup: Lineup, seconds: number): Promise<string> {
  const nodens = await lineup.server('nodens', 'kubeadm');
  const { pid } = nodens.process;
  await askNew(lineup, nodens, 0, seconds);
  const { highest: full } = memory(pid);
  const steady = await askNew(lineup, nodens, 1, seconds);
  const { highest } = memory(pid);
  const { cpu, rate, lost, times, rcodes } = steady;
  const growth = highest - full;
  const isRight = rcodes.size === 1 && rcodes.has('NOERROR');
  const figures = [
    `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`,
    `must lose none: ${lost === 0 ? 'met' : 'MISSED'}`,
    `aim ${RATE} a second: ${rate >= RATE * KEPT_UP ? 'met' : 'MISSED'}`,
    `must grow by ≤ ${GROWTH} MiB in the second half: ${growth <= GROWTH ? 'met' : 'MISSED'}`,
    ...(isRight ? [] : [`WRONG: ${[...rcodes.keys()].join(' ')}`]),
  ];
  return table(
    ['row', 'server', 'CPU µs/query', 'queries/s', 'lost', 'MiB highest', 'figures'],
    [['miss', nodens.name, cpu.toFixed(2), rate.toFixed(0), String(lost), highest.toFixed(0), figures.join('; ')]],
  );
}

async function askNew({ place }: Lineup, server: Server, half: number, seconds: number): Promise<Steady> {
  const questions = join(place.folder, 'missing.questions');
  const count = RATE * (seconds + 1);
  await writeLines(questions, questionLines('missing', place.size, count, half * count));
  const steady = await steadyLoad(server, { questions, seconds, rate: RATE, core: place.cores?.client });
  rmSync(questions);
  return steady;
}
