/** Which exchange has which key: against a plain map. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { UnderWay } from '../../../src/plugins/forward/under-way.ts';
import { collected, heldOctets } from '../../support/collected.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];

it('each has its own key, from when it enters until it leaves', () => {
  const steps = fc.array(fc.record({ key: fc.constantFrom(...KEYS), enters: fc.boolean() }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (all) => {
      const underWay = new UnderWay<object>();
      const expected = new Map<string, object>();
      for (const { key, enters } of all) {
        if (!enters) {
          underWay.leave(key);
          expected.delete(key);
        } else if (!expected.has(key)) {
          const exchange = {};
          underWay.enter(key, exchange);
          expected.set(key, exchange);
        }
        for (const one of KEYS) expect(underWay.get(one)).toBe(expected.get(one));
      }
    }),
  );
});

it('lets go of those that have left', async () => {
  const underWay = new UnderWay<object>();
  const left = KEYS.map((key) => {
    const exchange = {};
    underWay.enter(key, exchange);
    return new WeakRef(exchange);
  });
  for (const key of KEYS) underWay.leave(key);
  await collected(left);
  expect(KEYS.map((key) => underWay.get(key))).toEqual(KEYS.map(() => undefined));
});

it('takes no more memory for those that come after others', () => {
  const underWay = new UnderWay<object>();
  const comeAndGo = (): void => {
    for (const key of KEYS) underWay.enter(key, {});
    for (const key of KEYS) underWay.leave(key);
  };
  comeAndGo();
  const before = heldOctets();
  for (let times = 0; times < 400_000; times++) comeAndGo();
  // A slot for each would be 16 MB.
  expect(heldOctets() - before).toBeLessThan(4_000_000);
  expect(underWay.get('a')).toBeUndefined();
});
