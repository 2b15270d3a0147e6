/** A zone as messages: every record once and in order, whatever the sets and messages are like, and how it ends. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Flag, Rcode, Type } from '../../src/dns/constants.ts';
import { readHeader, readMessage } from '../../src/dns/message.ts';
import { Name } from '../../src/dns/name.ts';
import { type RRset, recordCount } from '../../src/dns/rrset.ts';
import { type OutgoingMessage, MessageWriter } from '../../src/dns/writer.ts';
import { TransferMessages } from '../../src/server/transfer-messages.ts';
import { CUT_OFF, NO_REPLY } from '../../src/transport/transport.ts';
import { recordsOf } from '../plugins/support.ts';

const ZONE = Name.fromText('example.org.');
const HEAD: OutgoingMessage = {
  id: 7,
  flags: Flag.QR | Flag.AA,
  rcode: Rcode.NOERROR,
  question: { name: ZONE, type: Type.AXFR, class: Class.IN },
  answers: [],
  authority: [],
  additional: [],
  edns: undefined,
};
const LONGEST = 65_535;

interface Sent {
  /** The records of each message. */
  readonly messages: readonly (readonly string[])[];
  readonly sizes: readonly number[];
  /** What was returned in place of a length. */
  readonly end: number;
  readonly panics: readonly unknown[];
  readonly whole: readonly boolean[];
}

/** Asks for messages until there are no more. */
function send(sets: Iterable<RRset>): Sent {
  const panics: unknown[] = [];
  const whole: boolean[] = [];
  const run = { records: sets[Symbol.iterator](), ended: (isWhole: boolean) => void whole.push(isWhole) };
  const source = new TransferMessages(run, {
    head: HEAD,
    writer: new MessageWriter(),
    panic: (error) => panics.push(error),
  });
  const target = new Uint8Array(LONGEST);
  const messages: (readonly string[])[] = [];
  const sizes: number[] = [];
  let length = source.next(target);
  for (; length > 0; length = source.next(target)) {
    messages.push(answersOf(target.subarray(0, length)));
    sizes.push(length);
  }
  source.ended();
  return { messages, sizes, end: length, panics, whole };
}

function answersOf(octets: Uint8Array): readonly string[] {
  const header = readHeader(octets);
  const read = header && readMessage(octets, header);
  if (header === undefined || read?.kind !== 'message') throw new Error('a message cannot be read');
  if ((header.flags & Flag.TC) !== 0) throw new Error('a message says that it was cut');
  return recordsOf(read.message.answerRecords);
}

const owner = fc
  .array(fc.constantFrom('a', 'b', 'long-label-that-takes-some-room', 'web'), { maxLength: 5 })
  .map((labels) => Name.fromLabels(labels, ZONE) ?? ZONE);

const count = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 6000 }));

const set: fc.Arbitrary<RRset> = fc.oneof(
  fc.tuple(owner, count).map(([name, n]): RRset => {
    const octets = Uint8Array.from({ length: 4 * n }, (_, i) => (i * 31) & 0xff);
    return { owner: name, type: Type.A, class: Class.IN, ttl: 5, kind: 'address', octets };
  }),
  fc.tuple(owner, count).map(([name, n]): RRset => {
    const services = Array.from({ length: n }, (_, port) => ({ priority: 0, weight: 1, port, target: name }));
    return { owner: name, type: Type.SRV, class: Class.IN, ttl: 5, kind: 'srv', services };
  }),
  fc.tuple(owner, owner).map(([name, target]): RRset => {
    return { owner: name, type: Type.CNAME, class: Class.IN, ttl: 5, kind: 'name', targets: [target] };
  }),
  fc.tuple(owner, fc.nat({ max: 300 })).map(([name, n]): RRset => {
    const texts = Array.from({ length: n }, (_, i) => [Buffer.alloc(200, String(i))]);
    return { owner: name, type: Type.TXT, class: Class.IN, ttl: 5, kind: 'text', texts };
  }),
  fc.tuple(owner, fc.nat({ max: 300 })).map(([name, n]): RRset => {
    const exchanges = Array.from({ length: n }, (_, preference) => ({ preference, exchange: name }));
    return { owner: name, type: Type.MX, class: Class.IN, ttl: 5, kind: 'mx', exchanges };
  }),
  fc.tuple(owner, fc.array(fc.nat({ max: 60_000 }), { maxLength: 3 })).map(([name, sizes]): RRset => {
    const data = sizes.map((size) => new Uint8Array(size));
    return { owner: name, type: 65_280, class: Class.IN, ttl: 5, kind: 'opaque', data };
  }),
);

function address(n: number): RRset {
  const octets = Uint8Array.of(10, n >> 16, n >> 8, n);
  return { owner: ZONE, type: Type.A, class: Class.IN, ttl: 5, kind: 'address', octets };
}

describe('messages', () => {
  it('carry every record once and in order, none without a record, none longer than can be', () => {
    fc.assert(
      fc.property(fc.array(set, { maxLength: 12 }), (sets) => {
        const { messages, sizes, end, panics, whole } = send(sets);
        expect(panics).toEqual([]);
        expect(end).toBe(NO_REPLY);
        expect(whole).toEqual([true]);
        expect(messages.flat()).toEqual(recordsOf(sets));
        expect(messages.every((records) => records.length > 0)).toBe(true);
        expect(sizes.every((size) => size <= LONGEST)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('are as full as can be, where there is time', () => {
    const many: RRset = { ...address(0), kind: 'address', octets: new Uint8Array(4 * 50_000) };
    const { sizes } = send([many]);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(LONGEST - 16);
  });

  it('end early where making them takes long', () => {
    function* slow(): Generator<RRset> {
      for (let i = 0; i < 100; i++) {
        const end = performance.now() + 1;
        while (performance.now() < end);
        yield address(i);
      }
    }
    const { messages } = send(slow());
    expect(messages.flat()).toHaveLength(100);
    expect(messages.length).toBeGreaterThan(4);
    expect(messages.length).toBeLessThan(100);
  });
});

describe('the end', () => {
  it('comes at once where there are no records', () => {
    expect(send([])).toEqual({ messages: [], sizes: [], end: NO_REPLY, panics: [], whole: [true] });
    const empty: RRset = { ...address(0), kind: 'address', octets: new Uint8Array(0) };
    expect(recordCount(empty)).toBe(0);
    expect(send([empty, empty])).toMatchObject({ messages: [], end: NO_REPLY, whole: [true] });
  });

  it('is cut off where records cannot be made', () => {
    function* broken(): Generator<RRset> {
      yield address(1);
      throw new Error('no more');
    }
    const { end, panics, whole } = send(broken());
    expect(end).toBe(CUT_OFF);
    expect(panics).toEqual([new Error('no more')]);
    expect(whole).toEqual([false]);
  });

  it('is cut off where a record fits into no message', () => {
    const data = [new Uint8Array(LONGEST)];
    const { messages, end, panics, whole } = send([address(1), { ...address(0), type: 65_280, kind: 'opaque', data }]);
    expect(messages.flat()).toHaveLength(1);
    expect([end, panics.length, whole]).toEqual([CUT_OFF, 1, [false]]);
  });
});
