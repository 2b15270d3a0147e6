/** The commonest of effects: one more of each of some counters, whoever is answered. */
import type { Series } from '../telemetry/metrics.ts';
import type { Effect } from './replay.ts';

export class CountedAgain implements Effect {
  readonly #counters: readonly Series[];

  constructor(...counters: readonly Series[]) {
    this.#counters = counters;
  }

  again(): void {
    for (const counter of this.#counters) counter.add();
  }
}
