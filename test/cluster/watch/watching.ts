/** A store that watches an API server of the tests, with times short enough for them. */
import { onTestFinished } from 'vitest';
import { bounds, type Bounds } from '../../../src/bounds.ts';
import type { Resource } from '../../../src/cluster/cluster.ts';
import { FactCounters } from '../../../src/cluster/facts.ts';
import { NO_EVENTS, type RelistCause } from '../../../src/cluster/watch/events.ts';
import { NOBODY } from '../../../src/cluster/facts.ts';
import { type SnapshotOptions, WatchStore } from '../../../src/cluster/watch/watch.ts';
import { parseSelector } from '../../../src/cluster/selector.ts';
import { ClusterState } from '../../../src/cluster/state.ts';
import type { ApiServer } from '../../apiserver/server.ts';

export const RESOURCES: readonly Resource[] = ['namespaces', 'services', 'endpointslices'];

export interface Watching {
  readonly store: WatchStore;
  readonly state: ClusterState;
  /** Lines of the log. */
  readonly lines: string[];
  /** What was listed, and why. */
  readonly lists: { readonly resource: Resource; readonly cause: RelistCause }[];
  /** Latencies of changes of endpoints, in seconds. */
  readonly programmed: { readonly kind: string; readonly seconds: number }[];
  /** Resolves when all that is watched has been listed. */
  readonly inStep: Promise<void>;
  release(): void;
  /** Resolves as soon as this is so; rejects after some seconds. */
  until(condition: () => boolean, what: string): Promise<void>;
}

export interface WatchingOptions {
  readonly resources?: readonly Resource[];
  readonly labels?: string;
  readonly limits?: Partial<Bounds>;
  readonly snapshot?: SnapshotOptions;
  readonly now?: () => number;
}

/** Failures are followed by tries within milliseconds. */
const EAGER: Partial<Bounds> = { watchBackoff: 2, watchBackoffMost: 20 };

/** For tests of silence: a quarter of a second of it is a failure. To all others a busy machine would look like one. */
export const IMPATIENT: Partial<Bounds> = {
  watchSilence: 250,
  watchListSilence: 250,
  apiConnect: 250,
  apiResponse: 250,
};
const DEADLINE = 10_000;

export async function watching(server: Pick<ApiServer, 'url'>, options: WatchingOptions = {}): Promise<Watching> {
  const { resources = RESOURCES, labels, limits = {}, snapshot, now = Date.now } = options;
  const state = new ClusterState(new FactCounters(), now);
  const lines: string[] = [];
  const lists: { resource: Resource; cause: RelistCause }[] = [];
  const programmed: { kind: string; seconds: number }[] = [];
  const selector = labels === undefined ? undefined : parseSelector(labels);
  const store = await WatchStore.open({
    state,
    source: { kind: 'endpoint', url: server.url, tls: undefined },
    limits: { qps: 10_000, burst: 10_000, maxInflight: undefined },
    labels: selector?.outcome === 'selector' ? selector.selector : undefined,
    now,
    events: {
      ...NO_EVENTS,
      log: (severity, line) => lines.push(`${severity} ${line}`),
      listed: (resource, cause) => lists.push({ resource, cause }),
      programmed: (kind, seconds) => programmed.push({ kind, seconds }),
    },
    bounds: { ...bounds, ...EAGER, ...limits },
  });
  onTestFinished(() => store.close());
  const need = store.need({ resources, snapshot });
  const until = async (condition: () => boolean, what: string): Promise<void> => {
    const end = performance.now() + DEADLINE;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`not within ${DEADLINE} ms: ${what}\n${lines.join('\n')}`);
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const inStep = until(() => state.standing(NOBODY, resources) === 'in-step', 'in step');
  inStep.catch(() => undefined);
  return { store, state, lines, lists, programmed, inStep, release: () => need.release(), until };
}

/** The names of Services that are held. */
export function servicesOf(state: ClusterState): readonly string[] {
  return [...state.services()].map(({ namespace, name }) => `${namespace}/${name}`).toSorted();
}
