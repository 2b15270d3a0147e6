import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { ask, Stream } from './client.ts';
import { service } from './objects.ts';
import { running } from './running.ts';
import type { ApiServer } from './server.ts';

const SERVICES = '/api/v1/services';

function codeOf(outcome: Promise<unknown>): Promise<unknown> {
  return outcome.then(
    () => 'fine',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

/** Waits until the server has taken a request in, and shows that nothing came back by then. */
async function unanswered(server: ApiServer, path: string): Promise<void> {
  const socket = connectTls({ port: server.port, host: '127.0.0.1', ca: server.ca });
  let answered = false;
  socket.on('data', () => (answered = true));
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  await server.until(() => server.requests.at(-1)?.path === path);
  // What comes after on another connection is answered meanwhile.
  expect((await ask(server, '/healthz')).status).toBe(200);
  expect(answered).toBe(false);
  expect(server.requests.at(-2)?.status).toBeUndefined();
  socket.destroy();
}

describe('connections', () => {
  it('are refused by the system while nobody listens', async () => {
    const server = await running();
    const stream = await Stream.open(server, `${SERVICES}?watch=1`);
    server.refuseConnections();
    expect(await codeOf(ask(server, SERVICES))).toBe('ECONNREFUSED');
    server.put(service('a/a'));
    expect(await stream.told(1)).toEqual(['ADDED a/a']);
    await server.acceptConnections();
    expect((await ask(server, SERVICES)).status).toBe(200);
  });

  it('are reset before they say anything', async () => {
    const server = await running();
    server.faults.add({ kind: 'reset-connection' }, { times: 1 });
    expect(await codeOf(ask(server, SERVICES))).toBe('ECONNRESET');
    expect((await ask(server, SERVICES)).status).toBe(200);
  });

  it('are accepted and left in silence', async () => {
    const server = await running();
    server.faults.add({ kind: 'silent-connection' }, { times: 1 });
    const silent = connect(server.port, '127.0.0.1');
    await once(silent, 'connect');
    silent.write('GET / HTTP/1.1\r\n\r\n');
    expect((await ask(server, SERVICES)).status).toBe(200);
    expect(silent.bytesRead).toBe(0);
    expect(server.requests).toHaveLength(1);
    silent.destroy();
  });

  it('are dropped all at once', async () => {
    const server = await running();
    const streams = await Promise.all([1, 2].map(() => Stream.open(server, `${SERVICES}?watch=1`)));
    expect(server.connections).toBe(2);
    server.dropConnections();
    expect(await Promise.all(streams.map((stream) => stream.end()))).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect((await ask(server, SERVICES)).status).toBe(200);
  });

  it('are kept for the next request', async () => {
    const server = await running();
    const socket = connectTls({ port: server.port, host: '127.0.0.1', ca: server.ca });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    for (const path of ['/healthz', '/readyz']) {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await server.until(() => server.requests.at(-1)?.path === path);
    }
    while (text.match(/\r\n\r\nok/g)?.length !== 2) {
      // oxlint-disable-next-line no-await-in-loop -- until both have come
      await once(socket, 'data');
    }
    expect(server.connections).toBe(1);
    socket.destroy();
  });
});

describe('requests', () => {
  it('are never answered', async () => {
    const server = await running();
    server.faults.add({ kind: 'no-answer' }, { resource: 'services' });
    await unanswered(server, SERVICES);
    expect((await ask(server, '/api/v1/pods')).status).toBe(200);
    server.faults.clear();
    expect((await ask(server, SERVICES)).status).toBe(200);
  });

  it('are answered late', async () => {
    const server = await running();
    server.faults.add({ kind: 'slow-answer', milliseconds: 50 });
    const begin = performance.now();
    expect((await ask(server, SERVICES)).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(49);
  });

  it.each([
    [401, 'Unauthorized', undefined],
    [403, 'Forbidden', undefined],
    [429, 'TooManyRequests', 7],
    [500, 'InternalError', undefined],
    [503, 'ServiceUnavailable', 2],
  ])('are answered with %i', async (code, reason, retryAfter) => {
    const server = await running();
    const fault = { kind: 'status', code, ...(retryAfter === undefined ? {} : { retryAfter }) } as const;
    const disarm = server.faults.add(fault, { verb: 'list' });
    const reply = await ask(server, SERVICES);
    expect(reply.json).toMatchObject({ kind: 'Status', status: 'Failure', reason, code });
    expect(reply.headers['retry-after']).toBe(retryAfter === undefined ? undefined : String(retryAfter));
    expect((await Stream.open(server, `${SERVICES}?watch=1`)).status).toBe(200);
    disarm();
    expect((await ask(server, SERVICES)).status).toBe(200);
  });

  it('are disturbed as often as the scope says', async () => {
    const server = await running();
    server.faults.add({ kind: 'status', code: 500 }, { resource: 'services', times: 2 });
    const statuses: number[] = [];
    for (const path of [SERVICES, '/api/v1/pods', SERVICES, SERVICES]) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      statuses.push((await ask(server, path)).status);
    }
    expect(statuses).toEqual([500, 200, 500, 200]);
  });

  it.each(['list', 'watch'] as const)('to %s are told that the version is gone', async (verb) => {
    const server = await running();
    const path = `${SERVICES}?resourceVersion=1000${verb === 'watch' ? '&watch=1' : ''}`;
    server.faults.add({ kind: 'gone', as: 'status' }, { verb, times: 1 });
    expect((await ask(server, path)).json).toMatchObject({ reason: 'Expired', code: 410 });
  });

  it('to watch are told so in the stream', async () => {
    const server = await running();
    server.faults.add({ kind: 'gone', as: 'event' }, { verb: 'watch', times: 1 });
    const stream = await Stream.open(server, `${SERVICES}?watch=1&resourceVersion=1000`);
    expect(await stream.told(1)).toEqual(['ERROR Expired']);
    expect(await stream.end()).toBe('end');
  });

  it('are answered from an older state', async () => {
    const server = await running();
    const old = server.put(service('a/a'));
    server.put(service('a/b'));
    server.faults.add({ kind: 'stale', resourceVersion: old }, { times: 2 });
    const list = await ask(server, SERVICES);
    expect(list.json).toMatchObject({ metadata: { resourceVersion: String(old) }, items: [{}] });
    const path = `${SERVICES}?watch=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1`;
    const stream = await Stream.open(server, path);
    expect(await stream.told(3)).toEqual(['ADDED a/a', 'END', 'ADDED a/b']);
    expect((await ask(server, SERVICES)).json).toMatchObject({ items: [{}, {}] });
  });
});
