/**
 * Corefiles of distributions, word for word, on the ports that they name: each is read by the program in a network of its
 * own, whose /etc/resolv.conf names an upstream.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { commands, describeWith, output, right } from '../e2e/needs.ts';
import { Program } from '../e2e/program.ts';
import { manifests } from './cluster.ts';
import { environment, read } from './serving.ts';

/** Those that need no files besides /etc/resolv.conf and no other server. */
const names = ['deployment', 'rke2', 'helm', 'eks', 'aks', 'openshift', 'gardener', 'cce', 'minikube'];

/** An upstream that answers every question with 192.0.2.1, and ends when the program that it serves is gone. */
const upstream = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    let end = 12;
    while (message[end] !== 0) end += message[end] + 1;
    const header = Buffer.from([message[0], message[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    socket.send(Buffer.concat([header, message.subarray(12, end + 5), answer]), port, address);
  });
  socket.bind(53, '127.0.0.53');
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(), 100);
`;

/** Prints the status of each URL. */
const fetching = `
  for (const url of process.argv.slice(1)) fetch(url).then((reply) => console.log(reply.status, url));
`;

const needs =
  commands('unshare', 'nsenter', 'ip', 'mount', 'dig') ??
  right('a network and mount namespace', 'unshare', '--map-root-user', '--net', '--mount', 'true');

function start(name: string): Program {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-corefiles-'));
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.53\n');
  writeFileSync(join(folder, 'cluster.yaml'), manifests);
  writeFileSync(join(folder, 'upstream.cjs'), upstream);
  writeFileSync(join(folder, 'Corefile'), read(name));
  const node = `"${process.execPath}" upstream.cjs &`;
  const prepare = `mount --bind resolv.conf /etc/resolv.conf && ip link set lo up && { ${node} exec "$0" "$@"; }`;
  const within = ['unshare', '--map-root-user', '--net', '--mount', 'sh', '-c', prepare];
  const server = new Program(['-conf', 'Corefile', '--fixture', 'cluster.yaml'], { within, cwd: folder, environment });
  onTestFinished(async () => {
    await server.kill();
    rmSync(folder, { recursive: true });
  });
  return server;
}

/** The port that a directive has in the Corefile, or by default. */
function portOf(directive: string, corefile: string, byDefault: number): number {
  return Number(new RegExp(`^ *${directive} .*:(\\d+)`, 'm').exec(corefile)?.[1] ?? byDefault);
}

describeWith('stock Corefiles without a change', needs, () => {
  it.each(names)('%s', async (name) => {
    const corefile = read(name);
    const server = start(name);
    await server.port();
    const namespaces = ['--user', '--net', '--mount', '--preserve-credentials'];
    const enter = (...command: readonly string[]): readonly string[] =>
      output('nsenter', '--target', String(server.pid), ...namespaces, ...command)
        .text.trim()
        .split('\n')
        .toSorted();
    const port = /^\.:(\d+) /m.exec(corefile)?.[1] ?? '';
    const questions = ['nginx.default.svc.cluster.local', '-x', '10.96.0.80', 'www.example.com'];
    for (const transport of ['+notcp', '+tcp']) {
      expect(enter('dig', '@127.0.0.1', '-p', port, '+short', transport, ...questions)).toEqual([
        '10.96.0.80',
        '192.0.2.1',
        'nginx.default.svc.cluster.local.',
      ]);
    }
    const urls = [
      `http://127.0.0.1:${portOf('health', corefile, 8080)}/health`,
      `http://127.0.0.1:${portOf('ready', corefile, 8181)}/ready`,
      `http://127.0.0.1:${portOf('prometheus', corefile, 9153)}/metrics`,
    ];
    expect(enter(process.execPath, '-e', fetching, ...urls)).toEqual(urls.map((url) => `200 ${url}`).toSorted());
  });
});
