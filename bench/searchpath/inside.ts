/**
 * Runs in a network and mount namespace of its own, where 127.0.0.1:53 is free and /etc/resolv.conf is ours: the server, an upstream
 * that has every name below `example.com`, and a program that looks names up. Prints three numbers: queries
 * of a look-up, and microseconds of one, the median and what one in a hundred takes longer than.
 *
 *     node inside.ts COREFILE MANIFESTS PROGRAM LOOKUPS ROUNDS
 */
import { createSocket } from 'node:dgram';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import packet, { type DataRecord } from 'dns-packet';
import { untilAnswered } from '../probe.ts';
import { cleanUp, cleanUpAtExit, start } from '../processes.ts';
import { nodeCommand } from '../../tools/node-command.ts';

const UPSTREAM = 5300;
const NAMES = 200;
/** QR, AA, RD and RA (RFC 1035 §4.1.1), and NXDOMAIN. */
const FLAGS = 0x8580;
const NXDOMAIN = 3;

const [corefile = '', manifests = '', program = '', lookups = '', rounds = '10'] = process.argv.slice(2);
const names = Array.from({ length: NAMES }, (_, i) => `host${i}.example.com`);

const upstream = createSocket('udp4', (message, { port, address }) => {
  const { id, questions } = packet.decode(message);
  const [question] = questions;
  if (question === undefined) return;
  const { name, type } = question;
  const exists = name.endsWith('.example.com');
  const common = { name, class: 'IN', ttl: 300 } as const;
  const answers: readonly DataRecord[] = !exists
    ? []
    : type === 'AAAA'
      ? [{ ...common, type, data: '2001:db8::1' }]
      : [{ ...common, type: 'A', data: '192.0.2.1' }];
  const data = { mname: 'ns.example', rname: 'x.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 300 };
  const authorities: readonly DataRecord[] = exists ? [] : [{ ...common, name: 'example', type: 'SOA', data }];
  const flags = FLAGS | (exists ? 0 : NXDOMAIN);
  upstream.send(packet.encode({ id, type: 'response', flags, questions, answers, authorities }), port, address);
});

cleanUpAtExit();
try {
  upstream.bind(UPSTREAM, '127.0.0.1');
  await once(upstream, 'listening');
  const flags = ['-conf', corefile, '--fixture', manifests, '--bind', '127.0.0.1'];
  const server = start([...nodeCommand, program, ...flags]);
  await untilAnswered(server, 53, 'web.default.svc.cluster.local');
  // So that what upstreams say is in the cache, and what is asked often in the answer cache.
  await lookUp('3');
  const before = datagrams();
  const [median = 0, p99 = 0] = (await lookUp(rounds)).split(' ').map(Number);
  // Each query and its reply is a datagram; nothing is asked of the upstream any more.
  const queries = (datagrams() - before) / 2 / (NAMES * Number(rounds));
  process.stdout.write(`${queries} ${median / 1000} ${p99 / 1000}\n`);
  await server.stop();
} finally {
  upstream.close();
  cleanUp();
}

/** The upstream answers meanwhile. */
async function lookUp(times: string): Promise<string> {
  const child = spawn(lookups, [times], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${names.join('\n')}\n`);
  return text(child.stdout);
}

/** UDP datagrams that were sent in this namespace. */
function datagrams(): number {
  const [head = '', values = ''] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'));
  return Number(values.split(' ')[head.split(' ').indexOf('OutDatagrams')]);
}
