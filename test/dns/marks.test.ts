/**
 * Where the writer says that things stand in a message. Each place is written over, and the message read again: exactly what the mark is
 * about must have changed.
 */
import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { type Message, readHeader, readMessage } from '../../src/dns/message.ts';
import { type AddressRRset, type RRset, type SerialSource, recordCount } from '../../src/dns/rrset.ts';
import { type OutgoingMessage, MessageWriter } from '../../src/dns/writer.ts';
import { anyMessage } from './arbitraries.ts';

const source: SerialSource = { serial: 7 };

/** Some sets age, and some SOA records say where their serial was read. */
const message: fc.Arbitrary<OutgoingMessage> = fc
  .tuple(anyMessage(), fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }), fc.boolean())
  .map(([made, ages, knowsSource]) => {
    let next = 0;
    const marked = (set: RRset): RRset => {
      const aging = ages[next++ % ages.length] === true ? ({ aging: true } as const) : {};
      return set.kind === 'soa' && knowsSource ? { ...set, ...aging, serialSource: source } : { ...set, ...aging };
    };
    const sections = { answers: made.answers.map(marked), authority: made.authority.map(marked) };
    return { ...made, ...sections, additional: made.additional.map(marked) };
  });

const limit = fc.constantFrom(65_535, 65_535, 4096, 1232, 512);

function decode(octets: Uint8Array): Message {
  const header = readHeader(octets);
  const read = header && readMessage(octets, header);
  if (read?.kind !== 'message') throw new Error('the writer wrote what does not decode');
  return read.message;
}

/** The records one by one, in the order in which they stand. */
function recordsOf({ answerRecords, authorityRecords, additionalRecords }: Message): readonly RRset[] {
  return [...answerRecords, ...authorityRecords, ...additionalRecords];
}

/** Sets of the message for each record of it that was written. */
function setsOf(outgoing: OutgoingMessage, written: Message): readonly RRset[] {
  const perRecord = (sets: readonly RRset[], count: number): readonly RRset[] =>
    sets.flatMap((set) => Array.from({ length: recordCount(set) }, () => set)).slice(0, count);
  return [
    ...perRecord(outgoing.answers, written.answerRecords.length),
    ...perRecord(outgoing.authority, written.authorityRecords.length),
    ...perRecord(outgoing.additional, written.additionalRecords.length),
  ];
}

/** As `toEqual`, at a fraction of its time. */
function expectSame(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) expect(one).toEqual(other);
}

const writer = new MessageWriter();
const target = new Uint8Array(65_535);

/** What was written, and how a copy of it reads after a change. */
function write(outgoing: OutgoingMessage, most: number) {
  const octets = target.slice(0, writer.write(target, most, outgoing));
  const readAfter = (change: (copy: Buffer) => void): Message => {
    const copy = Buffer.from(octets);
    change(copy);
    return decode(copy);
  };
  return { read: decode(octets), readAfter, marks: writer.marks };
}

it('the OPT record is where it is said to be, and 0 stands for none', () => {
  fc.assert(
    fc.property(message, limit, fc.nat(0xffff), (outgoing, most, size) => {
      const { read, readAfter, marks } = write(outgoing, most);
      expect(marks.opt !== 0).toBe(read.edns !== undefined);
      if (read.edns === undefined) return;
      const changed = readAfter((copy) => copy.writeUInt16BE(size, marks.opt + 3));
      expectSame(changed, { ...read, edns: { ...read.edns, udpSize: size } });
    }),
    { numRuns: 500 },
  );
});

it('the TTLs of aging records, and of no others, are where they are said to be', () => {
  fc.assert(
    fc.property(message, limit, (outgoing, most) => {
      const { read, readAfter, marks } = write(outgoing, most);
      const before = recordsOf(read);
      const aging = setsOf(outgoing, read).map((set) => set.aging === true);
      expect(aging).toHaveLength(before.length);
      const count = aging.filter(Boolean).length;
      expect(marks.agingCount).toBe(Math.min(count, marks.aging.length));
      if (count > marks.aging.length) expect(marks.complete).toBe(false);
      if (count !== marks.agingCount) return;
      const changed = readAfter((copy) => {
        for (let i = 0; i < marks.agingCount; i++) copy.writeUInt32BE(1_000_000 + i, marks.aging[i] ?? 0);
      });
      let next = 0;
      const expected = before.map((record, i) => (aging[i] === true ? { ...record, ttl: 1_000_000 + next++ } : record));
      expectSame(recordsOf(changed), expected);
    }),
    { numRuns: 1000 },
  );
});

