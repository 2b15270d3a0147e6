/**
 * The stores of the process, each with the state that it feeds. A store is known by its source, so that two `kubernetes`
 * directives with the same source share one, and one that a reload still asks for goes on as it is.
 *
 *     FixtureSource ─► fixture/   manifests              filled when `acquire` resolves
 *     ApiSource     ─► watch/     an API server          fills as it answers: `lease.known` tells when that is enough
 */
import type { Resource } from './cluster.ts';
import type { FixtureReport, FixtureStore, FixtureSummary } from './fixture/fixture.ts';
import type { FactCounters } from './facts.ts';
import type { Selector } from './selector.ts';
import { ClusterState } from './state.ts';
import type { ApiLimits, ApiSource } from './watch/api/api.ts';
import type { WatchEvents } from './watch/events.ts';
import { type SnapshotOptions, type WatchStatus, WatchStore } from './watch/watch.ts';

/** Where a cluster is described: YAML or JSON manifests. `labels` selects objects; undefined for all. */
export interface FixtureSource {
  readonly kind: 'fixture';
  readonly paths: readonly string[];
  readonly labels: Selector | undefined;
}

/** A cluster that is watched through its API server. */
export interface WatchSource {
  readonly kind: 'watch';
  readonly api: ApiSource;
  readonly limits: ApiLimits;
  readonly labels: Selector | undefined;
}

export type ClusterSource = FixtureSource | WatchSource;

/** What a share in a store is for. */
export interface Needs {
  /** What its answers can need; the rest is not watched on its behalf. */
  readonly resources: readonly Resource[];
  /** Where the state is kept for a warm start; the last share of a source that names a file decides. */
  readonly snapshot: SnapshotOptions | undefined;
}

/** A share in a store: `state` is kept up to date until the last share of its source is released. */
export interface StoreLease {
  readonly state: ClusterState;
  /** Resolves as soon as none of the resources that were asked for is unknown. Never rejects. */
  readonly known: Promise<void>;
  /** Writes what is kept for a warm start, if it has changed. Never rejects. */
  flush(): Promise<void>;
  release(): void;
}

/** Where a directive gets its share in a store. */
export interface ClusterSources {
  /** Rejects where the source cannot be served at all: manifests that are missing, no service account. */
  acquire(source: ClusterSource, needs: Needs): Promise<StoreLease>;
}

/** A store of either kind. */
interface Store {
  /** Begins what a share needs, and gives how to end it. */
  need(needs: Needs): { readonly known: Promise<void>; release(): void };
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly state: ClusterState;
  readonly opening: Promise<Store>;
  fixture: FixtureStore | undefined;
  watch: WatchStore | undefined;
  leases: number;
  /** How many of them name a snapshot. */
  keepers: number;
}

/** What the process tells its stores, and is told by them. */
export interface StoreEnvironment {
  readonly facts: FactCounters;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What is wrong with manifests. */
  readonly report: (report: FixtureReport) => void;
  /** What happens between the program and API servers. */
  readonly events: WatchEvents;
  /** How requests to API servers name this program; `nodens` if left out. */
  readonly userAgent?: string;
}

/** The stores of one process. */
export class ClusterStores implements ClusterSources {
  readonly #entries = new Map<string, Entry>();
  /** The source of each snapshot file, by its path. */
  readonly #snapshots = new Map<string, string>();
  /** Sources that wait for a file which is that of another, by their keys. */
  readonly #wanting = new Map<string, SnapshotOptions>();
  readonly #environment: StoreEnvironment;

  constructor(environment: StoreEnvironment) {
    this.#environment = environment;
  }

