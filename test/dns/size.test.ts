import dnsPacket from 'dns-packet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uncompressedSize } from '../../src/dns/size.ts';
import { MessageWriter } from '../../src/dns/writer.ts';
import { anyMessage } from './arbitraries.ts';

describe('uncompressedSize', () => {
  it('is what dns-packet, which does not compress, makes of the same message', () => {
    fc.assert(
      fc.property(anyMessage('host'), (message) => {
        const room = Buffer.alloc(65_535);
        const length = new MessageWriter().write(room, room.length, { ...message, edns: undefined });
        const decoded = dnsPacket.decode(room.subarray(0, length));
        const { question, answers, authority, additional } = message;
        expect(uncompressedSize(question, answers, authority, additional)).toBe(dnsPacket.encode(decoded).length);
      }),
      { numRuns: 300 },
    );
  });

  it('is a header where there is nothing', () => {
    expect(uncompressedSize(undefined)).toBe(12);
  });
});