it('the serial is where it is said to be', () => {
  let serials = 0;
  fc.assert(
    fc.property(message, limit, fc.nat(), (outgoing, most, serial) => {
      const { read, readAfter, marks } = write(outgoing, most);
      const sets = setsOf(outgoing, read);
      const wanted = sets.flatMap((set, i) => (set.kind === 'soa' && set.serialSource !== undefined ? [i] : []));
      expect(marks.serial !== 0).toBe(wanted.length > 0);
      expect(marks.serialSource).toBe(wanted.length > 0 ? source : undefined);
      if (wanted.length > 1) expect(marks.complete).toBe(false);
      if (wanted.length === 0) return;
      serials++;
      const changed = recordsOf(readAfter((copy) => copy.writeUInt32BE(serial, marks.serial)));
      const last = wanted.at(-1);
      const expected = recordsOf(read).map((record, i) =>
        i === last && record.kind === 'soa' ? { ...record, soa: { ...record.soa, serial } } : record,
      );
      expectSame(changed, expected);
    }),
    { numRuns: 1000 },
  );
  expect(serials).toBeGreaterThan(50);
});

it('the addresses of the answers are where they are said to be, unless the marks are not complete', () => {
  let complete = 0;
  fc.assert(
    fc.property(message, limit, (outgoing, most) => {
      const { read, readAfter, marks } = write(outgoing, most);
      const addresses = read.answerRecords.filter((record): record is AddressRRset => record.kind === 'address');
      expect(marks.addressCount).toBe(addresses.length);
      if (!marks.complete || addresses.length === 0) return;
      if (addresses.length > 1) complete++;
      const numbered = (i: number): number[] => [203, 0, i >> 8, i & 255];
      const changed = readAfter((copy) => {
        for (let i = 0; i < marks.addressCount; i++)
          copy.set(numbered(i), marks.firstAddress + i * marks.addressStride);
      });
      let next = 0;
      const expected = read.answerRecords.map((record) => {
        if (record.kind !== 'address') return record;
        const octets = Buffer.from(record.octets);
        octets.set(numbered(next++));
        return { ...record, octets: new Uint8Array(octets) };
      });
      expectSame(changed, { ...read, answerRecords: expected });
    }),
    { numRuns: 1000 },
  );
  expect(complete).toBeGreaterThan(50);
});

it('loose glue may stand in any order', () => {
  let moved = 0;
  let fixed = 0;
  fc.assert(
    fc.property(message, fc.boolean(), limit, fc.infiniteStream(fc.nat()), (made, isMixed, most, chances) => {
      const all = [...made.answers, ...made.authority, ...made.additional];
      const additional = isMixed ? made.additional : all.filter(({ kind }) => kind === 'address');
      const outgoing = { ...made, answers: [], additional };
      const { read, readAfter, marks } = write(outgoing, most);
      const { glueCount: count } = marks;
      if (!marks.glueIsLoose) {
        fixed++;
        return;
      }
      const records = read.additionalRecords;
      expect(records).toHaveLength(count);
      if (count > 0) expect(count).toBe(additional.reduce((sum, set) => sum + recordCount(set), 0));
      const order = Array.from({ length: count }, (_, i) => ({ i, chance: chances.next().value }))
        .toSorted((a, b) => a.chance - b.chance)
        .map(({ i }) => i);
      if (count > 1) moved++;
      const changed = readAfter((copy) => {
        const before = Buffer.from(copy);
        let next = marks.glue[0] ?? 0;
        for (const i of order) next += before.copy(copy, next, marks.glue[i], marks.glue[i + 1]);
      });
      expectSame(changed, { ...read, additionalRecords: order.map((i) => records[i]) });
    }),
    { numRuns: 1000 },
  );
  expect(moved).toBeGreaterThan(50);
  expect(fixed).toBeGreaterThan(50);
});

it('a message says nothing of the one before it', () => {
  fc.assert(
    fc.property(message, message, limit, (one, other, most) => {
      const fresh = new MessageWriter();
      fresh.write(target, most, other);
      writer.write(target, most, one);
      writer.write(target, most, other);
      const shown = ({ marks }: MessageWriter): unknown => [
        marks.opt,
        marks.serial,
        marks.serialSource,
        [...marks.aging.subarray(0, marks.agingCount)],
        [marks.firstAddress, marks.addressStride, marks.addressCount],
        [[...marks.glue.subarray(0, marks.glueCount && marks.glueCount + 1)], marks.glueIsLoose],
        marks.complete,
      ];
      expect(shown(writer)).toEqual(shown(fresh));
    }),
    { numRuns: 300 },
  );
});
