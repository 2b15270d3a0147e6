/** DNS over HTTPS (RFC 8484) over HTTP/2: what is asked, and servers that do not answer as they must. */
import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { RIGHT, right } from '../../support/upstreams/behaviours.ts';
import { SERVER_NAME } from '../../support/upstreams/certificates.ts';
import { lifetimeOf } from '../../../src/transport/reply-lifetime.ts';
import { openTlsUpstream } from '../../support/upstreams/hostile.ts';
import { HostileHttps, type HttpBehaviour, MEDIA_TYPE, responds } from '../../support/upstreams/hostile-https.ts';
import { a, query, reply } from '../../support/upstreams/octets.ts';
import {
  addressIn,
  begin,
  closing,
  problemWith,
  QUERY,
  queries,
  replyTo,
  targetOf,
  testNetwork,
  until,
} from './support.ts';

const silent: HttpBehaviour = () => {};

describe('a request', () => {
  it('by POST has the message as its body', async () => {
    const upstream = closing(await HostileHttps.open(responds()));
    const channel = testNetwork().channel(targetOf('https', upstream.port));
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.requests).toMatchObject([
      {
        ':method': 'POST',
        ':scheme': 'https',
        ':path': '/dns-query',
        ':authority': `${SERVER_NAME}:${upstream.port}`,
        accept: MEDIA_TYPE,
        'content-type': MEDIA_TYPE,
        'content-length': String(QUERY.length),
      },
    ]);
  });

  it('by GET has the message in its path, without padding', async () => {
    const upstream = closing(await HostileHttps.open(responds()));
    const channel = testNetwork().channel(targetOf('https', upstream.port, { method: 'GET' }));
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.requests).toMatchObject([
      { ':method': 'GET', ':path': `/dns-query?dns=${QUERY.toString('base64url')}`, accept: MEDIA_TYPE },
    ]);
    expect(upstream.requests[0]).not.toHaveProperty('content-type');
  });
});

describe('the age of a response', () => {
  it.each([
    ['250', 50],
    ['301', 0],
    ['9'.repeat(400), 0],
    ['-1', 300],
    ['soon', 300],
  ])('%s leaves %i s of 300', async (age, left) => {
    const upstream = closing(
      await HostileHttps.open((stream, octets) => {
        stream.respond({ ':status': 200, 'content-type': MEDIA_TYPE, age });
        stream.end(reply(octets, { answers: [a('192.0.2.1', 300)] }));
      }),
    );
    const octets = await replyTo(testNetwork().channel(targetOf('https', upstream.port, { method: 'GET' })));
    expect(lifetimeOf(octets)).toBe(left);
  });
});

describe('one session', () => {
  it('carries all queries, and each reply belongs to its own even where their ids are the same', async () => {
    const behaviour: HttpBehaviour = (stream, octets) => {
      const address = `192.0.2.${octets.readUInt8(16)}`;
      stream.respond({ ':status': 200, 'content-type': `${MEDIA_TYPE.toUpperCase()}; charset=x` });
      stream.end(reply(octets, { answers: [a(address)] }));
    };
    const upstream = closing(await HostileHttps.open(behaviour));
    const network = testNetwork();
    const channel = network.channel(targetOf('https', upstream.port));
    const letters = ['a', 'b', 'c', 'd', 'e'];
    const replies = await Promise.all(
      letters.map((letter) => replyTo(channel, query(`www${letter}.test.`, { id: 0 }))),
    );
    expect(replies.map(addressIn)).toEqual([97, 98, 99, 100, 101].map((octet) => `192.0.2.${octet}`));
    expect(upstream.asked.sessions).toBe(1);
    expect(channel.counts).toEqual({ opened: 1, reused: 4, unasked: 0 });
    expect(network.usage).toMatchObject({ sockets: 1, octets: 0 });
  });

  it('carries no more at once than the bound', async () => {
    const upstream = closing(await HostileHttps.open(silent));
    const channel = testNetwork({ limits: { upstreamInFlight: 2 } }).channel(targetOf('https', upstream.port));
    for (const message of queries(5)) begin(channel, message);
    await until(() => upstream.requests.length === 5);
    expect(upstream.asked.sessions).toBe(3);
  });

  it('is opened again after GOAWAY, with the TLS session of the one before', async () => {
    const upstream = closing(await HostileHttps.open(responds()));
    const network = testNetwork();
    const channel = network.channel(targetOf('https', upstream.port));
    await replyTo(channel);
    for (const session of upstream.sessions) session.goaway();
    await until(() => network.usage.sockets === 0);
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked).toEqual({ sessions: 2, resumed: 1 });
  });

  it('is opened again when it was idle', async () => {
    const upstream = closing(await HostileHttps.open(responds()));
    const network = testNetwork();
    const channel = network.channel(targetOf('https', upstream.port, { idle: 30 }));
    await replyTo(channel);
    await until(() => network.usage.sockets === 0);
    await replyTo(channel);
    expect(upstream.asked.sessions).toBe(2);
  });

  it('that breaks sends what was on it once more, if it had been open before', async () => {
    const upstream = closing(await HostileHttps.open(responds()));
    const network = testNetwork();
    const channel = network.channel(targetOf('https', upstream.port));
    await replyTo(channel);
    upstream.behaviour = (stream) => {
      upstream.behaviour = responds();
      stream.session?.destroy();
    };
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked.sessions).toBe(2);
    upstream.behaviour = (stream) => stream.session?.destroy();
    expect(['closed', 'reset', 'http']).toContain((await problemWith(channel)).kind);
    expect(network.usage.octets).toBe(0);
  });

  it('that is closed after each response is no failure of those that stood behind it', async () => {
    const behaviour: HttpBehaviour = (stream, octets) => {
      const { session } = stream;
      // The first of each session: streams of clients have odd numbers.
      if (stream.id !== 1) return;
      // GOAWAY with the last stream that is served.
      session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
      responds()(stream, octets);
    };
    const upstream = closing(await HostileHttps.open(behaviour));
    const channel = testNetwork().channel(targetOf('https', upstream.port));
    const replies = await Promise.all(queries(12).map((message) => replyTo(channel, message)));
    expect(replies.map(addressIn)).toEqual(Array.from({ length: 12 }, () => RIGHT));
  });
});

