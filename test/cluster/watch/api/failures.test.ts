/** What a network and a server do to a request, and the words for it. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ApiSource } from '../../../../src/cluster/watch/api/api.ts';
import { connect, failure, inPod, limits, request, serve, servePlain, serveTcp, status } from './support.ts';

function plain({ port }: { readonly port: number }): ApiSource {
  return { kind: 'endpoint', url: `http://127.0.0.1:${port}`, tls: undefined };
}

describe('no response', () => {
  it('refused', async () => {
    const server = await serve();
    await server.close();
    const { api, requested } = await inPod(server);
    expect(await failure(status(api))).toBe(`the API server ${api.host} refuses the connection`);
    expect(requested).toEqual([`GET ${api.host} <error>`]);
  });

  it('reset, before TLS and after the request', async () => {
    const server = await serveTcp((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const { api } = await inPod(server);
    expect(await failure(status(api))).toBe(`the API server ${api.host} breaks the connection`);
    const { api: other } = await connect(plain(server));
    expect(await failure(status(other))).toBe(`the API server ${other.host} breaks the connection`);
  });

  it('ended without a word', async () => {
    const server = await serveTcp((socket) => void socket.once('data', () => socket.end()));
    const { api } = await connect(plain(server));
    expect(await failure(status(api))).toBe(`the API server ${api.host} breaks the connection`);
  });

  it('a name that does not exist', async () => {
    const { api } = await inPod({ port: 443 }, { host: 'no-such-host.invalid' });
    expect(await failure(status(api))).toMatch(
      /^the name 'no-such-host\.invalid' of the API server (does not exist|cannot be looked up now)$/,
    );
  });

  it('silence within the handshake', async () => {
    const server = await serveTcp((socket) => void socket.on('data', () => {}));
    const { api } = await inPod(server, { limits: limits({ apiConnect: 100 }) });
    const closed = server.accepted(1).then((socket) => once(socket, 'close'));
    expect(await failure(status(api))).toBe(`the API server ${api.host} does not accept a connection within 0.1 s`);
    await closed;
  });

  it('silence after the request; the time for it begins when the connection stands', async () => {
    const server = await serve(() => {});
    const { api, requested } = await inPod(server, { limits: limits({ apiResponse: 100 }) });
    expect(await failure(status(api))).toBe(`the API server ${api.host} does not answer within 0.1 s`);
    expect(server.requests.length).toBe(1);
    expect(requested).toEqual([`GET ${api.host} <error>`]);
  });

  it('a response that is slow to begin is waited for longer than a connection', async () => {
    const server = await serve((_request, response) => void setTimeout(() => response.end(), 1200));
    const { api } = await inPod(server, { limits: limits({ apiConnect: 1000, apiResponse: 10_000 }) });
    expect(await status(api)).toBe(200);
    // Over the same connection: the time to connect is none of its business either.
    expect(await status(api)).toBe(200);
  });

  it('no TLS', async () => {
    const server = await servePlain();
    const { api } = await inPod(server);
    expect(await failure(status(api))).toBe(`the API server ${api.host} does not speak TLS: is it http://?`);
  });

  it('no HTTP', async () => {
    const server = await serveTcp((socket) => void socket.once('data', () => socket.end('SSH-2.0-x\r\n')));
    const { api } = await connect(plain(server));
    expect(await failure(status(api))).toBe(`the API server ${api.host} does not speak HTTP`);
  });

  it('another protocol', async () => {
    const server = await serveTcp((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'));
    });
    const { api } = await connect(plain(server));
    expect(await failure(status(api))).toBe(`the API server ${api.host} answers in another protocol than HTTP/1.1`);
  });

  it('a header without an end', async () => {
    const server = await servePlain((_request, response) => {
      response.setHeader('x', 'a'.repeat(17_000));
      response.end();
    });
    const { api } = await connect(plain(server));
    expect(await failure(status(api))).toBe(`the API server ${api.host} sends more header than is read`);
  });
});

describe('a response', () => {
  it('is given whatever its status, redirects too', async () => {
    const server = await serve((asked, response) => {
      response.writeHead(Number(asked.url?.slice(1)), { location: '/elsewhere' }).end();
    });
    const { api, requested } = await inPod(server);
    for (const code of [200, 301, 307, 403, 410, 500, 503]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await status(api, { path: `/${code}` })).toBe(code);
    }
    expect(server.requests.length).toBe(7);
    expect(requested.at(-1)).toBe(`GET ${api.host} 503`);
  });

  it.each([
    ['7', 7000],
    ['Sun, 06 Nov 1994 08:50:07 GMT', 30_000],
    ['now and then', undefined],
    [undefined, undefined],
  ])('says with Retry-After: %s how long to wait', async (field, expected) => {
    const server = await serve((_request, response) => {
      response.setHeader('date', 'Sun, 06 Nov 1994 08:49:37 GMT');
      if (field !== undefined) response.setHeader('retry-after', field);
      response.writeHead(429).end();
    });
    const { api } = await inPod(server);
    const response = await api.get(request());
    expect(response.status).toBe(429);
    expect(response.retryAfter).toBe(expected);
    response.body.destroy();
  });

  it('whose connection breaks before its end ends with an error', async () => {
    const server = await serve((_request, response) => {
      response.write('{"kind":');
      setImmediate(() => response.destroy());
    });
    const { api } = await inPod(server);
    const { body } = await api.get(request());
    await expect(body.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('that nobody reads may break without a listener', async () => {
    const server = await serve((_request, response) => void response.write('{'));
    const { api } = await inPod(server);
    const { body } = await api.get(request());
    const closed = once(body, 'close').catch(() => 'error');
    (await server.accepted(1)).destroy();
    await closed;
    expect(body.destroyed).toBe(true);
  });

  it('can be destroyed, and its connection is gone with it', async () => {
    const server = await serve((_request, response) => void response.write('{'));
    const { api } = await inPod(server);
    const { body } = await api.get(request());
    const closed = once(await server.accepted(1), 'close');
    body.destroy(new Error('enough'));
    await closed;
  });

  it('that was read leaves its connection to the next request', async () => {
    const server = await serve();
    const { api } = await inPod(server);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    for (let count = 0; count < 5; count++) await status(api);
    expect(server.sockets.length).toBe(1);
  });
});

describe('a connection that was kept', () => {
  it('and is closed as the next request arrives is replaced without a word', async () => {
    let first: unknown;
    const server = await serve((asked, response) => {
      first ??= asked.socket;
      if (server.requests.length > 1 && asked.socket === first) asked.socket.destroy();
      else response.end();
    });
    const { api, requested } = await inPod(server);
    await status(api);
    expect(await status(api)).toBe(200);
    expect(server.requests.length).toBe(3);
    expect(server.sockets.length).toBe(2);
    expect(requested).toEqual([`GET ${api.host} 200`, `GET ${api.host} 200`]);
  });

  it('that has fallen silent is not used again, nor are those beside it', async () => {
    const silent = new Set<unknown>();
    const server = await serve((asked, response) => {
      if (!silent.has(asked.socket)) response.end();
    });
    const { api } = await inPod(server, { limits: limits({ apiResponse: 700 }) });
    await Promise.all([status(api), status(api)]);
    for (const asked of server.requests) silent.add(asked.socket);
    expect(silent.size).toBe(2);
    expect(await failure(status(api))).toContain('does not answer within 0.7 s');
    expect(await status(api)).toBe(200);
  });

  it('is closed by the server while idle: nothing is thrown', async () => {
    const server = await serve();
    const { api } = await inPod(server);
    await status(api);
    const socket = await server.accepted(1);
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    expect(await status(api)).toBe(200);
  });
});
