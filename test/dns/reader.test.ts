import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Type } from '../../src/dns/constants.ts';
import { readHeader, readMessage } from '../../src/dns/message.ts';
import { type Piece, header, octets, pointer, read, readWhole, record, uint16 } from './octets.ts';

const ONE_QUESTION = header(1, 0, 0, 0);
const A_IN = [0, 1, 0, 1];
const QUESTION = octets('\x03www\x04test\0', A_IN);
/** The question's name stands at 12, `test` at 16, what follows the question at 26. */
const AFTER_QUESTION = 12 + QUESTION.length;

/** A message with the question `www.test` and one answer. */
function answer(...pieces: readonly Piece[]): Buffer {
  return octets(header(1, 1, 0, 0), [...QUESTION], ...pieces);
}

describe('header', () => {
  it('needs twelve octets', () => {
    expect(readHeader(octets(ONE_QUESTION.slice(0, 11)))).toBeUndefined();
    expect(readHeader(octets(header(1, 2, 3, 0xffff)))).toEqual({
      id: 0x1234,
      flags: 0,
      questions: 1,
      answers: 2,
      authorities: 3,
      additionals: 0xffff,
    });
  });
});

describe('names that are malformed', () => {
  const manyLabels = '\x01a'.repeat(127);
  it.each<[string, readonly Piece[]]>([
    ['nothing after the label', ['\x03www']],
    ['a label that ends behind the message', ['\x09www\0']],
    ['a label of the reserved kind 01', ['\x41a\0', A_IN]],
    ['a label of the reserved kind 10', ['\x81a\0', A_IN]],
    ['a label of 64 octets', [`\x40${'a'.repeat(64)}\0`, A_IN]],
    ['a name of 256 octets', [manyLabels, '\x01\0', A_IN]],
    ['a name of 257 octets in labels of 63', [`\x3f${'a'.repeat(63)}`.repeat(4), '\0', A_IN]],
    ['half a pointer at the end', ['\xc0']],
    ['a pointer to itself', [pointer(12), A_IN]],
    ['a pointer forwards', [pointer(14), '\x01a\0', A_IN]],
    ['a pointer behind the message', [pointer(0x3fff), A_IN]],
    ['a pointer to the header', [pointer(4), A_IN]],
    ['a pointer to the id', [pointer(0), A_IN]],
    ['a pointer to the header’s last octet', [pointer(11), A_IN]],
    ['a label that runs into its own pointer', ['\x01a', pointer(12), A_IN]],
    ['no type', ['\x03www\0']],
    ['half a type', ['\x03www\0', [0]]],
    ['no class', ['\x03www\0', [0, 1]]],
    ['half a class', ['\x03www\0', [0, 1, 0]]],
  ])('%s', (_, pieces) => {
    expect(read(octets(ONE_QUESTION, ...pieces))).toEqual({ kind: 'malformed', question: undefined });
  });

  it('two pointers that lead to each other', () => {
    const message = answer(pointer(AFTER_QUESTION + 2), pointer(AFTER_QUESTION), record(Type.A, [1, 2, 3, 4]));
    expect(read(message).kind).toBe('malformed');
  });

  it('a pointer to a label that reads on into the pointer', () => {
    const message = answer('\x01a', pointer(AFTER_QUESTION), record(Type.A, [1, 2, 3, 4]));
    expect(read(message).kind).toBe('malformed');
  });

  it('a name that pointers make longer than 255 octets', () => {
    const longest = `${'\x01a'.repeat(127)}\0`;
    const message = octets(header(1, 1, 0, 0), longest, A_IN, '\x01b', pointer(12), record(Type.A, [1, 2, 3, 4]));
    expect(read(message).kind).toBe('malformed');
    const fits = octets(header(1, 1, 0, 0), longest, A_IN, '\x01b', pointer(14), record(Type.A, [1, 2, 3, 4]));
    expect(readWhole(fits).answerRecords[0]?.owner.octetLength).toBe(255);
  });
});

