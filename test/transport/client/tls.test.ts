/** TLS: whom the network talks to, what it shows, and sessions that are resumed (RFC 7858, RFC 8310). */
import { describe, expect, it } from 'vitest';
import type { TlsSettings } from '../../../src/transport/client/upstream.ts';
import { closes, largest, RIGHT, right, silent } from '../../support/upstreams/behaviours.ts';
import { authority, keyPairs, SERVER_NAME } from '../../support/upstreams/certificates.ts';
import { openTlsUpstream, openUpstream } from '../../support/upstreams/hostile.ts';
import { addressIn, begin, closing, problemWith, queries, replyTo, targetOf, testNetwork, until } from './support.ts';

const PLAIN: TlsSettings = { serverName: SERVER_NAME, ca: authority, certificate: undefined, key: undefined };

function notFor(name: string): string {
  const names = `${SERVER_NAME}, 127.0.0.1, 0:0:0:0:0:0:0:1`;
  return `the certificate is for ${names}, not for ${name}: tls_servername ${SERVER_NAME}`;
}

describe('the upstream', () => {
  it('is asked for by its name, with dot', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: right, protocols: ['dot'] }));
    const channel = testNetwork().channel(targetOf('tls', upstream.port));
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.clients).toEqual([{ serverName: SERVER_NAME, protocol: 'dot', certificate: '' }]);
  });

  it('may be known by its address alone', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: right }));
    const tls = { ...PLAIN, serverName: undefined };
    expect(addressIn(await replyTo(testNetwork().channel(targetOf('tls', upstream.port, { tls }))))).toBe(RIGHT);
    expect(upstream.clients).toMatchObject([{ serverName: '' }]);
  });

  it.each([
    ['an expired certificate', keyPairs.expired, PLAIN, 'the certificate has expired'],
    [
      'one that nobody signed',
      keyPairs.stranger,
      PLAIN,
      "self-signed certificate; name it as its own authority with 'tls CA.pem'",
    ],
    ['one for another name', keyPairs.server, { ...PLAIN, serverName: 'other.test' }, notFor('other.test')],
    ['one for another address', keyPairs.server, { ...PLAIN, serverName: '127.0.0.9' }, notFor('127.0.0.9')],
    [
      'one that the system does not know',
      keyPairs.server,
      { ...PLAIN, ca: undefined },
      "the certificate's authority is not known here; give it with 'tls CA.pem'",
    ],
  ])('is not asked with %s', async (_, certificate, tls, text) => {
    const upstream = closing(await openTlsUpstream({ behaviour: right, certificate }));
    const network = testNetwork();
    const problem = await problemWith(network.channel(targetOf('tls', upstream.port, { tls })));
    expect(problem.kind).toBe('tls');
    expect(problem.text).toBe(text);
    expect(upstream.asked.tls).toBe(0);
    expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'with a wrong certificate gives no session that a later connection would trust (%s)',
    async (maxVersion) => {
      const upstream = closing(await openTlsUpstream({ behaviour: right, maxVersion }));
      const tls = { ...PLAIN, serverName: 'other.test' };
      const channel = testNetwork().channel(targetOf('tls', upstream.port, { tls }));
      for (const message of queries(3)) {
        // oxlint-disable-next-line no-await-in-loop -- one after another
        expect(await problemWith(channel, message)).toMatchObject({ kind: 'tls' });
      }
      expect(upstream.asked).toMatchObject({ tls: 0, resumed: 0, connections: 3 });
    },
  );

  it('that speaks no TLS is a problem of TLS', async () => {
    const upstream = closing(await openUpstream({ behaviour: right, accepting: 'stall' }));
    const network = testNetwork();
    const asking = begin(network.channel(targetOf('tls', upstream.port)));
    await upstream.until(() => upstream.asked.connections === 1);
    upstream.endConnections();
    expect(await asking.outcome).toMatchObject({ kind: 'failed' });
    expect(network.usage.sockets).toBe(0);
  });

  it.each(['tls', 'https'] as const)(
    'that stalls in its handshake is given up at the time for connecting (%s)',
    async (protocol) => {
      const upstream = closing(await openTlsUpstream({ behaviour: right, accepting: 'stall' }));
      const network = testNetwork();
      const channel = network.channel(targetOf(protocol, upstream.port, { connectTimeout: 60 }));
      const problems = await Promise.all(queries(3).map((message) => problemWith(channel, message)));
      expect(problems.map(({ kind }) => kind)).toEqual(['timeout', 'timeout', 'timeout']);
      expect(upstream.asked.connections).toBe(1);
      expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
    },
  );
});

