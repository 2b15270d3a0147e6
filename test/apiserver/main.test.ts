import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { ask, Stream } from './client.ts';
import { at, listAt, textAt } from './json.ts';
import { namespace, service, slice } from './objects.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

class Program {
  readonly folder = mkdtempSync(join(tmpdir(), 'apiserver-'));
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(...args: readonly string[]) {
    const list = { apiVersion: 'v1', kind: 'List', items: [namespace('a'), service('a/x'), slice('a/x', '10.0.0.1')] };
    writeFileSync(join(this.folder, 'cluster.json'), JSON.stringify(list));
    const files = ['--objects', 'cluster.json', '--ca-out', 'ca.pem', '--kubeconfig-out', 'kubeconfig'];
    const child = spawn(process.execPath, [MAIN, ...files, ...args], {
      cwd: this.folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    onTestFinished(() => {
      child.kill('SIGKILL');
      rmSync(this.folder, { recursive: true });
    });
  }

  file(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** The next line that it prints. */
  async said(): Promise<unknown> {
    const line = await this.#lines.next();
    return line.done === true ? undefined : JSON.parse(line.value);
  }

  /** Gives a command; what it answers. */
  do(command: object): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    return this.said();
  }
}

it('serves the objects of a file, with the token and the certificate that it writes', async () => {
  const program = new Program('--token', 'one', '--no-managed-fields', '--bookmark-seconds', '60');
  const ready = await program.said();
  expect(ready).toMatchObject({ ready: true, pid: program.child.pid, resourceVersion: 1003 });
  const peer = { url: textAt(ready, 'url'), ca: program.file('ca.pem') };
  expect((await ask(peer, '/api/v1/services')).status).toBe(403);
  const list = await ask(peer, '/api/v1/services', { token: 'one' });
  expect(listAt(list.json, 'items')).toMatchObject([{ spec: { type: 'ClusterIP', clusterIPs: ['10.96.0.10'] } }]);
  expect(list.text).not.toContain('managedFields');
  const config: unknown = JSON.parse(program.file('kubeconfig'));
  expect(config).toMatchObject({ clusters: [{ cluster: { server: peer.url } }], users: [{ user: { token: 'one' } }] });
  program.child.kill('SIGTERM');
  expect(await once(program.child, 'exit')).toEqual([0, null]);
});

it('does what it is told on its standard input', async () => {
  const program = new Program('--control', '--plain');
  const peer = { url: textAt(await program.said(), 'url'), ca: '' };
  const stream = await Stream.open(peer, '/api/v1/services?watch=1&resourceVersion=1003');
  const before = performance.timeOrigin + performance.now();
  const put = await program.do({ id: 7, do: 'put', objects: [service('a/y'), service('a/z')] });
  expect(put).toMatchObject({ id: 7, ok: true, resourceVersion: 1005 });
  expect(Math.abs(Number(at(put, 'at')) - before)).toBeLessThan(10_000);
  expect(await program.do({ do: 'delete', resource: 'services', namespace: 'a', name: 'x' })).toMatchObject({
    deleted: true,
  });
  expect(await stream.told(3)).toEqual(['ADDED a/y', 'ADDED a/z', 'DELETED a/x']);
  expect(await program.do({ do: 'stats' })).toMatchObject({
    objects: { services: 2, endpointslices: 1, namespaces: 1, pods: 0 },
    watches: { services: 1 },
  });
  expect(await program.do({ do: 'replace', objects: [service('a/y')] })).toMatchObject({ ok: true });
  expect(await stream.told(1)).toEqual(['DELETED a/z']);
  expect(await program.do({ do: 'relist' })).toMatchObject({ ok: true });
  expect(await stream.end()).toBe('end');
  const again = await Stream.open(peer, '/api/v1/services?watch=1&resourceVersion=1006');
  expect(await again.told(1)).toEqual(['ERROR Expired']);
});

it('has its faults and settings from its standard input as well', async () => {
  const program = new Program('--control', '--plain', '--streaming-lists', 'gated');
  const peer = { url: textAt(await program.said(), 'url'), ca: '' };
  const streaming = '/api/v1/services?watch=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan';
  expect((await ask(peer, streaming)).status).toBe(422);
  await program.do({ do: 'settings', settings: { streamingLists: 'ignored' } });
  expect((await Stream.open(peer, streaming)).status).toBe(200);
  await program.do({ do: 'fault', fault: { kind: 'status', code: 503 }, scope: { verb: 'list', times: 1 } });
  await program.do({ do: 'fault', fault: { kind: 'status', code: 429 } });
  expect((await ask(peer, '/api/v1/services')).status).toBe(503);
  await program.do({ do: 'clear-faults' });
  expect((await ask(peer, '/api/v1/services')).status).toBe(200);
  const stream = await Stream.open(peer, '/api/v1/services?watch=1');
  await program.do({ do: 'drop' });
  expect(await stream.told(1)).toHaveLength(1);
  expect(await stream.end()).toBe('ECONNRESET');
  await program.do({ do: 'refuse' });
  await expect(ask(peer, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await program.do({ do: 'accept' });
  expect((await ask(peer, '/healthz')).status).toBe(200);
});

it('lets endpoints become ready and unready by themselves', async () => {
  const program = new Program('--control', '--plain', '--events-per-second', '200');
  const peer = { url: textAt(await program.said(), 'url'), ca: '' };
  const stream = await Stream.open(peer, '/apis/discovery.k8s.io/v1/endpointslices?watch=1');
  const [first, second] = [await stream.event(), await stream.event()];
  const readiness = ['object', 'endpoints'] as const;
  const isReady = (event: unknown): unknown => at(listAt(event, ...readiness)[0], 'conditions', 'ready');
  expect(isReady(first)).toBe(!isReady(second));
  await program.do({ do: 'events', perSecond: 0 });
  const { revision, later } = { revision: await program.do({ do: 'stats' }), later: await program.do({ do: 'stats' }) };
  expect(at(later, 'resourceVersion')).toBe(at(revision, 'resourceVersion'));
});

it.each([
  ['{"do":"dance"}', 'no command "dance"'],
  ['{"do":"fault","fault":{"kind":"odd"}}', 'no fault of kind "odd"'],
  ['{"do":"delete","resource":"nodes"}', 'no resource "nodes"'],
  ['{"do":"put","objects":[{"kind":"Node"}]}', 'no resource has objects of kind "Node"'],
  ['{', 'JSON'],
])('says what is wrong with %s', async (line, message) => {
  const program = new Program('--control');
  await program.said();
  program.child.stdin?.write(`${line}\n`);
  expect(await program.said()).toMatchObject({ ok: false, error: expect.stringContaining(message) });
});

it.each(['stop', 'end of input'])('ends on %s', async (how) => {
  const program = new Program('--control', '--events-per-second', '10');
  await program.said();
  const exited = once(program.child, 'exit');
  if (how === 'stop') program.child.stdin?.write('{"do":"stop"}\n');
  else program.child.stdin?.end();
  expect(await exited).toEqual([0, null]);
});
