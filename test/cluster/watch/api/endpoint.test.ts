/** `endpoint` and `tls`: an API server at a URL. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ApiSource } from '../../../../src/cluster/watch/api/api.ts';
import { authority, keyPairs } from '../../../support/upstreams/certificates.ts';
import { clientName, connect, failure, put, serve, servePlain, status } from './support.ts';

function at(url: string, tls?: Extract<ApiSource, { kind: 'endpoint' }>['tls']): ApiSource {
  return { kind: 'endpoint', url, tls };
}

/** The three files of `tls` in a folder. */
function files(change: Readonly<Record<string, string>> = {}) {
  const path = put({
    'client.pem': keyPairs.client.cert,
    'client.key': keyPairs.client.key,
    'ca.pem': authority,
    ...change,
  });
  return {
    path,
    tls: { certificate: join(path, 'client.pem'), key: join(path, 'client.key'), ca: join(path, 'ca.pem') },
  };
}

const MUTUAL = { requestCert: true, rejectUnauthorized: true, ca: authority };

describe('endpoint', () => {
  it.each(['http://127.0.0.1:', '127.0.0.1:'])('%sPORT is plain HTTP, with nothing to prove', async (beginning) => {
    const server = await servePlain();
    const { api } = await connect(at(`${beginning}${server.port}`));
    expect(await status(api)).toBe(200);
    expect(await status(api)).toBe(200);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.sockets.length).toBe(1);
  });

  it('may stand below a path', async () => {
    const server = await servePlain();
    const { api } = await connect(at(`http://127.0.0.1:${server.port}/k8s/clusters/c-1/`));
    await status(api);
    expect(server.requests[0]?.url).toBe('/k8s/clusters/c-1/api/v1/services');
  });

  it("https without tls is checked with the system's authorities", async () => {
    const server = await serve();
    const { api } = await connect(at(`https://127.0.0.1:${server.port}`));
    expect(await failure(status(api))).toBe(
      `the certificate of the API server ${api.host} is not signed by a CA of the system`,
    );
  });

  it('that is no URL is an error', async () => {
    expect(await failure(connect(at('ftp://10.0.0.1')))).toContain(
      "'ftp://10.0.0.1' is not the address of an API server",
    );
  });
});

describe('tls', () => {
  it.each(['https://', ''])('shows the client certificate to %sHOST:PORT', async (scheme) => {
    const shown: string[] = [];
    const server = await serve((request, response) => {
      shown.push(clientName(request));
      response.end();
    }, MUTUAL);
    const { api } = await connect(at(`${scheme}127.0.0.1:${server.port}`, files().tls));
    expect(await status(api)).toBe(200);
    expect(shown).toEqual(['client']);
  });

  it('with two empty names is a CA alone', async () => {
    const server = await serve();
    const { tls } = files();
    const { api } = await connect(at(`https://127.0.0.1:${server.port}`, { ...tls, certificate: '', key: '' }));
    expect(await status(api)).toBe(200);
  });

  it('has nothing to do for plain HTTP', async () => {
    const server = await servePlain();
    const { api } = await connect(at(`http://127.0.0.1:${server.port}`, files().tls));
    expect(await status(api)).toBe(200);
  });

  it('says so where the server asks for a certificate and there is none', async () => {
    const server = await serve(undefined, MUTUAL);
    const { tls } = files();
    const { api } = await connect(at(`https://127.0.0.1:${server.port}`, { ...tls, certificate: '', key: '' }));
    expect(await failure(status(api))).toBe(`the API server ${api.host} asks for a client certificate`);
  });

  it('is read again: a new certificate is shown to new connections', async () => {
    const server = await serve(undefined, { ...MUTUAL, ca: [authority, keyPairs.stranger.cert] });
    const { path, tls } = files({ 'client.pem': keyPairs.stranger.cert, 'client.key': keyPairs.stranger.key });
    const { api, clock, lines } = await connect(at(`https://127.0.0.1:${server.port}`, tls));
    expect(await status(api)).toBe(200);
    // Its key is not there yet: the files are written one after the other.
    put({ 'client.pem': keyPairs.client.cert }, path);
    clock.now += 60_000;
    expect(await status(api)).toBe(200);
    expect(server.sockets.length).toBe(1);
    expect(lines[0]).toContain(`the key in ${tls.key} does not belong to the certificate in ${tls.certificate}`);
    put({ 'client.key': keyPairs.client.key }, path);
    clock.now += 60_000;
    expect(await status(api)).toBe(200);
    expect(server.sockets.length).toBe(2);
  });

  it.each([
    ['a missing file', { certificate: '/nowhere/x.pem' }, {}, 'cannot read /nowhere/x.pem: there is no such file'],
    ['no key', { key: '' }, {}, /there is no key for the certificate in .*client\.pem/],
    ['no certificate', { certificate: '' }, {}, /there is no certificate for the key in .*client\.key/],
    [
      'a key in place of a certificate',
      {},
      { 'client.pem': keyPairs.client.key },
      /client\.pem holds no certificate in PEM form/,
    ],
    [
      'a certificate in place of a key',
      {},
      { 'client.key': keyPairs.client.cert },
      /client\.key holds no key that can be used/,
    ],
    [
      'a key of another',
      {},
      { 'client.key': keyPairs.stranger.key },
      /the key in .* does not belong to the certificate in /,
    ],
    [
      'a damaged CA',
      {},
      { 'ca.pem': authority.replace('MII', 'QQQ') },
      /ca\.pem holds a certificate that cannot be read/,
    ],
  ])('%s is an error', async (_name, named, written, words) => {
    const { tls } = files(written);
    for (const url of ['https://127.0.0.1:1', 'http://127.0.0.1:1']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await failure(connect(at(url, { ...tls, ...named })))).toMatch(words);
    }
  });
});
