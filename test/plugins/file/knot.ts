/**
 * A real knotd that serves zones of our own, on a free port of loopback: the oracle for answers out of zone files. It can sign
 * them too, and writes down what it made.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { query } from '../../support/upstreams/octets.ts';

export interface Knot {
  readonly port: number;
  /** Resolves with the reply, over TCP. */
  ask(request: Uint8Array): Promise<Buffer>;
  /** The zone as knotd has written it, with signatures if it has signed it. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

export interface KnotZone {
  /** With a final dot. */
  readonly name: string;
  readonly text: string;
  /** Signed with records of this kind for what does not exist; not signed where it is left out. */
  readonly signed?: 'nsec' | 'nsec3';
}

const WITHIN = 15_000;
const ASK_EVERY = 25;
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

function program(): string {
  const found = FOLDERS.map((folder) => join(folder, 'knotd')).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('knotd is not installed');
  return found;
}

function configuration(folder: string, port: number, { name, signed }: KnotZone): string {
  const signing = signed === undefined ? '' : '    dnssec-signing: on\n    dnssec-policy: tests\n';
  return `server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
log:
  - target: stderr
    any: warning
policy:
  - id: tests
    single-type-signing: on
    nsec3: ${signed === 'nsec3' ? 'on' : 'off'}
    nsec3-iterations: 3
    nsec3-salt-length: 4
zone:
  - domain: ${name}
    file: "${join(folder, 'zone')}"
    zonefile-sync: ${signed === undefined ? '-1' : '0'}
    zonefile-load: ${signed === undefined ? 'whole' : 'difference'}
    journal-content: ${signed === undefined ? 'none' : 'all'}
    semantic-checks: off
${signing}`;
}

export async function startKnot(zone: KnotZone): Promise<Knot> {
  const folder = await mkdtemp(join(tmpdir(), 'nodens-knot-'));
  const port = await freePort();
  const file = join(folder, 'zone');
  await writeFile(file, zone.text);
  await writeFile(join(folder, 'knot.conf'), configuration(folder, port, zone));
  const child = spawn(program(), ['-c', join(folder, 'knot.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answering(child, port, zone.name);
    if (zone.signed !== undefined) await until(async () => (await readFile(file, 'utf8')).includes('RRSIG'));
  } catch (error) {
    await stop();
    throw new Error(`knotd does not answer: ${said}`, { cause: error });
  }
  return { port, ask: (request) => askTcp(port, request), text: () => readFile(file, 'utf8'), stop };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WITHIN;
  // oxlint-disable-next-line no-await-in-loop -- one look after another
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('the time is over');
    // oxlint-disable-next-line no-await-in-loop
    await delay(ASK_EVERY);
  }
}

async function answering(child: ChildProcess, port: number, zone: string): Promise<void> {
  const socket = createSocket('udp4');
  let answered = false;
  socket.on('message', (message) => (answered ||= (message.readUInt16BE(2) & 0xf) === 0));
  socket.on('error', () => {});
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
      socket.send(query(zone), port, '127.0.0.1');
      return answered;
    });
  } finally {
    socket.close();
  }
}

async function askTcp(port: number, request: Uint8Array): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(request.length);
  socket.write(Buffer.concat([length, request]));
  let received = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      received = Buffer.concat([received, Buffer.from(chunk)]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) return received.subarray(2);
    }
  } finally {
    socket.destroy();
  }
  throw new Error('the connection was closed');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(stubborn);
}
