/** Bounds that cannot be lowered from outside and are too high to be reached as they are: here the table has small ones. */
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type * as Table from '../../src/bounds.ts';
import { findFiles } from '../../src/cluster/fixture/files.ts';
import { loadText } from '../../src/cluster/fixture/load-file.ts';
import { hosts } from '../../src/plugins/hosts/hosts.ts';
import { HttpListeners, httpKey } from '../../src/server/http-listeners.ts';
import { newFolder, service, write } from '../cluster/fixture/folder.ts';
import { ask, makeQuery, serve, textOf } from '../plugins/support.ts';
import { makeFolder, run, tcp } from '../server/running.ts';
import { deadline, stream } from '../transport/clients.ts';
import { encode } from '../rfc/asking.ts';

const HTTP_REQUEST = 200;
const STOP_GRACE = 300;

vi.mock('../../src/bounds.ts', async (original) => {
  const { bounds } = await original<typeof Table>();
  const small = {
    fixtureFiles: 3,
    fixtureDepth: 2,
    fixtureObjects: 5,
    hostsText: 1_000,
    httpConnections: 2,
    httpRequest: 200,
    stopGrace: 300,
  };
  return { bounds: { ...bounds, ...small } };
});

it('fixtureFiles: the rest is left out, with a report', async () => {
  const folder = newFolder();
  await write(folder, Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`${i}.yaml`, service(`s-${i}`)])));
  const { files, excess } = await findFiles([folder]);
  expect(files.map(({ path }) => path)).toEqual([1, 2, 3].map((i) => join(folder, `${i}.yaml`)));
  expect(excess).toEqual(['more than 3 files; the rest is not read']);
});

it('fixtureDepth: what lies deeper is left out, with a report', async () => {
  const folder = newFolder();
  await write(folder, { 'a/b/in.yaml': service('in'), 'a/b/c/out.yaml': service('out') });
  const { files, excess } = await findFiles([folder]);
  expect(files.map(({ path }) => path)).toEqual([join(folder, 'a/b/in.yaml')]);
  expect(excess).toEqual([`${join(folder, 'a/b/c')} is more than 2 folders deep; not read`]);
});

it('fixtureObjects: a file with more is reported and serves none of them', async () => {
  const load = (count: number) =>
    loadText(Array.from({ length: count }, (_, i) => service(`s-${i}`)).join('---\n'), true, [], {
      add: () => undefined,
      problem: (problem) => expect(problem).toBeUndefined(),
    });
  expect(await load(5)).toMatchObject({ outcome: 'loaded' });
  expect(await load(6)).toMatchObject({ outcome: 'broken', reason: 'more than 5 objects' });
});

it('hostsText: a larger file is not served, and what is inline is', async () => {
  const folder = makeFolder();
  const look = async (octets: number) => {
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 filed\n'.padEnd(octets, '#'));
    const served = await serve(hosts, 'hosts hosts {\n10.0.0.2 inline\n}', { folder });
    onTestFinished(() => served.close());
    const names = ['filed.', 'inline.'].map((name) => textOf(ask(served.plugin, makeQuery(name, 'A'))));
    return { names: names.map((text) => typeof text !== 'string'), lines: served.host.takeLines() };
  };
  expect(await look(1_000)).toEqual({ names: [true, true], lines: [] });
  const { names, lines } = await look(1_001);
  expect(names).toEqual([false, true]);
  expect(lines).toEqual([expect.stringContaining('it has more than 1000 octets')]);
});

async function openHttp(): Promise<number> {
  const http = new HttpListeners((error) => {
    throw error;
  });
  onTestFinished(() => http.close());
  const at = { address: '127.0.0.1', port: 0 };
  const answer = () => ({ status: 200, contentType: 'text/plain; charset=utf-8', body: 'here' });
  (await http.prepare(new Map([[httpKey(at), { at, paths: new Map([['/', answer]]) }]]))).swap();
  return http.bound[0]?.port ?? 0;
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect', deadline());
  return socket;
}

it('httpConnections: one more is closed, and the others are answered', async () => {
  const port = await openHttp();
  const kept = [await connectTo(port), await connectTo(port)];
  // What comes before the connection is taken has no answer.
  const further = await connectTo(port);
  further.resume();
  await once(further, 'close', deadline());
  for (const socket of kept) {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [chunk]: unknown[] = await once(socket, 'data', deadline());
    expect(String(chunk)).toContain('200 OK');
  }
});

// The server looks at its connections every 30 seconds, so that one may take that much longer.
it('httpRequest: a request that takes its time to arrive is cut off', async () => {
  const socket = await connectTo(await openHttp());
  // What is written when the server has gone is answered with a reset.
  socket.on('error', () => undefined).resume();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  const trickle = setInterval(() => socket.write('A: b\r\n'), HTTP_REQUEST / 4);
  onTestFinished(() => clearInterval(trickle));
  await vi.waitUntil(() => socket.closed, 5 * HTTP_REQUEST);
});

it('stopGrace: a client that does not read does not keep the server from stopping', async () => {
  const text = Array.from({ length: 100 }, () => 'x'.repeat(250)).join(' ');
  const { server, port } = await run(`. {\ntemplate IN TXT {\nanswer "{{ .Name }} 5 IN TXT ${text}"\n}\n}\n`);
  const client = await tcp(port());
  client.socket.pause();
  const question = encode({ ask: 'x.test. TXT' });
  // More than the buffers of two sockets hold.
  client.socket.write(stream(Array.from({ length: 1_000 }, () => question)));
  await once(client.socket, 'readable', deadline());
  const begin = performance.now();
  await server.stop();
  const took = performance.now() - begin;
  expect(took).toBeGreaterThanOrEqual(STOP_GRACE - 5);
  expect(took).toBeLessThan(4_000);
});
