/** Kubeconfig files: contexts, and every way in which a user can prove who they are. */
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { type ServerResponse, createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authority, keyPairs } from '../../../support/upstreams/certificates.ts';
import {
  type TestOptions,
  type TestServer,
  afterwards,
  clientName,
  connect,
  failure,
  limits,
  put,
  serve,
  servePlain,
  status,
} from './support.ts';

type Fields = Readonly<Record<string, unknown>>;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A file with one context, `here`. */
function config(server: string, cluster: Fields = {}, user: Fields = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'me' } }],
    'current-context': 'here',
  });
}

function use(file: string, options: TestOptions & { readonly context?: string } = {}) {
  const { context, ...rest } = options;
  return connect({ kind: 'kubeconfig', file, context }, rest);
}

/** Connects with a file for `server` whose folder has `files` too. */
function log(
  server: TestServer,
  user: Fields,
  {
    cluster,
    files,
    ...options
  }: TestOptions & { readonly cluster?: Fields; readonly files?: Record<string, string> } = {},
) {
  const text = config(
    `https://127.0.0.1:${server.port}`,
    { 'certificate-authority-data': base64(authority), ...cluster },
    user,
  );
  const path = put({ config: text, ...files });
  return use(join(path, 'config'), options).then((test) => ({ ...test, path }));
}

function authorization(server: TestServer): string | undefined {
  return server.requests.at(-1)?.headers.authorization;
}

const COMMON_NAME: Parameters<typeof serve>[0] = (request, response) => {
  response.setHeader('x-name', clientName(request));
  response.end();
};
const MUTUAL = { requestCert: true, rejectUnauthorized: true, ca: [authority, keyPairs.stranger.cert] };

