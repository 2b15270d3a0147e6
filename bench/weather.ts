/**
 * What else the machine does while something is measured: the processor time that went to others, in cores, and to other machines on
 * the same ones; and how fast a core is. Figures from a machine that was busy are worse than the program is, and above all how long the
 * slowest answers take. Linux only.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { childrenOf } from './processes.ts';

/** Some tens of milliseconds of work. */
const REPEATS = 50;

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Milliseconds that a fixed piece of work takes here and now. Cores that share their units with others, or their clock with
 * the heat of the house, give a program less than its share of time says.
 */
function pace(): number {
  const text = JSON.stringify(
    Array.from({ length: 2_000 }, (_, i) => ({ name: `endpoint-${i}`, addresses: [`10.0.0.${i % 256}`] })),
  );
  const began = performance.now();
  for (let i = 0; i < REPEATS; i++) JSON.parse(text);
  return performance.now() - began;
}

/** Begins to measure; the result tells of the time since: `0.09 cores, pace 54 and 50 ms`. */
export function weather(): () => string {
  const before = pace();
  const [began, busy, own] = [performance.now(), busySeconds(), secondsOf(process.pid)];
  return () => {
    const elapsed = (performance.now() - began) / 1_000;
    const others = Math.max(0, (busySeconds() - busy - (secondsOf(process.pid) - own)) / elapsed);
    return `${others.toFixed(2)} cores, pace ${before.toFixed(0)} and ${pace().toFixed(0)} ms`;
  };
}

/** Processor time of the whole machine since it started. */
function busySeconds(): number {
  const [, line = ''] = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}

/** Processor time of a process and of all that it has started, those that have ended included. */
function secondsOf(pid: number): number {
  let stat: string;
  let children: readonly number[];
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    children = childrenOf(pid);
  } catch {
    // It has ended in this moment.
    return 0;
  }
  // The second field is the command's name in parentheses; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / ticksPerSecond + children.reduce((sum, child) => sum + secondsOf(child), 0);
}
