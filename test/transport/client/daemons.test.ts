/** The network asks real servers, over everything that they speak. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { UpstreamTarget } from '../../../src/transport/client/upstream.ts';
import { describeWith } from '../../e2e/needs.ts';
import { type DaemonName, lacking } from '../../support/daemon.ts';
import { type Daemon, MANY, startDaemon } from '../../support/upstreams/daemons.ts';
import { query, types } from '../../support/upstreams/octets.ts';
import { addressIn, replyTo, targetOf, testNetwork } from './support.ts';

const TC = 0x0200;
const NXDOMAIN = 3;

function flagsOf(message: Buffer): number {
  return message.readUInt16BE(2);
}

function answersOf(message: Buffer): number {
  return message.readUInt16BE(6);
}

const names: readonly DaemonName[] = ['unbound', 'knotd', 'dnsmasq'];
const protocolsOf = (name: DaemonName): readonly UpstreamTarget['protocol'][] =>
  name === 'unbound' ? ['udp', 'tcp', 'tls', 'https'] : ['udp', 'tcp'];

for (const name of names) {
  describeWith(name, lacking(name), () => {
    let daemon: Daemon;
    beforeAll(async () => {
      daemon = await startDaemon(name);
    }, 40_000);
    afterAll(() => daemon.stop());

    const target = (protocol: UpstreamTarget['protocol'], method: 'GET' | 'POST' = 'POST'): UpstreamTarget => {
      const ports = { udp: daemon.port, tcp: daemon.port, tls: daemon.tlsPort, https: daemon.httpsPort };
      return targetOf(protocol, ports[protocol] ?? 0, { method });
    };

    it.each(protocolsOf(name))('answers over %s', async (protocol) => {
      const channel = testNetwork().channel(target(protocol));
      expect(addressIn(await replyTo(channel))).toBe('192.0.2.1');
      const missing = await replyTo(channel, query('no.such.example.test.'));
      expect(flagsOf(missing) & 0xf).toBe(NXDOMAIN);
      const text = await replyTo(channel, query('text.example.test.', { type: types.TXT }));
      expect(text.includes('\x05hello')).toBe(true);
      expect(answersOf(await replyTo(channel, query('alias.example.test.')))).toBe(2);
    });

    it('truncates over UDP what it gives in full over TCP', async () => {
      const network = testNetwork();
      const many = query('many.example.test.', { edns: 1232 });
      const short = await replyTo(network.channel(target('udp')), many);
      expect(flagsOf(short) & TC).toBe(TC);
      const whole = await replyTo(network.channel(target('tcp')), many);
      expect(flagsOf(whole) & TC).toBe(0);
      expect(answersOf(whole)).toBe(MANY);
    });

    it.each(protocolsOf(name).filter((protocol) => protocol !== 'udp'))(
      'answers fifty queries on one connection over %s',
      async (protocol) => {
        const channel = testNetwork().channel(target(protocol));
        const asked = Array.from({ length: 50 }, (_, id) => query('www.example.test.', { id }));
        const replies = await Promise.all(asked.map((message) => replyTo(channel, message)));
        expect(new Set(replies.map(addressIn))).toEqual(new Set(['192.0.2.1']));
        expect(channel.counts).toEqual({ opened: 1, reused: 49, unasked: 0 });
      },
    );

    if (name === 'unbound') {
      it('answers a GET over https', async () => {
        const channel = testNetwork().channel(target('https', 'GET'));
        expect(addressIn(await replyTo(channel))).toBe('192.0.2.1');
      });
    }
  });
}
