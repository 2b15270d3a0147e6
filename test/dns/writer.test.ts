import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Rcode, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { MessageWriter, type OutgoingMessage } from '../../src/dns/writer.ts';
import { anyMessage } from './arbitraries.ts';
import { meaning } from './meaning.ts';
import { octets, pointer, readWhole, uint16 } from './octets.ts';

const ROOM = 65_535;
const writer = new MessageWriter();

function write(message: OutgoingMessage, limit = ROOM): Buffer {
  const room = Buffer.alloc(ROOM, 0xee);
  return room.subarray(0, writer.write(room, limit, message));
}

const name = (text: string): Name => Name.fromText(text);
const inClass = { class: Class.IN, ttl: 5 };

function reply(question: string, answers: readonly RRset[], rest: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    id: 1,
    flags: 0x8400,
    rcode: 0,
    question: { name: name(question), type: Type.A, class: Class.IN },
    answers,
    authority: [],
    additional: [],
    edns: undefined,
    ...rest,
  };
}

function addresses(owner: Name, ...last: readonly number[]): RRset {
  return {
    ...inClass,
    kind: 'address',
    owner,
    type: Type.A,
    octets: Uint8Array.from(last.flatMap((n) => [10, 0, 0, n])),
  };
}

function targets(type: number, owner: string, ...names: readonly string[]): RRset {
  return { ...inClass, kind: 'name', owner: name(owner), type, targets: names.map(name) };
}

/** What follows the question. */
function afterQuestion(message: Buffer, question: string): string {
  return message.subarray(12 + name(question).octetLength + 4).toString('latin1');
}

const fixed = (type: number, length: number): string =>
  octets(uint16(type), uint16(1), [0, 0, 0, 5], uint16(length)).toString('latin1');
const to = (target: number): string => octets(pointer(target)).toString('latin1');

