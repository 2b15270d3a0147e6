/** Answers that are given again, as the server does it: without the chain, by what the first query declared. */
import type { Query } from '../../src/plugins/query.ts';
import type { Hit } from '../../src/plugins/replay.ts';

export const HIT: Hit = { clientFamily: 4, requestSize: 40, duration: 0.01 };

/** Does what is declared to be done for each query that has this answer. */
export function redo({ replaying }: Query, hit: Hit = HIT): void {
  for (const [i, effect] of replaying.effects.entries()) effect.again(hit, replaying.amounts[i] ?? 0);
}
