/** TCP: connections that are kept and shared (RFC 7766 §6.2, RFC 9210 §4), and peers that misuse them. */
import { describe, expect, it } from 'vitest';
import {
  type Asked,
  both,
  closes,
  emptyFrame,
  forgeries,
  forging,
  halfAFrame,
  largest,
  largestReply,
  octetAtATime,
  resets,
  RIGHT,
  right,
  silent,
} from '../../support/upstreams/behaviours.ts';
import { openUpstream } from '../../support/upstreams/hostile.ts';
import { frame, parseQuery } from '../../support/upstreams/octets.ts';
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

describe('a connection', () => {
  it('is used again', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    for (const message of queries(5)) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(addressIn(await replyTo(channel, message))).toBe(RIGHT);
    }
    expect(upstream.asked).toMatchObject({ tcp: 5, connections: 1 });
    expect(channel.counts).toEqual({ opened: 1, reused: 4, unasked: 0 });
    expect(network.usage).toMatchObject({ sockets: 1, octets: 0 });
  });

  it('carries queries that are answered in any order', async () => {
    const waiting: Asked[] = [];
    const upstream = closing(await openUpstream({ behaviour: (asked) => waiting.push(asked) }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    const messages = queries(20);
    const asked = messages.map((message) => begin(channel, message));
    await upstream.until(() => waiting.length === 20);
    for (const one of waiting.toReversed()) right(one);
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome));
    expect(asked.map(({ shown }) => shown.length)).toEqual(asked.map(() => 1));
    const ids = outcomes.map((outcome) => outcome.kind === 'reply' && outcome.message.readUInt16BE(0));
    expect(ids).toEqual(messages.map((message) => message.readUInt16BE(0)));
    expect(upstream.asked.connections).toBe(1);
  });

  it('carries no more at once than the bound; the next ones have another', async () => {
    const upstream = closing(await openUpstream({ behaviour: silent }));
    const network = testNetwork({ limits: { upstreamInFlight: 4 } });
    const channel = network.channel(targetOf('tcp', upstream.port));
    const asked = queries(10).map((message) => begin(channel, message));
    await upstream.until(() => upstream.asked.tcp === 10);
    expect(upstream.asked.connections).toBe(3);
    expect(network.usage.sockets).toBe(3);
    for (const { attempt } of asked) attempt.cancel();
  });

  it('that is idle is closed when its time is over', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port, { idle: 50 }));
    await replyTo(channel);
    expect(network.usage.sockets).toBe(1);
    await until(() => network.usage.sockets === 0);
    await upstream.until(() => upstream.connections === 0);
    await replyTo(channel);
    expect(upstream.asked.connections).toBe(2);
  });

  it('that waits for a reply is not idle', async () => {
    const late: Asked[] = [];
    const upstream = closing(await openUpstream({ behaviour: (asked) => late.push(asked) }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port, { idle: 20 }));
    const first = begin(channel);
    await upstream.until(() => late.length === 1);
    // Nothing is waited for here but the time in which an idle connection would have gone.
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(network.usage.sockets).toBe(1);
    for (const asked of late) right(asked);
    expect(await first.outcome).toMatchObject({ kind: 'reply' });
  });

  it('that is too old takes no more', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port, { maxAge: 1 }));
    await replyTo(channel);
    const then = performance.now();
    await until(() => performance.now() - then > 2);
    await replyTo(channel);
    expect(channel.counts).toEqual({ opened: 2, reused: 0, unasked: 0 });
  });

  it('beyond those that may be idle is closed', async () => {
    const waiting: Asked[] = [];
    const upstream = closing(await openUpstream({ behaviour: (asked) => waiting.push(asked) }));
    const network = testNetwork({ limits: { upstreamInFlight: 1 } });
    const channel = network.channel(targetOf('tcp', upstream.port, { maxIdle: 2 }));
    const asked = queries(5).map((message) => begin(channel, message));
    await upstream.until(() => waiting.length === 5);
    for (const one of waiting) right(one);
    await Promise.all(asked.map(({ outcome }) => outcome));
    await until(() => network.usage.sockets === 2);
  });
});

describe('a connection that goes away', () => {
  it('while it is idle is not missed: the next query opens another', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.endConnections();
    await until(() => network.usage.sockets === 0);
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked.connections).toBe(2);
  });

  it.each([
    ['closes', closes],
    ['resets', resets],
  ])('as a query comes (%s): that query is sent once more on a fresh one', async (_, goes) => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = (asked) => {
      upstream.behaviour = right;
      goes(asked);
    };
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked).toMatchObject({ tcp: 3, connections: 2 });
  });

  it.each([
    ['closed', closes],
    ['reset', resets],
  ])('every time (%s): the query is sent twice and no more', async (kind, goes) => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = goes;
    expect(await problemWith(channel)).toMatchObject({ kind });
    expect(upstream.asked.tcp).toBe(3);
    // One that had a fresh connection in the first place has no second chance.
    expect(await problemWith(channel)).toMatchObject({ kind });
    expect(upstream.asked.tcp).toBe(4);
    expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  });

  it('as it is accepted fails what waited for it', async () => {
    const upstream = closing(await openUpstream({ behaviour: right, accepting: 'reset' }));
    const network = testNetwork();
    const problems = await Promise.all(
      queries(3).map((message) => problemWith(network.channel(targetOf('tcp', upstream.port)), message)),
    );
    for (const { kind } of problems) expect(['reset', 'closed']).toContain(kind);
    expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  });
});