describe('names that are well formed', () => {
  it('the root', () => {
    expect(readWhole(octets(ONE_QUESTION, [0], A_IN)).question?.name.labelCount).toBe(0);
  });

  it('of 255 octets', () => {
    const { question } = readWhole(octets(ONE_QUESTION, '\x01a'.repeat(127), [0], A_IN));
    expect(question?.name.octetLength).toBe(255);
    expect(question?.name.labelCount).toBe(127);
  });

  it('in both cases, with any octets', () => {
    const { question } = readWhole(octets(ONE_QUESTION, '\x05A.\0\xc1\xe1\x01Z\0', A_IN));
    expect(question?.name.written).toBe('\x05A.\0\xc1\xe1\x01Z\0');
    expect(question?.name.key).toBe('\x05a.\0\xc1\xe1\x01z\0');
    expect(question?.name.starts).toEqual([0, 6]);
  });

  it('with a pointer to the whole, to a part, and to a pointer', () => {
    const record1 = octets(pointer(12), record(Type.CNAME, '\x01b\xc0\x10'));
    const message = octets(
      header(1, 3, 0, 0),
      [...QUESTION],
      [...record1],
      pointer(AFTER_QUESTION + 12),
      record(Type.A, [1, 2, 3, 4]),
      pointer(AFTER_QUESTION),
      record(Type.A, [1, 2, 3, 4]),
    );
    const { answerRecords } = readWhole(message);
    expect(answerRecords.map(({ owner }) => owner.toString())).toEqual(['www.test.', 'b.test.', 'www.test.']);
  });

  it('that end where the message ends', () => {
    const message = answer([0], record(Type.PTR, [...octets('\x01a', pointer(12))]));
    expect(readWhole(message).answerRecords).toMatchObject([{ kind: 'name', type: Type.PTR }]);
  });
});

describe('records that are malformed', () => {
  const long = (type: number, length: number, data: readonly number[]): readonly number[] => [
    ...uint16(type),
    ...uint16(Class.IN),
    ...uint16(0),
    ...uint16(5),
    ...uint16(length),
    ...data,
  ];
  it.each<[string, readonly Piece[]]>([
    ['no type', [pointer(12)]],
    ['no length', [pointer(12), [0, 1, 0, 1, 0, 0, 0, 5]]],
    ['data that end behind the message', [pointer(12), long(Type.A, 5, [1, 2, 3, 4])]],
    ['an A of 3 octets', [pointer(12), record(Type.A, [1, 2, 3])]],
    ['an A of 5 octets', [pointer(12), record(Type.A, [1, 2, 3, 4, 5])]],
    ['an AAAA of 4 octets', [pointer(12), record(Type.AAAA, [1, 2, 3, 4])]],
    ['a CNAME with octets behind the name', [pointer(12), record(Type.CNAME, '\x01a\0x')]],
    ['a CNAME whose name ends behind its data', [pointer(12), long(Type.CNAME, 2, [1, 0x61, 0])]],
    ['a CNAME whose pointer ends behind its data', [pointer(12), long(Type.CNAME, 1, [0xc0, 12])]],
    ['a CNAME that points into itself', [pointer(12), record(Type.CNAME, pointer(AFTER_QUESTION + 12))]],
    ['an MX of one octet', [pointer(12), record(Type.MX, [1])]],
    ['an MX without a name', [pointer(12), record(Type.MX, [0, 1])]],
    ['an SRV without a target', [pointer(12), record(Type.SRV, [0, 1, 0, 2, 0, 3])]],
    ['an SRV of five octets', [pointer(12), record(Type.SRV, [0, 1, 0, 2, 0])]],
    ['an SOA with one name', [pointer(12), record(Type.SOA, '\x01a\0')]],
    ['an SOA with 19 octets of numbers', [pointer(12), record(Type.SOA, `\0\0${'x'.repeat(19)}`)]],
    ['an SOA with 21 octets of numbers', [pointer(12), record(Type.SOA, `\0\0${'x'.repeat(21)}`)]],
    ['a TXT whose string ends behind its data', [pointer(12), record(Type.TXT, '\x05abc')]],
    ['an OPT among the answers', [[0], record(Type.OPT, [])]],
  ])('%s', (_, pieces) => {
    const outcome = read(answer(...pieces));
    expect(outcome.kind).toBe('malformed');
    // What had been read by then is still known, so that the reply can carry it.
    expect(outcome.kind === 'malformed' && outcome.question?.name.toString()).toBe('www.test.');
  });
});

