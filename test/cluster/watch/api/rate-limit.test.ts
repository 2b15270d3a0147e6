/** The rate limit: a bucket, places, an order, and giving up. Time is a fake one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as fc from 'fast-check';
import type { ApiLimits } from '../../../../src/cluster/watch/api/api.ts';
import { RateLimit } from '../../../../src/cluster/watch/api/rate-limit.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const DEFAULTS: ApiLimits = { qps: undefined, burst: undefined, maxInflight: undefined };

/** Enters `count` times at once; tells who is in, in order, and when. */
function enter(limit: RateLimit, count: number) {
  const start = performance.now();
  const entered: { readonly who: number; readonly at: number; readonly leave: () => void }[] = [];
  for (let who = 0; who < count; who++) {
    void limit
      .enter(new AbortController().signal)
      .then((leave) => entered.push({ who, at: performance.now() - start, leave }));
  }
  return entered;
}

describe('the bucket', () => {
  it.each([undefined, 0])('lets 10 in at once and then 5 a second, for %s', async (value) => {
    const entered = enter(new RateLimit({ qps: value, burst: value, maxInflight: value }), 15);
    await vi.advanceTimersByTimeAsync(0);
    expect(entered.length).toBe(10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(entered.map(({ at }) => at).slice(10)).toEqual([200, 400, 600, 800, 1000]);
    expect(entered.map(({ who }) => who)).toEqual(Array.from({ length: 15 }, (_, who) => who));
  });

  it('holds no more than its burst, however long nobody comes', async () => {
    const limit = new RateLimit({ ...DEFAULTS, qps: 10, burst: 3 });
    await vi.advanceTimersByTimeAsync(3_600_000);
    const entered = enter(limit, 5);
    await vi.advanceTimersByTimeAsync(99);
    expect(entered.length).toBe(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(entered.length).toBe(4);
  });

  it('takes a rate below one a second', async () => {
    const entered = enter(new RateLimit({ ...DEFAULTS, qps: 0.5, burst: 1 }), 2);
    await vi.advanceTimersByTimeAsync(1999);
    expect(entered.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(entered.length).toBe(2);
  });

  it('waits quietly where the next token is months away', async () => {
    const entered = enter(new RateLimit({ ...DEFAULTS, qps: 1e-7, burst: 1 }), 2);
    const setting = vi.spyOn(globalThis, 'setTimeout');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(entered.length).toBe(1);
    expect(setting.mock.calls.length).toBeLessThan(15);
  });

  it('never lets in more than its burst and what has been filled in since', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 5 })), { maxLength: 20 }),
        async (qps, burst, steps) => {
          const limit = new RateLimit({ qps, burst, maxInflight: undefined });
          const start = performance.now();
          const batches: { readonly length: number }[] = [];
          let asked = 0;
          for (const [pause, count] of steps) {
            // oxlint-disable-next-line no-await-in-loop -- one after another
            await vi.advanceTimersByTimeAsync(pause);
            batches.push(enter(limit, count));
            asked += count;
            // oxlint-disable-next-line no-await-in-loop -- one after another
            await vi.advanceTimersByTimeAsync(0);
            const inside = batches.reduce((sum, batch) => sum + batch.length, 0);
            expect(inside).toBeLessThanOrEqual(burst + ((performance.now() - start) * qps) / 1000 + 1e-6);
          }
          await vi.advanceTimersByTimeAsync(200_000);
          expect(batches.reduce((sum, batch) => sum + batch.length, 0)).toBe(asked);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('places', () => {
  it('keeps the next one out until one leaves, once for each', async () => {
    const entered = enter(new RateLimit({ qps: 1000, burst: 1000, maxInflight: 2 }), 4);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(entered.map(({ who }) => who)).toEqual([0, 1]);
    entered[0]?.leave();
    entered[0]?.leave();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(entered.map(({ who }) => who)).toEqual([0, 1, 2]);
  });
});

describe('giving up', () => {
  it('fails with the reason, before and while it waits', async () => {
    const limit = new RateLimit({ ...DEFAULTS, burst: 1 });
    const reason = new Error('no longer');
    await expect(limit.enter(AbortSignal.abort(reason))).rejects.toBe(reason);
    enter(limit, 1);
    const controller = new AbortController();
    const waiting = limit.enter(controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes no token and no place', async () => {
    const limit = new RateLimit({ qps: 1, burst: 1, maxInflight: 2 });
    const first = enter(limit, 1);
    const controller = new AbortController();
    const gone = limit.enter(controller.signal).catch(() => 'gone');
    const second = enter(limit, 1);
    controller.abort();
    expect(await gone).toBe('gone');
    await vi.advanceTimersByTimeAsync(1000);
    expect([first.length, second.length]).toEqual([1, 1]);
  });

  it('does nothing once it is in', async () => {
    const limit = new RateLimit({ qps: 1000, burst: 10, maxInflight: 1 });
    const controller = new AbortController();
    await limit.enter(controller.signal);
    const next = enter(limit, 1);
    controller.abort();
    await vi.advanceTimersByTimeAsync(1000);
    expect(next.length).toBe(0);
  });
});
