/** A signal, or `close`, ends a request wherever it is; and who counts against the limit of requests at once. */
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { ApiSource } from '../../../../src/cluster/watch/api/api.ts';
import { connect, failure, inPod, put, request, serve, serveTcp, servePlain, status } from './support.ts';

const REASON = new Error('no longer wanted');

function plain({ port }: { readonly port: number }): ApiSource {
  return { kind: 'endpoint', url: `http://127.0.0.1:${port}`, tls: undefined };
}

describe('a signal', () => {
  it('that was given before lets nothing begin', async () => {
    const server = await serve();
    const { api, requested, waited } = await inPod(server);
    await expect(api.get(request({ signal: AbortSignal.abort(REASON) }))).rejects.toBe(REASON);
    expect([server.sockets.length, requested.length, waited.length]).toEqual([0, 0, 0]);
  });

  it('ends the wait for the rate limit', async () => {
    const server = await serve();
    const { api, requested } = await inPod(server, { rates: { qps: 0.001, burst: 1 } });
    await status(api);
    const controller = new AbortController();
    const waiting = api.get(request({ signal: controller.signal }));
    controller.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    expect(requested.length).toBe(1);
  });

  it('ends the wait for credentials', async () => {
    const file = `
      {"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
       "users": [{"name": "u", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["1"]}}}],
       "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}`;
    const source = { kind: 'kubeconfig', file: `${put({ config: file })}/config`, context: undefined } as const;
    const { api, waited, requested } = await connect(source);
    const controller = new AbortController();
    const waiting = api.get(request({ signal: controller.signal }));
    await expect.poll(() => waited.length, { timeout: 10_000 }).toBe(1);
    controller.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    expect(requested).toEqual([]);
  });

  it('ends the handshake', async () => {
    const server = await serveTcp((socket) => void socket.on('data', () => {}));
    const { api, requested } = await inPod(server);
    const controller = new AbortController();
    const waiting = api.get(request({ signal: controller.signal }));
    const socket = await server.accepted(1);
    const closed = once(socket, 'close');
    controller.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    await closed;
    expect(requested).toEqual([`GET ${api.host} <error>`]);
  });

  it('ends the wait for the response', async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort(REASON));
    const { api } = await inPod(server);
    const waiting = api.get(request({ signal: controller.signal }));
    const closed = server.accepted(1).then((socket) => once(socket, 'close'));
    await expect(waiting).rejects.toBe(REASON);
    await closed;
  });

  it('ends the body', async () => {
    const server = await serve((_request, response) => void response.write('{'));
    const { api } = await inPod(server);
    const controller = new AbortController();
    const { body } = await api.get(request({ signal: controller.signal }));
    const closed = once(await server.accepted(1), 'close');
    const read = body.toArray();
    controller.abort(REASON);
    await expect(read).rejects.toBe(REASON);
    await closed;
  });

  it('after the body has ended does nothing to the connection', async () => {
    const server = await serve();
    const { api } = await inPod(server);
    const controller = new AbortController();
    await status(api, { signal: controller.signal });
    controller.abort(REASON);
    await status(api);
    expect(server.sockets.length).toBe(1);
  });
});

describe('signals that outlive their requests', () => {
  it('keep nothing of them', async () => {
    const server = await serve();
    const { api } = await inPod(server, { rates: { qps: 50, burst: 1 }, now: () => performance.now() });
    const added = vi.spyOn(EventTarget.prototype, 'addEventListener');
    const removed = vi.spyOn(EventTarget.prototype, 'removeEventListener');
    await Promise.all([status(api), status(api, { kind: 'watch' })]);
    const listeners = (spy: typeof added | typeof removed) =>
      new Set(spy.mock.calls.filter(([type]) => type === 'abort').map(([, listener]) => listener));
    const [begun, ended] = [listeners(added), listeners(removed)];
    vi.restoreAllMocks();
    expect(begun.size).toBeGreaterThanOrEqual(8);
    expect([...begun].filter((listener) => !ended.has(listener))).toEqual([]);
  });
});

describe('close', () => {
  it('ends everything, and nothing begins any more', async () => {
    const server = await servePlain((asked, response) => {
      if (asked.url === '/body') response.write('{');
      if (asked.url === '/idle') response.end();
    });
    const { api } = await connect(plain(server));
    const { body } = await api.get(request({ path: '/body' }));
    await status(api, { path: '/idle' });
    const waiting = failure(api.get(request({ path: '/never' })));
    // The idle connection is taken for this one.
    await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(3);
    const read = failure(body.toArray());
    const closed = server.sockets.map((socket) => once(socket, 'close'));
    api.close();
    const words = `the connections to the API server ${api.host} were closed`;
    expect(await Promise.all([waiting, read, failure(api.get(request()))])).toEqual([words, words, words]);
    await Promise.all(closed);
  });
});

describe('requests at once', () => {
  it('a list counts until it has been read', async () => {
    const server = await serve();
    const { api } = await inPod(server, { rates: { maxInflight: 1 } });
    const first = await api.get(request({ path: '/first' }));
    const second = status(api, { path: '/second' });
    // Another client's requests, begun later, come and go meanwhile.
    const { api: other } = await inPod(server);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    for (let count = 0; count < 5; count++) await status(other, { path: '/other' });
    expect(server.requests.map(({ url }) => url)).not.toContain('/second');
    await first.body.toArray();
    expect(await second).toBe(200);
  });

  it('a list whose body is destroyed counts no more, nor one that failed', async () => {
    const server = await serve((asked, response) => {
      if (asked.url === '/broken') asked.socket.destroy();
      else response.write('{');
      if (asked.url === '/whole') response.end();
    });
    const { api } = await inPod(server, { rates: { maxInflight: 1 } });
    (await api.get(request())).body.destroy();
    await failure(status(api, { path: '/broken' }));
    expect(await status(api, { path: '/whole' })).toBe(200);
  });

  it('a watch counts until its response begins', async () => {
    const server = await serve((_request, response) => void response.write('{'));
    const { api } = await inPod(server, { rates: { maxInflight: 1 } });
    const watches = [await api.get(request({ kind: 'watch' })), await api.get(request({ kind: 'watch' }))];
    expect(watches.map((watch) => watch.status)).toEqual([200, 200]);
  });
});
