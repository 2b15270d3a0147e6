/** The key of a request, against what the reader of messages makes of the same octets. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Flag, Opcode } from '../../../src/dns/constants.ts';
import { type Message, opcodeOf, readHeader, readMessage } from '../../../src/dns/message.ts';
import { QuestionKey } from '../../../src/server/answer-cache/question-key.ts';
import { type EdnsParts, type RequestParts, exchangeOf, optRecord, requestOf, uint16, wireName } from './requests.ts';

/** A request, and how it comes. */
interface Sent {
  readonly octets: Buffer;
  readonly protocol: 'udp' | 'tcp';
}

const KEYS = [new QuestionKey(), new QuestionKey()] as const;

function read(key: QuestionKey, { octets, protocol }: Sent, listener = 1): boolean {
  key.read(exchangeOf(octets, { ends: { protocol }, before: 3, behind: 5 }), listener);
  return key.isThere;
}

/** What counts of a key, as one string; undefined where there is none. */
function keyOf(sent: Sent, listener = 1): string | undefined {
  const [key] = KEYS;
  return read(key, sent, listener) ? key.words.subarray(0, key.length).join() : undefined;
}

function messageOf(octets: Uint8Array): Message | undefined {
  const header = readHeader(octets);
  const outcome = header && readMessage(octets, header);
  return outcome?.kind === 'message' ? outcome.message : undefined;
}

/** All that an answer may depend on, as the reader of messages has it. */
function meaningOf({ octets, protocol }: Sent): string {
  const message = messageOf(octets);
  if (message?.question === undefined) throw new Error('what has a key must decode');
  const { question, flags, edns } = message;
  const room = edns === undefined ? 512 : Math.min(Math.max(edns.udpSize, 512), bounds.udpMessage);
  return JSON.stringify([
    question.name.key,
    question.type,
    question.class,
    flags & (Flag.RD | Flag.AD | Flag.CD),
    edns !== undefined,
    edns?.dnssecOk,
    protocol,
    protocol === 'udp' ? room : 0,
  ]);
}

// Letters beside A–Z and a–z, and the same ones with the highest bit set.
const letter = fc.constantFrom(...Array.from('aAzZbB@[`{-_1 \u00c1\u00e1\u00da\u00fa\u0000\u007f\u0080\u00ff'));
const label = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: letter, minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.string({ unit: letter, minLength: 62, maxLength: 63 }) },
);
const name = fc.array(label, { maxLength: 4 }).map((labels) => labels.join('.'));
const edns: fc.Arbitrary<EdnsParts | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ size: fc.constantFrom(0, 100, 511, 512, 513, 1232, 4095, 4096, 4097, 65_535), dnssecOk: fc.boolean() }),
);

/** Such as clients send every day. */
const everyday: fc.Arbitrary<RequestParts> = fc.record({
  id: fc.integer({ min: 0, max: 0xffff }),
  flags: fc.subarray([Flag.RD, Flag.AD, Flag.CD]).map((some) => some.reduce<number>((all, flag) => all | flag, 0)),
  name,
  type: fc.constantFrom(1, 28, 65, 97, 0x4161, 0x6141, 255, 0),
  class: fc.constantFrom(1, 3, 65, 97, 255),
  edns,
});

const protocol = fc.constantFrom('udp' as const, 'tcp' as const);

/** Octets changed, put in or taken out, or a few of them behind the end. */
const damage = fc.array(
  fc.record({
    how: fc.constantFrom('set', 'insert', 'remove', 'append', 'count'),
    at: fc.nat(400),
    value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 0xc0, 0x40, 1, 41)),
  }),
  { maxLength: 3 },
);

function damaged(octets: Buffer, wounds: readonly { how: string; at: number; value: number }[]): Buffer {
  let all = [...octets];
  for (const { how, at, value } of wounds) {
    const place = at % Math.max(all.length, 1);
    if (how === 'set') all[place] = value;
    else if (how === 'count') all[4 + (at % 8)] = value & 3;
    else if (how === 'insert') all = all.toSpliced(place, 0, value);
    else if (how === 'remove') all = all.toSpliced(place, 1);
    else all.push(value);
  }
  return Buffer.from(all);
}

