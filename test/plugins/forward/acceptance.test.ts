/**
 * The one function that judges replies. Tests named after findings in CoreDNS hold what must never happen here
 * (RFC 5452 §9.1).
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Flag, Rcode, Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { type Expected, judge } from '../../../src/plugins/forward/acceptance.ts';
import { randomId } from '../../../src/plugins/forward/random.ts';
import { Request } from '../../../src/plugins/forward/request.ts';
import { replyTo } from './support.ts';

const TO = { address: '192.0.2.1', port: 53 };

function expecting(parts: Partial<Expected> & { readonly mixCase?: boolean; readonly name?: string } = {}): Expected {
  const { mixCase = false, name = 'www.Example.org', ...rest } = parts;
  const question = { name: Name.fromText(name), type: Type.A, class: Class.IN };
  const request = new Request(question, { flags: Flag.RD, dnssecOk: false, udpSize: 1232, options: [], mixCase });
  const { questionEnd, exactCase } = request;
  return {
    to: TO,
    sent: request.message('with-options', randomId()),
    questionEnd,
    question,
    exactCase,
    connected: false,
    ...rest,
  };
}

/** The verdict in one word: `reply`, `bare`, `invalid`, or the reason why it is ignored. */
function verdict(expected: Expected, octets: Uint8Array, from = TO): string {
  const judged = judge(octets, from, expected);
  return judged.kind === 'ignored' ? judged.reason : judged.kind;
}

function changed(octets: Uint8Array, change: (octets: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(octets);
  change(copy);
  return copy;
}

const flip = (octets: Uint8Array, at: number, bits: number): Uint8Array =>
  changed(octets, (copy) => (copy[at] = (copy[at] ?? 0) ^ bits));

const expected = expecting();
const right = replyTo(expected.sent, { answers: ['www.example.org. 60 IN A 203.0.113.1'] });
const { questionEnd } = expected;

/** One address record without an address. */
const hollow = Buffer.concat([
  right.subarray(0, questionEnd).with(11, 0),
  Uint8Array.of(0xc0, 12, 0, Type.A, 0, Class.IN, 0, 0, 0, 60, 0, 0),
]);

describe('a reply', () => {
  it('is taken where everything agrees', () => {
    expect(judge(right, TO, expected)).toMatchObject({ kind: 'reply', message: { answers: 1 } });
  });

  it.each([
    ['another address', right, { address: '192.0.2.2', port: 53 }, 'source'],
    ['another port', right, { address: '192.0.2.1', port: 54 }, 'source'],
    ['less than a header', right.subarray(0, 11), TO, 'short'],
    ['nothing', new Uint8Array(0), TO, 'short'],
    ['another id (Cure53 DNS-01-003)', flip(right, 1, 1), TO, 'id'],
    ['no QR bit', flip(right, 2, 0x80), TO, 'not_a_response'],
    ['another opcode', flip(right, 2, 0x10), TO, 'opcode'],
    ['no question and NOERROR', right.subarray(0, 12).with(5, 0).with(7, 0), TO, 'questions'],
    ['two questions', right.with(5, 2), TO, 'questions'],
    ['another name (Cure53 DNS-01-003)', flip(right, 13, 1), TO, 'name'],
    ['another length of a label', flip(right, 12, 1), TO, 'name'],
    ['a name that ends early', right.subarray(0, questionEnd - 3), TO, 'name'],
    ['another type', flip(right, questionEnd - 3, 0x1d), TO, 'type'],
    ['another class', flip(right, questionEnd - 1, 2), TO, 'class'],
    ['records that cannot be read', right.subarray(0, -3), TO, 'malformed'],
    ['fewer records than it announces', right.with(7, 2), TO, 'malformed'],
    ['an address record that is empty', hollow, TO, 'malformed'],
  ])('is passed over with %s', (_, octets, from, reason) => {
    expect(verdict(expected, octets, from)).toBe(reason);
  });

  it('that cannot be read is invalid over a connection, where no other will come', () => {
    expect(verdict(expecting({ ...expected, connected: true }), right.subarray(0, -3))).toBe('invalid');
  });

  it('that is truncated in the middle of a record says for certain that there is more', () => {
    const cut = flip(right, 2, Flag.TC >> 8).subarray(0, -3);
    expect(judge(cut, TO, expected)).toMatchObject({
      kind: 'reply',
      message: { flags: expect.any(Number), answerRecords: [] },
    });
  });

  it('may repeat the name in another case, unless that was part of the question', () => {
    const lower = changed(right, (copy) => {
      for (let at = 12; at < questionEnd - 4; at++) {
        const octet = copy[at] ?? 0;
        if (octet >= 0x41 && octet <= 0x5a) copy[at] = octet | 0x20;
      }
    });
    expect(verdict(expected, lower)).toBe('reply');
    expect(verdict({ ...expected, exactCase: true }, lower)).toBe('case');
    expect(verdict({ ...expected, exactCase: true }, right)).toBe('reply');
  });

  it.each([Rcode.FORMERR, Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED])('may be a bare failure: %i', (rcode) => {
    const bare = right.subarray(0, 12).with(3, rcode).with(5, 0).with(7, 0);
    expect(judge(bare, TO, expected)).toEqual({ kind: 'bare', rcode, connected: false });
  });

  it('comes from an IPv6 address in any spelling', () => {
    const v6 = { ...expected, to: { address: '2001:db8::1', port: 53 } };
    expect(verdict(v6, right, { address: '2001:0DB8:0::1', port: 53 })).toBe('reply');
    expect(verdict(v6, right, { address: '2001:db8::2', port: 53 })).toBe('source');
    const scoped = { ...expected, to: { address: 'fe80::1%eth0', port: 53 } };
    expect(verdict(scoped, right, { address: 'fe80::1', port: 53 })).toBe('reply');
  });
});

describe('any octets', () => {
  it('give a verdict and never throw, and only the same question is taken (CVE-2023-28452, TOB-CDNS-8)', () => {
    const mutation = fc.record({ at: fc.nat(right.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.array(mutation, { maxLength: 8 }),
        fc.nat(right.length),
        fc.boolean(),
        (mutations, length, connected) => {
          const octets = changed(right, (copy) => {
            for (const { at, value } of mutations) copy[at] = value;
          }).subarray(0, length);
          const judged = judge(octets, TO, { ...expected, connected, exactCase: true });
          if (judged.kind !== 'reply' && judged.kind !== 'invalid') return;
          expect(octets.subarray(0, 2)).toEqual(right.subarray(0, 2));
          expect((octets[2] ?? 0) & 0xf8).toBe(0x80);
          expect(octets.subarray(12, questionEnd)).toEqual(right.subarray(12, questionEnd));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('of chance are never a reply', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        fc.pre(octets[0] !== right[0] || octets[1] !== right[1]);
        expect(['id', 'short']).toContain(verdict(expected, octets));
      }),
    );
  });
});
