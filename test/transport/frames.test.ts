import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed, FrameReader } from '../../src/transport/frames.ts';
import { stream } from './clients.ts';

/** Everything that a reader hands out for chunks in a row. */
function read(reader: FrameReader, chunks: readonly Uint8Array[]): Buffer[] {
  const messages: Buffer[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      messages.push(Buffer.from(message));
    }
    expect(reader.empty).toBe(true);
  }
  return messages;
}

const messages = fc.array(
  fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets)),
  { maxLength: 12 },
);

describe('FrameReader', () => {
  it('gives the same messages for any split of the stream', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat({ max: 8000 }), { maxLength: 30 }), (sent, cuts) => {
        const octets = stream(sent);
        const places = [0, ...cuts.filter((cut) => cut < octets.length).toSorted((a, b) => a - b), octets.length];
        const chunks = places.slice(1).map((end, index) => octets.subarray(places[index], end));
        expect(read(new FrameReader(), chunks)).toEqual(sent);
      }),
    );
  });

  it('gives the same messages octet by octet', () => {
    const sent = [Buffer.from('first'), Buffer.alloc(0), Buffer.alloc(300, 'x'), Buffer.from('last')];
    const octets = [...stream(sent)].map((octet) => Uint8Array.of(octet));
    expect(read(new FrameReader(), octets)).toEqual(sent);
  });

  it('reserves nothing for a length that was only announced', () => {
    const reader = new FrameReader();
    read(reader, [Uint8Array.of(0xff, 0xff, 0x01)]);
    expect(reader.buffered).toBeLessThanOrEqual(64);
  });

  it('holds at most twice what was sent, at most one frame, and nothing between messages', () => {
    const reader = new FrameReader();
    const octets = stream([Buffer.alloc(0xff_ff, 'x')]);
    for (let sent = 0; sent < octets.length - 1; sent += 1000) {
      const end = Math.min(sent + 1000, octets.length - 1);
      read(reader, [octets.subarray(sent, end)]);
      expect(reader.buffered).toBeLessThanOrEqual(Math.min(2 * end, 0xff_ff + 2));
    }
    expect(read(reader, [octets.subarray(-1)])).toEqual([Buffer.alloc(0xff_ff, 'x')]);
    expect(reader.buffered).toBe(0);
  });

  it('keeps what it has not been asked for', () => {
    const reader = new FrameReader();
    reader.push(stream([Buffer.from('a'), Buffer.from('b')]));
    expect(reader.next()?.toString()).toBe('a');
    expect(reader.empty).toBe(false);
    expect(reader.next()?.toString()).toBe('b');
    expect(reader.empty).toBe(true);
    expect(reader.next()).toBeUndefined();
  });
});

describe('framed', () => {
  it('puts the length before a copy of the message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (octets) => {
        expect(framed(octets)).toEqual(stream([Buffer.from(octets)]));
      }),
    );
    expect(framed(new Uint8Array(0xff_ff))).toHaveLength(0xff_ff + 2);
  });
});
