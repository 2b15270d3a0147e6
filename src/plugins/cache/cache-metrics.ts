/**
 * What the cache counts, under the names and labels that CoreDNS has for it, and the octets that it holds. Counters are
 * made when the cache is, for each address of the block, so that a query only adds to them.
 */
import type { Series } from '../../telemetry/metrics.ts';
import { CountedAgain } from '../counted-again.ts';
import type { Host } from '../plugin.ts';
import type { Effect } from '../replay.ts';
import type { EntryKind } from './options.ts';
import type { CacheStore } from './store.ts';

/** The counters of queries that came to one address. */
export interface ServerCounters {
  readonly requests: Series;
  readonly misses: Series;
  readonly hits: Readonly<Record<EntryKind, Series>>;
  readonly prefetches: Series;
  readonly stale: Series;
  /** Replies that speak of another question. */
  readonly drops: Series;
  /** Refreshes that were not begun because too many were under way. */
  readonly refreshesLeftOut: Series;
  /** A request that is a miss or a hit, for an answer that is given again. */
  readonly replay: Readonly<Record<EntryKind | 'miss', Effect>>;
}

const KINDS: readonly EntryKind[] = ['success', 'denial'];
const LABELS = ['server', 'zones', 'view'];
const LABELS_AND_TYPE = [...LABELS, 'type'];

export class CacheMetrics {
  readonly #metrics: Host['metrics'];
  readonly #zones: string;
  readonly #view: string;
  readonly #byServer = new Map<string, ServerCounters>();
  /** Of the store, which belongs to all addresses of the block: they are counted at the first. */
  readonly evictions: Readonly<Record<EntryKind, Series>>;

  /** @param zones of the cache, joined with commas */
  constructor({ metrics, block }: Host, zones: string) {
    this.#metrics = metrics;
    this.#zones = zones;
    this.#view = block.view;
    for (const server of block.servers) this.of(server);
    const [first = ''] = block.servers;
    this.evictions = this.#ofKinds('coredns_cache_evictions_total', 'The count of cache evictions.', first);
  }

  of(server: string): ServerCounters {
    const known = this.#byServer.get(server);
    if (known !== undefined) return known;
    const made = this.#make(server);
    this.#byServer.set(server, made);
    return made;
  }

  #make(server: string): ServerCounters {
    const series = (name: string, help: string): Series =>
      this.#metrics.counter(name, help, LABELS).with(server, this.#zones, this.#view);
    const requests = series('coredns_cache_requests_total', 'The count of cache requests.');
    const misses = series('coredns_cache_misses_total', 'The count of cache misses.');
    const hits = this.#ofKinds('coredns_cache_hits_total', 'The count of cache hits.', server);
    return {
      requests,
      misses,
      hits,
      replay: {
        miss: new CountedAgain(requests, misses),
        success: new CountedAgain(requests, hits.success),
        denial: new CountedAgain(requests, hits.denial),
      },
      prefetches: series(
        'coredns_cache_prefetch_total',
        'The number of times a kept answer was fetched before its end.',
      ),
      stale: series('coredns_cache_served_stale_total', 'The number of queries answered with answers past their time.'),
      drops: series('coredns_cache_drops_total', 'Replies that were not kept because they answer another question.'),
      refreshesLeftOut: series(
        'nodens_cache_refreshes_left_out_total',
        'Refreshes that were not begun because too many were under way.',
      ),
    };
  }

  #ofKinds(name: string, help: string, server: string): Readonly<Record<EntryKind, Series>> {
    const family = this.#metrics.counter(name, help, LABELS_AND_TYPE);
    return {
      success: family.with(server, this.#zones, this.#view, 'success'),
      denial: family.with(server, this.#zones, this.#view, 'denial'),
    };
  }

  /** Gauges of what the store holds; the result ends them. */
  watch(store: CacheStore, servers: readonly string[]): () => void {
    const gauge = (name: string, help: string, value: (kind: EntryKind) => number): (() => void) =>
      this.#metrics.collect(name, help, LABELS_AND_TYPE, (set) => {
        for (const server of servers) for (const kind of KINDS) set(value(kind), server, this.#zones, this.#view, kind);
      });
    const ends = [
      gauge('coredns_cache_entries', 'The number of elements in the cache.', (kind) => store.entries(kind)),
      gauge('nodens_cache_octets', 'About how much memory the cache holds.', (kind) => store.octets(kind)),
    ];
    return () => ends.forEach((end) => end());
  }
}
