/** How long a message may wait before others should not stand behind it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/transport/client/pace.ts';

function after(...times: readonly number[]): number {
  const pace = new Pace();
  for (const time of times) pace.observe(time);
  return pace.patience;
}

describe('the patience', () => {
  it('is 90 ms before the first reply', () => {
    expect(after()).toBe(90);
  });

  it('is short where replies are quick, and never below 8 ms', () => {
    expect(after(...Array.from({ length: 30 }, () => 0.3))).toBe(8);
  });

  it('is near the usual time where that varies little', () => {
    const patience = after(...Array.from({ length: 60 }, (_, index) => 30 + (index % 2)));
    expect(patience).toBeGreaterThan(27);
    expect(patience).toBeLessThan(32);
  });

  it('is within its bounds whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (times) => {
        const patience = after(...times);
        expect(patience).toBeGreaterThanOrEqual(8);
        expect(patience).toBeLessThanOrEqual(90);
      }),
    );
  });
});