describe('records', () => {
  it('that are announced but not there count as absent', () => {
    expect(readWhole(octets(header(1, 0, 0, 0))).question).toBeUndefined();
    const message = readWhole(octets(header(1, 3, 2, 2), [...QUESTION], pointer(12), record(Type.A, [1, 2, 3, 4])));
    expect(message.answerRecords).toHaveLength(1);
    expect(message.authorityRecords).toEqual([]);
    expect(message.additionalRecords).toEqual([]);
    expect(message.edns).toBeUndefined();
  });

  it('end the message: what follows is ignored', () => {
    expect(readWhole(octets(ONE_QUESTION, [...QUESTION], 'anything')).question?.name.toString()).toBe('www.test.');
  });

  it('of unknown types are opaque octets (RFC 3597)', () => {
    const message = answer(pointer(12), record(65_280, [0xc0, 12, 3]));
    expect(readWhole(message).answerRecords).toMatchObject([
      { kind: 'opaque', type: 65_280, data: [Uint8Array.of(0xc0, 12, 3)] },
    ]);
  });

  it('without data, as RFC 2136 has them, are kept as they are', () => {
    expect(readWhole(answer(pointer(12), record(Type.A, []))).answerRecords).toMatchObject([
      { kind: 'opaque', type: Type.A, data: [new Uint8Array(0)] },
    ]);
  });

  it('with a negative TTL have none (RFC 2181 §8)', () => {
    const ttl = (high: number): number | undefined =>
      readWhole(answer(pointer(12), [0, 1, 0, 1, high, 0, 0, 1, 0, 4, 1, 2, 3, 4])).answerRecords[0]?.ttl;
    expect(ttl(0x7f)).toBe(0x7f00_0001);
    expect(ttl(0x80)).toBe(0);
    expect(ttl(0xff)).toBe(0);
  });

  it('own their octets: the message may be written over', () => {
    const pieces = answer(pointer(12), record(Type.TXT, '\x02ab'));
    const opt = octets([0], uint16(Type.OPT), uint16(1232), [0, 0, 0, 0], uint16(6), uint16(10), uint16(2), 'xy');
    const octetsOfMessage = Buffer.concat([pieces, opt]);
    octetsOfMessage.set(uint16(1), 10);
    const message = readWhole(octetsOfMessage);
    octetsOfMessage.fill(0xee);
    expect(message.question?.name.toString()).toBe('www.test.');
    expect(message.answerRecords).toMatchObject([{ texts: [[Uint8Array.from(Buffer.from('ab'))]] }]);
    expect(message.edns?.options).toEqual([{ code: 10, data: Uint8Array.from(Buffer.from('xy')) }]);
  });

  it('of text with more strings than anybody writes are opaque', () => {
    const strings = (count: number): Buffer => answer(pointer(12), record(Type.TXT, '\0'.repeat(count)));
    expect(readWhole(strings(1024)).answerRecords).toMatchObject([{ kind: 'text' }]);
    expect(readWhole(strings(1025)).answerRecords).toMatchObject([{ kind: 'opaque', type: Type.TXT }]);
  });
});

