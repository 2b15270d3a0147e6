/**
 * What a store knew at the end of the last run, served until the API server has been heard; and keeping it for the next.
 *
 *     start ─► file ─► state, `stale` ─► listed: `in-step`, resource by resource ─► all of them ─► file, now and then
 *                        └─ the Namespace kube-system has another uid: forgotten
 */
import type { Resource } from '../cluster.ts';
import { NOBODY } from '../facts.ts';
import type { ClusterState } from '../state.ts';
import { emptied } from './resources.ts';
import { type SnapshotReading, readSnapshot } from './snapshot/file.ts';
import type { SnapshotHeader, SnapshotObject, SnapshotObjects } from './snapshot/snapshot.ts';
import { SnapshotWriter } from './snapshot/writer.ts';
import type { Turns } from '../turns.ts';

/** Where the state is kept between runs, and how old it may be to be used, in milliseconds. */
export interface SnapshotOptions {
  readonly path: string;
  readonly maxAge: number;
}

export interface WarmStartOptions {
  readonly state: ClusterState;
  /** Tells which objects were asked for: a file with others is not used. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: (severity: 'info' | 'warning', line: string) => void;
  readonly turns: Turns;
  /** The resources that are watched now. */
  readonly watched: () => readonly Resource[];
  /** Until when the state is known to be true, in milliseconds since the epoch. */
  readonly heardAt: () => number;
  /** What was read has been forgotten: it was of another cluster. */
  readonly anotherCluster: () => void;
}

/** Milliseconds between two writes of the file. */
const INTERVAL = 30_000;
/** Milliseconds for which the API server is not asked yet, while the file is read. */
const READ_TIME = 3_000;

export class WarmStart {
  readonly #options: WarmStartOptions;
  #snapshot: SnapshotOptions | undefined;
  #writer: SnapshotWriter | undefined;
  /** Resolves when nothing is left of the writers before it. */
  #earlier: Promise<unknown> = Promise.resolve();
  #isInStep = false;
  #closed = false;
  /** What was read and is not yet known to be of this cluster: its uid. */
  #unproven: string | undefined;
  #cluster = '';
  #takenAt: number | undefined;

  constructor(options: WarmStartOptions) {
    this.#options = options;
  }

  /** When the state in the file was true, in milliseconds since the epoch; undefined where there is no file. */
  get takenAt(): number | undefined {
    return this.#takenAt;
  }

