/**
 * watch/: a store fed by an API server. What enters here speaks with the API server, or keeps what it said for the next
 * start; what its objects mean to DNS is for `reduce/` and the state.
 *
 *     api/ ─ octets ─► reflector.ts, one for each resource ─ objects ─► reduce/ ─► ClusterState
 *                       │  lines.ts, list-items.ts: an object at a time              │      ▲
 *                       └─ relist.ts: a list takes the state's place as a whole      ▼      │ at start
 *                                                                      snapshot/: a file that outlives the process
 *
 * The state of a resource is `unknown`, or `stale` where a snapshot was read, until its list is whole; from then on it is
 * `in-step`, also while the API server is away: what was known last is the best there is.
 */
import { createHash } from 'node:crypto';
import { type Bounds, bounds } from '../../bounds.ts';
import type { Resource, Standing } from '../cluster.ts';
import { NOBODY } from '../facts.ts';
import { isRecord } from '../reduce/reading.ts';
import type { EndpointSlice } from '../objects.ts';
import type { Selector } from '../selector.ts';
import type { ClusterState } from '../state.ts';
import type { Api, ApiLimits, ApiSource } from './api/api.ts';
import { connectApi } from './api/connect.ts';
import type { WatchEvents } from './events.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import {
  type Watched,
  emptied,
  endpointSlices,
  importedSlices,
  namespaces,
  pods,
  serviceImports,
  services,
} from './resources.ts';
import { Turns } from '../turns.ts';
import { type SnapshotOptions, WarmStart } from './warm-start.ts';

export type { SnapshotOptions } from './warm-start.ts';

export interface WatchStoreOptions {
  readonly state: ClusterState;
  readonly source: ApiSource;
  readonly limits: ApiLimits;
  /** Which Services, EndpointSlices and Pods are taken; undefined for all. */
  readonly labels: Selector | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly events: WatchEvents;
  /** How requests name this program. */
  readonly userAgent?: string;
  readonly bounds?: Bounds;
}

/** How a store stands to its API server. */
export interface WatchStatus {
  readonly host: string;
  readonly resources: readonly ResourceStatus[];
  /** When the state in the snapshot file was true, in milliseconds since the epoch; undefined where there is none. */
  readonly snapshotTakenAt: number | undefined;
}

export interface ResourceStatus {
  readonly resource: Resource;
  readonly standing: Standing;
  readonly objects: number;
  /** Milliseconds since the epoch when the API server last said something of it; undefined before. */
  readonly lastEvent: number | undefined;
}

/** What the store needs of a reflector, whatever its resource is. */
interface Running {
  readonly count: number;
  readonly lastEvent: number | undefined;
  restart(cause: 'other-cluster'): void;
  close(): Promise<void>;
}

/** The Namespace whose uid tells one cluster from another. */
const CLUSTER_NAMESPACE = 'kube-system';
/** When the change happened that an EndpointSlice comes from. */
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

export class WatchStore {
  readonly #options: WatchStoreOptions;
  readonly #api: Api;
  readonly #turns = new Turns();
  readonly #warmStart: WarmStart;
  readonly #opened: number;
  /** How many shares need each resource. */
  readonly #needed = new Map<Resource, number>();
  readonly #running = new Map<Resource, Running>();
  /** Starts and ends of reflectors, one after another. */
  #work: Promise<void> = Promise.resolve();
  #waiting: { readonly resources: readonly Resource[]; readonly resolve: () => void }[] = [];
  #toldInStep = false;
  #closed = false;

  /** @throws Error where it cannot be known where the API server is or who asks it */
  static async open(options: WatchStoreOptions): Promise<WatchStore> {
    const { source, limits, events, userAgent = 'nodens', bounds: table = bounds } = options;
    const report = (line: string): void => events.log('warning', line);
    return new WatchStore(options, await connectApi(source, limits, events, report, { limits: table, userAgent }));
  }

