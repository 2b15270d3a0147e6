/**
 * `cache`: keeps what upstreams answered and gives it again until its time to live is over. Answers that this server makes
 * itself (of the cluster, of files, of templates) are never kept: they cost no more to make than to look up, and they are
 * right at any moment.
 *
 *     query ──► key ──none──────────────────────────────────────► next
 *                │
 *               entry ──none───────────────► next ──► Keeper ──► client
 *                │  └──past its end─► serve_stale: at once, or after asking (RFC 8767)
 *                └──live──► client          └──────┴─► Refresher
 *
 * RFC 2308 (negative answers), RFC 2181 §5.2 (TTLs), RFC 8767 (old answers), RFC 9520 (failures).
 */
import { bounds } from '../../bounds.ts';
import { type Answer, type Outcome } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { zoneOf } from '../zone-arguments.ts';
import { CacheMetrics, type ServerCounters } from './cache-metrics.ts';
import type { Entry } from './entry.ts';
import { Keeper } from './keeper.ts';
import { cacheKey } from './key.ts';
import { type CacheOptions, type StaleOptions, readCacheOptions } from './options.ts';
import { Refresher } from './refresh.ts';
import { CacheStore } from './store.ts';

export const cache: PluginDirective = {
  kind: 'plugin',
  name: 'cache',
  configure(uses, context) {
    const options = readCacheOptions(onlyUse(uses, context.problems), context);
    return { create: (host) => open(options, host) };
  },
};

function open(options: CacheOptions, host: Host): { readonly plugin: Plugin; close: () => void } {
  const { block } = host;
  const metrics = new CacheMetrics(host, options.zonesLabel);
  const { success, denial } = options.kinds;
  const limits = {
    capacity: { success: success.capacity, denial: denial.capacity },
    octets: bounds.cacheOctets,
  };
  const store = host.shared(
    CacheStore,
    `cache ${block.fingerprintFrom('cache')}`,
    () => new CacheStore(limits, (kind) => metrics.evictions[kind].add()),
  );
  return { plugin: new Cache(options, store, metrics, host), close: metrics.watch(store, block.servers) };
}

/** Milliseconds by which an old answer is given before the time for the query is over. */
const BEFORE_DEADLINE = 20;

class Cache implements Plugin {
  readonly name = 'cache';
  /** Of what upstreams have just said, of old answers and of failures this is taken back. */
  readonly replayable = true;
  readonly #options: CacheOptions;
  readonly #keeper: Keeper;
  readonly #refresher: Refresher;
  readonly #metrics: CacheMetrics;
  readonly #clock: Host['clock'];
  /** No name is outside of its zones. */
  readonly #everywhere: boolean;

  constructor(options: CacheOptions, store: CacheStore, metrics: CacheMetrics, host: Host) {
    this.#options = options;
    this.#metrics = metrics;
    this.#clock = host.clock;
    this.#everywhere = options.zones.some(({ labelCount }) => labelCount === 0);
    this.#keeper = new Keeper(options, store, host);
    this.#refresher = new Refresher(this.#keeper, host.clock, host.logger('cache'));
  }

  answer(query: Query, next: Next): Outcome {
    if (!this.#everywhere && zoneOf(this.#options.zones, query.name) === undefined) return next.answer(query);
    const counters = this.#metrics.of(query.server);
    counters.requests.add();
    const key = cacheKey(query);
    if (key === undefined) return this.#miss(key, query, next, counters);
    const now = this.#clock.monotonic();
    const entry = this.#keeper.find(key, now, query);
    if (entry === undefined) return this.#miss(key, query, next, counters);
    entry.noteFacts(query);
    if (now >= entry.expires) {
      query.replaying.forbid();
      return this.#answerExpired(key, entry, query, next, counters);
    }
    counters.hits[entry.kind].add();
    this.#declareHit(entry, query, counters, now);
    this.#prefetch(key, entry, query, next, counters, now);
    return entry.answerAt(now);
  }

  /**
   * Nearly all names of a cluster are missed, since only what upstreams say is kept: such a miss may be counted again. What an
   * upstream has just said is given again from its entry alone.
   *
   * @param key undefined where there can be no entry
   */
  #miss(key: string | undefined, query: Query, next: Next, counters: ServerCounters): Outcome {
    counters.misses.add();
    const outcome = key === undefined ? next.answer(query) : this.#ask(key, query, next, counters);
    const { replaying } = query;
    if (outcome instanceof Promise || (outcome.kind !== 'silence' && outcome.fromUpstream)) replaying.forbid();
    else replaying.each(counters.replay.miss);
    return outcome;
  }

  #ask(key: string, query: Query, next: Next, counters: ServerCounters): Outcome {
    const outcome = next.answer(query);
    if (!(outcome instanceof Promise)) return this.#keeper.keep(key, query, outcome, counters);
    return outcome.then((answer) => this.#keeper.keep(key, query, answer, counters));
  }

  /** A failure ends before anybody could ask for it often. An entry that two look-ups of one query met has two hits. */
  #declareHit(entry: Entry, { replaying }: Query, counters: ServerCounters, now: number): void {
    if (entry.failed || replaying.kept === entry.kept) replaying.forbid();
    replaying.restsOn(entry.kept, entry.ageAt(now));
    replaying.each(counters.replay[entry.kind]);
  }

  /** Refreshes an entry that is asked for often and will end soon. */
  #prefetch(key: string, entry: Entry, query: Query, next: Next, counters: ServerCounters, now: number): void {
    const isDue = entry.isDue(now);
    entry.countHit(now);
    if (isDue && this.#refresher.start(key, entry, query, next, counters)) counters.prefetches.add();
  }

  /** An entry past its end, which is only found where `serve_stale` is set. */
  #answerExpired(key: string, entry: Entry, query: Query, next: Next, counters: ServerCounters): Outcome {
    const { stale } = this.#options;
    if (stale === undefined) return this.#ask(key, query, next, counters);
    if (stale.verify === undefined) {
      this.#refresher.start(key, entry, query, next, counters);
      return serveStale(entry, stale, counters);
    }
    if (this.#clock.monotonic() < entry.retryAt) return serveStale(entry, stale, counters);
    const judge = (answer: Answer): Answer | undefined => {
      const given = this.#keeper.keep(key, query, answer, counters);
      if (!this.#keeper.replaces(query, answer, entry)) return undefined;
      this.#keeper.forget(key, entry);
      return given;
    };
    const conclude = (newer: Answer | undefined): Answer => {
      if (newer === undefined) {
        this.#keeper.postpone(entry);
        return serveStale(entry, stale, counters);
      }
      counters.misses.add();
      return newer;
    };
    const outcome = next.answer(query);
    if (!(outcome instanceof Promise)) return conclude(judge(outcome));
    const left = query.account.deadline - this.#clock.monotonic() - BEFORE_DEADLINE;
    return within(Math.min(stale.verify, left), outcome.then(judge)).then(conclude);
  }
}

function serveStale(entry: Entry, { ttl }: StaleOptions, counters: ServerCounters): Answer {
  counters.hits[entry.kind].add();
  counters.stale.add();
  return entry.staleAnswer(ttl);
}

/** What is there after so many milliseconds, possibly infinite; undefined where nothing is. What comes later is kept all the same. */
function within<T>(milliseconds: number, answer: Promise<T>): Promise<T | undefined> {
  if (milliseconds === Infinity) return answer;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), Math.max(milliseconds, 0));
    void answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
