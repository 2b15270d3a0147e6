/** What outlives a reload is made once for its key, and closed when nobody holds it. */
import { describe, expect, it } from 'vitest';
import { SharedThings } from '../../src/server/shared-things.ts';

class Kept {
  closed = 0;
  close(): void {
    this.closed++;
  }
}

class Other extends Kept {
  readonly other = true;
}

describe('shared things', () => {
  it('are made once for each key, and closed by the last who lets go', () => {
    const things = new SharedThings();
    const first = things.hold(Kept, 'a', () => new Kept());
    const second = things.hold(Kept, 'a', () => new Kept());
    const third = things.hold(Kept, 'b', () => new Kept());
    expect(second.thing).toBe(first.thing);
    expect(third.thing).not.toBe(first.thing);
    first.release();
    first.release();
    expect(first.thing.closed).toBe(0);
    second.release();
    expect(first.thing.closed).toBe(1);
    expect(third.thing.closed).toBe(0);
    const again = things.hold(Kept, 'a', () => new Kept());
    expect(again.thing).not.toBe(first.thing);
  });

  it('of two classes are apart under the same key', () => {
    const things = new SharedThings();
    const one = things.hold(Kept, 'a', () => new Kept());
    const other = things.hold(Other, 'a', () => new Other());
    expect(other.thing).not.toBe(one.thing);
    expect(other.thing.other).toBe(true);
  });
});
