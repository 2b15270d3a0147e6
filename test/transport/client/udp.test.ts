/** UDP: a socket and a port for each message, and nothing but the reply ends the wait (RFC 5452). */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UdpSockets } from '../../../src/transport/client/udp-sockets.ts';
import { batchSupport } from '../../../src/transport/udp-batch/support.ts';
import { batchParts } from '../../../src/transport/udp-batch/udp-batch.ts';
import {
  both,
  forging,
  forgeries,
  fromElsewhere,
  garbageThenRight,
  largest,
  RIGHT,
  right,
  silent,
} from '../../support/upstreams/behaviours.ts';
import { openUpstream } from '../../support/upstreams/hostile.ts';
import { reply } from '../../support/upstreams/octets.ts';
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
  useUdpSockets,
} from './support.ts';

/** Takes what is a reply to `QUERY` in every octet of its head and question, as the right one is. */
function isRight(message: Buffer): boolean {
  return addressIn(message) === RIGHT && message.subarray(12, QUERY.length).equals(QUERY.subarray(12));
}

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);

/** Both makers of sockets; the second where this machine has it. */
const support = await batchSupport();
const makers: readonly (readonly [string, () => UdpSockets | undefined])[] = [
  ['node:dgram', () => undefined],
  ...(support.kind === 'ready' ? [['the system', () => batchParts().clients] as const] : []),
];
if (support.kind === 'absent') console.warn(`skipped: sockets of the system: ${support.why}`);

