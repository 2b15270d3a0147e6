/** A short form of the proof: `proof.ts` goes a million walks. */
import { expect, it } from 'vitest';
import { prove } from './campaign.ts';

const WALKS = 20_000;
const TIME = 240_000;

it(
  'completion leaves no client worse off than its own walk, whatever the replicas and the upstream do meanwhile',
  async () => {
    const { worse, counts, walks, firstQuestions, queries, ownQueries } = await prove({
      seed: 20_261_121,
      walks: WALKS,
    });
    expect(worse).toEqual([]);
    expect(counts.worse).toBe(0);
    expect(walks).toBe(WALKS);
    // What is not its own is rare, and much is answered at once: else little would have been shown.
    expect(counts['as in one state']).toBeGreaterThan(WALKS * 0.95);
    expect(counts['one family']).toBeLessThan(WALKS / 1_000);
    expect(firstQuestions).toBeGreaterThan(WALKS / 50);
    expect(queries).toBeLessThan(ownQueries);
  },
  TIME,
);
