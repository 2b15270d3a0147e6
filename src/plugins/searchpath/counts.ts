/** What became of the walks that `complete` went: counted for each server and end, by hits of the answer cache too. */
import type { CounterFamily, Metrics } from '../../telemetry/metrics.ts';
import { CountedAgain } from '../counted-again.ts';
import type { Query } from '../query.ts';

/** A candidate exists; none does; one failed. */
export type End = 'found' | 'missing' | 'failed';

export class CompletionCounts {
  readonly #family: CounterFamily;
  readonly #byServer = new Map<string, Readonly<Record<End, CountedAgain>>>();

  constructor(metrics: Metrics) {
    this.#family = metrics.counter(
      'nodens_searchpath_walks_total',
      'First questions of search paths that were followed to their end.',
      ['server', 'end'],
    );
  }

  count({ server, replaying }: Query, end: End): void {
    const counted = this.#of(server)[end];
    counted.again();
    replaying.each(counted);
  }

  #of(server: string): Readonly<Record<End, CountedAgain>> {
    let counted = this.#byServer.get(server);
    if (counted === undefined) {
      const of = (end: End): CountedAgain => new CountedAgain(this.#family.with(server, end));
      counted = { found: of('found'), missing: of('missing'), failed: of('failed') };
      this.#byServer.set(server, counted);
    }
    return counted;
  }
}
