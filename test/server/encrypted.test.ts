/** A running server with tls:// and https:// blocks: reloads, hand-over, stop, and what is counted. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { SERVER_NAME, authority, keyPairs } from '../support/upstreams/certificates.ts';
import { TcpClient } from '../transport/clients.ts';
import { Http1Client, Http2Client, query, target } from '../transport/https-clients.ts';
import { ask, makeFolder, run, saying, tcp, udp } from './running.ts';

const certificates = fileURLToPath(new URL('../support/upstreams/certificates', import.meta.url));
const pem = (name: string): string => join(certificates, name);
const TLS = `tls ${pem('server.pem')} ${pem('server.key')}`;
const OTHER = `tls ${pem('stranger.pem')} ${pem('stranger.key')}`;

async function tls(port: number, options: ConnectionOptions = {}): Promise<TcpClient> {
  const client = await TcpClient.connectTls(port, options);
  onTestFinished(() => client.close());
  return client;
}

/** A client that trusts the one that signed `server`, or the stranger alone. */
const trusting = (ca: string): ConnectionOptions => ({ ca, rejectUnauthorized: true, servername: SERVER_NAME });

describe('a server with encrypted blocks', () => {
  it('answers over plain DNS, TLS and HTTPS, each with its own block', async () => {
    const [secure, web] = [await freePort(), await freePort()];
    const { server, port } = await run(
      saying('plain') +
        saying('tls', { keys: `tls://.:${secure}`, lines: TLS }) +
        saying('https', { keys: `https://.:${web}`, lines: TLS }),
    );
    expect(await ask(await udp(port()))).toBe('plain');
    expect(await ask(await tcp(port()))).toBe('plain');
    expect(await ask(await tls(secure, trusting(authority)))).toBe('tls');
    expect((await new Http2Client(web).get(target(query()))).status).toBe(200);
    expect(server.zones).toEqual([
      { zone: '.', address: '127.0.0.1', port: port() },
      { zone: `tls://.`, address: '127.0.0.1', port: secure },
      { zone: `https://.`, address: '127.0.0.1', port: web },
    ]);
    expect(server.listening.map((pair) => pair.udp === undefined)).toEqual([false, true, true]);
  });

  it('counts HTTP responses by their status, and failed handshakes', async () => {
    const web = await freePort();
    const { metrics } = await run(saying('https', { keys: `https://.:${web}`, lines: TLS }));
    const client = new Http2Client(web);
    await client.get(target(query()));
    await client.get(target(query()));
    await client.get('/elsewhere');
    (await tcp(web)).send(Buffer.from('no TLS'));
    const name = 'coredns_dns_https_responses_total';
    const server = `server="https://127.0.0.1:${web}"`;
    const text = metrics.render();
    expect(text).toContain(`${name}{${server},status="200"} 2`);
    expect(text).toContain(`${name}{${server},status="404"} 1`);
    await expect
      .poll(() => metrics.render())
      .toContain(`nodens_transport_handshakes_failed_total{proto="tcp",${server}} 1`);
  });

  it('says max-age as its records have it', async () => {
    const web = await freePort();
    await run(`https://.:${web} {\n${TLS}\ntemplate IN A {\nanswer "{{ .Name }} 42 IN A 192.0.2.1"\n}\n}\n`);
    expect((await new Http2Client(web).get(target(query()))).headers['cache-control']).toBe('max-age=42');
  });

  it('speaks plain HTTP without tls', async () => {
    const web = await freePort();
    await run(saying('http', { keys: `https://.:${web}` }));
    const client = await Http1Client.plain(web);
    client.request('GET', target(query()));
    expect((await client.receive()).status).toBe(200);
  });

  it('takes max_connections of https, and timeouts', async () => {
    const web = await freePort();
    const lines = `${TLS}\nhttps {\nmax_connections 1\n}\ntimeouts {\nidle 1s\n}`;
    const { server } = await run(saying('https', { keys: `https://.:${web}`, lines }));
    const first = await new Http2Client(web).settled();
    const second = new Http2Client(web);
    await second.closed;
    expect(server.listening[0]?.tcp.counts.overBound).toBe(1);
    await first.get(target(query()));
    await first.closed;
  });

  it('appends secrets to the file of keylog, which is for its owner alone', async () => {
    const secure = await freePort();
    const lines = `${TLS} {\nkeylog secrets\n}`;
    const { folder } = await run(saying('tls', { keys: `tls://.:${secure}`, lines }));
    expect(await ask(await tls(secure))).toBe('tls');
    const { readFileSync, statSync } = await import('node:fs');
    const path = join(folder, 'secrets');
    expect(readFileSync(path, 'utf8')).toMatch(/^SERVER_HANDSHAKE_TRAFFIC_SECRET /m);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('a reload', () => {
  it('takes another certificate, and keeps connections and the socket', async () => {
    const secure = await freePort();
    const keys = `tls://.:${secure}`;
    const { server, configure } = await run(saying('one', { keys, lines: TLS }));
    const [pair] = server.listening;
    const before = await tls(secure, trusting(authority));
    expect(await ask(before)).toBe('one');
    configure(saying('two', { keys, lines: OTHER }));
    expect(await server.reload()).toBe(true);
    expect(server.listening).toEqual([pair]);
    expect(await ask(before)).toBe('two');
    expect(await ask(await tls(secure, trusting(keyPairs.stranger.cert)))).toBe('two');
    await expect(tls(secure, trusting(authority))).rejects.toThrow('self-signed');
  });

  it('takes a certificate that has changed in its file, though the Corefile has not', async () => {
    const secure = await freePort();
    const { server, folder, configure } = await run(saying('none'));
    const [cert, key] = [join(folder, 'tls.pem'), join(folder, 'tls.key')];
    const copy = (name: string): void => {
      copyFileSync(pem(`${name}.pem`), cert);
      copyFileSync(pem(`${name}.key`), key);
    };
    copy('server');
    configure(saying('here', { keys: `tls://.:${secure}`, lines: `tls ${cert} ${key}` }));
    expect(await server.reload()).toBe(true);
    expect(await ask(await tls(secure, trusting(authority)))).toBe('here');
    copy('stranger');
    expect(await server.reload()).toBe(true);
    expect(await ask(await tls(secure, trusting(keyPairs.stranger.cert)))).toBe('here');
  });

  it('comes by itself when a certificate is renewed, where the Corefile has reload', async () => {
    const secure = await freePort();
    const { server, log, configure } = await run(saying('none'));
    const mounted = makeFolder();
    const [cert, key] = [join(mounted, 'tls.crt'), join(mounted, 'tls.key')];
    const copy = (name: string): void => {
      copyFileSync(pem(`${name}.key`), key);
      copyFileSync(pem(`${name}.pem`), cert);
    };
    copy('server');
    configure(saying('here', { keys: `tls://.:${secure}`, lines: `reload 2s 0\ntls ${cert} ${key}` }));
    expect(await server.reload()).toBe(true);
    const before = await tls(secure, trusting(authority));
    copy('stranger');
    await log.until('Reloading complete', 2);
    expect(await ask(await tls(secure, trusting(keyPairs.stranger.cert)))).toBe('here');
    expect(await ask(before)).toBe('here');
    // Nothing has changed since: a look is no reason for another.
    expect(log.count('Reloading complete')).toBe(2);
  });

  it('with a broken certificate changes nothing, and says why', async () => {
    const secure = await freePort();
    const { server, folder, log, configure } = await run(saying('none'));
    const cert = join(folder, 'tls.pem');
    copyFileSync(pem('server.pem'), cert);
    configure(saying('here', { keys: `tls://.:${secure}`, lines: `tls ${cert} ${pem('server.key')}` }));
    expect(await server.reload()).toBe(true);
    writeFileSync(cert, keyPairs.server.cert.slice(0, 200));
    expect(await server.reload()).toBe(false);
    await log.until('holds no certificate');
    expect(await ask(await tls(secure, trusting(authority)))).toBe('here');
  });

  it('takes other demands of clients', async () => {
    const secure = await freePort();
    const keys = `tls://.:${secure}`;
    const { server, configure } = await run(saying('here', { keys, lines: TLS }));
    expect(await ask(await tls(secure))).toBe('here');
    configure(saying('here', { keys, lines: `${TLS} ${pem('authority.pem')} {\nclient_auth require_and_verify\n}` }));
    expect(await server.reload()).toBe(true);
    expect(await ask(await tls(secure, keyPairs.client))).toBe('here');
    const stranger = await tls(secure, keyPairs.stranger);
    await Promise.race([stranger.ended, stranger.closed]);
  });

  it('from https with tls to https without takes new connections as they come', async () => {
    const web = await freePort();
    const keys = `https://.:${web}`;
    const { server, configure } = await run(saying('here', { keys, lines: TLS }));
    const before = await new Http2Client(web).settled();
    configure(saying('here', { keys }));
    expect(await server.reload()).toBe(true);
    const client = await Http1Client.plain(web);
    client.request('GET', target(query()));
    expect((await client.receive()).status).toBe(200);
    expect((await before.get(target(query()))).status).toBe(200);
  });

  it('opens what is new and closes what nobody wants', async () => {
    const [secure, web] = [await freePort(), await freePort()];
    const { server, configure } = await run(saying('tls', { keys: `tls://.:${secure}`, lines: TLS }));
    const before = await tls(secure);
    configure(saying('https', { keys: `https://.:${web}`, lines: TLS }));
    expect(await server.reload()).toBe(true);
    await before.ended;
    await expect(tls(secure)).rejects.toThrow('ECONNREFUSED');
    expect((await new Http2Client(web).get(target(query()))).status).toBe(200);
  });

  it('cannot change the scheme of a port, and says that it takes a restart', async () => {
    const secure = await freePort();
    const { server, log, configure } = await run(saying('tls', { keys: `tls://.:${secure}`, lines: TLS }));
    configure(saying('https', { keys: `https://.:${secure}`, lines: TLS }));
    expect(await server.reload()).toBe(false);
    await log.until('a change from tls:// to https:// takes a restart');
    expect(await ask(await tls(secure))).toBe('tls');
  });
});

describe('a stop', () => {
  it('answers for as long as the lame duck lasts, and ends idle connections then', async () => {
    const [secure, web, health] = [await freePort(), await freePort(), await freePort()];
    const lines = `${TLS}\nhealth 127.0.0.1:${health} {\nlameduck 200ms\n}`;
    const { server } = await run(
      saying('tls', { keys: `tls://.:${secure}`, lines }) + saying('https', { keys: `https://.:${web}`, lines: TLS }),
    );
    const [first, second] = [await tls(secure), await new Http2Client(web).settled()];
    const stopping = server.stop();
    expect(await ask(first)).toBe('tls');
    expect((await second.get(target(query()))).status).toBe(200);
    expect(await ask(await tls(secure))).toBe('tls');
    await stopping;
    await Promise.all([first.ended, second.closed]);
  });
});