  private constructor(options: WatchStoreOptions, api: Api) {
    this.#options = options;
    this.#api = api;
    this.#opened = performance.now();
    const { state, now, events, labels } = options;
    this.#warmStart = new WarmStart({
      state,
      scope: createHash('sha256')
        .update(labels?.text ?? '')
        .digest('hex'),
      now,
      log: (severity, line) => events.log(severity, line),
      turns: this.#turns,
      watched: () => [...this.#running.keys()],
      heardAt: () => Math.min(now(), ...[...this.#running.values()].map(({ lastEvent }) => lastEvent ?? now())),
      anotherCluster: () => this.#restart(),
    });
  }

  get status(): WatchStatus {
    const { state } = this.#options;
    return {
      host: this.#api.host,
      snapshotTakenAt: this.#warmStart.takenAt,
      resources: [...this.#running].map(([resource, { count, lastEvent }]) => ({
        resource,
        standing: state.standing(NOBODY, [resource]),
        objects: count,
        lastEvent,
      })),
    };
  }

  /** Begins to watch what is not watched yet, from a snapshot where one is kept. */
  need({
    resources,
    snapshot,
  }: {
    readonly resources: readonly Resource[];
    readonly snapshot: SnapshotOptions | undefined;
  }): {
    readonly known: Promise<void>;
    release(): void;
  } {
    for (const resource of resources) this.#needed.set(resource, (this.#needed.get(resource) ?? 0) + 1);
    this.#then(async () => {
      await this.#warmStart.begin(snapshot, resources);
      this.#tellKnown();
      for (const resource of resources) this.#start(resource);
    });
    const { promise: known, resolve } = Promise.withResolvers<void>();
    const waiting = { resources, resolve };
    this.#waiting.push(waiting);
    this.#tellKnown();
    return {
      known,
      release: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        for (const resource of resources) this.#needed.set(resource, (this.#needed.get(resource) ?? 0) - 1);
        this.#then(() => this.#endUnneeded());
      },
    };
  }

  /** Keeps the state in this file from now on; undefined for none. */
  keep(snapshot: SnapshotOptions | undefined): void {
    this.#then(async () => {
      if (snapshot === undefined) this.#warmStart.end();
      else await this.#warmStart.begin(snapshot, []);
    });
  }

  /** Writes what is kept for the next start, if it has changed. Never rejects. */
  flush(): Promise<void> {
    return this.#warmStart.flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const warmStart = this.#warmStart.close();
    // What watches ends first: the file's disk may hang.
    await Promise.all([...this.#running.values()].map((reflector) => reflector.close()));
    this.#running.clear();
    this.#api.close();
    await Promise.all([warmStart, this.#work]);
  }

  #then(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(async () => (this.#closed ? undefined : step()))
      .catch((error: unknown) => this.#options.events.log('error', `the watch could not begin: ${String(error)}`));
  }

  #start(resource: Resource): void {
    if (this.#closed || this.#running.has(resource) || (this.#needed.get(resource) ?? 0) === 0) return;
    this.#running.set(resource, this.#reflect(resource));
  }

  #reflect(resource: Resource): Running {
    switch (resource) {
      case 'services':
        return new Reflector(this.#optionsFor(services));
      case 'endpointslices':
        return new Reflector({ ...this.#optionsFor(endpointSlices), taken: this.#sliceTaken });
      case 'namespaces':
        return new Reflector({ ...this.#optionsFor(namespaces), taken: this.#namespaceTaken });
      case 'pods':
        return new Reflector(this.#optionsFor(pods));
      case 'serviceimports':
        return new Reflector(this.#optionsFor(serviceImports));
      case 'importedslices':
        return new Reflector(this.#optionsFor(importedSlices));
    }
  }

  #optionsFor<T>(watched: Watched<T>): ReflectorOptions<T> {
    const { state, labels, now, events, bounds: limits = bounds } = this.#options;
    const { resource } = watched;
    return {
      watched,
      state,
      api: this.#api,
      labelSelector: labels?.text ?? '',
      turns: this.#turns,
      limits,
      now,
      log: (severity, line) => events.log(severity, line),
      listed: (cause) => events.listed(resource, cause),
      inStep: () => this.#inStep(resource),
    };
  }

  /** A resource has been listed. */
  #inStep(resource: Resource): void {
    const { state, events } = this.#options;
    if (state.standing(NOBODY, [resource]) === 'in-step') return;
    state.mark([resource], 'in-step');
    this.#tellKnown();
    const { resources } = this.status;
    if (this.#toldInStep || resources.some(({ standing }) => standing !== 'in-step')) return;
    this.#toldInStep = true;
    const seconds = ((performance.now() - this.#opened) / 1000).toFixed(2);
    const counts = resources.map((one) => `${one.objects} ${one.resource}`).join(', ');
    events.log('info', `in step with the API server ${this.#api.host} after ${seconds} s: ${counts}`);
    this.#warmStart.inStep();
  }

  /** Lets those go on who wait for resources that are known now. */
  #tellKnown(): void {
    const { state } = this.#options;
    this.#waiting = this.#waiting.filter(({ resources, resolve }) => {
      if (state.standing(NOBODY, resources) === 'unknown') return true;
      resolve();
      return false;
    });
  }

  readonly #namespaceTaken = (value: unknown, { name }: { readonly name: string }): void => {
    if (name === CLUSTER_NAMESPACE) this.#warmStart.clusterIs(textAt(value, 'metadata', 'uid'));
  };

  /** How long a change of endpoints took to get here: only for news, since a list brings changes of long ago. */
  readonly #sliceTaken = (value: unknown, { namespace, service }: EndpointSlice, isNews: boolean): void => {
    if (!isNews) return;
    const triggered = Date.parse(textAt(value, 'metadata', 'annotations', TRIGGER_TIME));
    const of = this.#options.state.heldService(namespace, service);
    if (Number.isNaN(triggered) || of === undefined) return;
    const seconds = Math.max(0, (this.#options.now() - triggered) / 1000);
    this.#options.events.programmed(of.kind === 'headless' ? 'headless_with_selector' : 'cluster_ip', seconds);
  };

  /** What came from the snapshot is of another cluster: what has not been listed since is forgotten and listed anew. */
  #restart(): void {
    for (const [resource, reflector] of this.#running) {
      if (this.#options.state.standing(NOBODY, [resource]) === 'unknown') reflector.restart('other-cluster');
    }
  }

  async #endUnneeded(): Promise<void> {
    const { state } = this.#options;
    for (const [resource, reflector] of this.#running) {
      if ((this.#needed.get(resource) ?? 0) > 0) continue;
      this.#running.delete(resource);
      // Whoever needs it from now on waits for a list of its own; one under way may yet have come to its end.
      state.mark([resource], 'unknown');
      // oxlint-disable-next-line no-await-in-loop -- a resource that is needed again begins after its end
      await reflector.close();
      state.mark([resource], 'unknown');
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#turns.run(emptied(state, resource));
    }
  }
}

/** A text somewhere in an object of JSON; empty where there is none. */
function textAt(value: unknown, ...path: readonly string[]): string {
  let at = value;
  for (const field of path) at = isRecord(at) ? at[field] : undefined;
  return typeof at === 'string' ? at : '';
}
