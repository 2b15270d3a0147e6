/**
 * What a start from the API server's full list takes: until the program is ready and answers rightly, and what it holds when
 * nothing more happens. And the same start from a snapshot, with an API server that is dead.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuTime, memory } from '../processes.ts';
import type { Api } from './api.ts';
import { type Nodens, type Surroundings, inStepAfter, startNodens, untilReady, untilRight } from './nodens.ts';

export interface Start {
  /** Milliseconds from the start of the process until `/ready` was 200, and until the first right answer. */
  readonly ready: number;
  readonly answered: number;
  /** Milliseconds of processor time until both. */
  readonly processor: number;
  /** Milliseconds from the first request to the API server until everything had been listed, as the log has it. */
  readonly listing: number;
  /** MiB: resident when nothing had happened for a while, and at its highest until then. */
  readonly resident: number;
  readonly highest: number;
}

/** Milliseconds after the first answer at which memory is read. */
const SETTLED = 5_000;
const DEADLINE = 20_000;

/** @param settled milliseconds of quiet before memory is read */
export async function measureStart(around: Surroundings, api: Api, settled = SETTLED): Promise<Start> {
  const nodens = await startNodens(around, api);
  try {
    const [ready, { time }] = await Promise.all([untilReady(nodens), untilRight(nodens, around.size)]);
    const processor = cpuTime(nodens.process.pid) / 1_000;
    await wait(settled);
    const { now, highest } = memory(nodens.process.pid);
    const listing = (inStepAfter(nodens) ?? NaN) * 1_000;
    return { ready, answered: time, processor, listing, resident: now, highest };
  } finally {
    await nodens.process.stop();
  }
}

export interface WarmStart {
  /** Milliseconds from the start of the process to the first right answer. */
  readonly answered: number;
  /** Its Extended DNS Error, which must be 3 (Stale Answer). */
  readonly extendedError: number | undefined;
  readonly ready: number;
  /** Milliseconds of processor time until both. */
  readonly processor: number;
  readonly resident: number;
}

/** Lets the program keep its state, ends it and the API server, and starts it so many times from what it has kept. */
export async function measureWarmStarts(around: Surroundings, api: Api, runs: number): Promise<readonly WarmStart[]> {
  const snapshot = join(around.folder, 'snapshot');
  await keepSnapshot(await startNodens(around, api, snapshot), around, snapshot);
  await api.close();
  const starts: WarmStart[] = [];
  /* oxlint-disable no-await-in-loop -- one start after another */
  for (let run = 0; run < runs; run++) {
    const nodens = await startNodens(around, api, snapshot);
    try {
      const [ready, { time, extendedError }] = await Promise.all([untilReady(nodens), untilRight(nodens, around.size)]);
      const { pid } = nodens.process;
      const processor = cpuTime(pid) / 1_000;
      starts.push({ answered: time, extendedError, ready, processor, resident: memory(pid).now });
    } finally {
      await nodens.process.stop();
    }
  }
  /* oxlint-enable no-await-in-loop */
  return starts;
}

async function keepSnapshot(nodens: Nodens, { size }: Surroundings, snapshot: string): Promise<void> {
  try {
    await untilRight(nodens, size);
    const deadline = performance.now() + DEADLINE;
    while (!existsSync(snapshot) || statSync(snapshot).size === 0) {
      if (performance.now() > deadline) throw new Error(`no snapshot is written:\n${nodens.process.output()}`);
      // oxlint-disable-next-line no-await-in-loop -- until it is there
      await wait(20);
    }
  } finally {
    await nodens.process.stop();
  }
}