describe('a key', () => {
  it('is had by each request of one question and at most one OPT record without options', () => {
    fc.assert(
      fc.property(everyday, protocol, (parts, by) => {
        const octets = requestOf(parts);
        const [key] = KEYS;
        const exchange = exchangeOf(octets, { ends: { protocol: by }, before: 9, behind: 4 });
        key.read(exchange, 1);
        expect(key.isThere).toBe(true);
        // The question as the client spells it stands where a reply has it.
        const end = 12 + wireName(parts.name).length + 4;
        expect(key.questionEnd).toBe(end);
        expect(Buffer.from(exchange.reply.subarray(12, end)).equals(octets.subarray(12, end))).toBe(true);
        expect(key.hasEdns).toBe(parts.edns !== undefined);
        expect(key.udpSize).toBe(parts.edns?.size ?? 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('is had by nothing that the reader takes for anything else', () => {
    let keys = 0;
    fc.assert(
      fc.property(everyday, damage, protocol, (parts, wounds, by) => {
        const sent = { octets: damaged(requestOf(parts), wounds), protocol: by };
        if (keyOf(sent) === undefined) return;
        keys++;
        const message = messageOf(sent.octets);
        const { flags = 0, question, edns: opt } = message ?? {};
        expect(message).toMatchObject({
          questions: 1,
          answers: 0,
          authorities: 0,
          answerRecords: [],
          authorityRecords: [],
        });
        expect(message?.additionalRecords).toEqual([]);
        expect(message?.additionals).toBe(opt === undefined ? 0 : 1);
        expect(opcodeOf(flags)).toBe(Opcode.QUERY);
        expect(flags & ~(Flag.RD | Flag.AD | Flag.CD)).toBe(0);
        const optOctets = opt === undefined ? 0 : optRecord({ size: 0 }).length;
        expect(sent.octets.length).toBe(12 + (question?.name.octetLength ?? 0) + 4 + optOctets);
        if (opt !== undefined) expect(opt).toMatchObject({ version: 0, extendedRcode: 0, options: [] });
      }),
      { numRuns: 20_000 },
    );
    expect(keys).toBeGreaterThan(1000);
  });

  it('is the same for two requests exactly if an answer may depend on nothing in which they differ', () => {
    let equal = 0;
    const other = fc.oneof(
      fc.record({ id: fc.nat(0xffff) }),
      fc.record({ edns }),
      fc.record({ type: fc.constantFrom(65, 97, 1, 28) }),
      fc.record({ class: fc.constantFrom(1, 65, 97) }),
      fc.record({ flags: fc.constantFrom(0, Flag.RD, Flag.AD, Flag.CD, Flag.RD | Flag.AD) }),
      fc.record({ name }),
      fc.constant({}),
    );
    const respell = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.replace(/[a-z]/g, (one) => one.toUpperCase()),
      (text: string) => text.replace(/[A-Z]/g, (one) => one.toLowerCase()),
      (text: string) => text.replace(/[@[`{]/g, (one) => String.fromCharCode(one.charCodeAt(0) ^ 0x20)),
      (text: string) => text.replace(/[\u0080-\u00ff]/g, (one) => String.fromCharCode(one.charCodeAt(0) ^ 0x20)),
      (text: string) => text.slice(1),
    );
    fc.assert(
      fc.property(
        everyday,
        other,
        respell,
        protocol,
        fc.option(protocol, { nil: undefined }),
        (parts, more, as, one, by) => {
          const changed = { ...parts, ...more };
          const first = { octets: requestOf(parts), protocol: one };
          const second = {
            octets: requestOf({ ...changed, name: as(changed.name).replace(/^\.|\.(?=\.)/g, '') }),
            protocol: by ?? one,
          };
          const [a, b] = KEYS;
          if (!read(a, first) || !read(b, second)) return;
          const same = a.words.subarray(0, a.length).join() === b.words.subarray(0, b.length).join();
          expect(same).toBe(meaningOf(first) === meaningOf(second));
          if (!same) return;
          equal++;
          expect(a.hash).toBe(b.hash);
        },
      ),
      { numRuns: 20_000 },
    );
    expect(equal).toBeGreaterThan(1000);
  });

  it('says which listener was asked', () => {
    const sent: Sent = { octets: requestOf({ name: 'a.test' }), protocol: 'udp' };
    expect(keyOf(sent, 1)).not.toBe(keyOf(sent, 2));
    expect(keyOf(sent, 1)).toBe(keyOf(sent, 1));
  });

  it.each([
    ['HTTPS (65) and type 97', { type: 65 }, { type: 97 }],
    ['class 65 and class 97', { class: 65 }, { class: 97 }],
    ['types 0x4100 and 0x6100', { type: 0x4100 }, { type: 0x6100 }],
  ])('tells %s apart: only names are folded', (_, one, other) => {
    for (const text of ['', 'a', 'ab', 'abc', 'abcd', 'abcde']) {
      const [a, b] = [one, other].map((parts) =>
        keyOf({ octets: requestOf({ name: text, ...parts }), protocol: 'udp' }),
      );
      expect(a).toBeDefined();
      expect(a).not.toBe(b);
    }
  });

  it('is made of no octet outside of the request', () => {
    // What follows in memory would complete it.
    const whole = requestOf({ name: 'web.test', edns: { size: 1232 } });
    const [key] = KEYS;
    for (let length = 0; length < whole.length; length++) {
      const { octets, ...exchange } = exchangeOf(whole, { before: 7, behind: 20 });
      key.read({ ...exchange, octets, end: exchange.start + length }, 1);
      expect(key.isThere, `${length} octets`).toBe(false);
    }
    // Nor does it matter what stands there.
    const bare = requestOf({ name: 'web.test' });
    const [a, b] = [0, 0xff].map((fill) => {
      const exchange = exchangeOf(bare, { before: 4, behind: 64 });
      exchange.octets.fill(fill, exchange.end);
      exchange.octets.fill(fill, 0, exchange.start);
      key.read(exchange, 1);
      expect(key.isThere).toBe(true);
      return [key.words.subarray(0, key.length).join(), key.hash];
    });
    expect(a).toEqual(b);
  });
});

describe('no key', () => {
  const header = (counts: readonly number[], flags: number = Flag.RD): Buffer =>
    Buffer.concat([9, flags, ...counts].map((one) => uint16(one)));
  const question = Buffer.concat([wireName('web.test'), uint16(1), uint16(1)]);
  const fixed = Buffer.concat([uint16(1), uint16(1)]);
  const long = (octets: number): string => {
    // Labels of three octets and their length, then one that fills up.
    const labels: string[] = Array.from({ length: Math.floor((octets - 2) / 4) - 1 }, () => 'abc');
    const rest = octets - 1 - labels.length * 4 - 1;
    return [...labels, 'x'.repeat(rest)].join('.');
  };

  it('a name of 255 octets is one of the longest that there are, and 256 are too many', () => {
    expect(wireName(long(255)).length).toBe(255);
    expect(wireName(long(256)).length).toBe(256);
    expect(keyOf({ octets: requestOf({ name: long(255) }), protocol: 'udp' })).toBeDefined();
    expect(keyOf({ octets: requestOf({ name: long(256) }), protocol: 'udp' })).toBeUndefined();
    expect(messageOf(requestOf({ name: long(256) }))).toBeUndefined();
  });

  it.each([
    ['a compression pointer in the question', Buffer.concat([header([1, 0, 0, 0]), Buffer.of(1, 97, 0xc0, 12), fixed])],
    ['a pointer to the name itself', Buffer.concat([header([1, 0, 0, 0]), Buffer.of(0xc0, 12), fixed])],
    [
      'a label longer than 63 octets',
      Buffer.concat([header([1, 0, 0, 0]), Buffer.of(64, ...Array(64).fill(97), 0), fixed]),
    ],
    ['a label type that is reserved', Buffer.concat([header([1, 0, 0, 0]), Buffer.of(0x80, 97, 0), fixed])],
    ['a name without its end', Buffer.concat([header([1, 0, 0, 0]), Buffer.of(3, 119, 101, 98)])],
    ['octets behind the question', Buffer.concat([header([1, 0, 0, 0]), question, Buffer.of(0)])],
    [
      'octets behind the OPT record',
      Buffer.concat([header([1, 0, 0, 1]), question, optRecord({ size: 512 }), Buffer.of(0)]),
    ],
    ['a promised record that is not there', Buffer.concat([header([1, 0, 0, 1]), question])],
    ['an OPT record that was not promised', Buffer.concat([header([1, 0, 0, 0]), question, optRecord({ size: 512 })])],
    ['an OPT record in another section', Buffer.concat([header([1, 1, 0, 0]), question, optRecord({ size: 512 })])],
    [
      'two OPT records',
      Buffer.concat([header([1, 0, 0, 2]), question, optRecord({ size: 512 }), optRecord({ size: 512 })]),
    ],
    ['an option', Buffer.concat([header([1, 0, 0, 1]), question, optRecord({ size: 512, options: Buffer.alloc(4) })])],
    ['EDNS version 1', Buffer.concat([header([1, 0, 0, 1]), question, optRecord({ size: 512, version: 1 })])],
    [
      'an extended response code',
      Buffer.concat([header([1, 0, 0, 1]), question, optRecord({ size: 512 }).fill(1, 5, 6)]),
    ],
    [
      'a flag of EDNS that nobody knows',
      Buffer.concat([header([1, 0, 0, 1]), question, optRecord({ size: 512 }).fill(0x40, 7, 8)]),
    ],
    [
      'an OPT record that has a name',
      Buffer.concat([header([1, 0, 0, 1]), question, Buffer.of(1, 97), optRecord({ size: 512 })]),
    ],
    ['a TSIG record', Buffer.concat([header([1, 0, 0, 1]), question, optRecord({ size: 512 }).fill(250, 2, 3)])],
    ['no question', header([0, 0, 0, 0])],
    ['two questions', Buffer.concat([header([2, 0, 0, 0]), question, question])],
    ['a response', Buffer.concat([header([1, 0, 0, 0], Flag.QR), question])],
    ['NOTIFY', Buffer.concat([header([1, 0, 0, 0], Opcode.NOTIFY << 11), question])],
    ['AA', Buffer.concat([header([1, 0, 0, 0], Flag.AA), question])],
    ['TC', Buffer.concat([header([1, 0, 0, 0], Flag.TC), question])],
    ['RA', Buffer.concat([header([1, 0, 0, 0], Flag.RA), question])],
    ['the flag Z', Buffer.concat([header([1, 0, 0, 0], 0x40), question])],
    ['a response code', Buffer.concat([header([1, 0, 0, 0], 3), question])],
    ['nothing', Buffer.alloc(0)],
    ['less than a header', header([1, 0, 0, 0]).subarray(0, 11)],
  ])('%s', (_, octets) => {
    expect(keyOf({ octets: Buffer.from(octets), protocol: 'udp' })).toBeUndefined();
  });
});

it('bug: names could be found that share a hash, whatever it was seeded with', () => {
  // Words that differ so fell together from every state of the hash.
  const pairOf = (word: number, next: number): string =>
    Buffer.of(word >>> 24, word >>> 16, word >>> 8, word, next >>> 24, next >>> 16, next >>> 8, next).toString(
      'latin1',
    );
  const hashes = new Set<number>();
  for (let i = 0; i < 64; i++) {
    const word = 0x1020_3000 + i;
    for (const [one, other] of [
      [word, word],
      [word ^ 0x8000_0000, word ^ 0x8001_0000],
    ] as const) {
      const written = Buffer.concat([Buffer.of(11), Buffer.from(`abc${pairOf(one, other)}`, 'latin1'), Buffer.of(0)]);
      const octets = new Uint8Array([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...written, 0, 1, 0, 1]);
      const key = new QuestionKey();
      key.read(exchangeOf(octets), 1);
      expect(key.isThere).toBe(true);
      hashes.add(key.hash >>> 15);
    }
  }
  expect(hashes.size).toBeGreaterThan(120);
});
