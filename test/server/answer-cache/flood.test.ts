/** Names that never come again, and the answers that are asked for all the time. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { requestOf } from './requests.ts';
import { Serving, answered } from './serving.ts';

const WORKING_SET = 2000;
const ROUNDS = 20;
/** 200,000 in all. */
const FLOOD = 10_000;
const WARM = 3;

function requests(count: number, label: (i: number) => string): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) =>
    requestOf({ name: `${label(i)}.svc.cluster.local`, edns: { size: 1232 } }),
  );
}

/** The share of hits among the working set, each of which is asked once in each round, with the flood between them. */
function run(serving: Serving, timesEach: number): number {
  const working = requests(WORKING_SET, (i) => `service-${i}.default`);
  const perQuestion = FLOOD / WORKING_SET;
  let hits = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const flood = requests(FLOOD, (i) => `r${round}-${i}`);
    for (const [i, request] of working.entries()) {
      if (serving.isGivenAgain(request) && round >= WARM) hits++;
      for (const never of flood.slice(i * perQuestion, (i + 1) * perQuestion)) {
        for (let time = 0; time < timesEach; time++) serving.isGivenAgain(never);
      }
    }
    expect(serving.answers.table.used).toBeLessThanOrEqual(serving.answers.table.octets.length);
  }
  return hits / (WORKING_SET * (ROUNDS - WARM));
}

describe('a flood of names that never come again', () => {
  it('takes nobody’s place, and the bound in octets holds', () => {
    const serving = new Serving((query) => answered(query), { octets: bounds.answerCache });
    expect(run(serving, 1)).toBeGreaterThanOrEqual(0.95);
    expect(serving.answers.table.octets.length).toBeLessThanOrEqual(bounds.answerCache);
    // At the first sight nothing is kept.
    expect(serving.answers.table.size).toBeLessThan(WORKING_SET * 1.05);
  }, 60_000);

  it('takes no place of those who are asked for even where each comes twice and is let in', () => {
    // Room for a tenth of the flood.
    const serving = new Serving((query) => answered(query), { octets: 4_194_304 });
    expect(run(serving, 2)).toBeGreaterThanOrEqual(0.95);
    expect(serving.answers.table.size).toBeGreaterThan(WORKING_SET * 3);
  }, 60_000);
});
