import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { UnsentReplies } from '../../../src/transport/udp-batch/unsent-replies.ts';

it('unsent replies come out in their order and give their room back', () => {
  const step = fc.record({ add: fc.nat(20), remove: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const unsent = new UnsentReplies();
      const model: number[] = [];
      let next = 0;
      for (const { add, remove } of steps) {
        for (let i = 0; i < add; i++) {
          unsent.add({ message: Buffer.from(String(next)), ends: Buffer.alloc(0) });
          model.push(next++);
        }
        const count = Math.min(remove, model.length);
        unsent.remove(count);
        model.splice(0, count);
        expect(unsent.size).toBe(model.length);
        expect(model.map((_, i) => String(unsent.at(i)?.message))).toEqual(model.map(String));
        expect(unsent.at(model.length)).toBeUndefined();
      }
      unsent.remove(model.length);
      expect(unsent.hasRoom(1_000, 2_000)).toBe(true);
      expect(unsent.hasRoom(0, 0)).toBe(false);
    }),
  );
});