describe.each(makers)('sockets of %s', (_, make) => {
  beforeAll(() => useUdpSockets(make()));
  afterAll(() => useUdpSockets(undefined));

  it('a reply comes from the upstream that was asked, and the socket is gone then', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const { attempt, outcome, shown } = begin(network.channel(targetOf('udp', upstream.port)));
    expect(network.usage.sockets).toBe(1);
    expect(await outcome).toMatchObject({ kind: 'reply', from: { address: '127.0.0.1', port: upstream.port } });
    expect(network.usage.sockets).toBe(0);
    attempt.cancel();
    expect(shown).toHaveLength(1);
  });

  it('what is sent is a copy: the message may be written over at once', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const message = Buffer.from(QUERY);
    const asking = begin(testNetwork().channel(targetOf('udp', upstream.port)), message, () => true);
    message.fill(0xee);
    await asking.outcome;
    expect(upstream.queries).toEqual([QUERY]);
  });

  describe('a wrong reply never ends the wait for the right one', () => {
    it.each(Object.keys(forgeries))('%s', async (name) => {
      const forgery = Object.entries(forgeries).find(([known]) => known === name)?.[1];
      if (forgery === undefined) throw new Error('no such forgery');
      const behaviour = both((asked) => asked.send(forgery(asked.octets)), right);
      const upstream = closing(await openUpstream({ behaviour }));
      const asking = begin(testNetwork().channel(targetOf('udp', upstream.port)), QUERY, isRight);
      expect(await asking.outcome).toMatchObject({ kind: 'reply' });
      expect(asking.shown).toHaveLength(2);
      expect(asking.problems).toEqual([]);
    });

    it('all of them at once', async () => {
      const upstream = closing(await openUpstream({ behaviour: garbageThenRight }));
      const asking = begin(testNetwork().channel(targetOf('udp', upstream.port)), QUERY, isRight);
      expect(await asking.outcome).toMatchObject({ kind: 'reply' });
      expect(asking.shown).toHaveLength(Object.keys(forgeries).length + 1);
    });

    it('one from another port is not even shown', async () => {
      const upstream = closing(await openUpstream({ behaviour: both(fromElsewhere, right) }));
      const asking = begin(testNetwork().channel(targetOf('udp', upstream.port)), QUERY, isRight);
      expect(await asking.outcome).toMatchObject({ from: { port: upstream.port } });
      expect(asking.shown).toHaveLength(1);
    });

    it('one that is longer than a UDP message is read is not shown', async () => {
      const long = Buffer.concat([QUERY, Buffer.alloc(2000)]);
      const upstream = closing(await openUpstream({ behaviour: both((asked) => asked.send(long), right) }));
      const network = testNetwork({ limits: { udpMessage: 1232 } });
      const asking = begin(network.channel(targetOf('udp', upstream.port)), QUERY, isRight);
      expect(await asking.outcome).toMatchObject({ kind: 'reply' });
      expect(asking.shown).toHaveLength(1);
    });

    it('one of 64 KiB, which no datagram can carry, does not come', async () => {
      const upstream = closing(await openUpstream({ behaviour: both(largest, right) }));
      const asking = begin(testNetwork().channel(targetOf('udp', upstream.port)), QUERY, isRight);
      expect(await asking.outcome).toMatchObject({ kind: 'reply' });
    });
  });

  it('nothing is told after cancel', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('udp', upstream.port));
    const given = begin(channel);
    given.attempt.cancel();
    given.attempt.cancel();
    expect(network.usage.sockets).toBe(0);
    await upstream.until(() => upstream.asked.udp === 1);
    await replyTo(channel);
    expect(given.shown).toEqual([]);
    expect(given.problems).toEqual([]);
  });

  it('a channel that is closed ends its attempts without a word, those that were about to fail too', async () => {
    const upstream = closing(await openUpstream({ behaviour: silent }));
    const network = testNetwork({ limits: { upstreamSockets: 3 } });
    const channel = network.channel(targetOf('udp', upstream.port));
    const asked = queries(5).map((message) => begin(channel, message));
    expect(network.usage.sockets).toBe(3);
    channel.close();
    expect(network.usage.sockets).toBe(0);
    await replyTo(network.channel(targetOf('udp', closing(await openUpstream({ behaviour: right })).port)));
    expect(asked.flatMap(({ problems }) => problems)).toEqual([]);
  });

  describe('the source', () => {
    it('is bound where it is given', async () => {
      const upstream = createSocket('udp4').bind(0, '127.0.0.1');
      await once(upstream, 'listening');
      closing(upstream);
      const from: string[] = [];
      upstream.on('message', (octets, client) => {
        from.push(client.address);
        upstream.send(reply(octets), client.port, client.address);
      });
      const network = testNetwork();
      await replyTo(network.channel(targetOf('udp', upstream.address().port, { source: '127.0.0.3' })));
      expect(from).toEqual(['127.0.0.3']);
    });

    it('port is drawn anew for each message: over 200 they neither repeat much nor step', async () => {
      const upstream = closing(await openUpstream({ behaviour: right }));
      const channel = testNetwork().channel(targetOf('udp', upstream.port));
      for (const message of queries(200)) {
        // oxlint-disable-next-line no-await-in-loop -- one after another, so that each could have the port of the one before
        await replyTo(channel, message);
      }
      const ports = upstream.clientPorts;
      expect(ports).toHaveLength(200);
      // Of 28,000 ports, 200 draws repeat less than once on average.
      expect(new Set(ports).size).toBeGreaterThan(190);
      const steps = ports.slice(1).map((port, index) => port - (ports[index] ?? 0));
      expect(steps.filter((step) => Math.abs(step) <= 16).length).toBeLessThan(20);
      expect(new Set(steps).size).toBeGreaterThan(150);
      expect(channel.counts).toEqual({ opened: 200, reused: 0, unasked: 0 });
    });
  });

  describe.runIf(hasIPv6)('IPv6', () => {
    it.each(['::1', '0:0:0:0:0:0:0:1', '::1%lo'])('reaches %s', async (address) => {
      const upstream = closing(await openUpstream({ behaviour: right, address: '::1' }));
      const to = { address, port: upstream.port };
      const asking = begin(testNetwork().channel(targetOf('udp', 0, { to })));
      // The endpoint is told as the target spells it.
      expect(await asking.outcome).toMatchObject({ kind: 'reply', from: to });
    });
  });

  it('many at once are all answered', async () => {
    const upstream = closing(await openUpstream({ behaviour: right }));
    const network = testNetwork();
    const channel = network.channel(targetOf('udp', upstream.port));
    const replies = await Promise.all(queries(300).map((message) => replyTo(channel, message)));
    expect(replies.map(addressIn)).toEqual(Array.from({ length: 300 }, () => RIGHT));
    await until(() => network.usage.sockets === 0);
  });

  it('a forged reply over and over keeps the wait open, and one socket', async () => {
    const forge = forging('wrong id');
    const upstream = closing(
      await openUpstream({ behaviour: (asked) => Array.from({ length: 50 }, () => forge(asked)) }),
    );
    const network = testNetwork();
    const asking = begin(network.channel(targetOf('udp', upstream.port)), QUERY, isRight);
    await until(() => asking.shown.length === 50);
    expect(asking.problems).toEqual([]);
    expect(network.usage.sockets).toBe(1);
    asking.attempt.cancel();
  });

  describe('what goes wrong is told as it is', () => {
    it('nobody listens', async () => {
      const channel = testNetwork().channel(targetOf('udp', 1));
      expect(await problemWith(channel)).toEqual({ kind: 'refused', text: 'connection refused' });
    });

    it('the source is not of this machine', async () => {
      const channel = testNetwork().channel(targetOf('udp', 53, { source: '192.0.2.77' }));
      expect(await problemWith(channel)).toEqual({ kind: 'unreachable', text: 'address not available' });
    });

    it('the port is none', async () => {
      const channel = testNetwork().channel(targetOf('udp', 0, { to: { address: '127.0.0.1', port: 70_000 } }));
      expect(await problemWith(channel)).toMatchObject({ kind: 'invalid' });
    });

    it('the message is longer than a datagram can be', async () => {
      const channel = testNetwork().channel(targetOf('udp', 1));
      expect(await problemWith(channel, Buffer.alloc(65_530))).toMatchObject({ kind: 'invalid' });
    });

    it('the upstream goes away while it is waited for', async () => {
      const upstream = await openUpstream({ behaviour: silent });
      const channel = testNetwork().channel(targetOf('udp', upstream.port));
      const first = begin(channel);
      await upstream.until(() => upstream.asked.udp === 1);
      await upstream.close();
      expect(await problemWith(channel)).toMatchObject({ kind: 'refused' });
      expect(first.problems).toEqual([]);
      first.attempt.cancel();
    });
  });
});
