/** The bounds of the client network, over all channels together, and that what was taken is given back. */
import { describe, expect, it } from 'vitest';
import type { ClientNetwork } from '../../../src/transport/client/network.ts';
import type { Channel, UpstreamTarget } from '../../../src/transport/client/upstream.ts';
import { halfAFrame, largest, RIGHT, right, silent } from '../../support/upstreams/behaviours.ts';
import { openTlsUpstream, openUpstream } from '../../support/upstreams/hostile.ts';
import { HostileHttps, MEDIA_TYPE } from '../../support/upstreams/hostile-https.ts';
import {
  addressIn,
  type Asking,
  begin,
  closing,
  problemWith,
  queries,
  QUERY,
  replyTo,
  targetOf,
  testNetwork,
  until,
} from './support.ts';

/** An upstream that answers nothing, for each protocol. */
async function silentTarget(protocol: UpstreamTarget['protocol']): Promise<UpstreamTarget> {
  switch (protocol) {
    case 'udp':
    case 'tcp':
      return targetOf(protocol, closing(await openUpstream({ behaviour: silent })).port);
    case 'tls':
      return targetOf(protocol, closing(await openTlsUpstream({ behaviour: silent })).port);
    case 'https':
      return targetOf(protocol, closing(await HostileHttps.open(() => {})).port);
  }
}

const protocols = ['udp', 'tcp', 'tls', 'https'] as const;

describe('upstreamSockets', () => {
  it.each(protocols)(
    'is reached over %s, told after send has returned, and free again after cancel',
    async (protocol) => {
      const network = testNetwork({ limits: { upstreamSockets: 2, upstreamInFlight: 1 } });
      const channel = network.channel(await silentTarget(protocol));
      const held = queries(2).map((message) => begin(channel, message));
      expect(network.usage.sockets).toBe(2);
      const beyond = begin(channel);
      expect(beyond.problems).toEqual([]);
      expect(await beyond.outcome).toMatchObject({ kind: 'failed', problem: { kind: 'socket-limit' } });
      expect(network.reached).toMatchObject({ sockets: 1 });
      // Connections are kept when what waited on them was given up; channels that are closed keep none.
      for (const { attempt } of held) attempt.cancel();
      channel.close();
      expect(network.usage.sockets).toBe(0);
      const again = begin(network.channel(await silentTarget(protocol)));
      expect(network.usage.sockets).toBe(1);
      expect(again.problems).toEqual([]);
    },
  );

  it('counts the sockets of all protocols together', async () => {
    const network = testNetwork({ limits: { upstreamSockets: 4 } });
    const [targets, others] = await Promise.all([
      Promise.all(protocols.map(silentTarget)),
      Promise.all(protocols.map(silentTarget)),
    ]);
    const asked = targets.map((target) => begin(network.channel(target)));
    expect(network.usage.sockets).toBe(4);
    const problems = await Promise.all(others.map((target) => problemWith(network.channel(target))));
    expect(problems.map(({ kind }) => kind)).toEqual(protocols.map(() => 'socket-limit'));
    expect(network.reached.sockets).toBe(4);
    for (const { attempt } of asked) attempt.cancel();
  });
});

describe('at upstreamSockets, what waits for long over UDP', () => {
  const LIMIT = 16;
  const LATE = 100;

  async function dead(): Promise<{ network: ClientNetwork; channel: Channel; asked: readonly Asking[] }> {
    const network = testNetwork({ limits: { upstreamSockets: LIMIT } });
    const channel = network.channel(await silentTarget('udp'));
    const asked = queries(LIMIT).map((message) => begin(channel, message));
    const then = performance.now();
    await until(() => performance.now() - then > LATE);
    return { network, channel, asked };
  }

  it('gives way to what is new, the oldest first', async () => {
    const { network, asked } = await dead();
    const upstream = closing(await openUpstream({ behaviour: right }));
    const channel = network.channel(targetOf('udp', upstream.port));
    const fresh = queries(5).map((message) => begin(channel, message));
    expect(network.usage.sockets).toBe(LIMIT);
    // Nobody is told within another's call.
    expect(asked.flatMap(({ problems }) => problems)).toEqual([]);
    for (const { outcome } of fresh) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await outcome).toMatchObject({ kind: 'reply' });
    }
    const gone = asked.map(({ problems }) => problems.map(({ kind, text }) => `${kind}: ${text}`));
    expect(gone).toEqual(asked.map((_, index) => (index < 5 ? ['timeout: given up for newer queries'] : [])));
    expect(network.reached.sockets).toBe(5);
    for (const { attempt } of asked) attempt.cancel();
  });

  it.each(['tcp', 'tls', 'https'] as const)('gives way to a connection over %s', async (protocol) => {
    const { network, asked } = await dead();
    const opened = begin(network.channel(await silentTarget(protocol)));
    await asked[0]?.outcome;
    expect(opened.problems).toEqual([]);
    expect(network.usage.sockets).toBe(LIMIT);
    for (const { attempt } of [opened, ...asked]) attempt.cancel();
  });

  it('is told nothing if it is cancelled, or its channel closed, before it could be', async () => {
    const { network, channel, asked } = await dead();
    const fresh = queries(4).map((message) => begin(network.channel(targetOf('udp', 9)), message));
    asked[0]?.attempt.cancel();
    channel.close();
    await Promise.all(fresh.map(({ outcome }) => outcome));
    expect(asked.flatMap(({ problems }) => problems)).toEqual([]);
    expect(network.usage.sockets).toBe(0);
  });

  it('does not keep others from being answered, however much of it comes', async () => {
    const network = testNetwork({ limits: { upstreamSockets: 64 } });
    const flooded = network.channel(await silentTarget('udp'));
    const upstream = closing(await openUpstream({ behaviour: right }));
    const channel = network.channel(targetOf('udp', upstream.port));
    // A listener that sends again as soon as it fails, as one that has tries left.
    const flood = (tries: number): void => {
      flooded.send(QUERY, { received: () => false, failed: () => tries > 0 && flood(tries - 1) });
    };
    for (let unanswerable = 0; unanswerable < 64; unanswerable++) flood(3);
    for (let round = 0; round < 4; round++) {
      const then = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- round by round
      await until(() => performance.now() - then > LATE);
      for (let unanswerable = 0; unanswerable < 32; unanswerable++) flood(0);
      // oxlint-disable-next-line no-await-in-loop -- round by round
      const replies = await Promise.all(queries(16).map((message) => replyTo(channel, message)));
      expect(replies.map(addressIn)).toEqual(replies.map(() => RIGHT));
      expect(network.usage.sockets).toBeLessThanOrEqual(64);
    }
    flooded.close();
    expect(network.usage.sockets).toBe(0);
  });
});

