import { describe, expect, it } from 'vitest';
import { flatness } from './memory.ts';

const samples = (...mebibytes: readonly number[]): Parameters<typeof flatness>[0] =>
  mebibytes.map((value, at) => ({ at, mebibytes: value }));

describe('memory', () => {
  it('is flat where it has grown while the process warmed up', () => {
    expect(flatness(samples(50, 60, 70, 80, 100, 101, 99, 100, 102, 100))).toEqual({
      first: 101,
      last: 102,
      isFlat: true,
    });
  });

  it('is not where it goes on growing', () => {
    expect(flatness(samples(50, 60, 70, 80, 90, 100, 110, 120, 130, 140)).isFlat).toBe(false);
  });

  it('is where it shrinks', () => {
    expect(flatness(samples(50, 60, 70, 80, 90, 80, 70, 60, 50, 40)).isFlat).toBe(true);
  });

  it('cannot be told from nothing', () => {
    expect(() => flatness(samples(1, 2))).toThrow(RangeError);
  });
});
