/** The table against a map, and what stays in it when there is more than it can hold. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerTable, KEY, NONE } from '../../../src/server/answer-cache/answer-table.ts';
import { QuestionKey } from '../../../src/server/answer-cache/question-key.ts';
import { collected } from '../../support/collected.ts';

/** 32 segments of 640 words. */
const OCTETS = 32 * 640 * 4;

/** A key of so many words that begins with its number. @param hash few of them: many share a chain */
function keyOf(number: number, length: number, hash: number): QuestionKey {
  const key = new QuestionKey();
  key.length = length;
  key.hash = hash;
  for (let i = 0; i < length; i++) key.words[i] = number * 31 + i;
  return key;
}

/** A hash of its own, as far as its highest bits go. */
function spread(number: number): number {
  return Math.imul(number, 0x9e37_79b1);
}

const NAMES = 60;
const KEYS = Array.from({ length: NAMES }, (_, i) =>
  keyOf(i, 1 + (i % 9), [spread(i), 7 << 23, (7 << 23) + 1, -1][i % 4] ?? 0),
);

interface Modelled {
  readonly first: number;
  readonly words: number;
  readonly object: object | undefined;
}

/** Beside the table, what should be in it. */
class Model {
  readonly table = new AnswerTable<object>(OCTETS);
  readonly known = new Map<QuestionKey, Modelled>();
  /** What was the most at one time. */
  mostObjects = 0;
  highestNumber = 0;

  add(key: QuestionKey, words: number, first: number, refers: boolean): void {
    if (this.table.find(key) !== NONE) return;
    const at = this.table.add(key, words);
    if (at === NONE) return;
    const behind = this.table.behindKey(at);
    for (let i = 0; i < words; i++) this.table.words[behind + i] = first + i;
    const object = refers ? { first } : undefined;
    if (object !== undefined) this.table.refer(at, object);
    this.known.set(key, { first, words, object });
    this.highestNumber = Math.max(this.highestNumber, this.table.words[at + KEY - 1] ?? 0);
  }

  remove(key: QuestionKey): void {
    const at = this.table.find(key);
    if (at !== NONE) this.table.remove(at);
    this.known.delete(key);
  }

  /** Everything that is found is as it was put in; what is not found any more has left to make room. */
  check(mayLeave: boolean): void {
    const { table, known } = this;
    let size = 0;
    let used = 0;
    let objects = 0;
    for (const key of KEYS) {
      const at = table.find(key);
      const should = known.get(key);
      if (at === NONE) {
        if (should !== undefined && !mayLeave) throw new Error('a record is gone');
        known.delete(key);
        continue;
      }
      if (should === undefined) throw new Error('a record is there that was never put in, or taken out');
      const behind = table.behindKey(at);
      for (let i = 0; i < should.words; i++) {
        if (table.words[behind + i] !== should.first + i) throw new Error('a record has other words');
      }
      expect(table.referenceOf(at)).toBe(should.object);
      size++;
      used += 4 * (KEY + key.length + should.words);
      if (should.object !== undefined) objects++;
    }
    expect([table.size, table.used]).toEqual([size, used]);
    expect(table.used).toBeLessThanOrEqual(OCTETS);
    this.mostObjects = Math.max(this.mostObjects, objects + 1);
  }
}

