import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/corefile/duration.ts';

describe('Go durations', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['0s', 0],
    ['300ms', 300],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['5.s', 5000],
    ['10us', 0.01],
    ['10µs', 0.01],
    ['10μs', 0.01],
    ['1000000ns', 1],
    ['1m1s', 61_000],
    ['1s1h', 3_601_000],
    ['-5s', -5000],
    ['+5s', 5000],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
  });

  it.each(['', '5', 's', '5 s', '5S', '1d', '5s5', '.s', '--5s', '1e3s', '9999999h', '1'.repeat(5000)])(
    'not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('come back from their text', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (duration) => {
        expect(parseDuration(formatDuration(duration))).toBe(duration + 0);
      }),
    );
  });
});
