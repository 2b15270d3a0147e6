/** Knot DNS as a secondary: one zone from a primary on loopback, refreshed when it is told to, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const FOLDERS = [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin', '/sbin'].join(':');

export interface KnotOptions {
  readonly zone: string;
  /** Where it listens, UDP and TCP, on 127.0.0.1. */
  readonly port: number;
  /** The port of its primary on 127.0.0.1. */
  readonly primary: number;
}

/** Starts it; gives what it has printed so far. It is gone when the test is over. */
export async function startKnot({ zone, port, primary }: KnotOptions): Promise<() => string> {
  const folder = await mkdtemp(join(tmpdir(), 'nodens-knot-'));
  const file = join(folder, 'knot.conf');
  await writeFile(
    file,
    `server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
log:
  - target: stderr
    any: info
remote:
  - id: primary
    address: 127.0.0.1@${primary}
acl:
  - id: told
    address: 127.0.0.1
    action: notify
zone:
  - domain: ${zone}
    master: primary
    acl: told
    storage: "${folder}"
    zonefile-sync: -1
`,
  );
  const child = spawn('knotd', ['-c', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: FOLDERS },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  onTestFinished(async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  });
  return () => said;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(stubborn);
}
