/** One load: dnsperf on a core of its own against a server, and what it cost the server. */
import { cpuTime, memory, start } from './processes.ts';
import type { Server } from './servers.ts';

export interface LoadOptions {
  /** A file of questions. */
  readonly questions: string;
  readonly seconds: number;
  /** The core that dnsperf runs on; undefined for any. */
  readonly core: number | undefined;
}

export interface Measurement {
  /** Microseconds of the server's processor time for each query that was answered. */
  readonly cpu: number;
  /** Answers in a second. */
  readonly rate: number;
  readonly lost: number;
  /** MiB that the server's process holds after the load. */
  readonly resident: number;
  /** Response codes with their share in per cent. */
  readonly rcodes: ReadonlyMap<string, number>;
}

/** Clients that dnsperf plays, and queries that are under way together. */
const CLIENTS = 16;
const IN_FLIGHT = 100;

export async function load(server: Server, options: LoadOptions): Promise<Measurement> {
  const { questions, seconds, core } = options;
  const { pid } = server.process;
  const before = cpuTime(pid);
  const target = ['-s', '127.0.0.1', '-p', String(server.port), '-d', questions];
  const amount = ['-l', String(seconds), '-c', String(CLIENTS), '-q', String(IN_FLIGHT)];
  const dnsperf = start(['dnsperf', ...target, ...amount], core === undefined ? {} : { core });
  const status = await dnsperf.ended();
  const used = cpuTime(pid) - before;
  const report = dnsperf.output();
  const completed = figure(report, 'Queries completed');
  if (status !== 0 || completed === 0) throw new Error(`dnsperf against ${server.name} failed:\n${report}`);
  return {
    cpu: used / completed,
    rate: figure(report, 'Queries per second'),
    lost: figure(report, 'Queries lost'),
    resident: memory(pid).now,
    rcodes: responseCodes(report),
  };
}

function figure(report: string, label: string): number {
  return Number(new RegExp(`${label}:\\s*([\\d.]+)`).exec(report)?.[1] ?? 0);
}

function responseCodes(report: string): ReadonlyMap<string, number> {
  const line = /^\s*Response codes:(.*)$/m.exec(report)?.[1] ?? '';
  return new Map([...line.matchAll(/(\w+) \d+ \(([\d.]+)%\)/g)].map(([, name = '', share]) => [name, Number(share)]));
}
