/** HTTP for health, readiness and metrics: what is answered, and how its sockets go through a reload. */
import { createServer as createTcpServer, connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpReply } from '../../src/plugins/plugin.ts';
import { HttpListenError, HttpListeners, type HttpSite, httpKey } from '../../src/server/http-listeners.ts';
import { freePort } from '../support/free-port.ts';

const reply = (body: string, status = 200): HttpReply => ({ status, contentType: 'text/plain; charset=utf-8', body });

function sites(...all: readonly { port: number; paths: Readonly<Record<string, () => HttpReply>> }[]) {
  return new Map<string, HttpSite>(
    all.map(({ port, paths }) => {
      const at = { address: '127.0.0.1', port };
      return [httpKey(at), { at, paths: new Map(Object.entries(paths)) }];
    }),
  );
}

function listeners() {
  const failures: unknown[] = [];
  const http = new HttpListeners((error) => failures.push(error));
  onTestFinished(() => http.close());
  return { http, failures };
}

const get = (port: number, path: string, method = 'GET'): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { method, signal: AbortSignal.timeout(5_000) });

describe('HTTP listeners', () => {
  it('answer GET and HEAD of the paths that were given', async () => {
    const { http, failures } = listeners();
    const fails = (): HttpReply => {
      throw new Error('broken');
    };
    const prepared = await http.prepare(sites({ port: 0, paths: { '/health': () => reply('OK'), '/fails': fails } }));
    prepared.swap();
    const port = http.bound[0]?.port ?? 0;
    const health = await get(port, '/health?x=1');
    expect(health.status).toBe(200);
    expect(health.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await health.text()).toBe('OK');
    const head = await get(port, '/health', 'HEAD');
    expect(head.headers.get('content-length')).toBe('2');
    expect(await head.text()).toBe('');
    expect((await get(port, '/other')).status).toBe(404);
    expect((await get(port, '/health', 'POST')).status).toBe(405);
    expect((await get(port, '/fails')).status).toBe(500);
    expect(failures).toHaveLength(1);
  });

  it('hand an address over to the next generation and close what nobody asks for', async () => {
    const { http } = listeners();
    const [kept, dropped, added] = [await freePort(), await freePort(), await freePort()];
    const before = await http.prepare(
      sites({ port: kept, paths: { '/': () => reply('old') } }, { port: dropped, paths: { '/': () => reply('old') } }),
    );
    before.swap();
    const after = await http.prepare(
      sites({ port: kept, paths: { '/': () => reply('new') } }, { port: added, paths: { '/': () => reply('new') } }),
    );
    expect(await (await get(kept, '/')).text()).toBe('old');
    after.swap();
    expect(await (await get(kept, '/')).text()).toBe('new');
    expect(await (await get(added, '/')).text()).toBe('new');
    await expect(get(dropped, '/')).rejects.toThrow('fetch failed');
  });

  it('that cannot be opened leave everything as it was', async () => {
    const { http } = listeners();
    const [kept, added] = [await freePort(), await freePort()];
    const taken = createTcpServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    (await http.prepare(sites({ port: kept, paths: { '/': () => reply('old') } }))).swap();
    const wanted = sites(
      { port: kept, paths: { '/': () => reply('new') } },
      { port: added, paths: { '/': () => reply('new') } },
      { port, paths: { '/metrics': () => reply('new') } },
    );
    const failing = http.prepare(wanted);
    await expect(failing).rejects.toThrow(HttpListenError);
    await expect(failing).rejects.toThrow(`127.0.0.1 port ${port} for /metrics is in use by another program`);
    expect(await (await get(kept, '/')).text()).toBe('old');
    await expect(get(added, '/')).rejects.toThrow('fetch failed');
  });

  it('say that the machine has no such address', async () => {
    const { http } = listeners();
    const at = { address: '198.51.100.77', port: 8080 };
    const site = { at, paths: new Map([['/x', () => reply('x')]]) };
    await expect(http.prepare(new Map([[httpKey(at), site]]))).rejects.toThrow(
      '198.51.100.77 port 8080 for /x cannot be opened: this machine has no address 198.51.100.77; give another in the Corefile',
    );
  });

  it('say that it is this server itself that has all addresses of a port, or one of them', async () => {
    const { http } = listeners();
    const port = await freePort();
    (await http.prepare(sites({ port, paths: { '/': () => reply('old') } }))).swap();
    const at = { address: '*', port };
    const wider = http.prepare(new Map([[httpKey(at), { at, paths: new Map([['/', () => reply('new')]]) }]]));
    await expect(wider).rejects.toThrow(
      `port ${port} for / cannot be opened while this server has 127.0.0.1 port ${port} open; ` +
        'a change from all addresses to some, or back, takes a restart',
    );
    expect(await (await get(port, '/')).text()).toBe('old');
  });

  it('cut off what is no HTTP, and headers without an end', async () => {
    const { http } = listeners();
    (await http.prepare(sites({ port: 0, paths: { '/': () => reply('here') } }))).swap();
    const port = http.bound[0]?.port ?? 0;
    for (const octets of ['\0\0\0\0\r\n\r\n', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}`]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(octets);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await once(socket, 'close', { signal: AbortSignal.timeout(5_000) });
    }
    expect(await (await get(port, '/')).text()).toBe('here');
  });
});
