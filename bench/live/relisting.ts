/**
 * Everything is listed anew, as after a restart of the API server, while clients ask: how much memory that takes at its
 * highest, and how long answers take meanwhile.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { memory } from '../processes.ts';
import type { Api } from './api.ts';
import { Asker } from './asker.ts';
import { LISTED, countedName, tellsOf } from './counted.ts';
import { beginFlood, fillCaches } from './flooding.ts';
import { type Nodens, type Surroundings, startNodens, untilRight } from './nodens.ts';
import { steadyLoad, writeQuestions } from './steady.ts';

/** Milliseconds for everything to be listed. */
const DEADLINE = 30_000;
/** Milliseconds that a list under a flood should not take, for which there are names that never repeat. */
const SLOW_LIST = 5_000;
/** Milliseconds of load before the first list. */
const QUIET = 500;
/** Milliseconds between questions for whether it has been. */
const PAUSE = 5;
/** What is written to `clear_refs` so that the highest resident memory counts from now on (proc(5)). */
const RESET_HIGHEST = '5';

export interface Peak {
  /** MiB resident: before the first list, and the highest of all until the first was read, and until the last. */
  readonly before: number;
  readonly first: number;
  readonly highest: number;
  /** Milliseconds from the end of the watches until the list was answered from, for each. */
  readonly took: readonly number[];
  /** Queries, those of a flood included. */
  readonly sent: number;
  readonly lost: number;
}

export interface PeakOptions {
  readonly relists: number;
  /** Milliseconds from one list to the next. */
  readonly pause: number;
  /** Queries in a second. */
  readonly rate: number;
  /** Names in a second that never repeat, asked beside them with caches that are full; neither unless told. */
  readonly flood?: number;
}

export async function measurePeak(around: Surroundings, api: Api, options: PeakOptions): Promise<Peak> {
  const { relists, pause, rate, flood } = options;
  return withNodens(around, api, async (nodens) => {
    const { pid } = nodens.process;
    const questions = await writeQuestions(around);
    if (flood !== undefined) await fillCaches(around, nodens);
    const seconds = (relists * (pause + SLOW_LIST)) / 1_000;
    const endFlood = flood === undefined ? undefined : await beginFlood(around, nodens, { rate: flood, seconds });
    const end = steadyLoad({ port: nodens.dnsPort, questions, rate, core: around.cores?.client });
    await wait(QUIET);
    const before = memory(pid).now;
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_HIGHEST);
    const took: number[] = [];
    let first = 0;
    for (let i = 0; i < relists; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one list after another
      if (i > 0) await wait(pause);
      // oxlint-disable-next-line no-await-in-loop
      took.push(await relist(nodens, api));
      if (i === 0) first = memory(pid).highest;
    }
    const { highest } = memory(pid);
    const [{ sent, lost }, others] = [await end(), await endFlood?.()];
    return { before, first, highest, took, sent: sent + (others?.sent ?? 0), lost: lost + (others?.lost ?? 0) };
  });
}

export interface Latencies {
  /** Milliseconds of each answer, Infinity where none came: while the list was under way, and before. */
  readonly during: readonly number[];
  readonly quiet: readonly number[];
  /** Milliseconds from the end of the watches until the list was answered from. */
  readonly took: number;
}

export interface LatencyOptions {
  /** Queries in a second. */
  readonly rate: number;
  /** Seconds of load before anything counts, since the JavaScript engine compiles while it runs, and before the list. */
  readonly warmUp: number;
  readonly quiet: number;
}

export async function measureLatencies(around: Surroundings, api: Api, options: LatencyOptions): Promise<Latencies> {
  return withNodens(around, api, async (nodens) => {
    const questions = await writeQuestions(around);
    let heard: number[] = [];
    const end = steadyLoad({
      port: nodens.dnsPort,
      questions,
      rate: options.rate,
      core: around.cores?.client,
      watch: (took) => heard.push(took),
    });
    await wait(options.warmUp * 1_000);
    heard = [];
    await wait(options.quiet * 1_000);
    const quiet = heard;
    heard = [];
    const took = await relist(nodens, api);
    const during = heard;
    await end();
    return { during, quiet, took };
  });
}

/** Resolves with the milliseconds until an answer knows that everything has been listed again. */
async function relist(nodens: Nodens, api: Api): Promise<number> {
  const began = performance.now();
  const asker = new Asker(nodens.dnsPort);
  try {
    const count = await api.relist();
    const { at } = await asker.until(countedName(LISTED, count), tellsOf(count), { deadline: DEADLINE, pause: PAUSE });
    return at - began;
  } finally {
    asker.close();
  }
}

async function withNodens<T>(around: Surroundings, api: Api, measure: (nodens: Nodens) => Promise<T>): Promise<T> {
  const nodens = await startNodens(around, api);
  try {
    await untilRight(nodens, around.size);
    return await measure(nodens);
  } finally {
    await nodens.process.stop();
  }
}