/** Data that a pointer to the question's name (`www.test`) or to `test` in it stands in, and how it must be kept. */
describe('names in opaque data are written out, as pointers mean nothing elsewhere (RFC 3597 §4)', () => {
  const whole = pointer(12);
  const WHOLE = '\x03www\x04test\0';
  const part: readonly Piece[] = ['\x01A', pointer(16)];
  const PART = '\x01A\x04test\0';
  it.each<[string, number, readonly Piece[], readonly Piece[]]>([
    ['MD', 3, [whole], [WHOLE]],
    ['MF', 4, [whole], [WHOLE]],
    ['MB', 7, [whole], [WHOLE]],
    ['MG', 8, [whole], [WHOLE]],
    ['MR', 9, [whole], [WHOLE]],
    ['MINFO', 14, [whole, ...part], [WHOLE, PART]],
    ['RP', Type.RP, [...part, whole], [PART, WHOLE]],
    ['AFSDB', Type.AFSDB, [[0, 1], whole], [[0, 1], WHOLE]],
    ['RT', 21, [[0, 9], ...part], [[0, 9], PART]],
    ['SIG', 24, ['x'.repeat(18), whole, 'signature'], ['x'.repeat(18), WHOLE, 'signature']],
    ['PX', 26, [[0, 1], whole, whole], [[0, 1], WHOLE, WHOLE]],
    ['NXT', 30, [whole, [0xc0, 12]], [WHOLE, [0xc0, 12]]],
    ['NAPTR', Type.NAPTR, [[0, 1, 0, 2], '\x01u\x03sip\0', whole], [[0, 1, 0, 2], '\x01u\x03sip\0', WHOLE]],
    ['KX', Type.KX, [[0, 5], whole], [[0, 5], WHOLE]],
  ])('%s', (_, type, given, kept) => {
    const data = [...octets(...given)];
    const { answerRecords } = readWhole(answer(pointer(12), record(type, data)));
    expect(answerRecords).toMatchObject([{ kind: 'opaque', type, data: [Uint8Array.from(octets(...kept))] }]);
    // What was written out is read as it is.
    const again = readWhole(answer(pointer(12), record(type, [...octets(...kept)])));
    expect(again.answerRecords).toMatchObject([{ data: [Uint8Array.from(octets(...kept))] }]);
  });

  it.each<[string, number, readonly Piece[]]>([
    ['an RP with one name', Type.RP, ['\0']],
    ['an RP with octets behind its names', Type.RP, ['\0\0x']],
    ['an AFSDB without a name', Type.AFSDB, [[0, 1]]],
    ['a NAPTR whose string ends behind its data', Type.NAPTR, [[0, 1, 0, 2], '\x09u']],
    ['a NAPTR with two strings', Type.NAPTR, [[0, 1, 0, 2], '\0\0']],
    ['an MB that points to itself', 7, [pointer(AFTER_QUESTION + 12)]],
    ['a KX that points forwards', Type.KX, [[0, 1], pointer(AFTER_QUESTION + 100)]],
  ])('%s is malformed', (_, type, data) => {
    expect(read(answer(pointer(12), record(type, [...octets(...data)]))).kind).toBe('malformed');
  });

  it('without data are kept as they are', () => {
    expect(readWhole(answer(pointer(12), record(Type.RP, []))).answerRecords).toMatchObject([
      { kind: 'opaque', type: Type.RP, data: [new Uint8Array(0)] },
    ]);
  });

  it('but not beyond a small multiple of the message: pointers to one long name are no bomb', () => {
    const records = (count: number): Buffer =>
      octets(
        header(1, count, 0, 0),
        '\x01a'.repeat(127),
        [0],
        A_IN,
        ...Array.from({ length: count }, () =>
          octets(pointer(12), record(Type.RP, [...pointer(12), ...pointer(12)])),
        ).map((one) => [...one]),
      );
    const kept = readWhole(records(8)).answerRecords;
    expect(kept).toHaveLength(8);
    const bomb = records(4000);
    expect(bomb.length).toBeLessThan(0xffff);
    expect(read(bomb).kind).toBe('malformed');
    expect(fastest(bomb)).toBeLessThan(30);
  });

  it('but not beyond what the data of a record can have', () => {
    const message = (rest: number): Buffer =>
      octets(
        header(1, 1, 0, 0),
        '\x01a'.repeat(127),
        [0],
        A_IN,
        [0],
        record(30, [...pointer(12), ...Buffer.alloc(rest)]),
      );
    expect(read(message(0xffff - 255)).kind).toBe('message');
    expect(read(message(0xffff - 254)).kind).toBe('malformed');
  });
});

describe('EDNS', () => {
  const withOpt = (...opts: readonly Buffer[]): Buffer =>
    octets(header(1, 0, 0, opts.length), [...QUESTION], ...opts.map((opt) => [...opt]));
  const opt = (data: Piece, ttl: readonly number[] = [0, 0, 0, 0], owner: Piece = [0]): Buffer => {
    const body = octets(data);
    return octets(owner, uint16(Type.OPT), uint16(1232), ttl, uint16(body.length), [...body]);
  };

  it('is what the OPT record says', () => {
    expect(readWhole(withOpt(opt('', [0xab, 0, 0x80, 0]))).edns).toEqual({
      udpSize: 1232,
      version: 0,
      extendedRcode: 0xab,
      dnssecOk: true,
      options: [],
    });
    expect(readWhole(withOpt(opt('', [0, 7, 0x7f, 0xff]))).edns).toMatchObject({ version: 7, dnssecOk: false });
  });

  it('is malformed with two OPT records (RFC 6891 §6.1.1)', () => {
    expect(read(withOpt(opt(''), opt(''))).kind).toBe('malformed');
  });

  it.each<[string, Buffer]>([
    ['an owner that is not the root', opt('', [0, 0, 0, 0], '\x01a\0')],
    ['half an option code', opt('\0')],
    ['an option without its length', opt('\0\x03')],
    ['an option that ends behind the record', opt('\0\x03\0\x02x')],
    ['more options than anybody sends', opt('\0\x03\0\0'.repeat(129))],
  ])('is malformed with %s', (_, record_) => {
    expect(read(withOpt(record_)).kind).toBe('malformed');
  });

  it('has room for as many options as anybody sends', () => {
    expect(readWhole(withOpt(opt('\0\x03\0\0'.repeat(128)))).edns?.options).toHaveLength(128);
  });
});