describe('a user', () => {
  it('with a token', async () => {
    const server = await serve();
    const { api } = await log(server, { token: 'abc' });
    expect(await status(api)).toBe(200);
    expect(authorization(server)).toBe('Bearer abc');
  });

  it('with a file of a token, relative to the kubeconfig, read again each minute and after a 401', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers.authorization === 'Bearer gone' ? 401 : 200).end();
    });
    const { api, path, clock } = await log(
      server,
      { token: 'ignored', tokenFile: 'token' },
      { files: { token: 'one\n' } },
    );
    await status(api);
    expect(authorization(server)).toBe('Bearer one');
    put({ token: 'gone' }, path);
    clock.now += 60_000;
    expect(await status(api)).toBe(401);
    put({ token: 'three' }, path);
    expect(await status(api)).toBe(200);
    expect(authorization(server)).toBe('Bearer three');
  });

  it('with a password', async () => {
    const server = await serve();
    const { api } = await log(server, { username: 'me', password: 'pw' });
    await status(api);
    expect(authorization(server)).toBe(`Basic ${base64('me:pw')}`);
  });

  it('who acts for another', async () => {
    const server = await serve();
    const { api } = await log(server, { token: 'abc', as: 'other' });
    await status(api);
    expect(server.requests[0]?.headers['impersonate-user']).toBe('other');
  });

  it('with a certificate in the file', async () => {
    const server = await serve(undefined, MUTUAL);
    const { cert, key } = keyPairs.client;
    const { api } = await log(server, { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) });
    expect(await status(api)).toBe(200);
  });

  it('with files of a certificate, relative to the kubeconfig, read again each minute', async () => {
    const names: unknown[] = [];
    const server = await serve((request, response) => {
      COMMON_NAME(request, response);
      names.push(response.getHeader('x-name'));
    }, MUTUAL);
    const { api, path, clock } = await log(
      server,
      { 'client-certificate': 'my.pem', 'client-key': 'my.key' },
      { files: { 'my.pem': keyPairs.client.cert, 'my.key': keyPairs.client.key } },
    );
    await status(api);
    put({ 'my.pem': keyPairs.stranger.cert, 'my.key': keyPairs.stranger.key }, path);
    clock.now += 60_000;
    await status(api);
    expect(names).toEqual(['client', 'dns.example.test']);
  });

  it('who is nobody', async () => {
    const server = await servePlain();
    const text = JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${server.port}` } }],
      contexts: [{ name: 'here', context: { cluster: 'c' } }],
      'current-context': 'here',
    });
    const { api } = await use(join(put({ config: text }), 'config'));
    expect(await status(api)).toBe(200);
    expect(authorization(server)).toBeUndefined();
  });
});

describe('a plug-in', () => {
  /** Prints the credential in `answer`, and writes down that it was asked. */
  const PLUGIN = `#!/bin/sh
cd "$(dirname "$0")"
printf '%s' "$KUBERNETES_EXEC_INFO" > info
echo asked >> asked
cat answer
`;

  function credential(fields: Fields): string {
    return JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: fields });
  }

  async function plugged(server: TestServer, answer: string, options: TestOptions = {}) {
    const path = put({ plugin: PLUGIN, answer });
    chmodSync(join(path, 'plugin'), 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', interactiveMode: 'Never' };
    const ca = { 'certificate-authority-data': base64(authority) };
    put({ config: config(`https://127.0.0.1:${server.port}`, ca, { exec }) }, path);
    const asked = (): number => readFileSync(join(path, 'asked'), 'utf8').split('\n').length - 1;
    return { ...(await use(join(path, 'config'), options)), path, asked };
  }

  it('gives a token, and is told what is expected', async () => {
    const server = await serve();
    const { api, path, asked, clock } = await plugged(server, credential({ token: 'one' }));
    await status(api);
    await status(api);
    expect(authorization(server)).toBe('Bearer one');
    expect(JSON.parse(readFileSync(join(path, 'info'), 'utf8'))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
    // A token without an end is good until it is refused.
    clock.now += 60_000;
    await status(api);
    expect(asked()).toBe(1);
  });

  it('is asked again when its token has ended', async () => {
    const server = await serve();
    const ended = credential({ token: 'one', expirationTimestamp: new Date(Date.now() - 1000).toISOString() });
    const { api, path, clock } = await plugged(server, ended);
    await status(api);
    put({ answer: credential({ token: 'two' }) }, path);
    clock.now += 60_000;
    await status(api);
    expect(authorization(server)).toBe('Bearer two');
  });

  it('is asked again after a 401, once for all requests', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers.authorization === 'Bearer two' ? 200 : 401).end();
    });
    const { api, path, asked } = await plugged(server, credential({ token: 'one' }));
    expect(await Promise.all([status(api), status(api), status(api)])).toEqual([401, 401, 401]);
    put({ answer: credential({ token: 'two' }) }, path);
    expect(await Promise.all([status(api), status(api), status(api)])).toEqual([200, 200, 200]);
    expect(asked()).toBe(2);
  });

  it('is not asked again for a 401 that comes late, when there are new credentials', async () => {
    let late: ServerResponse | undefined;
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/late') === true) late = response;
      else response.writeHead(request.headers.authorization === 'Bearer two' ? 200 : 401).end();
    });
    const { api, path, asked } = await plugged(server, credential({ token: 'one' }));
    const waiting = status(api, { path: '/late' });
    await expect.poll(() => late, { timeout: 10_000 }).toBeDefined();
    put({ answer: credential({ token: 'two' }) }, path);
    expect([await status(api), await status(api)]).toEqual([401, 200]);
    late?.writeHead(401).end();
    expect(await waiting).toBe(401);
    expect(await status(api)).toBe(200);
    expect(asked()).toBe(2);
  });

  it('gives a certificate', async () => {
    const server = await serve(undefined, MUTUAL);
    const { cert, key } = keyPairs.client;
    const { api } = await plugged(server, credential({ clientCertificateData: cert, clientKeyData: key }));
    expect(await status(api)).toBe(200);
  });

  it('that fails is no error of the start: each request says why, until it works', async () => {
    const server = await serve();
    const { api, path } = await plugged(server, '');
    put({ plugin: '#!/bin/sh\necho "please log\n in" >&2; exit 3\n' }, path);
    expect(await failure(status(api))).toBe(`the credentials of user 'me' in ${join(path, 'config')}: please log in`);
    put({ plugin: PLUGIN, answer: 'no JSON' }, path);
    expect(await failure(status(api))).toContain("the credentials of user 'me'");
    put({ answer: '{}' }, path);
    expect(await failure(status(api))).toContain("the credentials of user 'me'");
    put({ answer: credential({ token: 'one' }) }, path);
    expect(await status(api)).toBe(200);
  });

  it('that is not installed', async () => {
    const server = await serve();
    const { api, path } = await plugged(server, '');
    rmSync(join(path, 'plugin'));
    expect(await failure(status(api))).toMatch(/spawn .*\/plugin ENOENT/);
  });

  it('that never answers is waited for in vain, and is not started again meanwhile', async () => {
    const server = await serve();
    const slow = PLUGIN.replace(
      'cat answer',
      'for _ in $(seq 200); do [ -e go ] && break; sleep 0.05; done; cat answer',
    );
    const {
      api,
      asked,
      path: where,
    } = await plugged(server, credential({ token: 'late' }), {
      limits: limits({ apiCredentialsTime: 150 }),
    });
    put({ plugin: slow }, where);
    const words = `kubeconfig ${join(where, 'config')}: no credentials within 0.15 s`;
    expect(await failure(status(api))).toBe(words);
    expect(await failure(status(api))).toBe(words);
    put({ go: '' }, where);
    await expect.poll(() => status(api).catch(() => 0), { timeout: 10_000 }).toBe(200);
    expect(authorization(server)).toBe('Bearer late');
    expect(asked()).toBe(1);
  });
});

