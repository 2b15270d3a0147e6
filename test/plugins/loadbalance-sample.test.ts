/** `loadbalance`: what a client gets of a Service with more endpoints than fit in a reply, octets in and octets out. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { Class, Flag, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { reply } from '../../src/plugins/answer.ts';
import { loadbalance } from '../../src/plugins/loadbalance/loadbalance.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { AnswerCounts } from '../../src/server/answer-counts.ts';
import { linkChain } from '../../src/server/chain.ts';
import { Responder } from '../../src/server/responder.ts';
import { Router } from '../../src/server/router.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { UNREAD } from '../../src/transport/transport.ts';
import { serve } from './support.ts';

const ENDPOINTS = 5_000;
const QUERIES = 4_000;
const OWNER = Name.fromText('web.test.');

/** 10.0.0.0 and on. */
function octetsOf(index: number): readonly number[] {
  return [10, 0, index >> 8, index & 0xff];
}

function set(octets: readonly number[]): RRset {
  return { owner: OWNER, type: Type.A, class: Class.IN, ttl: 5, kind: 'address', octets: Uint8Array.from(octets) };
}

const ALL = Array.from({ length: ENDPOINTS }, (_, i) => octetsOf(i));
/** As `kubernetes` hands them over, and as replies of upstreams come. */
const TOGETHER = [set(ALL.flat())];
const APART = ALL.map(set);

/** A server of these records; the result asks it once over UDP and gives the numbers of the endpoints in the reply. */
async function serving(answers: readonly RRset[], lines: string): Promise<(udpSize: number) => readonly number[]> {
  const { plugin } = await serve(loadbalance, lines);
  const records: Plugin = { name: 'records', replayable: true, answer: () => reply({ answers }) };
  const router = new Router([{ zone: Name.root, chain: linkChain([plugin, records]), anyClass: false }], 'dns://:53');
  const responder = new Responder({
    resolver: router,
    facts: new FactCounters(),
    counts: new AnswerCounts(new Metrics(), router.server),
    panic: (error) => {
      throw error;
    },
    idle: 10_000,
  });
  const ends = {
    clientFamily: 4 as const,
    clientAddress: '192.0.2.1',
    clientPort: 4,
    localAddress: '192.0.2.2',
    localPort: 53,
  };
  const room = new Uint8Array(4_096);
  return (udpSize) => {
    const opt = {
      type: 'OPT' as const,
      name: '.' as const,
      udpPayloadSize: udpSize,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    };
    const questions = [{ type: 'A' as const, name: 'web.test' }];
    const request = new Uint8Array(packet.encode({ type: 'query', questions, additionals: [opt] }));
    const exchange = {
      ...ends,
      protocol: 'udp' as const,
      octets: request,
      start: 0,
      end: request.length,
      settled: false,
      place: UNREAD,
      reply: room,
    };
    const length = responder.respond({
      ...exchange,
      defer: () => {
        throw new Error('an answer from memory is given in the same tick');
      },
    });
    const message = packet.decode(Buffer.from(room.subarray(0, length)));
    expect(message.flags & Flag.TC).toBe(Flag.TC);
    return message.answers.flatMap((answer) => {
      if (answer.type !== 'A') return [];
      const [, , high = 0, low = 0] = answer.data.split('.').map(Number);
      return [high * 256 + low];
    });
  };
}

/**
 * How far counts are from equal, in standard deviations of the chi-square statistic, whose distribution is all but normal
 * for so many classes. Beyond 5.5 a fair draw comes less often than once in ten million.
 *
 * @param drawn per query, without putting back: that makes the counts more equal by a known factor
 */
function deviation(counts: readonly number[], drawn: number): number {
  const classes = counts.length;
  const expected = counts.reduce((sum, count) => sum + count, 0) / classes;
  const raw = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const chiSquare = (raw * (classes - 1)) / (classes - drawn);
  return (chiSquare - (classes - 1)) / Math.sqrt(2 * (classes - 1));
}

const FAIR = 5.5;

describe('a reply over UDP that is cut to size', () => {
  it.each([
    ['one RRset of all, 4,096 octets', TOGETHER, 4_096, 'loadbalance', QUERIES],
    ['one RRset of all, 1,232 octets', TOGETHER, 1_232, 'loadbalance', QUERIES],
    ['an RRset for each, 4,096 octets', APART, 4_096, 'loadbalance', 400],
    ['preferred networks', TOGETHER, 4_096, 'loadbalance {\n  prefer 10.0.0.0/8\n}', 400],
  ])(
    'holds each of 5,000 endpoints as often as any other: %s',
    async (_, answers, udpSize, lines, queries) => {
      const ask = await serving(answers, lines);
      const counts = Array.from({ length: ENDPOINTS }, () => 0);
      const firsts = Array.from({ length: 50 }, () => 0);
      let drawn = 0;
      for (let query = 0; query < queries; query++) {
        const endpoints = ask(udpSize);
        drawn = endpoints.length;
        expect(new Set(endpoints).size).toBe(drawn);
        for (const endpoint of endpoints) counts[endpoint] = (counts[endpoint] ?? 0) + 1;
        const group = (endpoints[0] ?? 0) % firsts.length;
        firsts[group] = (firsts[group] ?? 0) + 1;
      }
      // As many as there is room for: header, question and OPT take 37 octets, each record 16.
      expect(drawn).toBe(Math.floor((udpSize - 37) / 16));
      expect(Math.abs(deviation(counts, drawn))).toBeLessThan(FAIR);
      // The one that most clients take. Fewer classes have a longer tail.
      expect(deviation(firsts, 1)).toBeLessThan(2 * FAIR);
    },
    60_000,
  );

  it('would be seen to be unfair where it is', () => {
    const fair = Array.from({ length: ENDPOINTS }, (_, i) => 200 + (i % 2 === 0 ? 14 : -14));
    expect(Math.abs(deviation(fair, 1))).toBeLessThan(FAIR);
    // A window that goes round is too equal; one endpoint in ten left out is too unequal.
    expect(
      Math.abs(
        deviation(
          Array.from({ length: ENDPOINTS }, () => 200),
          250,
        ),
      ),
    ).toBeGreaterThan(FAIR);
    expect(
      deviation(
        fair.map((count, i) => (i % 10 === 0 ? 0 : count)),
        250,
      ),
    ).toBeGreaterThan(FAIR);
  });
});
