/** Orders that are drawn: each as likely as any other, whatever came before. Chance comes from a seed here. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drawInPlace, drawWindow } from '../../../src/server/answer-cache/draw.ts';
import { Random } from '../../fuzz/random.ts';

beforeEach(() => {
  const random = new Random(20_261_121);
  vi.spyOn(Math, 'random').mockImplementation(() => random.below(2 ** 31) / 2 ** 31);
});
afterEach(() => vi.restoreAllMocks());

/** Sum of the squares of what is beside the expected count, in units of it. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Six standard deviations beyond what is to be expected of so many equally likely outcomes. */
function most(outcomes: number): number {
  const freedom = outcomes - 1;
  return freedom + 6 * Math.sqrt(2 * freedom) + 6;
}

/** Addresses of so many words, numbered from 1, in records; what is not address is -1. */
function block(at: number, stride: number, width: number, count: number): Int32Array {
  const words = new Int32Array(at + stride * count + 3).fill(-1);
  for (let i = 0; i < count; i++)
    for (let word = 0; word < width; word++) words[at + i * stride + word] = 10 * (i + 1) + word;
  return words;
}

describe.each([
  ['A', 1, 4],
  ['AAAA', 4, 7],
])('%s addresses that are all shown', (_, width, stride) => {
  const AT = 5;
  const COUNT = 5;
  const orderOf = (words: Int32Array): readonly number[] =>
    Array.from({ length: COUNT }, (__, i) => Math.floor((words[AT + i * stride] ?? 0) / 10) - 1);

  it('each stands anywhere as likely as any other', () => {
    const words = block(AT, stride, width, COUNT);
    const counts = Array.from({ length: COUNT }, () => Array.from({ length: COUNT }, () => 0));
    for (let round = 0; round < 50_000; round++) {
      drawInPlace(words, AT, stride, width, COUNT);
      for (const [place, address] of orderOf(words).entries()) {
        const row = counts[place];
        if (row !== undefined) row[address] = (row[address] ?? 0) + 1;
      }
    }
    for (const row of counts) expect(chiSquare(row)).toBeLessThan(most(COUNT));
  });

  it('move as wholes, and nothing beside them moves', () => {
    const words = block(AT, stride, width, COUNT);
    const before = words.slice();
    for (let round = 0; round < 100; round++) {
      drawInPlace(words, AT, stride, width, COUNT);
      const order = orderOf(words);
      expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
      const expected = before.slice();
      for (const [i, address] of order.entries()) {
        for (let word = 0; word < width; word++) expected[AT + i * stride + word] = 10 * (address + 1) + word;
      }
      expect(words).toEqual(expected);
    }
  });
});

it('each order follows each other as likely as any', () => {
  const words = block(0, 1, 1, 3);
  const orders = new Map<string, number>();
  const follows = new Map<string, number>();
  let last = '';
  for (let round = 0; round < 72_000; round++) {
    drawInPlace(words, 0, 1, 1, 3);
    const order = words.subarray(0, 3).join();
    orders.set(order, (orders.get(order) ?? 0) + 1);
    follows.set(`${last}/${order}`, (follows.get(`${last}/${order}`) ?? 0) + 1);
    last = order;
  }
  follows.delete(`/${[...follows.keys()][0]?.slice(1) ?? ''}`);
  expect(orders.size).toBe(6);
  expect(follows.size).toBe(36);
  expect(chiSquare([...orders.values()])).toBeLessThan(most(6));
  expect(chiSquare([...follows.values()])).toBeLessThan(most(36));
});

describe('28 of 5,000 addresses that are shown', () => {
  const TOTAL = 5000;
  const SHOWN = 28;
  const ROUNDS = 20_000;

  it.each([
    ['A', 1, 4],
    ['AAAA', 4, 7],
  ])('each %s is as likely to be among them, and to be the first, as any other', (_, width, stride) => {
    const all = 3;
    const at = all + TOTAL * width + 2;
    const words = new Int32Array(at + SHOWN * stride + 2).fill(-1);
    for (let i = 0; i < TOTAL; i++)
      for (let word = 0; word < width; word++) words[all + i * width + word] = 10 * i + word;
    const shown = Array.from({ length: TOTAL }, () => 0);
    const first = Array.from({ length: TOTAL }, () => 0);
    const window = { all, total: TOTAL, at, stride, shown: SHOWN, width };
    for (let round = 0; round < ROUNDS; round++) {
      drawWindow(words, window);
      const seen = new Set<number>();
      for (let i = 0; i < SHOWN; i++) {
        const address = (words[at + i * stride] ?? 0) / 10;
        seen.add(address);
        shown[address] = (shown[address] ?? 0) + 1;
        if (i === 0) first[address] = (first[address] ?? 0) + 1;
        for (let word = 0; word < width; word++) {
          if (words[at + i * stride + word] !== address * 10 + word) throw new Error('an address was torn apart');
        }
      }
      if (seen.size !== SHOWN) throw new Error('an address is shown twice');
    }
    expect(chiSquare(shown)).toBeLessThan(most(TOTAL));
    expect(chiSquare(first)).toBeLessThan(most(TOTAL));
    // All of them are still there, and nothing beside them was written to.
    const left = Array.from({ length: TOTAL }, (__, i) => (words[all + i * width] ?? 0) / 10);
    expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: TOTAL }, (__, i) => i));
    expect([words[0], words[1], words[2], words[at - 1], words[at - 2]]).toEqual([-1, -1, -1, -1, -1]);
    for (let i = width; i < stride; i++) expect(words[at + i]).toBe(-1);
  });
});
