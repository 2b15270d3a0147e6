/** Those that come together begin a few at a time, with room between them for everything else. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { beginSome } from '../../../src/plugins/forward/beginnings.ts';
import { Turns } from '../../../src/turns.ts';

class Counting {
  readonly turns = new Turns(beginSome);
  readonly begun: number[] = [];

  enter(number: number, then = (): void => undefined): void {
    this.turns.enter(() => {
      this.begun.push(number);
      then();
    });
  }
}

it('begins nothing within the call, and one in the next turn', async () => {
  const { turns, begun } = new Counting();
  turns.enter(() => void begun.push(1));
  expect(begun).toEqual([]);
  await turn();
  expect(begun).toEqual([1]);
});

it('begins those that came together one in a turn, in their order', async () => {
  const counting = new Counting();
  const { begun } = counting;
  for (let i = 0; i < 5; i++) counting.enter(i);
  const after: number[] = [];
  for (let i = 0; i < 6; i++) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
    after.push(begun.length);
  }
  expect(after).toEqual([1, 2, 3, 4, 5, 5]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

it('begins a fixed part of many in a turn, so that the last of them waits for few turns', async () => {
  const counting = new Counting();
  const { begun } = counting;
  for (let i = 0; i < 100; i++) counting.enter(i);
  await turn();
  expect(begun).toHaveLength(7);
  let turns = 1;
  for (; begun.length < 100; turns++) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
  }
  expect(turns).toBeLessThan(45);
  expect(begun).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

it('lets no more than so many wait for another turn', async () => {
  const counting = new Counting();
  const { begun } = counting;
  for (let round = 1; round <= 10; round++) {
    for (let i = 0; i < 500; i++) counting.enter(i);
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
    expect(500 * round - begun.length).toBeLessThanOrEqual(128);
  }
});

it('begins in a later turn what comes while others begin', async () => {
  const counting = new Counting();
  const { begun } = counting;
  counting.enter(1, () => {
    for (const later of [2, 3]) counting.enter(later);
  });
  const after: number[] = [];
  for (let i = 0; i < 3; i++) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
    after.push(begun.length);
  }
  expect(after).toEqual([1, 2, 3]);
});
