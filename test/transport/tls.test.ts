/** TLS before DNS: who may enter, what a handshake may cost, and another certificate while connections are open. */
import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ClientAuth, TlsTerminator } from '../../src/transport/tls-terminator.ts';
import { type KeyPair, SERVER_NAME, authority, keyPairs } from '../support/upstreams/certificates.ts';
import { type TcpClient, deadline, openTls } from './clients.ts';
import { ask, Deferrer, echo, IDENTITY, openOneTls, tcpClient, tlsClient } from './fixtures.ts';

/** What a client gets: its own question, or nothing because the connection ends. */
async function outcome(port: number, options: ConnectionOptions = {}): Promise<string> {
  const { socket, carrier } = openTls(port, options);
  onTestFinished(() => void carrier.destroy());
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (octets: Buffer) => resolve(octets.toString().slice(2)));
  for (const event of ['end', 'close', 'error']) {
    for (const one of [socket, carrier]) one.once(event, () => resolve('closed'));
  }
  socket.once('secureConnect', () => socket.write('\0\x04here'));
  return promise;
}

/** The server may close its side, or the connection. */
const gone = ({ ended, closed }: TcpClient): Promise<void> => Promise.race([ended, closed]);

describe('a handshake', () => {
  it.each([
    ['TLSv1.3', 'TLSv1.3', 'here'],
    ['TLSv1.2', 'TLSv1.2', 'here'],
    ['TLSv1', 'TLSv1.1', 'closed'],
  ] as const)('of %s to %s: %s', async (minVersion, maxVersion, expected) => {
    const { port } = await openOneTls(echo);
    // OpenSSL itself refuses to offer old versions at its usual level.
    const ciphers = maxVersion === 'TLSv1.1' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
    expect(await outcome(port, { minVersion, maxVersion, ...ciphers })).toBe(expected);
  });

  it('shows a certificate that a client can trust', async () => {
    const { port } = await openOneTls(echo);
    const trusting = { ca: authority, rejectUnauthorized: true };
    expect(await outcome(port, { ...trusting, servername: SERVER_NAME })).toBe('here');
    expect(await outcome(port, { ...trusting, servername: 'other.test' })).toBe('closed');
  });

  it.each([
    ['dot', ['dot'], 'here', 'dot'],
    ['nothing', undefined, 'here', false],
    ['another protocol', ['h2'], 'closed', null],
    ['dot among others', ['h2', 'dot'], 'here', 'dot'],
  ] as const)('with %s offered by ALPN', async (_, offered, expected, chosen) => {
    const { port } = await openOneTls(echo);
    const options = offered === undefined ? {} : { ALPNProtocols: [...offered] };
    expect(await outcome(port, options)).toBe(expected);
    if (expected === 'here') {
      const { socket } = await tlsClient(port, options);
      expect(socket).toHaveProperty('alpnProtocol', chosen);
    }
  });

  it('tlsHandshake: that takes too long is cut off, also where an octet comes now and then', async () => {
    const { port, listener } = await openOneTls(echo, { tlsHandshake: 100 });
    const silent = await tcpClient(port);
    const slow = await tcpClient(port);
    slow.socket.write(Buffer.of(0x16, 3, 1, 2, 0));
    const trickle = setInterval(() => slow.socket.write(Buffer.of(1)), 20);
    onTestFinished(() => clearInterval(trickle));
    await Promise.all([gone(silent), gone(slow)]);
    expect(listener.counts).toMatchObject({ connections: 2, cutOff: 2, handshakes: 2, requests: 0 });
    expect(await ask(await tlsClient(port), 'now')).toBe('now');
  });

  it('takes a place among the connections from the beginning', async () => {
    const { port, listener } = await openOneTls(echo, { tcpConnections: 2 });
    const [first, second] = [await tcpClient(port), await tcpClient(port)];
    const third = await tcpClient(port);
    await gone(third);
    expect(listener.counts.overBound).toBe(1);
    first.close();
    second.close();
    await expect.poll(() => outcome(port), { timeout: 10_000 }).toBe('here');
  });

  it('whose client closes its side before it is over ends at once, as that of who only looks whether the port is open', async () => {
    const { port } = await openOneTls(echo, { tcpConnections: 1, tlsHandshake: 60_000 });
    const client = await tcpClient(port);
    client.socket.end();
    await expect.poll(() => outcome(port), { timeout: 5_000 }).toBe('here');
  });

  it('that is no TLS is refused, and nobody else is held up', async () => {
    const { port, listener, reports } = await openOneTls(echo);
    const client = await tcpClient(port);
    client.send(Buffer.from('plain DNS'));
    await gone(client);
    expect(listener.counts).toMatchObject({ handshakes: 1, requests: 0, failed: 0 });
    expect(await outcome(port)).toBe('here');
    expect(reports).toEqual([]);
  });

  it('is not begun again by a client (TLS 1.2)', async () => {
    const { port } = await openOneTls(echo);
    const { socket } = openTls(port, { maxVersion: 'TLSv1.2' });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect', deadline());
    const refused = Promise.withResolvers<unknown>();
    socket.on('error', refused.resolve);
    socket.renegotiate({}, (error) => error !== null && refused.resolve(error));
    expect(await refused.promise).toBeInstanceOf(Error);
  });

  it('that is under way does not keep a listener from stopping', async () => {
    const { port, listener } = await openOneTls(echo);
    const client = await tcpClient(port);
    await listener.stop(60_000);
    await gone(client);
  });
});