describe('a client certificate', () => {
  const { cert: certificate, key } = keyPairs.client;

  it('is shown', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: right, asksCertificate: true }));
    const tls = { ...PLAIN, certificate, key };
    expect(addressIn(await replyTo(testNetwork().channel(targetOf('tls', upstream.port, { tls }))))).toBe(RIGHT);
    expect(upstream.clients).toMatchObject([{ certificate: 'client' }]);
  });

  it('that is missing fails', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: right, asksCertificate: true }));
    const network = testNetwork();
    expect(['tls', 'reset', 'closed']).toContain(
      (await problemWith(network.channel(targetOf('tls', upstream.port)))).kind,
    );
    expect(network.usage.sockets).toBe(0);
  });

  it.each(['tls', 'https'] as const)('that is no PEM text is told by the attempts (%s)', async (protocol) => {
    const network = testNetwork();
    const tls = { ...PLAIN, certificate: 'nonsense', key: 'nonsense' };
    expect(await problemWith(network.channel(targetOf(protocol, 1, { tls })))).toMatchObject({ kind: 'tls' });
    expect(network.usage.sockets).toBe(0);
  });
});

describe('sessions', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('are resumed by the next connection (%s)', async (maxVersion) => {
    const upstream = closing(await openTlsUpstream({ behaviour: right, maxVersion }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tls', upstream.port));
    await replyTo(channel);
    for (const message of queries(3)) {
      upstream.endConnections();
      // oxlint-disable-next-line no-await-in-loop -- one connection after another
      await until(() => network.usage.sockets === 0);
      // oxlint-disable-next-line no-await-in-loop -- one connection after another
      await replyTo(channel, message);
    }
    expect(upstream.asked).toMatchObject({ connections: 4, resumed: 3 });
  });

  it('belong to their channel', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: right }));
    const network = testNetwork();
    await replyTo(network.channel(targetOf('tls', upstream.port)));
    await replyTo(network.channel(targetOf('tls', upstream.port)));
    expect(upstream.asked).toMatchObject({ connections: 2, resumed: 0 });
  });
});

it('a message of 64 KiB comes whole', async () => {
  const upstream = closing(await openTlsUpstream({ behaviour: largest }));
  const network = testNetwork();
  expect(await replyTo(network.channel(targetOf('tls', upstream.port)))).toHaveLength(0xffff);
  expect(network.usage.octets).toBe(0);
});

it('a connection that closes as a query comes is replaced, once', async () => {
  const upstream = closing(await openTlsUpstream({ behaviour: right }));
  const network = testNetwork();
  const channel = network.channel(targetOf('tls', upstream.port));
  await replyTo(channel);
  upstream.behaviour = closes;
  expect(await problemWith(channel)).toMatchObject({ kind: 'closed' });
  expect(upstream.asked).toMatchObject({ tls: 3, connections: 2 });
  expect(network.usage.sockets).toBe(0);
});

it('what waits is given up without a word when the channel is closed', async () => {
  const upstream = closing(await openTlsUpstream({ behaviour: silent }));
  const network = testNetwork();
  const channel = network.channel(targetOf('tls', upstream.port));
  const opening = begin(channel);
  channel.close();
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  expect(opening.problems).toEqual([]);
});
