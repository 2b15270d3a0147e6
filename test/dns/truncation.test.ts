import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Flag, Type } from '../../src/dns/constants.ts';
import { hasFlag } from '../../src/dns/message.ts';
import { Name } from '../../src/dns/name.ts';
import { MessageWriter, type OutgoingMessage } from '../../src/dns/writer.ts';
import { anyMessage } from './arbitraries.ts';
import { meaning } from './meaning.ts';
import { readWhole } from './octets.ts';

const ROOM = 65_535;
const MARK = 0xee;
const writer = new MessageWriter();

function write(message: OutgoingMessage, limit: number): Buffer {
  const room = Buffer.alloc(ROOM, MARK);
  return room.subarray(0, writer.write(room, limit, message));
}

describe('a message cut to a limit', () => {
  it('fits, parses, keeps the sections in order and the OPT, and has TC exactly if something was left out', () => {
    const limits = fc.oneof(fc.integer({ min: 512, max: 1500 }), fc.integer({ min: 512, max: ROOM }));
    fc.assert(
      fc.property(anyMessage(), limits, (message, limit) => {
        const cut = write(message, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        const read = readWhole(cut);
        const sections = [message.answers, message.authority, message.additional].map(meaning);
        const kept = [read.answerRecords, read.authorityRecords, read.additionalRecords].map(meaning);
        expect(read.answers + read.authorities + read.additionals).toBe(
          kept.flat().length + (read.edns === undefined ? 0 : 1),
        );
        // What is kept is the front of what was meant, section after section.
        expect(kept.flat()).toEqual(sections.flat().slice(0, kept.flat().length));
        const firstCut = kept.findIndex((lines, i) => lines.length < (sections[i]?.length ?? 0));
        if (firstCut >= 0) expect(kept.slice(firstCut + 1).flat()).toEqual([]);
        expect(hasFlag(read.flags, Flag.TC)).toBe(firstCut >= 0);
        expect(read.question?.name.written).toBe(message.question?.name.written);
        expect(read.edns === undefined).toBe(message.edns === undefined);
        expect(read.edns?.udpSize).toBe(message.edns?.udpSize);
      }),
      { numRuns: 600 },
    );
  });

  it('takes as many records as fit, at every limit', () => {
    const owner = Name.fromText('web.default.svc.cluster.local');
    const message: OutgoingMessage = {
      id: 7,
      flags: 0x8400,
      rcode: 0,
      question: { name: owner, type: Type.A, class: Class.IN },
      answers: [
        {
          kind: 'address',
          owner,
          type: Type.A,
          class: Class.IN,
          ttl: 5,
          octets: Uint8Array.from({ length: 400 }, (_, i) => i & 0xff),
        },
      ],
      authority: [],
      additional: [],
      edns: { udpSize: 1232, dnssecOk: true, options: [] },
    };
    const base = 12 + owner.octetLength + 4 + 11;
    for (let limit = 512; limit <= base + 100 * 16 + 20; limit++) {
      const read = readWhole(write(message, limit));
      expect(read.answers).toBe(Math.min(100, Math.floor((limit - base) / 16)));
      expect(hasFlag(read.flags, Flag.TC)).toBe(read.answers < 100);
      expect(read.edns).toMatchObject({ udpSize: 1232, dnssecOk: true });
    }
  });

  it('gives up options that leave no room, and keeps the OPT record', () => {
    const question = { name: Name.fromText('a'), type: Type.A, class: Class.IN };
    const message = {
      id: 1,
      flags: 0x8000,
      rcode: 0,
      question,
      answers: [],
      authority: [],
      additional: [],
      edns: { udpSize: 512, dnssecOk: false, options: [{ code: 12, data: new Uint8Array(478) }] },
    };
    const kept = 12 + 7 + 11 + 4 + 478;
    expect(kept).toBe(512);
    expect(readWhole(write(message, 512)).edns?.options).toHaveLength(1);
    const cut = readWhole(write(message, 511));
    expect(cut.edns).toEqual({ udpSize: 512, version: 0, extendedRcode: 0, dnssecOk: false, options: [] });
    expect(hasFlag(cut.flags, Flag.TC)).toBe(false);
  });

  it('is well formed even below the smallest limit there is', () => {
    fc.assert(
      fc.property(anyMessage(), fc.integer({ min: 0, max: 511 }), (message, limit) => {
        const cut = write(message, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.length === 0).toBe(limit < 12);
        if (cut.length === 0) return;
        const read = readWhole(cut);
        if (read.question === undefined) expect(hasFlag(read.flags, Flag.TC)).toBe(true);
        expect(read.answers + read.authorities + read.additionals).toBe(
          read.answerRecords.length +
            read.authorityRecords.length +
            read.additionalRecords.length +
            (read.edns === undefined ? 0 : 1),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('fits in a target that is smaller than the limit', () => {
    fc.assert(
      fc.property(anyMessage(), fc.integer({ min: 512, max: 900 }), (message, size) => {
        const memory = Buffer.alloc(2 * ROOM, MARK);
        const length = writer.write(memory.subarray(100, 100 + size), ROOM, message);
        expect(length).toBeLessThanOrEqual(size);
        readWhole(memory.subarray(100, 100 + length));
        expect(memory.subarray(0, 100).every((octet) => octet === MARK)).toBe(true);
        expect(memory.subarray(100 + size).every((octet) => octet === MARK)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
