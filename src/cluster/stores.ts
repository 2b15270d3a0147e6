/**
 * The stores of the process, each with the state that it feeds. A store is known by its source, so that two `kubernetes`
 * directives with the same source share one, and one that a reload still asks for goes on as it is.
 */
import { type FixtureReport, type FixtureStore, type FixtureSummary, openFixtureStore } from './fixture/fixture.ts';
import type { FactCounters } from './facts.ts';
import type { Selector } from './selector.ts';
import { ClusterState } from './state.ts';

/** Where a cluster is described: YAML or JSON manifests. `labels` selects objects; undefined for all. */
export interface FixtureSource {
  readonly kind: 'fixture';
  readonly paths: readonly string[];
  readonly labels: Selector | undefined;
}

export type ClusterSource = FixtureSource;

/** A share in a store: `state` is kept up to date until the last share of its source is released. */
export interface StoreLease {
  readonly state: ClusterState;
  release(): void;
}

/** Where a directive gets its share in a store. */
export interface ClusterSources {
  /** Resolves when the state has been filled for the first time; rejects where the source cannot be served at all. */
  acquire(source: ClusterSource): Promise<StoreLease>;
}

interface Entry {
  readonly state: ClusterState;
  readonly opening: Promise<FixtureStore>;
  /** Once it is open. */
  store: FixtureStore | undefined;
  leases: number;
}

/** The stores of one process. */
export class ClusterStores implements ClusterSources {
  readonly #entries = new Map<string, Entry>();
  readonly #facts: FactCounters;
  readonly #now: () => number;
  readonly #report: (report: FixtureReport) => void;

  /** `now` gives milliseconds since the epoch; `report` gets what is wrong with the objects of a source. */
  constructor(facts: FactCounters, now: () => number, report: (report: FixtureReport) => void) {
    this.#facts = facts;
    this.#now = now;
    this.#report = report;
  }

  async acquire(source: ClusterSource): Promise<StoreLease> {
    const key = JSON.stringify(source);
    const entry = this.#entries.get(key) ?? this.#open(key, source);
    entry.leases++;
    const release = (): void => this.#release(key, entry);
    try {
      entry.store = await entry.opening;
    } catch (error) {
      release();
      throw error;
    }
    return { state: entry.state, release: once(release) };
  }

  /** How much each source that is open holds. */
  get summaries(): readonly FixtureSummary[] {
    return [...this.#entries.values()].flatMap(({ store }) => (store === undefined ? [] : [store.summary]));
  }

  #open(key: string, source: ClusterSource): Entry {
    const state = new ClusterState(this.#facts, this.#now);
    const { paths, labels } = source;
    const opening = openFixtureStore({
      paths,
      writer: state,
      report: this.#report,
      follow: true,
      ...(labels === undefined ? {} : { labels }),
    });
    const entry: Entry = { state, opening, store: undefined, leases: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #release(key: string, entry: Entry): void {
    entry.leases--;
    if (entry.leases > 0 || this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
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
