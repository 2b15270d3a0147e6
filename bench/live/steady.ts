/** A steady load on a server while something else happens: dnsperf with the real mixture of questions. */
import { join } from 'node:path';
import { answerTime, dnsperf, readReport } from '../dnsperf.ts';
import { writeLines } from '../files.ts';
import { start } from '../processes.ts';
import { questionLines } from '../queries.ts';
import type { Surroundings } from './nodens.ts';

export interface Loaded {
  readonly sent: number;
  readonly lost: number;
}

const QUESTIONS = 50_000;
/** Queries that are under way together at most. */
const IN_FLIGHT = 2_000;
/** Seconds that no load lasts. */
const LONG = 3_600;
/** dnsperf stands back behind clients that measure. */
const NICENESS = 5;

export async function writeQuestions({ folder, size }: Surroundings): Promise<string> {
  const questions = join(folder, 'real');
  await writeLines(questions, questionLines('real', size, QUESTIONS));
  return questions;
}

export interface SteadyOptions {
  readonly port: number;
  /** A file of questions. */
  readonly questions: string;
  /** Queries in a second. */
  readonly rate: number;
  readonly core: number | undefined;
  /** Is given the milliseconds of each answer as soon as it is there, Infinity where none came; dnsperf then has its full share. */
  readonly watch?: (took: number) => void;
}

/** Begins a load; the result ends it. */
export function steadyLoad({ port, questions, rate, core, watch }: SteadyOptions): () => Promise<Loaded> {
  const command = dnsperf({
    port,
    questions,
    seconds: LONG,
    rate,
    inFlight: IN_FLIGHT,
    isVerbose: watch !== undefined,
  });
  const words =
    watch === undefined
      ? (['nice', '-n', String(NICENESS), ...command] as const)
      : // Line by line, since when a line comes tells when the answer came.
        (['stdbuf', '-oL', ...command] as const);
  const on = core === undefined ? {} : { core };
  const running = start(words, watch === undefined ? on : { ...on, watch: latencyReader(watch) });
  return async () => {
    process.kill(running.pid, 'SIGINT');
    await running.ended();
    const { sent, lost } = readReport(running.output());
    return { sent, lost };
  };
}

function latencyReader(watch: (took: number) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const took = answerTime(line);
      if (took !== undefined) watch(took);
    }
  };
}
