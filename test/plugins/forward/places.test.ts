/** Who gives way where there is no room for another query: against a plain list. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { BoundsReached } from '../../../src/plugins/forward/limits.ts';
import { type Place, Places, type Share, type Tenant } from '../../../src/plugins/forward/places.ts';
import { makeHost } from '../support.ts';

class Waiting implements Tenant {
  readonly share: Share;
  readonly started: number;
  place: Place | undefined;
  ousted = false;

  constructor(share: Share, started: number) {
    this.share = share;
    this.started = started;
  }

  oust(): void {
    this.ousted = true;
    this.share.leave(this);
  }
}

function makePlaces(): Places {
  const host = makeHost();
  return new Places(new BoundsReached(host.metrics, host.logger('forward'), host.clock));
}

it('the oldest goes first, whoever else has left', () => {
  const leavings = fc.array(fc.nat(bounds.upstreamQueries - 1), { maxLength: 200 });
  fc.assert(
    fc.property(leavings, fc.integer({ min: 1, max: 50 }), (leaving, newcomers) => {
      const share = makePlaces().share();
      let now = 0;
      const enter = (): Waiting => {
        const one = new Waiting(share, now++);
        share.enter(one);
        return one;
      };
      const all = Array.from({ length: bounds.upstreamQueries }, enter);
      for (const i of new Set(leaving)) all[i]?.share.leave(all[i]);
      const staying = all.filter(({ place }) => place !== undefined);
      for (let i = staying.length; i < bounds.upstreamQueries; i++) {
        expect(share.makeRoom(now)).toBeUndefined();
        staying.push(enter());
      }
      for (let i = 0; i < newcomers; i++) {
        expect(share.makeRoom(now)).toBeUndefined();
        enter();
      }
      expect(staying.map(({ ousted }) => ousted)).toEqual(staying.map((_, i) => i < newcomers));
    }),
    { numRuns: 20 },
  );
});

it('two lines that have half each: the oldest of the line goes, and of the other none', () => {
  const places = makePlaces();
  const [one, other] = [places.share(), places.share()];
  const fill = (share: Share, started: number): readonly Waiting[] =>
    Array.from({ length: bounds.upstreamQueriesPerLine }, () => {
      const waiting = new Waiting(share, started);
      share.enter(waiting);
      return waiting;
    });
  const older = fill(one, 0);
  const younger = fill(other, 500);
  expect(other.makeRoom(1_000)).toBeUndefined();
  expect(younger[0]?.ousted).toBe(true);
  expect(older.some(({ ousted }) => ousted)).toBe(false);
  expect(one.makeRoom(50)).toMatchObject({ kind: 'failure' });
});