  async acquire(source: ClusterSource, needs: Needs): Promise<StoreLease> {
    const key = JSON.stringify(source);
    const entry = this.#entries.get(key) ?? this.#open(key, source);
    entry.leases++;
    const release = (): void => this.#release(key, entry);
    let store: Store;
    try {
      store = await entry.opening;
    } catch (error) {
      release();
      throw error;
    }
    const need = store.need({ ...needs, snapshot: this.#ownSnapshot(key, needs.snapshot) });
    if (needs.snapshot !== undefined) entry.keepers++;
    return {
      state: entry.state,
      known: need.known,
      flush: () => store.flush(),
      release: once(() => {
        // The last share takes the whole store with it.
        if (entry.leases > 1) need.release();
        if (needs.snapshot !== undefined) this.#endKeeping(key, entry);
        release();
      }),
    };
  }

  /** How much the manifests of each source that is open hold. */
  get summaries(): readonly FixtureSummary[] {
    return [...this.#entries.values()].flatMap(({ fixture }) => (fixture === undefined ? [] : [fixture.summary]));
  }

  /** How each API server's store stands. */
  get watches(): readonly WatchStatus[] {
    return [...this.#entries.values()].flatMap(({ watch }) => (watch === undefined ? [] : [watch.status]));
  }

  /** A file has one source, or each would find there what it cannot use. */
  #ownSnapshot(key: string, snapshot: SnapshotOptions | undefined): SnapshotOptions | undefined {
    if (snapshot === undefined) return undefined;
    const { path } = snapshot;
    const owner = this.#snapshots.get(path);
    if (owner === undefined || owner === key || !this.#entries.has(owner)) {
      // What it had or wanted before, as before a reload, is not its any more.
      this.#passOn(key, path);
      this.#snapshots.set(path, key);
      return snapshot;
    }
    const line = `the snapshot ${path} is that of another source; where both stay, 'snapshot PATH' gives each its own`;
    this.#environment.events.log('warning', line);
    this.#wanting.set(key, snapshot);
    return undefined;
  }

  /**
   * A source is no longer served, or has another file, as after a reload that changed it: its files are for whoever waits for them.
   *
   * @param kept the path of the one that it keeps
   */
  #passOn(key: string, kept?: string): void {
    this.#wanting.delete(key);
    for (const [path, owner] of this.#snapshots) {
      if (owner !== key || path === kept) continue;
      this.#snapshots.delete(path);
      const next = [...this.#wanting].find(([, wanted]) => wanted.path === path);
      if (next === undefined) continue;
      const [heir, snapshot] = next;
      this.#wanting.delete(heir);
      this.#snapshots.set(path, heir);
      this.#entries.get(heir)?.watch?.keep(snapshot);
    }
  }

  #open(key: string, source: ClusterSource): Entry {
    const { facts, now } = this.#environment;
    const state = new ClusterState(facts, now);
    const opened = Promise.withResolvers<Store>();
    const entry: Entry = {
      state,
      opening: opened.promise,
      fixture: undefined,
      watch: undefined,
      leases: 0,
      keepers: 0,
    };
    this.#entries.set(key, entry);
    const store = source.kind === 'fixture' ? this.#openFixture(entry, source) : this.#openWatch(entry, source);
    store.then(opened.resolve, opened.reject);
    return entry;
  }

  async #openFixture(entry: Entry, { paths, labels }: FixtureSource): Promise<Store> {
    // What reads manifests is large, and a server in a cluster never needs it.
    const { openFixtureStore } = await import('./fixture/fixture.ts');
    const fixture = await openFixtureStore({
      paths,
      writer: entry.state,
      report: this.#environment.report,
      follow: true,
      ...(labels === undefined ? {} : { labels }),
    });
    entry.fixture = fixture;
    return {
      need: () => ({ known: Promise.resolve(), release: () => undefined }),
      flush: () => Promise.resolve(),
      close: () => fixture.close(),
    };
  }

  async #openWatch(entry: Entry, { api, limits, labels }: WatchSource): Promise<Store> {
    const { now, events, userAgent = 'nodens' } = this.#environment;
    const watch = await WatchStore.open({ state: entry.state, source: api, limits, labels, now, events, userAgent });
    entry.watch = watch;
    return watch;
  }

  /** Where no share names a snapshot any more, as after a reload without it, none is written. */
  #endKeeping(key: string, entry: Entry): void {
    entry.keepers--;
    if (entry.keepers > 0 || this.#entries.get(key) !== entry) return;
    entry.watch?.keep(undefined);
    this.#passOn(key);
  }

  #release(key: string, entry: Entry): void {
    entry.leases--;
    if (entry.leases > 0 || this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#passOn(key);
    entry.opening.then(
      (store) => store.close(),
      () => undefined,
    );
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
