/**
 * A DNS server that stands ready on the machine, as a process with a folder of its own: found, started, waited for, and ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reason } from '../e2e/needs.ts';
import { query } from './upstreams/octets.ts';

export type DaemonName = 'unbound' | 'knotd' | 'dnsmasq';

export interface DaemonOptions {
  /** Writes its configuration to the folder. Gives the arguments that it stays in the foreground with. */
  readonly configure: (folder: string) => Promise<readonly string[]>;
  /** Resolves when it can be used; left out where that is for the test to see. */
  readonly ready?: (child: ChildProcess, folder: string) => Promise<void>;
}

export interface RunningDaemon {
  readonly folder: string;
  /** What it has printed. */
  readonly said: () => string;
  /** Ends the process; resolves when it is gone and its folder too. */
  readonly stop: () => Promise<void>;
}

const READY_WITHIN = 15_000;
const LOOK_EVERY = 25;
/** Daemons stand in folders that are not on everybody's path. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'];

/** Why tests with this daemon cannot run here; undefined where they can. For `describeWith`. */
export function lacking(name: DaemonName): Reason {
  return programOf(name) === undefined ? `'${name}' is not installed` : undefined;
}

function programOf(name: DaemonName): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts one. Where it does not become ready, it is ended, and this rejects with what it said. */
export async function runDaemon(name: DaemonName, { configure, ready }: DaemonOptions): Promise<RunningDaemon> {
  const program = programOf(name);
  if (program === undefined) throw new Error(`'${name}' is not installed`);
  const folder = await mkdtemp(join(tmpdir(), `nodens-${name}-`));
  const child = spawn(program, await configure(folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready?.(child, folder);
  } catch (error) {
    await stop();
    throw new Error(`${name} does not answer: ${said}`, { cause: error });
  }
  return { folder, said: () => said, stop };
}

/** Asks for the A records of a name again and again, until the answer is NOERROR. */
export async function answering(child: ChildProcess, port: number, name: string): Promise<void> {
  const socket = createSocket('udp4');
  let answered = false;
  socket.on('message', (message) => (answered ||= (message.readUInt16BE(2) & 0xf) === 0));
  socket.on('error', () => {});
  try {
    await until(child, () => {
      socket.send(query(name), port, '127.0.0.1');
      return answered;
    });
  } finally {
    socket.close();
  }
}

/** Looks again and again until this holds; rejects where the daemon ends by itself, or the time is over. */
export async function until(child: ChildProcess, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_WITHIN;
  // oxlint-disable-next-line no-await-in-loop -- one look after another
  while (!(await holds())) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('the time is over');
    // oxlint-disable-next-line no-await-in-loop -- the same
    await delay(LOOK_EVERY);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(stubborn);
}
