/** The service account of a pod: where the API server is, and credentials that change under a running program. */
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authority, keyPairs } from '../../../support/upstreams/certificates.ts';
import { connect, failure, folder, inPod, put, serve, serviceAccount, status } from './support.ts';

const MINUTE = 60_000;

describe('requests of a pod', () => {
  it('say who asks, and ask for JSON as it is', async () => {
    const server = await serve();
    const { api, requested } = await inPod(server, { userAgent: 'nodens/1.2.3' });
    expect(await status(api, { path: '/api/v1/pods', parameters: { labelSelector: 'a in (b,c)', limit: '500' } })).toBe(
      200,
    );
    const [request] = server.requests;
    expect(request?.method).toBe('GET');
    expect(request?.url).toBe('/api/v1/pods?labelSelector=a+in+%28b%2Cc%29&limit=500');
    expect(request?.headers).toEqual({
      accept: 'application/json',
      authorization: 'Bearer token-1',
      connection: 'keep-alive',
      host: `127.0.0.1:${server.port}`,
      'user-agent': 'nodens/1.2.3',
    });
    expect(api.host).toBe(`127.0.0.1:${server.port}`);
    expect(requested).toEqual([`GET 127.0.0.1:${server.port} 200`]);
  });

  it('go to an IPv6 address', async () => {
    const server = await serve(undefined, { host: '::1' });
    const { api } = await inPod(server, { host: '::1' });
    expect(await status(api)).toBe(200);
    expect(api.host).toBe(`[::1]:${server.port}`);
    expect(server.requests[0]?.headers.host).toBe(`[::1]:${server.port}`);
  });

  it('go to a name, which the certificate must bear', async () => {
    const server = await serve();
    const { api } = await inPod(server, { host: 'localhost' });
    expect(api.host).toBe(`localhost:${server.port}`);
    expect(await failure(status(api))).toMatch(
      /^the certificate of the API server localhost:\d+ is for .*DNS:dns\.example\.test.*, not for localhost/,
    );
  });
});

describe('the token', () => {
  it('is read again after a minute', async () => {
    const server = await serve();
    const account = serviceAccount('one');
    const { api, clock } = await inPod(server, { serviceAccount: account });
    await status(api);
    put({ token: 'two' }, account);
    clock.now += MINUTE - 1;
    await status(api);
    clock.now += 1;
    await status(api);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer one',
      'Bearer one',
      'Bearer two',
    ]);
    expect(server.sockets.length).toBe(1);
  });

  it('is read again at once after a 401', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers.authorization === 'Bearer two' ? 200 : 401).end();
    });
    const account = serviceAccount('one');
    const { api } = await inPod(server, { serviceAccount: account });
    expect(await status(api)).toBe(401);
    put({ token: 'two' }, account);
    expect(await status(api)).toBe(200);
  });

  it('stays the last one where the file is gone, with one line, and another when it is back', async () => {
    const server = await serve();
    const account = serviceAccount('one');
    const { api, clock, lines } = await inPod(server, { serviceAccount: account });
    rmSync(join(account, 'token'));
    for (let minutes = 0; minutes < 3; minutes++) {
      clock.now += MINUTE;
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await status(api)).toBe(200);
    }
    expect(lines).toEqual([
      `the service account: cannot read ${join(account, 'token')}: there is no such file; going on with what was read before`,
    ]);
    put({ token: 'two' }, account);
    clock.now += MINUTE;
    await status(api);
    expect(lines.slice(1)).toEqual(['the service account: can be read again']);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer two');
  });

  it('is never written out, and no header can be made of it', async () => {
    const server = await serve();
    const message = await failure(inPod(server, { serviceAccount: serviceAccount('secret\r\nx: y') }));
    expect(message).toMatch(/token holds no token: one line/);
    expect(message).not.toContain('secret');
  });
});

