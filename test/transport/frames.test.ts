import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed, FrameReader, FrameWriter } from '../../src/transport/frames.ts';
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

describe('FrameReader.find', () => {
  it('shows a message that is whole in the chunk where it stands', () => {
    const reader = new FrameReader();
    const chunk = stream([Buffer.from('first'), Buffer.from('second')]);
    const place = { octets: new Uint8Array(0), start: 0, end: 0 };
    reader.push(chunk);
    expect(reader.find(place)).toBe(true);
    expect(place.octets).toBe(chunk);
    expect([place.start, place.end]).toEqual([2, 7]);
    expect(reader.find(place)).toBe(true);
    expect(place.octets).toBe(chunk);
    expect([place.start, place.end]).toEqual([9, 15]);
  });

  it('leaves the place as it was where no message is whole', () => {
    const reader = new FrameReader();
    const octets = Buffer.from('before');
    const place = { octets, start: 1, end: 2 };
    for (const octet of Buffer.of(0, 9, 1)) {
      reader.push(Buffer.of(octet));
      expect(reader.find(place)).toBe(false);
    }
    expect(place).toEqual({ octets, start: 1, end: 2 });
  });

  it('puts a message of several chunks together', () => {
    const reader = new FrameReader();
    const place = { octets: new Uint8Array(0), start: 0, end: 0 };
    const octets = stream([Buffer.from('in two pieces')]);
    reader.push(octets.subarray(0, 5));
    expect(reader.find(place)).toBe(false);
    reader.push(octets.subarray(5));
    expect(reader.find(place)).toBe(true);
    expect(Buffer.from(place.octets.subarray(place.start, place.end)).toString()).toBe('in two pieces');
    expect(reader.buffered).toBe(0);
  });
});

describe('FrameWriter', () => {
  const longest = Buffer.alloc(0xff_ff, 'x');

  it('gives what was added as a stream, again and again', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(messages, (added) => {
        for (const message of added) writer.add(message, message.length);
        expect(writer.length).toBe(stream(added).length);
        expect(writer.take()).toEqual(stream(added));
        expect(writer.length).toBe(0);
      }),
    );
  });

  it('takes no more of a message than it is told', () => {
    const writer = new FrameWriter();
    writer.add(Buffer.from('reply and room'), 5);
    expect(writer.take()).toEqual(stream([Buffer.from('reply')]));
  });

  it('has room for the longest message alone', () => {
    const writer = new FrameWriter();
    expect(writer.fits(longest.length)).toBe(true);
    writer.add(longest, longest.length);
    expect(writer.fits(0)).toBe(false);
    expect(writer.take()).toEqual(stream([longest]));

    writer.add(longest, longest.length - 3);
    expect(writer.fits(1)).toBe(true);
    expect(writer.fits(2)).toBe(false);
    writer.add(Buffer.from('a'), 1);
    expect(writer.take()).toEqual(stream([longest.subarray(3), Buffer.from('a')]));
  });

  it('uses its memory again, except where it was given up', () => {
    const writer = new FrameWriter();
    const take = (text: string): Buffer => {
      writer.add(Buffer.from(text), text.length);
      return writer.take();
    };
    const first = take('first');
    const second = take('other');
    expect(first).toEqual(second);
    writer.giveUp();
    take('third');
    expect(second).toEqual(stream([Buffer.from('other')]));
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
