/**
 * Asks upstreams for a newer answer that no client waits for. In: an entry and the query that met it. Out: the answer, kept
 * as any other; an entry past its end that the answer contradicts is taken away even where the answer cannot be kept.
 *
 * One refresh for each entry, and a bounded number over all.
 */
import { bounds } from '../../bounds.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Answer } from '../answer.ts';
import type { Clock, Next } from '../plugin.ts';
import type { Query } from '../query.ts';
import type { ServerCounters } from './cache-metrics.ts';
import type { Entry } from './entry.ts';
import type { Keeper } from './keeper.ts';

export class Refresher {
  readonly #keeper: Keeper;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #underWay = 0;

  constructor(keeper: Keeper, clock: Clock, logger: Logger) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** True where a refresh was begun; false where one is under way, must not be tried yet, or would be one too many. */
  start(key: string, entry: Entry, query: Query, next: Next, counters: ServerCounters): boolean {
    if (entry.refreshing || this.#clock.monotonic() < entry.retryAt) return false;
    if (this.#underWay >= bounds.cacheRefreshes) {
      counters.refreshesLeftOut.add();
      return false;
    }
    entry.refreshing = true;
    this.#underWay++;
    void this.#refresh(key, entry, query.background(), next, counters);
    return true;
  }

  /** Never rejects: nobody waits for it. */
  async #refresh(key: string, entry: Entry, query: Query, next: Next, counters: ServerCounters): Promise<void> {
    try {
      const outcome = next.answer(query);
      this.#done(key, entry, query, outcome instanceof Promise ? await outcome : outcome, counters);
    } catch (error) {
      this.#keeper.postpone(entry);
      this.#logger.error(`refreshing ${query.name.toString()} failed: ${String(error)}`);
    } finally {
      entry.refreshing = false;
      this.#underWay--;
    }
  }

  #done(key: string, entry: Entry, query: Query, answer: Answer, counters: ServerCounters): void {
    this.#keeper.keep(key, query, answer, counters);
    // If the entry is still there, the answer could not take its place, and the next one may not either.
    this.#keeper.postpone(entry);
    if (!this.#keeper.replaces(query, answer, entry)) return;
    if (this.#clock.monotonic() >= entry.expires) this.#keeper.forget(key, entry);
  }
}