  /** Keeps the state in this file from now on, and reads from it what of these resources is not known yet. */
  async begin(snapshot: SnapshotOptions | undefined, resources: readonly Resource[]): Promise<void> {
    if (snapshot === undefined) return;
    const { path, maxAge } = snapshot;
    if (this.#snapshot?.path === path && this.#snapshot.maxAge === maxAge) return;
    const { state, now, log } = this.#options;
    this.#giveUpWriter();
    if (this.#snapshot?.path !== path) this.#takenAt = undefined;
    this.#snapshot = snapshot;
    this.#writer = new SnapshotWriter({
      path,
      interval: INTERVAL,
      take: () => this.#take(),
      written: ({ takenAt }) => {
        if (this.#snapshot === snapshot) this.#takenAt = takenAt;
      },
      version: () => state.changes,
      report: log,
      now,
      // A cluster in which nothing changes must not lose its file by age.
      refresh: maxAge / 4,
    });
    const missing = resources.filter((resource) => state.standing(NOBODY, [resource]) === 'unknown');
    if (missing.length > 0) await this.#read(snapshot, missing);
    if (this.#isInStep) this.#writer.start();
  }

  /** Keeps the state in no file from now on; the one that is there stays as it is. */
  end(): void {
    this.#giveUpWriter();
    this.#snapshot = undefined;
    this.#takenAt = undefined;
  }

  /** Nobody waits for a write that is given up: its disk may hang, and be what a new path is to get away from. */
  #giveUpWriter(): void {
    this.#earlier = Promise.all([this.#earlier, this.#writer?.close()]);
    this.#writer = undefined;
  }

  async #read({ path, maxAge }: SnapshotOptions, missing: readonly Resource[]): Promise<void> {
    const { state, now, log, scope, turns } = this.#options;
    const reading = await withinTime(readSnapshot(path, { scope, maxAge, now: now() }));
    if (this.#closed) return;
    if (reading.outcome === 'ignored') log('warning', `the snapshot ${path} is not used: ${reading.reason}`);
    if (reading.outcome !== 'snapshot') return;
    const { header, objects } = reading;
    const usable = missing.filter((resource) => header.resources.includes(resource));
    const isWhole = await turns.run(this.#put(objects, new Set(usable)));
    if (!isWhole) {
      log('warning', `the snapshot ${path} is not used: it ends before its end`);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      for (const resource of usable) await turns.run(emptied(state, resource));
      return;
    }
    state.restoreSerial(header.serial);
    state.mark(usable, 'stale');
    this.#unproven = header.cluster;
    this.#takenAt = header.takenAt;
    const minutes = Math.round((now() - header.takenAt) / 60_000);
    log('info', `serving the snapshot ${path}, ${minutes} min old, until the API server has answered`);
  }

  /** Puts them into the state; false where they end before their end. */
  *#put(objects: Generator<SnapshotObject, boolean>, usable: ReadonlySet<Resource>): Generator<void, boolean> {
    const { state } = this.#options;
    for (;;) {
      const next = objects.next();
      if (next.done === true) return next.value;
      const one = next.value;
      if (usable.has(one.resource)) {
        switch (one.resource) {
          case 'namespaces':
            state.setNamespace(one.object);
            break;
          case 'services':
            state.setService(one.object);
            break;
          case 'endpointslices':
            state.setEndpointSlice(one.object);
            break;
          case 'pods':
            state.setPod(one.object);
            break;
          case 'serviceimports':
            state.imports.setService(one.object);
            break;
          case 'importedslices':
            state.imports.setSlice(one.object);
            break;
        }
      }
      yield;
    }
  }

  /** The uid of the cluster that the API server serves. */
  clusterIs(uid: string): void {
    this.#cluster = uid;
    const read = this.#unproven;
    this.#unproven = undefined;
    if (read === undefined || read === uid || read === '' || uid === '') return;
    this.#forget();
  }

  #forget(): void {
    const { state, log, watched, anotherCluster } = this.#options;
    log('warning', 'the snapshot is of another cluster: it is not used any more');
    this.#takenAt = undefined;
    for (const resource of watched()) {
      if (state.standing(NOBODY, [resource]) !== 'stale') continue;
      state.mark([resource], 'unknown');
      // At once: what a list brings from now on must not be removed with it.
      for (const _ of emptied(state, resource));
    }
    anotherCluster();
  }

  /** Everything has been listed: the state is worth keeping from now on. */
  inStep(): void {
    this.#isInStep = true;
    this.#writer?.start();
  }

  #take(): { readonly header: SnapshotHeader; readonly objects: SnapshotObjects } | undefined {
    const { state, scope, heardAt, watched } = this.#options;
    const resources = watched();
    if (state.standing(NOBODY, resources) !== 'in-step') return undefined;
    // Not the time of writing: while the API server is away, what is known grows old.
    const takenAt = heardAt();
    const serial = Math.max(state.serial, state.externalSerial);
    return {
      header: { cluster: this.#cluster, scope, takenAt, serial, resources },
      objects: {
        namespaces: [...state.namespaces()],
        services: [...state.services()],
        endpointSlices: [...state.endpointSlices()],
        pods: state.pods(),
        ...(resources.includes('serviceimports') ? { serviceImports: [...state.imports.services()] } : {}),
        ...(resources.includes('importedslices') ? { importedSlices: [...state.imports.slices()] } : {}),
      },
    };
  }

  /** Writes the file once more if something has changed. Never rejects. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  /** Resolves when nothing works on the file any more, which a disk that hangs may put off for ever. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#earlier, this.#writer?.close()]);
  }
}

/** A disk may hang, and the cluster must not wait for what is only meant to be quicker than the API server. */
async function withinTime(reading: Promise<SnapshotReading>): Promise<SnapshotReading> {
  const late = Promise.withResolvers<SnapshotReading>();
  const reason = `it could not be read within ${READ_TIME / 1000} s`;
  const timer = setTimeout(() => late.resolve({ outcome: 'ignored', reason }), READ_TIME);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
