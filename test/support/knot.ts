/**
 * A real knotd on loopback, with one zone: of a zone file, as the oracle for answers out of such files, which it can sign too;
 * or as a secondary, of a primary on loopback that tells it of changes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { answering, runDaemon, until } from './daemon.ts';
import { freePort } from './free-port.ts';

export interface KnotZone {
  /** With a final dot. */
  readonly name: string;
  readonly text: string;
  /** Signed with records of this kind for what does not exist; not signed where it is left out. */
  readonly signed?: 'nsec' | 'nsec3';
}

export interface Knot {
  readonly port: number;
  /** Resolves with the reply, over TCP. */
  ask(request: Uint8Array): Promise<Buffer>;
  /** The zone as knotd has written it, with signatures if it has signed it. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

export interface SecondaryOptions {
  readonly zone: string;
  /** Where it listens, UDP and TCP, on 127.0.0.1. */
  readonly port: number;
  /** The port of its primary on 127.0.0.1. */
  readonly primary: number;
}

const zoneFileIn = (folder: string): string => join(folder, 'zone');

/** Starts it with a zone file; resolves when it answers for it, with signatures where it is to sign. */
export async function startKnot(zone: KnotZone): Promise<Knot> {
  const port = await freePort();
  const { folder, stop } = await runDaemon('knotd', {
    configure: (own) => configureZoneFile(own, port, zone),
    ready: async (child, own) => {
      await answering(child, port, zone.name);
      if (zone.signed === undefined) return;
      await until(child, async () => (await readFile(zoneFileIn(own), 'utf8')).includes('RRSIG'));
    },
  });
  return { port, ask: (request) => askTcp(port, request), text: () => readFile(zoneFileIn(folder), 'utf8'), stop };
}

/** Starts it as a secondary; gives what it has printed so far. It is gone when the test is over. */
export async function startSecondary({ zone, port, primary }: SecondaryOptions): Promise<() => string> {
  const sections = `remote:
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
    zonefile-sync: -1
`;
  const { said, stop } = await runDaemon('knotd', { configure: (folder) => configure(folder, port, sections) });
  onTestFinished(stop);
  return said;
}

/** Writes a configuration that serves a zone file, and the file. Gives the arguments of knotd. */
export async function configureZoneFile(
  folder: string,
  port: number,
  { name, text, signed }: KnotZone,
): Promise<readonly string[]> {
  const signing = signed === undefined ? '' : '    dnssec-signing: on\n    dnssec-policy: tests\n';
  const sections = `policy:
  - id: tests
    single-type-signing: on
    nsec3: ${signed === 'nsec3' ? 'on' : 'off'}
    nsec3-iterations: 3
    nsec3-salt-length: 4
zone:
  - domain: ${name}
    file: "${zoneFileIn(folder)}"
    zonefile-sync: ${signed === undefined ? '-1' : '0'}
    zonefile-load: ${signed === undefined ? 'whole' : 'difference'}
    journal-content: ${signed === undefined ? 'none' : 'all'}
    semantic-checks: off
${signing}`;
  await writeFile(zoneFileIn(folder), text);
  return configure(folder, port, sections);
}

/** Writes the configuration: that of any knotd here, and the sections that say what it serves. */
async function configure(folder: string, port: number, sections: string): Promise<readonly string[]> {
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
template:
  - id: default
    storage: "${folder}"
${sections}`,
  );
  return ['-c', file];
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