const key = fc.constantFrom(...KEYS);
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      key,
      words: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200 })),
      first: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
      refers: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('touch' as const), key }) },
  /** So many others pass through, which fills segments. */
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('flood' as const),
      records: fc.integer({ min: 1, max: 800 }),
      words: fc.integer({ min: 1, max: 150 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
);

describe('the table', () => {
  it('finds what was put in, as it was, and nothing else, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 80, size: 'max' }), (actions) => {
        const model = new Model();
        const { table, known } = model;
        for (const one of actions) {
          switch (one.do) {
            case 'add':
              model.add(one.key, one.words, one.first, one.refers);
              break;
            case 'remove':
              model.remove(one.key);
              break;
            case 'touch': {
              const at = table.find(one.key);
              if (at !== NONE) table.touch(at);
              break;
            }
            case 'flood':
              // Removed at once, so that the figures can be compared: their room comes back only with their segment.
              for (let i = 0; i < one.records; i++) {
                const at = table.add(keyOf(1000 + i, 4, spread(i)), one.words);
                if (at !== NONE) table.remove(at);
              }
              break;
            case 'clear':
              table.clear();
              known.clear();
              break;
          }
          model.check(one.do === 'add' || one.do === 'flood');
        }
        expect(model.highestNumber).toBeLessThanOrEqual(model.mostObjects);
      }),
      { numRuns: 150 },
    );
  });

  it('has no record for a key that differs in one word, in the number of words or in the hash', () => {
    const table = new AnswerTable<object>(OCTETS);
    const one = keyOf(5, 4, 77);
    expect(table.add(one, 3)).not.toBe(NONE);
    expect(table.find(keyOf(5, 4, 77))).not.toBe(NONE);
    expect(table.find(keyOf(5, 3, 77))).toBe(NONE);
    expect(table.find(keyOf(5, 5, 77))).toBe(NONE);
    expect(table.find(keyOf(5, 4, 78))).toBe(NONE);
    const near = keyOf(5, 4, 77);
    near.words[3] = 0;
    expect(table.find(near)).toBe(NONE);
  });

  it('keeps nothing that is larger than a quarter of a segment', () => {
    const table = new AnswerTable<object>(OCTETS);
    expect(table.add(keyOf(1, 4, 1), 640 / 4 - 1 - KEY - 4)).not.toBe(NONE);
    expect(table.add(keyOf(2, 4, 2), 640 / 4 - KEY - 4)).toBe(NONE);
    expect(table.size).toBe(1);
  });

  it('has no chain longer than its bound, whoever finds keys that fall together', () => {
    const table = new AnswerTable<object>(OCTETS);
    const keys = Array.from({ length: 40 }, (_, i) => keyOf(i, 4, 5));
    for (const one of keys) table.add(one, 3);
    expect(keys.map((one) => table.find(one) !== NONE)).toEqual(keys.map((_, i) => i >= 24));
    expect(table.size).toBe(16);
  });

  it('never takes more than its bound, however much is put in', () => {
    const table = new AnswerTable<object>(OCTETS);
    for (let i = 0; i < 20_000; i++) {
      const at = table.add(keyOf(i, 1 + (i % 60), spread(i)), 1 + (i % 90));
      if (i % 3 === 0 && at !== NONE) table.touch(at);
      if (table.used > OCTETS) throw new Error(`${table.used} octets`);
    }
    expect(table.words.byteLength).toBe(OCTETS);
    expect(table.used).toBeGreaterThan(OCTETS / 2);
  });

  it('keeps what is asked for while others pass through, and lets go of what is not', () => {
    const table = new AnswerTable<object>(OCTETS);
    const asked = Array.from({ length: 100 }, (_, i) => keyOf(i, 4, spread(i)));
    const forgotten = Array.from({ length: 100 }, (_, i) => keyOf(1000 + i, 4, spread(1000 + i)));
    // In turn: of a segment in which everything is asked for, a quarter has to leave.
    for (const [i, one] of asked.entries()) {
      table.add(one, 20);
      table.add(forgotten[i] ?? one, 20);
    }
    for (let i = 0; i < 20_000; i++) {
      table.add(keyOf(10_000 + i, 4, spread(i * 13)), 20);
      // Each of them while less than half of the block is filled.
      const at = table.find(asked[i % asked.length] ?? keyOf(0, 1, spread(0)));
      if (at !== NONE) table.touch(at);
    }
    expect(asked.filter((one) => table.find(one) === NONE)).toEqual([]);
    expect(forgotten.filter((one) => table.find(one) !== NONE)).toEqual([]);
  });

  it('makes room even where everything is asked for', () => {
    const table = new AnswerTable<object>(OCTETS);
    for (let i = 0; i < 10_000; i++) {
      const at = table.add(keyOf(i, 4, spread(i)), 20);
      expect(at).not.toBe(NONE);
      table.touch(at);
    }
    expect(table.used).toBeLessThanOrEqual(OCTETS);
  });
});

describe('objects', () => {
  function fill(table: AnswerTable<object>, from: number, count: number): readonly WeakRef<object>[] {
    return Array.from({ length: count }, (_, i) => {
      const at = table.add(keyOf(from + i, 4, spread(from + i)), 20);
      const object = { i };
      table.refer(at, object);
      return new WeakRef(object);
    });
  }

  it('are let go of with their record: taken out, cleared, or left to make room', async () => {
    const table = new AnswerTable<object>(OCTETS);
    const removed = fill(table, 0, 10);
    for (let i = 0; i < 10; i++) table.remove(table.find(keyOf(i, 4, spread(i))));
    await collected(removed);
    const cleared = fill(table, 0, 10);
    table.clear();
    await collected(cleared);
    const left = fill(table, 0, 10);
    for (let i = 0; i < 5000; i++) table.add(keyOf(100 + i, 4, spread(i)), 20);
    await collected(left);
  });

  it('take the numbers of those that have gone', () => {
    const table = new AnswerTable<object>(OCTETS);
    let highest = 0;
    for (let i = 0; i < 50_000; i++) {
      const at = table.add(keyOf(i, 4, spread(i)), 20);
      table.refer(at, { i });
      highest = Math.max(highest, table.words[at + KEY - 1] ?? 0);
    }
    // Records of 29 words: no more of them than the block can hold at once.
    expect(highest).toBeLessThanOrEqual(OCTETS / 4 / 29);
  });

  it('belong to their record alone, wherever it moves', () => {
    const table = new AnswerTable<object>(OCTETS);
    const object = { name: 'kept' };
    const one = keyOf(1, 4, spread(1));
    table.refer(table.add(one, 20), object);
    for (let i = 0; i < 5000; i++) {
      table.add(keyOf(100 + i, 4, spread(i)), 20);
      const at = table.find(one);
      table.touch(at);
      if (table.referenceOf(at) !== object) throw new Error('another object');
    }
    expect(table.referenceOf(table.find(keyOf(5099, 4, spread(4999))))).toBeUndefined();
  });
});
