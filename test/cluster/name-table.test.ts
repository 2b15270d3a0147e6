/** NameTable: what a Map would answer, whatever was set and deleted before. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameTable } from '../../src/cluster/name-table.ts';

const names = Array.from({ length: 40 }, (_, i) => ({ namespace: `ns-${i % 3}`, name: `name-${i}` }));

describe('NameTable', () => {
  it('answers as a Map does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ named: fc.constantFrom(...names), set: fc.boolean() }), { maxLength: 400 }),
        (steps) => {
          const table = new NameTable<{ namespace: string; name: string; value: number }>();
          const map = new Map<string, number>();
          for (const [value, { named, set }] of steps.entries()) {
            if (set) {
              table.set({ ...named, value });
              map.set(named.name, value);
            } else {
              table.delete(named.namespace, named.name);
              map.delete(named.name);
            }
            expect(table.size).toBe(map.size);
          }
          for (const { namespace, name } of names) expect(table.get(namespace, name)?.value).toBe(map.get(name));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('holds ten thousand names, and none after they are deleted', () => {
    const table = new NameTable();
    const many = Array.from({ length: 10_000 }, (_, i) => ({ namespace: 'default', name: `svc-${i}` }));
    for (const object of many) table.set(object);
    expect(many.every((object) => table.get('default', object.name) === object)).toBe(true);
    expect(table.get('default', 'svc-10000')).toBeUndefined();
    for (const { namespace, name } of many) table.delete(namespace, name);
    expect(table.size).toBe(0);
    expect(many.some(({ name }) => table.get('default', name) !== undefined)).toBe(false);
  });

  it('tells names apart that are the same text when joined', () => {
    const table = new NameTable();
    const [one, other] = [
      { namespace: 'ab', name: 'c' },
      { namespace: 'a', name: 'bc' },
    ];
    table.set(one);
    expect(table.get('a', 'bc')).toBeUndefined();
    table.set(other);
    expect([table.get('ab', 'c'), table.get('a', 'bc'), table.get('', 'abc')]).toEqual([one, other, undefined]);
  });
});
