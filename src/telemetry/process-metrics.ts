/**
 * What the process tells about itself at each scrape: time, memory, files, heap, how late the event loop is, which build
 * it is. Nothing is measured between scrapes but the delay of the event loop, by one timer, and that only where somebody scrapes.
 *
 * The names are those of Prometheus's libraries: `process_*` of all of them, `nodejs_*` of the one for Node.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { type HeapInfo, getHeapStatistics } from 'node:v8';
import { residentMemory } from '../resident-memory.ts';
import type { LogWriter } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Milliseconds between two looks at how late the event loop is: each wakes an idle process. */
const DELAY_RESOLUTION = 50;
const NANOSECONDS = 1e9;

/**
 * Adds all of it. The result takes it out again and stops the timer.
 *
 * @param version of the program
 */
export function observeProcess(metrics: Metrics, version: string): () => void {
  const withdrawals = [
    observeBuild(metrics, version),
    ...observeSystem(metrics),
    ...observeHeap(metrics),
    ...observeEventLoop(metrics),
  ];
  return () => {
    for (const withdraw of withdrawals) withdraw();
  };
}

/** Lines that the log lost because its reader did not keep up. The result takes the metric out again. */
export function observeLog(metrics: Metrics, log: LogWriter): () => void {
  return metrics.collectCounter(
    'nodens_log_lines_dropped_total',
    'Lines of the log that were dropped because its reader did not keep up.',
    [],
    (set) => set(log.dropped),
  );
}

function observeBuild(metrics: Metrics, version: string): () => void {
  return metrics.collect(
    'coredns_build_info',
    'Always 1: the version of the program, and in goversion that of Node.',
    ['version', 'revision', 'goversion'],
    (set) => set(1, version, '', process.version),
  );
}

function observeSystem(metrics: Metrics): readonly (() => void)[] {
  const started = performance.timeOrigin / 1000;
  const gauge = (name: string, help: string, read: () => number | undefined): (() => void) =>
    metrics.collect(name, help, [], (set) => {
      const value = read();
      if (value !== undefined) set(value);
    });
  return [
    metrics.collectCounter(
      'process_cpu_seconds_total',
      'Processor time of the process, user and system.',
      [],
      (set) => {
        const { user, system } = process.cpuUsage();
        set((user + system) / 1e6);
      },
    ),
    gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.', residentMemory),
    gauge('process_virtual_memory_bytes', 'Address space of the process.', virtualMemory),
    gauge('process_start_time_seconds', 'When the process started, in seconds since the epoch.', () => started),
    gauge('process_open_fds', 'Files and sockets that are open.', openFiles),
    gauge('process_max_fds', 'Files and sockets that may be open.', maxFiles),
  ];
}

function observeHeap(metrics: Metrics): readonly (() => void)[] {
  const gauge = (name: string, help: string, read: (usage: HeapInfo) => number): (() => void) =>
    metrics.collect(name, help, [], (set) => set(read(getHeapStatistics())));
  return [
    gauge('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', ({ total_heap_size: size }) => size),
    gauge('nodejs_heap_size_used_bytes', 'What of the JavaScript heap is in use.', ({ used_heap_size: used }) => used),
    gauge(
      'nodejs_external_memory_bytes',
      'Memory beside the heap that its objects hold.',
      ({ external_memory: external }) => external,
    ),
  ];
}

/** Both are since the last scrape, whoever made it; the delay is 0 at the first. */
function observeEventLoop(metrics: Metrics): readonly (() => void)[] {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION });
  // The histogram holds times between two looks, so that what is due is taken off.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - DELAY_RESOLUTION / 1000);
  let utilization = performance.eventLoopUtilization();
  return [
    metrics.collect(
      'nodens_event_loop_delay_seconds',
      'How late the event loop was since the last scrape; the quantile 1 is the worst case.',
      ['quantile'],
      (set) => {
        for (const quantile of [0.5, 0.99, 1]) set(late(delay.percentile(quantile * 100)), String(quantile));
        delay.reset();
        delay.enable();
      },
    ),
    metrics.collect(
      'nodens_event_loop_utilization',
      'The part of the time since the last scrape in which the event loop was at work.',
      [],
      (set) => {
        const now = performance.eventLoopUtilization();
        set(performance.eventLoopUtilization(now, utilization).utilization);
        utilization = now;
      },
    ),
    () => delay.disable(),
  ];
}

/** Linux: field 23 of proc_pid_stat(5), counted behind the program's name, which may hold anything. */
function virtualMemory(): number | undefined {
  const stat = readText('/proc/self/stat');
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const value = Number(fields?.[20]);
  return Number.isFinite(value) ? value : undefined;
}

function openFiles(): number | undefined {
  try {
    // Without the one that this reading takes itself.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

/** The soft limit: proc_pid_limits(5). */
function maxFiles(): number | undefined {
  const limit = /^Max open files +(\d+|unlimited)/m.exec(readText('/proc/self/limits') ?? '')?.[1];
  if (limit === undefined) return undefined;
  return limit === 'unlimited' ? Infinity : Number(limit);
}

/** Undefined where there is no such file: not on Linux. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
