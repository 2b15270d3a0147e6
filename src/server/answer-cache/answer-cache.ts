/**
 * The answer cache: gives the octets of an answer again to whoever asks the same, without a look at names and records. Only the
 * pipeline makes answers; what is here was made by it, and is given for as long as nothing that it rested on has changed.
 *
 *     request ──► QuestionKey ──none──────────────────────────────────────────────► pipeline
 *                     │                                                                 │
 *                 AnswerTable ──none, or a fact has changed, or cache is to be asked──► │
 *                     │                                                                 │
 *                 AnswerRecords.give ──► reply                          kept at the second sight, if all
 *                                                                       that the query passed allows it
 *
 * Requests that have arrived together are all read first, and then all that their answers are made of is fetched:
 *
 *     key, key, … ──► head, head, … ──► record, record, … ──► then `give`, one after another
 *
 * A head stands anywhere in memory and says where the record stands, so that each question by itself would wait for memory twice;
 * together they wait twice for all of them. What was fetched is only nearer: `give` looks at everything again.
 *
 * One cache for all listeners of a process, so that there is one bound; each listener of each generation has a number of its own
 * in the keys, so that nothing of one is ever given by another.
 */
import { bounds } from '../../bounds.ts';
import type { FactCounters } from '../../cluster/facts.ts';
import type { Marks } from '../../dns/marks.ts';
import type { Reply } from '../../plugins/answer.ts';
import type { Clock } from '../../plugins/plugin.ts';
import type { Query } from '../../plugins/query.ts';
import type { Hit, Kept } from '../../plugins/replay.ts';
import { type Exchange, type Lookahead, NO_REPLY, UNREAD } from '../../transport/transport.ts';
import type { Metrics, Series } from '../../telemetry/metrics.ts';
import { AnswerTable, NONE } from './answer-table.ts';
import { QuestionKey } from './question-key.ts';
import { AnswerRecords } from './records.ts';
import { SecondSight } from './second-sight.ts';

export interface AnswerCacheParts {
  /** Octets of all answers with their keys. */
  readonly octets: number;
  readonly facts: FactCounters;
  readonly clock: Clock;
}

/** The one of a process, with the size that the table of bounds has for it. */
export function openAnswerCache(facts: FactCounters, clock: Clock, metrics: Metrics): AnswerCache {
  const answers = new AnswerCache({ octets: bounds.answerCache, facts, clock });
  const { table } = answers;
  metrics.collect('nodens_answer_cache_entries', 'Answers that can be given again.', [], (set) => set(table.size));
  metrics.collect('nodens_answer_cache_octets', 'Octets that they take.', [], (set) => set(table.used));
  return answers;
}

export class AnswerCache {
  readonly table: AnswerTable<Kept>;
  readonly records: AnswerRecords;
  readonly secondSight = new SecondSight();
  readonly clock: Clock;
  #listeners = 0;

  constructor({ octets, facts, clock }: AnswerCacheParts) {
    this.table = new AnswerTable(octets);
    this.records = new AnswerRecords(this.table, facts);
    this.clock = clock;
  }

  /** What one listener of one generation gives again. @param server what metrics call its address */
  forListener(metrics: Metrics, server: string): ListenerAnswers {
    return new ListenerAnswers(this, ++this.#listeners, metrics, server);
  }

  /** Forgets everything: a generation has taken the place of another, and nobody asks for what that one made. */
  clear(): void {
    this.table.clear();
    this.records.clear();
  }
}

/** The query that is answered now. */
class CurrentHit implements Hit {
  clientFamily: Hit['clientFamily'] = 4;
  requestSize = 0;
  duration = 0;
}

const HITS = 'nodens_answer_cache_hits_total';
const MISSES = 'nodens_answer_cache_misses_total';

export class ListenerAnswers implements Lookahead {
  readonly #cache: AnswerCache;
  readonly #listener: number;
  /** Of a request that was not read before. */
  readonly #unread = new QuestionKey();
  /** Of the requests of a batch, by their places in it. */
  readonly #batch: QuestionKey[] = [];
  /** Of the request that was asked for last. */
  #key = this.#unread;
  /** It had a record, which no longer held. */
  #wasKept = false;
  readonly #hit = new CurrentHit();
  readonly #hits: Series;
  readonly #misses: Series;

  /** @param server what metrics call the address */
  constructor(cache: AnswerCache, listener: number, metrics: Metrics, server: string) {
    this.#cache = cache;
    this.#listener = listener;
    this.#hits = metrics.counter(HITS, 'Replies of the answer cache.', ['server']).with(server);
    this.#misses = metrics
      .counter(MISSES, 'Questions that might have been in the answer cache.', ['server'])
      .with(server);
  }

  read(exchange: Exchange): void {
    const key = (this.#batch[exchange.place] ??= new QuestionKey());
    key.read(exchange, this.#listener);
  }

  fetch(count: number): void {
    this.#cache.table.fetch(this.#batch, count);
  }

  /** Octets of the reply that was written; `NO_REPLY` where the pipeline must be asked. */
  give(exchange: Exchange): number {
    const { table, records, clock } = this.#cache;
    const start = records.isTimed ? clock.monotonic() : 0;
    this.#wasKept = false;
    const key = this.#keyOf(exchange);
    this.#key = key;
    if (!key.isThere) return NO_REPLY;
    const at = table.find(key);
    if (at === NONE) return this.#missed(NONE);
    if (!records.holds(at)) return this.#missed(at);
    let age = 0;
    const kept = records.keptOf(at);
    if (kept !== undefined) {
      const now = clock.monotonic();
      if (!kept.mayReplay(now)) return this.#missed(at);
      age = Math.floor((now - kept.stored) / 1000);
      kept.replayed(now);
    }
    const { reply, octets, start: from } = exchange;
    reply[0] = octets[from] ?? 0;
    reply[1] = octets[from + 1] ?? 0;
    const length = records.give(at, key, age, reply);
    table.touch(at);
    this.#hits.add();
    this.#redo(at, exchange, start);
    exchange.settled = true;
    return length;
  }

  #keyOf(exchange: Exchange): QuestionKey {
    const key = exchange.place === UNREAD ? undefined : this.#batch[exchange.place];
    if (key !== undefined) return key;
    this.#unread.read(exchange, this.#listener);
    return this.#unread;
  }

  /** @param outdated the record that may not be given any more */
  #missed(outdated: number): number {
    this.#wasKept = outdated !== NONE;
    if (this.#wasKept) this.#cache.table.remove(outdated);
    this.#misses.add();
    return NO_REPLY;
  }

  #redo(at: number, exchange: Exchange, start: number): void {
    const hit = this.#hit;
    hit.clientFamily = exchange.clientFamily;
    hit.requestSize = exchange.end - exchange.start;
    const { records, clock } = this.#cache;
    hit.duration = records.isTimed ? clock.monotonic() - start : 0;
    records.redo(at, hit);
  }

  /**
   * Keeps what the pipeline has written for the request that `give` was last asked for, in the same tick.
   *
   * @param message of which the first `length` octets are the reply
   */
  keep({ account }: Query, answer: Reply, message: Uint8Array, length: number, marks: Marks): void {
    if (!this.#key.isThere || !account.replaying.allowed) return;
    if (answer.recursionDesired !== undefined || account.replyOptions.length > 0) return;
    const { records, secondSight } = this.#cache;
    if (!this.#wasKept && !secondSight.seen(this.#key.hash)) return;
    records.write(this.#key, { answer, account, message, length, marks });
  }
}