describe('the CA', () => {
  it('is checked: another one does not do', async () => {
    const server = await serve();
    const account = serviceAccount('token', keyPairs.stranger.cert);
    const { api, requested } = await inPod(server, { serviceAccount: account });
    expect(await failure(status(api))).toBe(
      `the certificate of the API server ${api.host} is not signed by the CA in ${join(account, 'ca.crt')}`,
    );
    expect(requested).toEqual([`GET ${api.host} <error>`]);
  });

  it('is read again at once where the certificate is not signed by it', async () => {
    const server = await serve();
    const account = serviceAccount('token', keyPairs.stranger.cert);
    const { api } = await inPod(server, { serviceAccount: account });
    await failure(status(api));
    put({ 'ca.crt': authority }, account);
    expect(await status(api)).toBe(200);
  });

  it('is read again after a minute; what is under way goes on over its old connection', async () => {
    const server = await serve((request, response) => {
      response.writeHead(200).write('begun ');
      if (request.url !== '/watch') response.end();
    });
    const account = serviceAccount();
    const { api, clock } = await inPod(server, { serviceAccount: account });
    const watch = await api.get({
      path: '/watch',
      parameters: {},
      kind: 'watch',
      signal: new AbortController().signal,
    });
    await status(api);
    expect(server.sockets.length).toBe(2);
    put({ 'ca.crt': authority + keyPairs.stranger.cert }, account);
    clock.now += MINUTE;
    await status(api);
    expect(server.sockets.length).toBe(3);
    expect(watch.body.destroyed).toBe(false);
    put({ 'ca.crt': keyPairs.stranger.cert }, account);
    clock.now += MINUTE;
    expect(await failure(status(api))).toContain('is not signed by');
    const ended = watch.body.toArray();
    server.sockets[0]?.destroy();
    await expect(ended).rejects.toThrow(/aborted/);
  });

  it('leaves no connection behind that was made with the one before', async () => {
    const server = await serve((_request, response) => void response.write('{'));
    const account = serviceAccount();
    const { api, clock } = await inPod(server, { serviceAccount: account });
    const list = await api.get({ path: '/list', parameters: {}, kind: 'list', signal: new AbortController().signal });
    put({ 'ca.crt': authority + keyPairs.stranger.cert }, account);
    clock.now += MINUTE;
    (
      await api.get({ path: '/other', parameters: {}, kind: 'list', signal: new AbortController().signal })
    ).body.destroy();
    const closed = once(server.sockets[0] ?? expect.fail('no connection'), 'close');
    server.answers[0]?.end('}');
    expect(String(Buffer.concat(await list.body.toArray()))).toBe('{}');
    await closed;
  });

  it('stays the last one while the file is half written', async () => {
    const server = await serve();
    const account = serviceAccount();
    const { api, clock, lines } = await inPod(server, { serviceAccount: account });
    put({ 'ca.crt': authority.slice(0, 200) }, account);
    clock.now += MINUTE;
    expect(await status(api)).toBe(200);
    expect(lines).toEqual([
      `the service account: ${join(account, 'ca.crt')} holds no certificate in PEM form; going on with what was read before`,
    ]);
  });

  it.each([
    ['expired', keyPairs.expired, /^the certificate of the API server 127\.0\.0\.1:\d+ has expired$/],
    [
      'of a stranger',
      keyPairs.stranger,
      /^the certificate of the API server 127\.0\.0\.1:\d+ is not signed by the CA in /,
    ],
  ])('a certificate that is %s is not accepted', async (_name, keyPair, words) => {
    const server = await serve(undefined, keyPair);
    const { api } = await inPod(server);
    expect(await failure(status(api))).toMatch(words);
    expect(server.requests).toEqual([]);
  });

  it('is checked whatever the environment says', async () => {
    const server = await serve(undefined, keyPairs.stranger);
    const { api } = await inPod(server);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await failure(status(api))).toContain('is not signed by');
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });
});

describe('no service account', () => {
  const ADVICE = "outside of a pod, write 'kubeconfig FILE' or 'endpoint URL', or start with --fixture PATH";

  it.each([
    {},
    { KUBERNETES_SERVICE_HOST: '10.96.0.1' },
    { KUBERNETES_SERVICE_PORT: '443' },
    { KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '443' },
  ])('no pod: %o', async (environment) => {
    expect(await failure(connect({ kind: 'in-cluster' }, { environment }))).toBe(
      `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is no pod; ${ADVICE}`,
    );
  });

  it.each(['token', 'ca.crt'])('no %s', async (name) => {
    const account = serviceAccount();
    rmSync(join(account, name));
    expect(await failure(inPod({ port: 1 }, { serviceAccount: account }))).toBe(
      `cannot read ${join(account, name)}: there is no such file; the pod needs a service account with its token mounted; ${ADVICE}`,
    );
  });

  it('no file, but a folder, an empty one, a huge one', async () => {
    const account = serviceAccount();
    const ca = join(account, 'ca.crt');
    writeFileSync(ca, ' \n');
    expect(await failure(inPod({ port: 1 }, { serviceAccount: account }))).toContain(`${ca} is empty`);
    writeFileSync(ca, Buffer.alloc(1_048_577, 65));
    expect(await failure(inPod({ port: 1 }, { serviceAccount: account }))).toContain(
      `${ca}: it is larger than 1048576 octets`,
    );
    rmSync(ca);
    put({}, account);
    expect(await failure(inPod({ port: 1 }, { serviceAccount: join(folder(), 'none') }))).toContain(
      'there is no such file',
    );
  });

  it('a host that is none', async () => {
    expect(await failure(inPod({ port: 1 }, { host: 'a b' }))).toContain('is not the address of an API server');
  });
});