describe('upstreamOctets', () => {
  it.each(['tcp', 'tls', 'https'] as const)('bounds what waits to be sent over %s', async (protocol) => {
    const network = testNetwork({ limits: { upstreamOctets: 100 } });
    const channel = network.channel(await silentTarget(protocol));
    const held = queries(2).map((message) => begin(channel, message));
    expect(network.usage.octets).toBeGreaterThan(60);
    const beyond = await problemWith(channel);
    expect(beyond.kind).toBe('octet-limit');
    expect(network.reached.octets).toBe(1);
    for (const { attempt } of held) attempt.cancel();
    expect(network.usage.octets).toBeLessThan(80);
    channel.close();
    expect(network.usage.octets).toBe(0);
  });

  it('cuts off a peer that fills frames without ending them', async () => {
    const upstream = closing(await openUpstream({ behaviour: (asked) => asked.write(Buffer.alloc(40_000, 0xff)) }));
    const network = testNetwork({ limits: { upstreamOctets: 10_000 } });
    expect(await problemWith(network.channel(targetOf('tcp', upstream.port)))).toMatchObject({ kind: 'octet-limit' });
    expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
    upstream.behaviour = right;
    expect(addressIn(await replyTo(network.channel(targetOf('tcp', upstream.port))))).toBe(RIGHT);
  });

  it('holds for all connections together', async () => {
    const upstream = closing(await openUpstream({ behaviour: (asked) => asked.write(Buffer.alloc(3_000, 0xff)) }));
    const network = testNetwork({ limits: { upstreamOctets: 10_000, upstreamInFlight: 1 } });
    const channel = network.channel(targetOf('tcp', upstream.port));
    const asked = queries(8).map((message) => begin(channel, message));
    await until(() => asked.flatMap(({ problems }) => problems).length >= 4);
    expect(network.usage.octets).toBeLessThanOrEqual(10_000);
    for (const { kind } of asked.flatMap(({ problems }) => problems)) expect(kind).toBe('octet-limit');
    for (const { attempt } of asked) attempt.cancel();
  });

  it('fails a body that would pass it', async () => {
    const upstream = closing(
      await HostileHttps.open((stream) => {
        stream.respond({ ':status': 200, 'content-type': MEDIA_TYPE });
        stream.write(Buffer.alloc(8_000));
      }),
    );
    const network = testNetwork({ limits: { upstreamOctets: 5_000 } });
    expect(await problemWith(network.channel(targetOf('https', upstream.port)))).toMatchObject({ kind: 'octet-limit' });
    expect(network.usage.octets).toBe(0);
  });

  it('is not touched by a whole message, however long', async () => {
    const upstream = closing(await openUpstream({ behaviour: largest }));
    const network = testNetwork({ limits: { upstreamOctets: 70_000 } });
    const channel = network.channel(targetOf('tcp', upstream.port));
    for (const message of queries(5)) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await replyTo(channel, message)).toHaveLength(0xffff);
    }
    expect(network.usage.octets).toBe(0);
  });
});

it('closing the network closes all of its channels', async () => {
  const network = testNetwork();
  const targets = await Promise.all(protocols.map(silentTarget));
  const asked = targets.map((target) => begin(network.channel(target)));
  const half = closing(await openUpstream({ behaviour: halfAFrame }));
  const partly = begin(network.channel(targetOf('tcp', half.port)));
  await until(() => network.usage.octets > 5 * QUERY.length);
  network.close();
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  await half.until(() => half.connections === 0);
  expect([...asked, partly].flatMap(({ problems }) => problems)).toEqual([]);
});