/**
 * The processor's time for a message in milliseconds, the least of a few runs: what the reader needs, not what else the
 * machine does. Some machines are several times slower than others, so the limits are far above what is usual (1 to 3 ms)
 * and far below what a reader without bounds takes (more than a second).
 */
function fastest(message: Buffer): number {
  const times = Array.from({ length: 12 }, () => {
    const start = process.cpuUsage();
    read(message);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

/** As many records as fit in a message, each owned by what `owner` says. */
function full(first: Buffer, owner: (index: number) => readonly number[]): Buffer {
  const pieces = [first];
  let length = first.length;
  let count = 1;
  for (;;) {
    const next = octets(owner(count), record(10, []));
    if (length + next.length > 0xffff) break;
    pieces.push(next);
    length += next.length;
    count++;
  }
  const message = Buffer.concat(pieces);
  message.set(uint16(count), 6);
  return message;
}

/** A record owned by a name that takes so many pointers after its first. */
function chained(hops: number): Buffer {
  const start = octets(header(0, 2, 0, 0), [0]);
  const data = start.length + 10;
  const pointers = Array.from({ length: hops }, (_, i) => pointer(i === 0 ? 12 : data + 2 * (i - 1))).flat();
  return octets([...start], record(10, pointers), pointer(data + 2 * (hops - 1)), record(10, []));
}

describe('cost', () => {
  it('of a datagram of chained pointers is bounded', () => {
    const start = octets(header(0, 1, 0, 0), [0]);
    const data = start.length + 10;
    const chain = Array.from({ length: 126 }, (_, i) => pointer(i === 0 ? 12 : data + 2 * (i - 1))).flat();
    const message = full(octets([...start], record(10, chain)), () => pointer(data + chain.length - 2));
    expect(message.length).toBeGreaterThan(65_000);
    expect(fastest(message)).toBeLessThan(30);
  });

  it('of a chain in one name is bounded too', () => {
    expect(read(chained(126)).kind).toBe('message');
    expect(read(chained(127)).kind).toBe('malformed');
  });

  it('of long names, of which each has one octet of its own, is bounded', () => {
    const first = octets(header(0, 1, 0, 0), '\x01a'.repeat(125), [0], record(10, []));
    const message = full(first, (index) => [1, 0x61 + (index % 26), ...pointer(12)]);
    expect(fastest(message)).toBeLessThan(60);
  });

  it('of a message full of empty strings or options is bounded', () => {
    const text = octets(header(0, 1, 0, 0), [0], record(Type.TXT, '\0'.repeat(65_000)));
    const options = octets(header(0, 0, 0, 1), [0], record(Type.OPT, '\0\x0c\0\0'.repeat(16_000)));
    expect(fastest(text)).toBeLessThan(10);
    expect(fastest(options)).toBeLessThan(10);
  });
});

describe('octets from anybody', () => {
  it('never make the reader throw', () => {
    const count = fc.oneof(fc.nat(3), fc.nat(0xffff));
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      // Lengths, small pointers and types, which lead further in than chance.
      fc
        .array(fc.constantFrom(0, 1, 2, 3, 5, 6, 12, 15, 16, 28, 33, 41, 0x40, 0x61, 0xc0), { maxLength: 300 })
        .map((values) => Uint8Array.from(values)),
    );
    fc.assert(
      fc.property(fc.tuple(count, count, count, count), body, (counts, rest) => {
        const message = octets(header(...counts), [...rest]);
        const head = readHeader(message);
        expect(head && readMessage(message, head).kind).toMatch(/^(message|malformed)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