describe('what is written', () => {
  it('is read back as what was meant, for every kind of record', () => {
    fc.assert(
      fc.property(anyMessage(), (message) => {
        const read = readWhole(write(message));
        expect(read.id).toBe(message.id);
        expect(read.flags).toBe(message.flags | message.rcode);
        expect(read.question?.name.written).toBe(message.question?.name.written);
        expect(meaning(read.answerRecords)).toEqual(meaning(message.answers));
        expect(meaning(read.authorityRecords)).toEqual(meaning(message.authority));
        expect(meaning(read.additionalRecords)).toEqual(meaning(message.additional));
        expect(read.edns).toEqual(message.edns && { ...message.edns, version: 0, extendedRcode: 0 });
      }),
      { numRuns: 400 },
    );
  });

  it('is the same whatever was written before', () => {
    fc.assert(
      fc.property(anyMessage(), anyMessage(), (before, message) => {
        const fresh = Buffer.alloc(ROOM);
        const alone = fresh.subarray(0, new MessageWriter().write(fresh, ROOM, message));
        write(before, 600);
        expect(write(message).equals(alone)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is a header alone where there is no question', () => {
    const message = write({ ...reply('a', []), question: undefined, rcode: Rcode.NOTIMP });
    expect([...message]).toEqual([0, 1, 0x84, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('leaves the root as one octet', () => {
    const set = addresses(Name.root, 1);
    expect(afterQuestion(write(reply('.', [set])), '.')).toBe(`\0${fixed(Type.A, 4)}\x0a\0\0\x01`);
  });
});

describe('compression', () => {
  it('gives owners equal to the question its spelling', () => {
    const message = write(reply('WEB.Test', [addresses(name('web.test'), 1, 2)]));
    const one = `${to(12)}${fixed(Type.A, 4)}\x0a\0\0\x01`;
    const two = `${to(12)}${fixed(Type.A, 4)}\x0a\0\0\x02`;
    expect(afterQuestion(message, 'WEB.Test')).toBe(one + two);
    expect(readWhole(message).answerRecords[0]?.owner.toString()).toBe('WEB.Test.');
  });

  it('gives owners below the question, or above it, their part of its spelling', () => {
    const message = write(reply('WEB.Test', [addresses(name('a.web.test'), 1), addresses(name('test'), 2)]));
    expect(afterQuestion(message, 'WEB.Test')).toBe(
      `\x01a${to(12)}${fixed(Type.A, 4)}\x0a\0\0\x01${to(16)}${fixed(Type.A, 4)}\x0a\0\0\x02`,
    );
  });

  it('holds for the data of CNAME, NS, PTR, MX and SOA', () => {
    for (const type of [Type.CNAME, Type.NS, Type.PTR]) {
      const message = write(reply('a.test', [targets(type, 'a.test', 'b.test')]));
      expect(afterQuestion(message, 'a.test')).toBe(`${to(12)}${fixed(type, 4)}\x01b${to(14)}`);
    }
    const mx: RRset = {
      ...inClass,
      kind: 'mx',
      owner: name('a.test'),
      type: Type.MX,
      exchanges: [{ preference: 7, exchange: name('a.test') }],
    };
    expect(afterQuestion(write(reply('a.test', [mx])), 'a.test')).toBe(`${to(12)}${fixed(Type.MX, 4)}\0\x07${to(12)}`);
    const soa: RRset = {
      ...inClass,
      kind: 'soa',
      owner: name('test'),
      type: Type.SOA,
      soa: { primary: name('a.test'), mailbox: name('h.test'), serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
    };
    const numbers = [1, 2, 3, 4, 5].map((n) => `\0\0\0${String.fromCharCode(n)}`).join('');
    expect(afterQuestion(write(reply('a.test', [soa])), 'a.test')).toBe(
      `${to(14)}${fixed(Type.SOA, 26)}${to(12)}\x01h${to(14)}${numbers}`,
    );
  });

  it('spares the targets of SRV, which keep their own case (RFC 2782), and of DNAME (RFC 6672 §2.5)', () => {
    const srv: RRset = {
      ...inClass,
      kind: 'srv',
      owner: name('WEB.TEST'),
      type: Type.SRV,
      services: [{ priority: 1, weight: 2, port: 80, target: name('Web.test') }],
    };
    const message = write(reply('WEB.TEST', [srv, targets(Type.DNAME, 'web.test', 'Web.test')]));
    expect(afterQuestion(message, 'WEB.TEST')).toBe(
      `${to(12)}${fixed(Type.SRV, 16)}\0\x01\0\x02\0\x50\x03Web\x04test\0` +
        `${to(12)}${fixed(Type.DNAME, 10)}\x03Web\x04test\0`,
    );
  });

  it('leads to the targets of SRV, so that their addresses have short owners', () => {
    const srv: RRset = {
      ...inClass,
      kind: 'srv',
      owner: name('web.test'),
      type: Type.SRV,
      services: ['a', 'b'].map((host) => ({ priority: 1, weight: 2, port: 80, target: name(`${host}.Web.test`) })),
    };
    const message = write({
      ...reply('web.test', [srv]),
      additional: [
        addresses(name('a.web.test'), 1),
        addresses(name('b.web.test'), 2, 3),
        addresses(name('c.b.web.test'), 4),
      ],
    });
    const data = (host: string): string => `\0\x01\0\x02\0\x50\x01${host}\x03Web\x04test\0`;
    const record = `${to(12)}${fixed(Type.SRV, 18)}`;
    const targetOfFirst = 12 + 10 + 4 + record.length + 6;
    const targetOfSecond = targetOfFirst + 12 + record.length + 6;
    const address = (last: number): string => `${fixed(Type.A, 4)}\x0a\0\0${String.fromCharCode(last)}`;
    expect(afterQuestion(message, 'web.test')).toBe(
      `${record}${data('a')}${record}${data('b')}` +
        `${to(targetOfFirst)}${address(1)}${to(targetOfSecond)}${address(2)}${to(targetOfSecond)}${address(3)}` +
        `\x01c${to(targetOfSecond)}${address(4)}`,
    );
  });

  it('leads to the longest suffix that was written, whichever name had it', () => {
    const message = write(
      reply('q.test', [targets(Type.CNAME, 'q.test', 'db.Example.com'), addresses(name('www.db.example.COM'), 1)]),
    );
    const target = 12 + 8 + 4 + 12;
    expect(afterQuestion(message, 'q.test')).toBe(
      `${to(12)}${fixed(Type.CNAME, 16)}\x02db\x07Example\x03com\0\x03www${to(target)}${fixed(Type.A, 4)}\x0a\0\0\x01`,
    );
  });

  it.each([
    ['leads to offset 0x3fff', 0x3fff, 1],
    ['never leads behind it, which a pointer cannot say', 0x4000, 3],
  ])('%s', (_, offset, timesWritten) => {
    const before = offset - '\x03aaa'.length;
    const filler: RRset = {
      ...inClass,
      kind: 'opaque',
      owner: name('q.test'),
      type: 65_280,
      data: [new Uint8Array(before - (12 + 8 + 4) - 12)],
    };
    const owners = ['aaa.one.', 'bbb.one.', 'ccc.one.', 'q.test.'];
    const message = write(reply('q.test', [filler, ...owners.map((owner) => addresses(name(owner), 1))]));
    expect(message.indexOf('\x03one', 0, 'latin1')).toBe(offset);
    expect(message.toString('latin1').split('\x03one')).toHaveLength(1 + timesWritten);
    const read = readWhole(message).answerRecords.map(({ owner }) => owner.toString());
    expect(read).toEqual(['q.test.', ...owners]);
  });

  it('is kept from names whose octets look alike but whose labels differ', () => {
    const message = write(reply(String.raw`x\001b.c`, [targets(Type.CNAME, 'b.c', 'x.b.c')]));
    expect(meaning(readWhole(message).answerRecords)).toEqual(meaning([targets(Type.CNAME, 'b.c', 'x.b.c')]));
  });
});

describe('response codes', () => {
  const edns = { udpSize: 0, dnssecOk: false, options: [] };

  it('above 15 stand partly in the OPT record (RFC 6891 §6.1.3)', () => {
    const message = readWhole(write(reply('a', [], { rcode: Rcode.BADVERS, edns })));
    expect(message.flags & 0xf).toBe(0);
    expect(message.edns?.extendedRcode).toBe(1);
  });

  it('above 15 without an OPT record are SERVFAIL, never the code of their lower bits', () => {
    expect(readWhole(write(reply('a', [], { rcode: Rcode.BADVERS }))).flags & 0xf).toBe(Rcode.SERVFAIL);
  });
});
