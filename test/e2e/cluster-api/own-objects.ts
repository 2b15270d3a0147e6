/**
 * What a run makes in a cluster, and how all of it goes again. Nothing else is ever written: each object is in a namespace that
 * this run has created, and a deletion names the uid of what was created.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type ApiClient, type JsonObject, Refused, at, textAt } from './api-client.ts';

/** The label that all namespaces of all runs have; its value is the run. */
export const RUN_LABEL = 'nodens.test/run';

export type Kind = 'Service' | 'EndpointSlice' | 'Pod';

const COLLECTIONS: Readonly<
  Record<Kind, { readonly prefix: string; readonly plural: string; readonly apiVersion: string }>
> = {
  Service: { prefix: '/api/v1', plural: 'services', apiVersion: 'v1' },
  EndpointSlice: {
    prefix: '/apis/discovery.k8s.io/v1',
    plural: 'endpointslices',
    apiVersion: 'discovery.k8s.io/v1',
  },
  Pod: { prefix: '/api/v1', plural: 'pods', apiVersion: 'v1' },
};

/** What an object is made from, without kind, version and namespace. */
export interface Content {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** Milliseconds for a namespace controller to finish what was deleted, where there is one; and until it shows itself. */
const CONTROLLER_TIME = 120_000;
const NO_CONTROLLER = 10_000;
const LOOK = 250;
/** Milliseconds for a controller to give a namespace its ServiceAccount. */
const ACCOUNT_TIME = 2_000;
const CONFLICTS = 10;

interface Owned {
  readonly path: string;
  readonly uid: string;
}

export class OwnObjects {
  /** What tells this run from others. */
  readonly run = randomBytes(4).toString('hex');
  readonly #api: ApiClient;
  /** By path. */
  readonly #objects = new Map<string, Owned>();
  readonly #namespaces = new Map<string, Owned>();
  /** Writes under way: cleaning up waits for them, so that nothing is made behind its back. */
  readonly #writes = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Creates a namespace and returns its name. */
  async createNamespace(word: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = `nodens-e2e-${word}-${this.run}`;
    const metadata = { name, labels: { ...labels, [RUN_LABEL]: this.run } };
    const path = `/api/v1/namespaces/${name}`;
    const made = await this.#write(async () => {
      const object = await this.#createAt('/api/v1/namespaces', path, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata,
      });
      this.#namespaces.set(path, { path, uid: textAt(object, 'metadata', 'uid') });
      return object;
    });
    return textAt(made, 'metadata', 'name');
  }

  /** Creates an object and returns it as the server has it. */
  create(kind: Kind, namespace: string, content: Content): Promise<JsonObject> {
    const path = this.#pathOf(kind, namespace, content.name);
    return this.#write(async () => {
      const object = await this.#createAt(
        this.#pathOf(kind, namespace),
        path,
        this.#fullObject(kind, namespace, content),
      );
      this.#objects.set(path, { path, uid: textAt(object, 'metadata', 'uid') });
      return object;
    });
  }

  /** Changes an object: `change` gets it as it is now, and again where somebody else was quicker. */
  update(
    kind: Kind,
    namespace: string,
    name: string,
    change: (now: JsonObject) => JsonObject,
    subresource = '',
  ): Promise<JsonObject> {
    const path = this.#pathOf(kind, namespace, name);
    this.#mustOwn(this.#objects, path);
    return this.#write(async () => {
      for (let attempt = 1; ; attempt++) {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after another
        const now = await this.#api.get(path);
        if (now === undefined) throw new Error(`${path} is gone`);
        try {
          // oxlint-disable-next-line no-await-in-loop
          return await this.#api.put(`${path}${subresource}`, change(now));
        } catch (error) {
          if (!(error instanceof Refused && error.code === 409) || attempt >= CONFLICTS) throw error;
        }
      }
    });
  }

  delete(kind: Kind, namespace: string, name: string): Promise<void> {
    const path = this.#pathOf(kind, namespace, name);
    const owned = this.#mustOwn(this.#objects, path);
    return this.#write(() => this.#deleteOwned(owned));
  }

  /** Pods that say nothing of a ServiceAccount use this one; where no controller makes it, it is made here. */
  async needDefaultServiceAccount(namespace: string): Promise<void> {
    this.#mustOwn(this.#namespaces, `/api/v1/namespaces/${namespace}`);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
    const end = performance.now() + ACCOUNT_TIME;
    while (performance.now() < end) {
      // oxlint-disable-next-line no-await-in-loop -- until it is there
      if ((await this.#api.get(`${path}/default`)) !== undefined) return;
      // oxlint-disable-next-line no-await-in-loop
      await wait(LOOK);
    }
    await this.#write(async () => {
      try {
        const made = await this.#api.post(path, account);
        this.#objects.set(`${path}/default`, { path: `${path}/default`, uid: textAt(made, 'metadata', 'uid') });
      } catch (error) {
        // It is there already, or this server has no such things and asks for none.
        if (!(error instanceof Refused && (error.code === 409 || error.code === 404))) throw error;
      }
    });
  }

  /** Deletes a namespace with all that is in it, and resolves when it is gone. */
  async deleteNamespace(name: string): Promise<void> {
    const path = `/api/v1/namespaces/${name}`;
    const owned = this.#mustOwn(this.#namespaces, path);
    const isControlled = await this.#hasController(name);
    for (const object of this.#objects.values()) {
      // oxlint-disable-next-line no-await-in-loop -- a few objects, in the order in which they were made
      if (object.path.includes(`/namespaces/${name}/`)) await this.#deleteOwned(object);
    }
    await this.#api.delete(path, owned.uid);
    const begun = performance.now();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- until it is gone
      const now = await this.#api.get(path);
      if (now === undefined || textAt(now, 'metadata', 'uid') !== owned.uid) break;
      const waited = performance.now() - begun;
      // oxlint-disable-next-line no-await-in-loop
      if (!isControlled && waited > NO_CONTROLLER) await this.#finalize(path, now);
      if (waited > CONTROLLER_TIME) throw new Error(`${path} is still there after ${CONTROLLER_TIME / 1000} s`);
      // oxlint-disable-next-line no-await-in-loop
      await wait(LOOK);
    }
    this.#namespaces.delete(path);
  }

  /** Deletes everything that was made; nothing can be made from now on. Says what is left, if anything is. */
  async close(): Promise<readonly string[]> {
    this.#isClosed = true;
    await Promise.allSettled(this.#writes);
    const left: string[] = [];
    for (const { path } of this.#namespaces.values()) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after another, since the server may be slow
        await this.deleteNamespace(path.slice('/api/v1/namespaces/'.length));
      } catch (error) {
        left.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return left;
  }

  #write<T>(write: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error('the run is over'));
    const writing = write().finally(() => this.#writes.delete(writing));
    this.#writes.add(writing);
    return writing;
  }

  /** An attempt that was repeated may have worked the first time. */
  async #createAt(collection: string, path: string, object: JsonObject): Promise<JsonObject> {
    try {
      return await this.#api.post(collection, object);
    } catch (error) {
      if (!(error instanceof Refused && error.code === 409)) throw error;
      const there = await this.#api.get(path);
      const isOurs = there !== undefined && textAt(there, 'metadata', 'labels', RUN_LABEL) === this.run;
      if (!isOurs || at(there, 'metadata', 'deletionTimestamp') !== undefined) throw error;
      return there;
    }
  }

  async #deleteOwned({ path, uid }: Owned): Promise<void> {
    await this.#api.delete(path, uid);
    this.#objects.delete(path);
  }

  #pathOf(kind: Kind, namespace: string, name = ''): string {
    this.#mustOwn(this.#namespaces, `/api/v1/namespaces/${namespace}`);
    const { prefix, plural } = COLLECTIONS[kind];
    return `${prefix}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;
  }

  #mustOwn(owned: ReadonlyMap<string, Owned>, path: string): Owned {
    const found = owned.get(path);
    if (found === undefined) throw new Error(`${path} is none of what this run has made`);
    return found;
  }

  /** Where controllers run, they give each namespace a ServiceAccount within moments. */
  async #hasController(name: string): Promise<boolean> {
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    if (this.#objects.has(path)) return false;
    return (await this.#api.get(path).catch(() => ({}))) !== undefined;
  }

  /** What the namespace controller would do at the end; everything in the namespace has been deleted by now. */
  async #finalize(path: string, now: JsonObject): Promise<void> {
    if (textAt(now, 'metadata', 'labels', RUN_LABEL) !== this.run || textAt(now, 'status', 'phase') !== 'Terminating')
      return;
    await this.#api.put(`${path}/finalize`, { ...now, spec: { finalizers: [] } }).catch((error: unknown) => {
      if (!(error instanceof Refused && (error.code === 404 || error.code === 409))) throw error;
    });
  }

  #fullObject(kind: Kind, namespace: string, { name, labels, body }: Content): JsonObject {
    const { apiVersion } = COLLECTIONS[kind];
    return { apiVersion, kind, metadata: { name, namespace, labels: { ...labels, [RUN_LABEL]: this.run } }, ...body };
  }
}
