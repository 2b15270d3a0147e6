/** A steady load on a server while something else happens: dnsperf with the real mixture of questions. */
import { join } from 'node:path';
import { writeLines } from '../files.ts';
import { start } from '../processes.ts';
import { mixes, questionLines } from '../queries.ts';
import type { Surroundings } from './nodens.ts';

export interface Loaded {
  readonly sent: number;
  readonly lost: number;
}

const QUESTIONS = 50_000;
/** Seconds after which an answer is no longer waited for. */
const LOST = 5;
/** dnsperf stands back behind clients that measure. */
const NICENESS = 5;

export async function writeQuestions({ folder, size }: Surroundings): Promise<string> {
  const questions = join(folder, 'real');
  const mix = mixes.find(({ name }) => name === 'real');
  if (mix === undefined) throw new Error('there is no mix of questions called real');
  await writeLines(questions, questionLines(mix, size, QUESTIONS));
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
  const target = ['-s', '127.0.0.1', '-p', String(port), '-d', questions, '-l', '3600'];
  const amount = ['-c', '16', '-q', '2000', '-Q', String(rate), '-t', String(LOST)];
  const dnsperf = ['dnsperf', ...target, ...amount] as const;
  const command =
    watch === undefined
      ? (['nice', '-n', String(NICENESS), ...dnsperf] as const)
      : // Line by line, since when a line comes tells when the answer came.
        (['stdbuf', '-oL', ...dnsperf, '-v'] as const);
  const on = core === undefined ? {} : { core };
  const running = start(command, watch === undefined ? on : { ...on, watch: latencyReader(watch) });
  return async () => {
    process.kill(running.pid, 'SIGINT');
    await running.ended();
    const report = running.output();
    const figure = (label: string): number => Number(new RegExp(`${label}:\\s*(\\d+)`).exec(report)?.[1] ?? NaN);
    return { sent: figure('Queries sent'), lost: figure('Queries lost') };
  };
}

/** Reads what `dnsperf -v` prints: `> NOERROR name A 0.000123`, in seconds, or `> T name A` where no answer came. */
function latencyReader(watch: (took: number) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('> ')) continue;
      const seconds = line.startsWith('> T ') ? Infinity : Number(line.slice(line.lastIndexOf(' ') + 1));
      if (!Number.isNaN(seconds)) watch(seconds * 1_000);
    }
  };
}
