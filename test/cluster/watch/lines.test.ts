/** A stream of octets as lines. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Unreadable } from '../../../src/cluster/watch/failure.ts';
import { LineCutter } from '../../../src/cluster/watch/lines.ts';
import { pieces } from './pieces.ts';

function cut(cutter: LineCutter, chunks: readonly Buffer[]): readonly string[] {
  return chunks.flatMap((chunk) => [...cutter.push(chunk)].map(String));
}

describe('lines of a stream', () => {
  it('are the same however the stream is cut into chunks, also within a character', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(60)), (lines, sizes) => {
        const octets = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        expect(cut(new LineCutter(1000), pieces(octets, sizes))).toEqual(lines.filter((text) => text !== ''));
      }),
    );
  });

  it('keep what has not ended, and say how much that is', () => {
    const cutter = new LineCutter(100);
    expect(cut(cutter, [Buffer.from('whole\nhal')])).toEqual(['whole']);
    expect(cutter.pending).toBe(3);
    expect(cut(cutter, [Buffer.from('f\n')])).toEqual(['half']);
    expect(cutter.pending).toBe(0);
  });

  it('cost no more than their octets, also where each comes alone', () => {
    const cutter = new LineCutter(200_000);
    const octet = Buffer.alloc(65_536, 'x').subarray(0, 1);
    const before = process.memoryUsage();
    for (let i = 0; i < 200_000; i++) for (const _ of cutter.push(octet));
    const after = process.memoryUsage();
    expect(cutter.pending).toBe(200_000);
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(8_000_000);
  });

  it('are refused beyond the limit, in one chunk and over many, and never held longer', () => {
    expect(() => cut(new LineCutter(10), [Buffer.from(`${'x'.repeat(11)}\n`)])).toThrow(Unreadable);
    const endless = new LineCutter(1000);
    const chunk = Buffer.alloc(100, 'x');
    for (let i = 0; i < 10; i++) expect(cut(endless, [chunk])).toEqual([]);
    expect(() => cut(endless, [chunk])).toThrow('more than 1000 octets');
  });
});
