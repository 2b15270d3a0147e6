/**
 * The processes of a benchmark and its files: started on a core of their own, measured through /proc, and gone when the
 * benchmark ends, however it ends. Linux only.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Milliseconds that a process has to end after SIGTERM; then it is killed. */
const PATIENCE = 5_000;

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Kills everything and removes all files at once: the last thing that a benchmark does. */
export function cleanUp(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** Cleans up when the benchmark ends, is interrupted, or fails. */
export function cleanUpAtExit(): void {
  process.on('exit', cleanUp);
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
}

/** A new folder for files of this benchmark. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-bench-'));
  folders.add(folder);
  return folder;
}

export function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * What keeps benchmarks that run these commands from running here; undefined where nothing does.
 * @param tools commands, and the packages of Debian and Ubuntu that have them
 */
export function obstacle(tools: Readonly<Record<string, string>>): string | undefined {
  if (process.platform !== 'linux') return 'the benchmarks read /proc and pin processes to cores: they need Linux';
  const missing = Object.entries({ ...tools, taskset: 'util-linux', getconf: 'libc-bin' }).filter(
    ([command]) => !isInstalled(command),
  );
  if (missing.length === 0) return undefined;
  const names = missing.map(([command]) => command).join(' and ');
  return `${names} not found; on Debian and Ubuntu: apt-get install ${missing.map(([, name]) => name).join(' ')}`;
}

/** A core for what is measured and one for those who ask. */
export interface Cores {
  readonly server: number;
  readonly client: number;
}

/** Undefined where only one core may be used: all processes share it then. */
export function twoCores(): Cores | undefined {
  const [server, client] = allowedCores();
  return server === undefined || client === undefined ? undefined : { server, client };
}

/** The cores that this process may use. */
function allowedCores(): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

export interface Running {
  readonly pid: number;
  /** What it printed, standard error included; the last of it where that is long. */
  output(): string;
  /** Resolves with the exit status when it has ended by itself; null where a signal ended it. */
  ended(): Promise<number | null>;
  stop(): Promise<void>;
}

/** Puts all threads of a process on one core, those too that have chosen another by themselves. */
export function holdTo(core: number, { pid }: Running): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}

const KEPT_OUTPUT = 65_536;

interface StartOptions {
  readonly core?: number;
  readonly cwd?: string;
  /** Is given all that is printed, piece by piece. */
  readonly watch?: (text: string) => void;
  /** A file for standard output, which is then neither kept nor watched: what nobody reads while it runs disturbs nobody. */
  readonly into?: string;
}

/** Starts a command, on one core or wherever the system likes. */
export function start(command: readonly [string, ...string[]], options: StartOptions = {}): Running {
  const { core, cwd, watch, into } = options;
  const [program, ...args] = core === undefined ? command : (['taskset', '-c', String(core), ...command] as const);
  const file = into === undefined ? undefined : openSync(into, 'w');
  const child = spawn(program, args, {
    stdio: ['ignore', file ?? 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (file !== undefined) closeSync(file);
  running.add(child);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    watch?.(chunk.toString());
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ending = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  ending.catch(() => undefined);
  return {
    // A process that could not be started says so through `ended`.
    pid: child.pid ?? 0,
    output: () => output,
    ended: () => ending,
    stop: async () => {
      const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(impatient);
    },
  };
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Microseconds of processor time that a process has used, all its threads, user and system together. */
export function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the command's name in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

/** Resident memory in MiB: `now`, and at its highest. */
export function memory(pid: number): { readonly now: number; readonly highest: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { now: field('VmRSS'), highest: field('VmHWM') };
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): readonly number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}