const { server, client, stranger } = keyPairs;
const none: KeyPair | undefined = undefined;

describe('a client with no certificate, one that nobody signed, one of the authority', () => {
  const cases: readonly (readonly [ClientAuth, readonly string[]])[] = [
    ['nocert', ['here', 'here', 'here']],
    ['request', ['here', 'here', 'here']],
    ['require', ['closed', 'here', 'here']],
    ['verify_if_given', ['here', 'closed', 'here']],
    ['require_and_verify', ['closed', 'closed', 'here']],
  ];

  it.each(
    cases.flatMap(([auth, expected]) => (['TLSv1.2', 'TLSv1.3'] as const).map((v) => [auth, v, expected] as const)),
  )('%s, %s: %s', async (clientAuth, maxVersion, expected) => {
    const { port, listener } = await openOneTls(echo, {}, { clientAuth });
    const outcomes: string[] = [];
    for (const pair of [none, stranger, client]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      outcomes.push(await outcome(port, { maxVersion, ...pair }));
    }
    expect(outcomes).toEqual(expected);
    const refused = expected.filter((one) => one === 'closed').length;
    expect(listener.counts).toMatchObject({ handshakes: refused, requests: 3 - refused });
  });

  it('is looked at for each connection, resumed ones too', async () => {
    const { port } = await openOneTls(echo, {}, { clientAuth: 'require_and_verify' });
    const { socket } = openTls(port, { ...client, maxVersion: 'TLSv1.2' });
    const session = once(socket, 'session', deadline());
    await once(socket, 'secureConnect', deadline());
    const [data]: unknown[] = await session;
    socket.destroy();
    if (!(data instanceof Buffer)) throw new Error('no session');
    expect(await outcome(port, { ...client, maxVersion: 'TLSv1.2', session: data })).toBe('here');
    expect(await outcome(port, { maxVersion: 'TLSv1.2' })).toBe('closed');
  });
});

describe('another certificate', () => {
  it('is shown to new connections, while those that are open go on', async () => {
    const { port, listener } = await openOneTls(echo);
    const before = await tlsClient(port);
    listener.setTls?.(new TlsTerminator({ ...IDENTITY, certificate: stranger.cert, key: stranger.key }));
    const trusting = { rejectUnauthorized: true, servername: SERVER_NAME };
    expect(await outcome(port, { ...trusting, ca: authority })).toBe('closed');
    expect(await outcome(port, { ...trusting, ca: stranger.cert })).toBe('here');
    expect(await ask(before, 'still')).toBe('still');
  });

  it('that does not fit is refused before anything is changed', () => {
    expect(() => new TlsTerminator({ ...IDENTITY, key: stranger.key })).toThrow(/key/);
    expect(() => new TlsTerminator({ ...IDENTITY, certificate: 'nothing' })).toThrow();
    expect(() => new TlsTerminator({ ...IDENTITY, certificate: server.cert, key: server.key })).not.toThrow();
  });
});

describe('a connection', () => {
  it('is answered out of order', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTls(deferrer.handler);
    const asking = await tlsClient(port);
    asking.send(Buffer.from('slow'), Buffer.from('now'));
    expect((await asking.receive()).toString()).toBe('now');
    await deferrer.deferred(1);
    deferrer.send(0);
    expect((await asking.receive()).toString()).toBe('slow');
  });

  it('gives its secrets to whoever is to be told them', async () => {
    const lines: string[] = [];
    const { port } = await openOneTls(echo, {}, { keylog: (line) => lines.push(line.toString()) });
    await outcome(port);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => /^(CLIENT|SERVER|EXPORTER)_\w+ [0-9a-f]{64} [0-9a-f]+\n$/.test(line))).toBe(true);
  });
});