describe('a cluster', () => {
  it('without a scheme, with HTTP, with a path', async () => {
    const server = await servePlain();
    for (const url of [`http://127.0.0.1:${server.port}/prefix`, `127.0.0.1:${server.port}`]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { api } = await use(join(put({ config: config(url, {}, { token: 'abc' }) }), 'config'));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await status(api)).toBe(200);
      expect(authorization(server)).toBe('Bearer abc');
    }
    expect(server.requests.map(({ url }) => url)).toEqual(['/prefix/api/v1/services', '/api/v1/services']);
  });

  it('with a file of its CA, relative to the kubeconfig', async () => {
    const server = await serve();
    const cluster = { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.pem' };
    const { api } = await log(server, {}, { cluster, files: { 'ca.pem': authority } });
    expect(await status(api)).toBe(200);
    const wrong = await log(server, {}, { cluster, files: { 'ca.pem': keyPairs.stranger.cert } });
    expect(await failure(status(wrong.api))).toBe(
      `the certificate of the API server ${api.host} is not signed by the CA in ${join(wrong.path, 'ca.pem')}`,
    );
  });

  it('is not trusted without a CA, but where it says so', async () => {
    const server = await serve(undefined, keyPairs.stranger);
    const { api } = await log(server, {}, { cluster: { 'certificate-authority-data': undefined } });
    expect(await failure(status(api))).toContain('is not signed by a CA of the system');
    const insecure = { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true };
    const other = await log(server, {}, { cluster: insecure });
    expect(await status(other.api)).toBe(200);
  });

  it.each([
    ['dns.example.test', 200],
    ['127.0.0.1', 200],
    ['other.example.test', undefined],
    ['127.0.0.2', undefined],
  ])('whose certificate is for another name: %s', async (name, expected) => {
    const server = await serve();
    const { api } = await log(
      server,
      {},
      { cluster: { 'tls-server-name': name, server: `https://localhost:${server.port}` } },
    );
    if (expected === undefined) expect(await failure(status(api))).toContain(`is for`);
    else expect(await status(api)).toBe(expected);
  });

  it('behind a proxy', async () => {
    const server = await serve();
    const tunnels: (string | undefined)[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client) => {
      tunnels.push(request.url);
      const upstream = connectTcp(server.port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      for (const socket of [client, upstream]) socket.on('error', () => {});
      upstream.pipe(client).pipe(upstream);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    afterwards(() => void proxy.close());
    const bound = proxy.address();
    const port = typeof bound === 'object' ? bound?.port : undefined;
    const { api } = await log(server, { token: 'abc' }, { cluster: { 'proxy-url': `http://127.0.0.1:${port}` } });
    expect(await status(api)).toBe(200);
    expect(await status(api)).toBe(200);
    expect(tunnels).toEqual([`127.0.0.1:${server.port}`]);
    const dead = await log(server, {}, { cluster: { 'proxy-url': 'http://user:secret@127.0.0.1:1' } });
    expect(await failure(status(dead.api))).toMatch(/refuses the connection \(through the proxy 127\.0\.0\.1:1\)$/);
  });

  it('that becomes another one is not asked: the state is of the first', async () => {
    const server = await serve();
    const { api, path, clock, lines } = await log(server, { token: 'abc' });
    await status(api);
    put({ config: config('https://10.0.0.1:6443', {}, { token: 'secret' }) }, path);
    clock.now += 60_000;
    await status(api);
    expect(authorization(server)).toBe('Bearer abc');
    expect(lines[0]).toContain('names another API server now, 10.0.0.1:6443; restart to use it');
  });

  it('whose token is changed in the file gets the new one', async () => {
    const server = await serve();
    const { api, path, clock } = await log(server, { token: 'one' });
    await status(api);
    put({ config: readFileSync(join(path, 'config'), 'utf8').replace('one', 'two') }, path);
    clock.now += 60_000;
    await status(api);
    expect(authorization(server)).toBe('Bearer two');
    expect(server.sockets.length).toBe(1);
  });
});

describe('a context', () => {
  const two = (port: number, current: string | undefined): string =>
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [
        { name: 'a', user: { token: 'a' } },
        { name: 'b', user: { token: 'b' } },
      ],
      contexts: [
        { name: 'first', context: { cluster: 'c', user: 'a' } },
        { name: 'second', context: { cluster: 'c', user: 'b' } },
        { name: 'lost', context: { cluster: 'no', user: 'b' } },
        { name: 'alone', context: { cluster: 'c', user: 'no' } },
      ],
      ...(current === undefined ? {} : { 'current-context': current }),
    });

  it('is the current one, or the one that is named', async () => {
    const server = await servePlain();
    const file = join(put({ config: two(server.port, 'first') }), 'config');
    await status((await use(file)).api);
    await status((await use(file, { context: 'second' })).api);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer a', 'Bearer b']);
  });

  it('that does not exist, or names what does not, is an error that names what does', async () => {
    const file = join(put({ config: two(1, undefined) }), 'config');
    expect(await failure(use(file, { context: 'third' }))).toBe(
      `${file} has no context 'third'; it has first, second, lost, alone`,
    );
    expect(await failure(use(file))).toBe(
      `${file} has no current context: name one with 'kubeconfig ${file} CONTEXT'; it has first, second, lost, alone`,
    );
    expect(await failure(use(file, { context: 'lost' }))).toBe(
      `${file}: context 'lost' names the cluster 'no', which does not exist`,
    );
    expect(await failure(use(file, { context: 'alone' }))).toBe(
      `${file}: context 'alone' names the user 'no', which does not exist`,
    );
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['no YAML', '{', /config is no kubeconfig: /],
    ['a text', 'hello', /config has no current context.*it has none/],
    ['a null', 'null', /config is no kubeconfig: /],
    [
      'a cluster without a server',
      '{"clusters":[{"name":"c","cluster":{}}]}',
      /clusters\[0\]\.cluster\.server is missing/,
    ],
    ['a server that is none', config('ftp://x'), /'ftp:\/\/x' is not the address of an API server/],
    [
      'a SOCKS proxy',
      config('https://x', { 'proxy-url': 'socks5://p:1' }),
      /proxy-url 'socks5:\/\/p:1' is not supported/,
    ],
    [
      'a CA that is missing',
      config('https://x', { 'certificate-authority': '/nowhere/ca' }),
      /cannot read \/nowhere\/ca: there is no such file/,
    ],
    [
      'a CA that is none',
      config('https://x', { 'certificate-authority-data': base64('x') }),
      /config holds no certificate in PEM form/,
    ],
    [
      'a certificate without a key',
      config('https://x', {}, { 'client-certificate-data': base64(authority) }),
      /there is no key for the certificate/,
    ],
    [
      'a token file that is missing',
      config('https://x', {}, { tokenFile: 'token' }),
      /cannot read \/.*\/token: there is no such file/,
    ],
  ])('%s', async (_name, text, words) => {
    expect(await failure(use(join(put({ config: text }), 'config')))).toMatch(words);
  });

  it('that is missing', async () => {
    expect(await failure(use('/nowhere/config'))).toBe('cannot read /nowhere/config: there is no such file');
  });
});
