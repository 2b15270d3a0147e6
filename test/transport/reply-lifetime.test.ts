/** How long replies may be kept by HTTP caches, against messages that dns-packet wrote. */
import packet, { type OptRecord, type ResourceRecord } from 'dns-packet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDown, lifetimeOf } from '../../src/transport/reply-lifetime.ts';

const a = (ttl: number, name = 'x.test'): ResourceRecord => ({ type: 'A', class: 'IN', name, ttl, data: '192.0.2.1' });
const soa = (ttl: number, minimum: number): ResourceRecord => ({
  type: 'SOA',
  class: 'IN',
  name: 'test',
  ttl,
  data: { mname: 'ns.test', rname: 'hostmaster.test', serial: 1, refresh: 2, retry: 3, expire: 4, minimum },
});

function reply(
  answers: readonly ResourceRecord[],
  authorities: readonly ResourceRecord[] = [],
  additionals: readonly (ResourceRecord | OptRecord)[] = [],
) {
  return packet.encode({
    type: 'response',
    questions: [{ type: 'A', name: 'x.test' }],
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  });
}

describe('the lifetime of a reply', () => {
  it.each([
    ['one answer', reply([a(30)]), 30],
    ['several answers', reply([a(30), a(7), a(60)]), 7],
    [
      'answers of other names',
      reply([{ type: 'CNAME', class: 'IN', name: 'x.test', ttl: 5, data: 'y.test' }, a(30, 'y.test')]),
      5,
    ],
    ['a TTL of 0', reply([a(30), a(0)]), 0],
    ['the largest TTL', reply([a(0x7fff_ffff)]), 0x7fff_ffff],
    ['a negative reply: the minimum', reply([], [soa(300, 30)]), 30],
    ["a negative reply: the record's own TTL", reply([], [soa(20, 300)]), 20],
    [
      'an alias to nothing',
      reply([{ type: 'CNAME', class: 'IN', name: 'x.test', ttl: 60, data: 'y.test' }], [soa(300, 30)]),
      30,
    ],
    [
      'name servers beside the answer',
      reply([a(30)], [{ type: 'NS', class: 'IN', name: 'test', ttl: 5, data: 'ns.test' }]),
      30,
    ],
    ['what is only additional', reply([a(30)], [], [a(1, 'ns.test')]), 30],
    ['no records', reply([]), 0],
    ['no message', Buffer.alloc(5), 0],
  ])('%s', (_, message, expected) => {
    expect(lifetimeOf(message)).toBe(expected);
  });

  it('of octets that are cut or changed anywhere is a number, and never an exception', () => {
    const whole = reply([a(30), a(7)], [soa(300, 30)]);
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (length, at, octet) => {
        const message = Buffer.from(whole);
        message[at] = octet;
        const seconds = lifetimeOf(message.subarray(0, length));
        expect(Number.isInteger(seconds) && seconds >= 0).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => lifetimeOf(octets) >= 0));
  });
});

describe('a reply that a cache had', () => {
  const opt: OptRecord = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0x8000,
    options: [],
  };

  it('has that much less of each TTL, and 0 at the least', () => {
    const message = reply([a(300), a(30)], [soa(100, 7)], [a(61, 'ns.test'), opt]);
    countDown(message, 60);
    const { answers, authorities, additionals } = packet.decode(message);
    const ttls = [answers, authorities].map((section) => section.map((record) => 'ttl' in record && record.ttl));
    expect(ttls).toEqual([[240, 0], [40]]);
    expect(additionals).toMatchObject([{ ttl: 1 }, { udpPayloadSize: 1232, flag_do: true }]);
  });

  it('keeps its length and the rest, whatever its octets are', () => {
    const whole = reply([a(30), a(7)], [soa(300, 30)], [opt]);
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (length, at, octet) => {
        const message = Buffer.from(whole);
        message[at] = octet;
        const behind = Buffer.from(message.subarray(length));
        countDown(message.subarray(0, length), Infinity);
        expect(message.subarray(length)).toEqual(behind);
      }),
      { numRuns: 500 },
    );
  });
});
