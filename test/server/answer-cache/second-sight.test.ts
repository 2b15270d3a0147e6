/** Who is let in. */
import { describe, expect, it } from 'vitest';
import { SecondSight } from '../../../src/server/answer-cache/second-sight.ts';

describe('a key', () => {
  it('is let in when it is seen for the second time, and from then on', () => {
    const sight = new SecondSight();
    for (const hash of [1, -1, 0x7fff_ffff, 0x1234_5678, -0x8000_0000]) {
      expect(sight.seen(hash)).toBe(false);
      expect(sight.seen(hash)).toBe(true);
      expect(sight.seen(hash)).toBe(true);
    }
  });

  it('has to come again where four others have pushed it out', () => {
    const sight = new SecondSight();
    const alike = [1, 2, 3, 4, 5].map((i) => 5 + i * 2 ** 10);
    expect(alike.map((hash) => sight.seen(hash))).toEqual([false, false, false, false, false]);
    expect(sight.seen(alike[1] ?? 0)).toBe(true);
    expect(sight.seen(alike[0] ?? 0)).toBe(false);
    expect(sight.seen(alike[0] ?? 0)).toBe(true);
    expect(sight.seen(alike[1] ?? 0)).toBe(false);
  });

  it('bug: of two that are asked in turn and share a place, neither was ever let in', () => {
    const sight = new SecondSight();
    const [one, other] = [7, 7 + 2 ** 10];
    expect([one, other, one, other].map((hash) => sight.seen(hash))).toEqual([false, false, true, true]);
  });
});

it('keys that never come again are let in only where the table is too small to know', () => {
  const sight = new SecondSight();
  let letIn = 0;
  for (let i = 1; i <= 200_000; i++) if (sight.seen(Math.imul(i, 0x9e37_79b1))) letIn++;
  expect(letIn).toBe(0);
});
