/** What the writer makes, as two decoders that this product has no part in understand it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Name } from '../../src/dns/name.ts';
import { formatRecord } from '../../src/dns/presentation-format.ts';
import { type RRset, recordCount } from '../../src/dns/rrset.ts';
import { MessageWriter, type OutgoingMessage } from '../../src/dns/writer.ts';
import { type ReadReply, readWithDns2, readWithDnsPacket } from '../conformance/reply.ts';
import { anyMessage } from './arbitraries.ts';

const writer = new MessageWriter();

function write(message: OutgoingMessage): Buffer {
  const room = Buffer.alloc(65_535);
  return room.subarray(0, writer.write(room, room.length, message));
}

/** The records as the decoders' lines, names in lower case; TXT data as they are. */
function lines(sets: readonly RRset[]): readonly string[] {
  return sets.flatMap((set) => Array.from({ length: recordCount(set) }, (_, i) => folded(formatRecord(set, i) ?? '')));
}

function folded(line: string): string {
  const [owner = '', ttl = '', klass = '', type = '', ...data] = line.split(' ');
  const names = type === 'TXT' ? data : data.map((word) => word.toLowerCase());
  return [owner.toLowerCase(), ttl, klass, type, ...names].join(' ');
}

function read(reply: ReadReply): unknown {
  return {
    ...reply,
    answer: reply.answer.map(folded),
    authority: reply.authority.map(folded),
    additional: reply.additional.map(folded),
  };
}

/** dns2 and dns-packet show no escapes, so texts have none here; `PORT` stands for the port of an SRV without target. */
function plain(message: OutgoingMessage): OutgoingMessage {
  const set = (records: RRset): RRset => {
    if (records.kind === 'text') return { ...records, texts: records.texts.map(() => [Buffer.from('plain text')]) };
    if (records.kind !== 'srv') return records;
    const targeted = ({ target }: { readonly target: Name }): boolean => target.labelCount > 0;
    return { ...records, services: records.services.filter(targeted) };
  };
  return {
    ...message,
    answers: message.answers.map(set),
    authority: message.authority.map(set),
    additional: message.additional.map(set),
  };
}

describe.each([
  ['dns-packet', readWithDnsPacket],
  ['dns2', readWithDns2],
] as const)('%s', (_, decode) => {
  it('decodes every kind of record to what was meant', () => {
    const messages = anyMessage('host').map(plain);
    fc.assert(
      fc.property(messages, (message) => {
        const decoded = read(decode(write(message), () => false));
        expect(decoded).toMatchObject({
          rcode: { 0: 'NOERROR', 3: 'NXDOMAIN', 5: 'REFUSED' }[message.rcode],
          answer: lines(message.answers),
          authority: lines(message.authority),
          additional: lines(message.additional),
        });
        expect(decoded).toHaveProperty(
          'edns',
          message.edns && { size: message.edns.udpSize, version: 0, dnssecOk: message.edns.dnssecOk, z: 0 },
        );
      }),
      { numRuns: 300 },
    );
  });

  it('decodes what was cut', () => {
    fc.assert(
      fc.property(anyMessage('host').map(plain), fc.integer({ min: 512, max: 1500 }), (message, limit) => {
        const room = Buffer.alloc(limit);
        const cut = room.subarray(0, writer.write(room, limit, message));
        const { answer } = decode(cut, () => false);
        expect(answer.map(folded)).toEqual(lines(message.answers).slice(0, answer.length));
      }),
      { numRuns: 200 },
    );
  });
});
