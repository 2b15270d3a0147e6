/**
 * Runs in a network and mount namespace of its own, where 127.0.0.1:53 is free and /etc/resolv.conf is ours: a server that says what
 * the scenarios say, and a program that looks all their names up. Prints the transcript.
 *
 *     node inside.ts PROGRAM SEED WALKS
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import packet, { type DataRecord } from 'dns-packet';
import type { Family } from '../stub.ts';
import { type Saying, Scenarios } from './scenarios.ts';
import { readLine, writeTranscript } from './transcript.ts';

/** Look-ups at once: most of the time of those that are slow is waiting. */
const AT_ONCE = 150;
/** Milliseconds by which the second of two replies is late. */
const BEHIND = 20;
/** QR, AA, RD and RA (RFC 1035 §4.1.1). */
const FLAGS = 0x8580;
const RCODES: ReadonlyMap<Saying, number> = new Map([
  ['nxdomain', 3],
  ['servfail', 2],
  ['refused', 5],
]);
const TARGET = 'elsewhere.example';

const [program = '', seed = '1', count = '1000'] = process.argv.slice(2);
const scenarios = new Scenarios(Number(seed), Number(count));
const asked = new Map<string, Set<string>>(scenarios.names.map((name) => [name, new Set()]));

const server = createSocket('udp4', (message, { port, address }) => {
  const query = packet.decode(message);
  const [question] = query.questions;
  if (question === undefined) return;
  const family: Family = question.type === 'AAAA' ? 6 : 4;
  asked.get(walkOf(question.name))?.add(question.name);
  const saying = scenarios.sayingTo(question.name, family) ?? 'nxdomain';
  if (saying === 'silence') return;
  const rcode = RCODES.get(saying) ?? 0;
  const data = scenarios.addressOf(question.name, family);
  const type = family === 4 ? 'A' : 'AAAA';
  const common = { class: 'IN', ttl: 5 } as const;
  const cname: DataRecord = { ...common, name: question.name, type: 'CNAME', data: TARGET };
  const answers: readonly DataRecord[] =
    saying === 'addresses'
      ? [{ ...common, name: question.name, type, data }]
      : saying === 'alias'
        ? [cname, { ...common, name: TARGET, type, data }]
        : saying === 'dangling'
          ? [cname]
          : [];
  const reply = packet.encode({ id: query.id, type: 'response', flags: FLAGS | rcode, questions: [question], answers });
  const send = (): void => server.send(reply, port, address);
  if (scenarios.firstOf(question.name) === family) send();
  else setTimeout(send, BEHIND);
});

/** The name that is being looked up. */
function walkOf(name: string): string {
  const walk = /^w(\d+)/.exec(name)?.[1];
  return scenarios.names[Number(walk)] ?? '';
}

server.bind(53, '127.0.0.1');
await once(server, 'listening');
const child = spawn(program, [String(AT_ONCE)], { stdio: ['pipe', 'pipe', 'inherit'] });
child.stdin.end(`${scenarios.names.join('\n')}\n`);
const lines = (await text(child.stdout)).trim().split('\n').map(readLine);
server.close();
const outcomes = new Map(lines.map(({ name, outcome }) => [name, outcome]));
const transcript = {
  resolver: program,
  seed: Number(seed),
  walks: scenarios.names.map((name) => ({
    name,
    asked: [...(asked.get(name) ?? [])],
    outcome: outcomes.get(name) ?? { kind: 'failed' },
  })),
};
process.stdout.write(writeTranscript(transcript));
