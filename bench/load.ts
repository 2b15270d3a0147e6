/** One load: dnsperf on a core of its own against a server, and what it cost the server. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Report, answerTime, dnsperf, readReport } from './dnsperf.ts';
import { cpuTime, memory, start, temporaryFolder } from './processes.ts';
import type { Server } from './servers.ts';

export interface LoadOptions {
  /** A file of questions. */
  readonly questions: string;
  /** For how long they are asked; once each unless told. */
  readonly seconds?: number;
  readonly transport: 'udp' | 'tcp';
  /** The core that dnsperf runs on; undefined for any. */
  readonly core: number | undefined;
}

export interface Measurement extends Report {
  /** Microseconds of the server's processor time for each query that was answered. */
  readonly cpu: number;
  /** MiB that the server's process holds after the load. */
  readonly resident: number;
}

/** Queries that are under way together: as fast as the server answers, and at a steady rate. */
const FULL_SPEED = 100;
const STEADY = 2_000;

/** Asks as fast as the server answers. */
export async function load(server: Server, { core, ...asking }: LoadOptions): Promise<Measurement> {
  const { pid } = server.process;
  const before = cpuTime(pid);
  const command = dnsperf({ port: server.port, ...asking, inFlight: FULL_SPEED });
  const running = start(command, core === undefined ? {} : { core });
  const status = await running.ended();
  return measured(server, { used: cpuTime(pid) - before, text: running.output(), status });
}

export interface SteadyOptions {
  readonly questions: string;
  readonly seconds: number;
  /** Queries in a second. */
  readonly rate: number;
  readonly core: number | undefined;
}

export interface Steady extends Measurement {
  /** Milliseconds of each answer, Infinity where none came. */
  readonly times: readonly number[];
}

/**
 * Asks at a steady rate, and tells how long each answer took. What dnsperf says of each goes into a file that is read when all is
 * over, since a reader would be a load of its own. It lies in a folder that no server watches: each answer's line would wake them.
 */
export async function steadyLoad(server: Server, options: SteadyOptions): Promise<Steady> {
  const { questions, seconds, rate, core } = options;
  const folder = temporaryFolder();
  const into = join(folder, 'answers');
  const { pid } = server.process;
  const before = cpuTime(pid);
  const command = dnsperf({ port: server.port, questions, seconds, rate, inFlight: STEADY, isVerbose: true });
  const running = start(command, { into, ...(core === undefined ? {} : { core }) });
  const status = await running.ended();
  const used = cpuTime(pid) - before;
  const text = readFileSync(into, 'utf8');
  rmSync(folder, { recursive: true });
  const times = text.split('\n').flatMap((line) => answerTime(line) ?? []);
  return { ...measured(server, { used, text: text.slice(-REPORT) + running.output(), status }), times };
}

/** Characters that hold dnsperf's report at the end of what it prints. */
const REPORT = 4_096;

function measured(
  server: Server,
  { used, text, status }: { readonly used: number; readonly text: string; readonly status: number | null },
): Measurement {
  const report = readReport(text);
  if (status !== 0 || !(report.completed > 0)) throw new Error(`dnsperf against ${server.name} failed:\n${text}`);
  return { ...report, cpu: used / report.completed, resident: memory(server.process.pid).now };
}