describe('a peer', () => {
  it('that sends an octet at a time is understood', async () => {
    const upstream = closing(await openUpstream({ behaviour: octetAtATime(1) }));
    const network = testNetwork();
    expect(addressIn(await replyTo(network.channel(targetOf('tcp', upstream.port))))).toBe(RIGHT);
    expect(network.usage.octets).toBe(0);
  });

  it('that sends the longest message there is is understood', async () => {
    const upstream = closing(await openUpstream({ behaviour: largest }));
    const network = testNetwork();
    const message = await replyTo(network.channel(targetOf('tcp', upstream.port)));
    expect(message).toEqual(largestReply(QUERY));
    expect(message).toHaveLength(0xffff);
    expect(network.usage.octets).toBe(0);
  });

  it('that never ends its frame holds what it has sent, until the attempt is given up and the connection idle', async () => {
    const upstream = closing(await openUpstream({ behaviour: halfAFrame }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port, { idle: 20 }));
    const asking = begin(channel);
    await until(() => network.usage.octets > QUERY.length + 2);
    asking.attempt.cancel();
    await until(() => network.usage.sockets === 0);
    expect(network.usage.octets).toBe(0);
    expect(asking.problems).toEqual([]);
  });

  it('that sends a frame of no octets loses its connection', async () => {
    const upstream = closing(await openUpstream({ behaviour: emptyFrame }));
    const network = testNetwork();
    expect(await problemWith(network.channel(targetOf('tcp', upstream.port)))).toMatchObject({ kind: 'invalid' });
    expect(network.usage.sockets).toBe(0);
  });

  it('that sends replies without end to one query loses its connection', async () => {
    const forge = forgeries['wrong id'];
    const behaviour = (asked: Asked): void => {
      for (let sent = 0; sent < 100; sent++) asked.send(forge(asked.octets));
    };
    const upstream = closing(await openUpstream({ behaviour }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    const asking = begin(channel);
    expect(await asking.outcome).toMatchObject({ kind: 'failed', problem: { kind: 'invalid' } });
    expect(asking.shown).toEqual([]);
    expect(channel.counts.unasked).toBeGreaterThan(60);
    expect(network.usage.sockets).toBe(0);
  });

  it('whose reply is wrong is waited for', async () => {
    const upstream = closing(
      await openUpstream({ behaviour: both((asked) => asked.send(forgeries['wrong question'](asked.octets)), right) }),
    );
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    const asking = begin(channel, QUERY, (message) => addressIn(message) === RIGHT);
    expect(await asking.outcome).toMatchObject({ kind: 'reply' });
    expect(asking.shown).toHaveLength(2);
    expect(channel.counts.unasked).toBe(0);
  });

  it.each([
    ['wrong id', 1],
    ['eleven octets', 0],
  ] as const)('whose message bears another id shows it to nobody (%s)', async (name, unasked) => {
    const upstream = closing(await openUpstream({ behaviour: both(forging(name), right) }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    const asking = begin(channel, QUERY, (message) => addressIn(message) === RIGHT);
    await asking.outcome;
    expect(asking.shown).toHaveLength(2 - unasked);
    expect(channel.counts.unasked).toBe(unasked);
  });

  it('whose message is too short for an id shows it to nobody', async () => {
    const upstream = closing(await openUpstream({ behaviour: both((asked) => asked.send(Buffer.of(0x12)), right) }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    const asking = begin(channel);
    await asking.outcome;
    expect(asking.shown).toHaveLength(1);
    expect(channel.counts.unasked).toBe(1);
  });

  it('whose reply comes too late disturbs nobody', async () => {
    const waiting: Asked[] = [];
    const upstream = closing(await openUpstream({ behaviour: (asked) => waiting.push(asked) }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    const [first = QUERY, second = QUERY] = queries(2);
    const given = begin(channel, first);
    const kept = begin(channel, second);
    await upstream.until(() => waiting.length === 2);
    given.attempt.cancel();
    for (const asked of waiting) right(asked);
    expect(await kept.outcome).toMatchObject({ kind: 'reply' });
    expect(given.shown).toEqual([]);
    expect(upstream.asked.connections).toBe(1);
    expect(channel.counts.unasked).toBe(1);
  });
});

it('a message is not written before its connection is there, and is a copy', async () => {
  const upstream = closing(await openUpstream({ behaviour: right }));
  const message = Buffer.from(QUERY);
  const asking = begin(
    testNetwork().channel(targetOf('tcp', upstream.port)),
    message,
    (shown) => parseQuery(shown).id === 0x1234,
  );
  message.fill(0xee);
  await asking.outcome;
  expect(upstream.queries.map(frame)).toEqual([frame(QUERY)]);
});

it('a message that no frame can carry fails', async () => {
  const network = testNetwork();
  const problem = await problemWith(network.channel(targetOf('tcp', 1)), Buffer.alloc(0x1_0000));
  expect(problem.kind).toBe('invalid');
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
});

it('a channel that is closed ends its attempts without a word', async () => {
  const upstream = closing(await openUpstream({ behaviour: silent }));
  const network = testNetwork();
  const channel = network.channel(targetOf('tcp', upstream.port));
  const asked = queries(4).map((message) => begin(channel, message));
  await upstream.until(() => upstream.asked.tcp === 4);
  channel.close();
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  await upstream.until(() => upstream.connections === 0);
  expect(asked.flatMap(({ problems }) => problems)).toEqual([]);
});
