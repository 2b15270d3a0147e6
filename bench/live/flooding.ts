/**
 * A flood of names that nobody ever asks for twice, below the cluster's zone and outside of it, beside clients that ask for
 * names as clusters do: what it takes of memory when the caches are full (relisting.ts has that), and what it does to the
 * answers that were in the cache.
 */
import { get } from 'node:http';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fullName, isHeadless } from '../cluster.ts';
import { dnsperf, readReport } from '../dnsperf.ts';
import { writeLines } from '../files.ts';
import { type Steady, steadyLoad } from '../load.ts';
import { reverseName } from '../manifests.ts';
import { start } from '../processes.ts';
import { quantile } from '../promises/asking.ts';
import { questionLines } from '../queries.ts';
import type { Api } from './api.ts';
import { type Nodens, type Surroundings, startNodens, untilRight } from './nodens.ts';
import { type Loaded, steadyLoad as beginLoad } from './steady.ts';

/** External names that fill `cache`: twice what it holds of each kind unless told otherwise. */
const EXTERNAL_NAMES = 20_000;
/** Names that do not exist, by which the answer cache is filled beside those that do. */
const ABSENT_NAMES = 50_000;
/** How often each of those is asked in a row: an answer may be kept at the second sight of its name, or at the third. */
const SIGHTS = 3;
const FILLING = 50;

/** Fills `cache` with external names and the answer cache with names of the cluster; resolves when all have been answered. */
export async function fillCaches({ folder, size, cores }: Surroundings, { dnsPort }: Nodens): Promise<void> {
  const questions = join(folder, 'filling');
  await writeLines(
    questions,
    fillingLines(size.services, (i) => fullName(i, size)),
  );
  const command = dnsperf({ port: dnsPort, questions, inFlight: FILLING });
  const filling = start(command, cores === undefined ? {} : { core: cores.client });
  await filling.ended();
  const { completed, lost } = readReport(filling.output());
  if (lost !== 0 || !(completed > EXTERNAL_NAMES)) throw new Error(`the caches are not full:\n${filling.output()}`);
}

function* fillingLines(services: number, nameOf: (service: number) => string): Generator<string> {
  for (let i = 0; i < services; i++) {
    const name = nameOf(i);
    yield `${name} A\n`.repeat(SIGHTS);
    yield `${name} AAAA\n`.repeat(SIGHTS);
    yield (isHeadless(i) ? `_http._tcp.${name} SRV\n` : `${reverseName(i)} PTR\n`).repeat(SIGHTS);
  }
  for (let i = 0; i < ABSENT_NAMES; i++) yield `absent-${i}.${nameOf(i % services)} A\n`.repeat(SIGHTS);
  for (let i = 0; i < EXTERNAL_NAMES; i++) yield `external-${i}.example A\n`.repeat(SIGHTS);
}

export interface FloodOptions {
  /** Names in a second. */
  readonly rate: number;
  /** For which there are names; the flood is to be ended before. */
  readonly seconds: number;
}

/** Begins a flood; the result ends it. */
export async function beginFlood(
  { folder, size, cores }: Surroundings,
  { dnsPort }: Nodens,
  { rate, seconds }: FloodOptions,
): Promise<() => Promise<Loaded>> {
  const questions = join(folder, 'flood');
  await writeLines(questions, questionLines('flood', size, rate * seconds));
  return beginLoad({ port: dnsPort, questions, rate, core: cores?.client });
}

export interface WorkingSet {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time of the server for each answer to the working set, whatever else it answered. */
  readonly cpu: number;
  /** The share of its questions that the answer cache answered, from 0 to 1. */
  readonly hits: number;
  readonly lost: number;
}

export interface Flooded {
  readonly alone: WorkingSet;
  readonly beside: WorkingSet;
  /** What was sent of the flood, and what of it had no answer. */
  readonly flood: Loaded;
}

export interface WorkingSetOptions {
  /** Of the working set, and of the flood: queries in a second. */
  readonly rate: number;
  readonly flood: number;
  /** Of each measurement. */
  readonly seconds: number;
}

/** Questions of the working set: all of them come round in half a second. */
const WORKING_SET = 5_000;
/** Seconds that the working set is asked for, and that the flood runs, before anything counts. */
const BEFORE = 3;
/** Seconds of flood that are written beyond what should be needed. */
const SPARE = 10;

/** How the mixture of questions is answered alone, and then beside a flood. */
export async function measureFlood(around: Surroundings, api: Api, options: WorkingSetOptions): Promise<Flooded> {
  const { rate, flood, seconds } = options;
  const nodens = await startNodens(around, api);
  try {
    await untilRight(nodens, around.size);
    const questions = join(around.folder, 'working-set');
    await writeLines(questions, questionLines('real', around.size, WORKING_SET));
    const measure = (length: number): Promise<WorkingSet> =>
      workingSet(around, nodens, { questions, rate, seconds: length });
    await measure(BEFORE);
    const alone = await measure(seconds);
    const end = await beginFlood(around, nodens, { rate: flood, seconds: BEFORE + seconds + SPARE });
    await wait(BEFORE * 1_000);
    const beside = await measure(seconds);
    return { alone, beside, flood: await end() };
  } finally {
    await nodens.process.stop();
  }
}

async function workingSet(
  { cores }: Surroundings,
  nodens: Nodens,
  load: { readonly questions: string; readonly rate: number; readonly seconds: number },
): Promise<WorkingSet> {
  const before = await hitsOf(nodens);
  const server = { name: 'nodens', port: nodens.dnsPort, process: nodens.process } as const;
  const steady: Steady = await steadyLoad(server, { ...load, core: cores?.client });
  // No name of the flood comes twice: it misses always, and every hit is the working set's.
  const hits = ((await hitsOf(nodens)) - before) / steady.completed;
  const { times, cpu, lost } = steady;
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), cpu, hits, lost };
}

/**
 * Hits of the answer cache so far, over all servers.
 * @throws Error where the program does not count them
 */
async function hitsOf({ httpPort }: Nodens): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = get({ host: '127.0.0.1', port: httpPort, path: '/metrics' }, (response) => {
    textOf(response).then(resolve, reject);
  });
  request.on('error', reject);
  const series = [...(await promise).matchAll(/^nodens_answer_cache_hits_total(?:\{.*\})? (\S+)$/gm)];
  if (series.length === 0) throw new Error('the program does not count hits of the answer cache');
  return series.reduce((sum, [, value]) => sum + Number(value), 0);
}
