/**
 * Which connection a query joins, where upstreams close after a reply, work in order, or die without a word (RFC 7766 §6.2,
 * §7; RFC 9210 §4.2).
 */
import { describe, expect, it } from 'vitest';
import {
  type Asked,
  type Behaviour,
  closes,
  closesAfter,
  delayed,
  inOrder,
  RIGHT,
  right,
  silent,
} from '../../support/upstreams/behaviours.ts';
import { openTlsUpstream, openUpstream } from '../../support/upstreams/hostile.ts';
import { TIMED } from '../../support/timed.ts';
import { parseQuery, query } from '../../support/upstreams/octets.ts';
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

/** Milliseconds after which a query is late whatever the upstream; after which it is given up as one that nothing follows. */
const LATE = 90;
const SILENT = 110;
/** After which a connection should have been opened. */
const SLOW_OPENING = 310;

/** Resolves when so many milliseconds have passed by the clock that is looked at. */
async function pass(milliseconds: number): Promise<void> {
  const then = performance.now();
  await until(() => performance.now() - then >= milliseconds);
}

function rights(count: number): readonly string[] {
  return Array.from({ length: count }, () => RIGHT);
}

describe('an upstream that closes connections', TIMED, () => {
  it.each([
    ['one reply', 1, 'end'],
    ['one reply, by a reset', 1, 'reset'],
    ['three replies', 3, 'end'],
    ['three replies, by a reset', 3, 'reset'],
  ] as const)('after %s answers all that are asked at once', async (_, count, how) => {
    const upstream = closing(await openUpstream({ behaviour: closesAfter(count, how) }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    const replies = await Promise.all(queries(40).map((message) => replyTo(channel, message)));
    expect(replies.map(addressIn)).toEqual(rights(40));
    // Of the first connection all others were left; the next ones got no more than they were good for.
    expect(upstream.asked.tcp).toBeLessThanOrEqual(40 + 40);
    expect(upstream.asked.connections).toBeGreaterThanOrEqual(40 / count);
    expect(network.usage.octets).toBe(0);
  });

  it('after one reply, over TLS, answers all that are asked at once', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: closesAfter(1, 'end') }));
    const channel = testNetwork().channel(targetOf('tls', upstream.port));
    const replies = await Promise.all(queries(12).map((message) => replyTo(channel, message)));
    expect(replies.map(addressIn)).toEqual(rights(12));
  });

  it('after one reply answers one after another, too', async () => {
    const upstream = closing(await openUpstream({ behaviour: closesAfter(1, 'end') }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    for (const message of queries(20)) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(addressIn(await replyTo(channel, message))).toBe(RIGHT);
    }
  });

  it('answers more than its connections can be, at the bound of connections', async () => {
    const upstream = closing(await openUpstream({ behaviour: closesAfter(1, 'end') }));
    const network = testNetwork({ limits: { upstreamConnections: 4 } });
    const channel = network.channel(targetOf('tcp', upstream.port));
    const replies = await Promise.all(queries(40).map((message) => replyTo(channel, message)));
    expect(replies.map(addressIn)).toEqual(rights(40));
  });

  it('without a reply fails what was on a fresh one', async () => {
    const upstream = closing(await openUpstream({ behaviour: closes }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    const problems = await Promise.all(queries(4).map((message) => problemWith(channel, message)));
    expect(problems.map(({ kind }) => kind)).toEqual(['closed', 'closed', 'closed', 'closed']);
    expect(upstream.asked.connections).toBe(1);
  });

  it('that it has left open for long is trusted again', async () => {
    const upstream = closing(await openUpstream({ behaviour: closesAfter(1, 'end') }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    await Promise.all(queries(4).map((message) => replyTo(channel, message)));
    await until(() => network.usage.sockets === 0);
    upstream.behaviour = right;
    await replyTo(channel);
    const { connections } = upstream.asked;
    await pass(SILENT);
    // One more than it is known to be good for, then as many as one likes.
    await replyTo(channel);
    await Promise.all(queries(2).map((message) => replyTo(channel, message)));
    expect(upstream.asked.connections).toBe(connections);
  });
});

describe('an upstream that works through a connection in order', TIMED, () => {
  const slow = query('slow.example.test.', { id: 1 });
  const sticking = (): Behaviour => inOrder((name) => name.startsWith('slow.'));

  it('keeps nobody behind a slow query that comes later', async () => {
    const upstream = closing(await openUpstream({ behaviour: sticking() }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    const stuck = begin(channel, slow);
    await pass(LATE);
    const replies = await Promise.all(queries(5).map((message) => replyTo(channel, message)));
    expect(replies.map(addressIn)).toEqual(rights(5));
    stuck.attempt.cancel();
  });

  it('answers those that stood behind one when they are asked again, and the slow one too', async () => {
    const upstream = closing(await openUpstream({ behaviour: sticking() }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    const first = [slow, ...queries(3)].map((message) => begin(channel, message));
    await pass(LATE);
    const again = [query('slow.example.test.', { id: 2 }), ...queries(3).map(withOtherId)];
    const [stuck, ...others] = again.map((message) => begin(channel, message));
    const outcomes = await Promise.all(others.map(({ outcome }) => outcome));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['reply', 'reply', 'reply']);
    for (const { attempt, shown } of first) {
      expect(shown).toEqual([]);
      attempt.cancel();
    }
    stuck?.attempt.cancel();
  });

  function withOtherId(message: Buffer): Buffer {
    const copy = Buffer.from(message);
    copy.writeUInt16BE(message.readUInt16BE(0) + 10_000, 0);
    return copy;
  }

  it('is told from one that answers in any order: that one is given all on one connection', async () => {
    const held: Asked[] = [];
    const behaviour: Behaviour = (asked) =>
      parseQuery(asked.octets).name.startsWith('slow.') ? held.push(asked) : right(asked);
    const upstream = closing(await openUpstream({ behaviour: delayed(LATE, right) }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = behaviour;
    const stuck = begin(channel, slow);
    const then = performance.now();
    while (performance.now() - then < 2 * LATE) {
      // oxlint-disable-next-line no-await-in-loop -- round by round
      await Promise.all(queries(5).map((message) => replyTo(channel, message)));
    }
    expect(upstream.asked.connections).toBe(1);
    for (const asked of held) right(asked);
    expect(await stuck.outcome).toMatchObject({ kind: 'reply' });
  });
});

describe('a connection that died without a word', TIMED, () => {
  /** The first connection is mute from now on, those that follow are not. */
  const mute: Behaviour = (asked) => (asked.connection === 1 ? undefined : right(asked));

  it('costs a query no more than the time until it is asked again', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = mute;
    const [first] = queries(1).map((message) => begin(channel, message));
    await pass(LATE);
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked.connections).toBe(2);
    expect(first?.shown).toEqual([]);
    first?.attempt.cancel();
  });

  it('is closed when the last query on it was given up', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = mute;
    const asked = queries(2).map((message) => begin(channel, message));
    await pass(SILENT);
    asked[0]?.attempt.cancel();
    expect(network.usage.sockets).toBe(1);
    asked[1]?.attempt.cancel();
    expect(network.usage.sockets).toBe(0);
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
  });

  it('is joined by nobody, though what still waits on it is not late yet', async () => {
    const upstream = closing(await openUpstream({ behaviour: delayed(LATE, right) }));
    const channel = testNetwork().channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = mute;
    const [older = QUERY, newer = QUERY] = queries(2);
    const given = begin(channel, older);
    await pass(LATE - 20);
    const kept = begin(channel, newer);
    await pass(SILENT - LATE + 20);
    given.attempt.cancel();
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    expect(upstream.asked.connections).toBe(2);
    kept.attempt.cancel();
  });

  it('is used again if it was not dead after all', async () => {
    const held: Asked[] = [];
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('tcp', upstream.port));
    await replyTo(channel);
    upstream.behaviour = (asked) => held.push(asked);
    const [given, kept] = queries(2).map((message) => begin(channel, message));
    await pass(SILENT);
    given?.attempt.cancel();
    for (const asked of held) right(asked);
    await kept?.outcome;
    upstream.behaviour = right;
    await replyTo(channel);
    expect(network.usage.sockets).toBe(1);
    expect(upstream.asked.connections).toBe(1);
  });

  it('while it was opened keeps nobody: another is opened beside it', async () => {
    const upstream = closing(await openTlsUpstream({ behaviour: right, accepting: 'stall' }));
    const channel = testNetwork().channel(targetOf('tls', upstream.port));
    const [first] = queries(1).map((message) => begin(channel, message));
    await upstream.until(() => upstream.asked.connections === 1);
    upstream.accepting = 'serve';
    await pass(SLOW_OPENING);
    expect(addressIn(await replyTo(channel))).toBe(RIGHT);
    first?.attempt.cancel();
  });
});

it('two messages with one id are on two connections', async () => {
  const upstream = closing(await openUpstream({ behaviour: right }));
  const channel = testNetwork().channel(targetOf('tcp', upstream.port));
  const names = ['one', 'two', 'three'].map((name) => query(`${name}.example.test.`, { id: 7 }));
  const asked = names.map((message) => begin(channel, message));
  const outcomes = await Promise.all(asked.map(({ outcome }) => outcome));
  const answered = outcomes.map((outcome) => outcome.kind === 'reply' && parseQuery(outcome.message).name);
  expect(answered).toEqual(['one.example.test.', 'two.example.test.', 'three.example.test.']);
  expect(upstream.asked.connections).toBe(3);
});

describe('upstreamConnections', TIMED, () => {
  it('is reached where connections are full: the next query fails, and is counted', async () => {
    const upstream = closing(await openUpstream({ behaviour: silent }));
    const network = testNetwork({ limits: { upstreamConnections: 2, upstreamInFlight: 2 } });
    const channel = network.channel(targetOf('tcp', upstream.port));
    const asked = queries(4).map((message) => begin(channel, message));
    expect(await problemWith(channel)).toMatchObject({ kind: 'socket-limit' });
    expect(network.usage.sockets).toBe(2);
    expect(network.reached.sockets).toBe(1);
    for (const { attempt } of asked) attempt.cancel();
  });

  it('is shared by queries where all connections are slow', async () => {
    const upstream = closing(await openUpstream({ behaviour: silent }));
    const network = testNetwork({ limits: { upstreamConnections: 2 } });
    const channel = network.channel(targetOf('tcp', upstream.port));
    const asked = [];
    for (const message of queries(5)) {
      asked.push(begin(channel, message));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await upstream.until(() => upstream.asked.tcp === asked.length);
      // oxlint-disable-next-line no-await-in-loop -- until it is late
      await pass(LATE);
    }
    expect(upstream.asked.connections).toBe(2);
    for (const { attempt } of asked) attempt.cancel();
  });
});