describe('a response', () => {
  it.each<[string, HttpBehaviour, RegExp]>([
    ['with another status', responds({ status: 503 }), /^HTTP status 503$/],
    [
      'with no status that means success but 200',
      responds({ status: 204, body: Buffer.alloc(0) }),
      /^HTTP status 204$/,
    ],
    ['that redirects', responds({ status: 302 }), /^HTTP status 302$/],
    ['of another type', responds({ type: 'text/html' }), /'text\/html', not 'application\/dns-message'/],
    ['longer than a message can be', responds({ body: Buffer.alloc(0x1_0000) }), /longer/],
    ['that is reset', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR), /reset/],
  ])('%s is a problem of HTTP, and the session goes on', async (_, behaviour, text) => {
    const upstream = closing(await HostileHttps.open(behaviour));
    const network = testNetwork();
    const channel = network.channel(targetOf('https', upstream.port));
    const problem = await problemWith(channel);
    expect(problem.kind).toBe('http');
    expect(problem.text).toMatch(text);
    expect(network.usage.octets).toBe(0);
    upstream.behaviour = responds();
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked.sessions).toBe(1);
  });

  it.each<[string, Buffer]>([
    ['of another query', reply(query('other.test.', { id: 7 }))],
    ['of no octets', Buffer.alloc(0)],
  ])('%s ends the attempt, as its stream has no other', async (_, body) => {
    const upstream = closing(await HostileHttps.open(responds({ body })));
    const network = testNetwork();
    const asking = begin(network.channel(targetOf('https', upstream.port)));
    expect(await asking.outcome).toMatchObject({ kind: 'failed', problem: { kind: 'invalid' } });
    expect(asking.shown).toEqual([body]);
  });

  it('of 65,535 octets comes whole', async () => {
    const body = Buffer.concat([reply(QUERY), Buffer.alloc(0xffff - reply(QUERY).length, 7)]);
    const upstream = closing(await HostileHttps.open(responds({ body })));
    const network = testNetwork();
    expect(await replyTo(network.channel(targetOf('https', upstream.port)))).toEqual(body);
    expect(network.usage.octets).toBe(0);
  });

  it('that never ends is given up with the attempt, and the stream reset', async () => {
    const closed: number[] = [];
    const behaviour: HttpBehaviour = (stream) => {
      stream.on('close', () => closed.push(stream.rstCode));
      stream.respond({ ':status': 200, 'content-type': MEDIA_TYPE });
      stream.write(Buffer.alloc(1000));
    };
    const upstream = closing(await HostileHttps.open(behaviour));
    const network = testNetwork();
    const channel = network.channel(targetOf('https', upstream.port));
    const asking = begin(channel);
    await until(() => network.usage.octets >= 1000);
    asking.attempt.cancel();
    expect(network.usage.octets).toBe(0);
    await until(() => closed.length === 1);
    expect(closed).toEqual([constants.NGHTTP2_CANCEL]);
    expect(asking.problems).toEqual([]);
  });
});

it.each([[['http/1.1']], [undefined]])('a server that speaks %s alone says so', async (protocols) => {
  const upstream = closing(
    await openTlsUpstream({ behaviour: right, ...(protocols === undefined ? {} : { protocols }) }),
  );
  const network = testNetwork();
  const problem = await problemWith(network.channel(targetOf('https', upstream.port)));
  expect(problem).toEqual({ kind: 'http', text: 'the upstream does not speak HTTP/2' });
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
});

it('a server that says it is HTTP/2 and is not is a problem of HTTP', async () => {
  const upstream = closing(await openTlsUpstream({ behaviour: right, protocols: ['h2'] }));
  const network = testNetwork();
  const asking = begin(network.channel(targetOf('https', upstream.port)));
  await upstream.until(() => upstream.clients.length === 1);
  upstream.endConnections();
  expect(await asking.outcome).toMatchObject({ kind: 'failed' });
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
});

it('a channel that is closed ends its attempts without a word', async () => {
  const upstream = closing(await HostileHttps.open(silent));
  const network = testNetwork();
  const channel = network.channel(targetOf('https', upstream.port));
  const asked = queries(4).map((message) => begin(channel, message));
  await until(() => upstream.requests.length === 4);
  channel.close();
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  await until(() => upstream.sessions.size === 0);
  expect(asked.flatMap(({ problems }) => problems)).toEqual([]);
});
