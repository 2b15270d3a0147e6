/** What the server holds: a collection for each resource, and one count of changes over all of them, as etcd has it. */
import { randomUUID } from 'node:crypto';
import { Collection } from './collection.ts';
import { isObject, type JsonObject, textAt } from './json.ts';
import { type Resource, resourceOfKind, type ResourceName, resources } from './resources.ts';
import { isUnchanged, type StoredObject, storedObject } from './stored.ts';

export interface StateOptions {
  /** Changes of each resource that are remembered at least. */
  readonly historyLength: number;
  readonly hasManagedFields: boolean;
  /** The resource version before the first change. */
  readonly revision: number;
}

export class State {
  readonly collections: Readonly<Record<ResourceName, Collection>>;
  hasManagedFields: boolean;
  #revision: number;

  constructor(options: StateOptions) {
    const collection = (name: ResourceName): Collection => new Collection(resources[name], options.historyLength);
    this.collections = {
      services: collection('services'),
      endpointslices: collection('endpointslices'),
      namespaces: collection('namespaces'),
      pods: collection('pods'),
      serviceimports: collection('serviceimports'),
    };
    this.hasManagedFields = options.hasManagedFields;
    this.#revision = options.revision;
  }

  /** The resource version of the last change of anything. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Creates or replaces an object, as it is. One that changes nothing gets no new resource version, as in a real server.
   * Throws if its kind is unknown or it has no name.
   */
  put(object: JsonObject): StoredObject {
    const resource = resourceOf(object);
    const collection = this.collections[resource.name];
    const metadata = object['metadata'];
    const name = textAt(metadata, 'name');
    if (name === '') throw new Error(`an object of kind ${resource.kind} without a name`);
    const before = collection.get(keyOf(resource, textAt(metadata, 'namespace'), name));
    const candidate = storedObject(resource, object, {
      uid: before?.uid ?? (textAt(metadata, 'uid') || randomUUID()),
      created: before?.created ?? (textAt(metadata, 'creationTimestamp') || now()),
      resourceVersion: this.#revision + 1,
      generation: before?.generation ?? 1,
      hasManagedFields: this.hasManagedFields,
    });
    if (before !== undefined && isUnchanged(before, candidate)) return before;
    const isNewGeneration = resource.hasGeneration && before !== undefined && before.content !== candidate.content;
    const stored = isNewGeneration
      ? storedObject(resource, object, {
          ...candidate,
          generation: candidate.generation + 1,
          hasManagedFields: this.hasManagedFields,
        })
      : candidate;
    this.#revision++;
    collection.change(stored.key, stored, this.#revision);
    return stored;
  }

  /** Removes an object; the one that was there, or undefined. */
  delete(name: ResourceName, key: string): StoredObject | undefined {
    const collection = this.collections[name];
    const gone = collection.get(key);
    if (gone === undefined) return undefined;
    this.#revision++;
    collection.change(key, undefined, this.#revision);
    return gone;
  }

  /** Makes these all the objects that there are; what is not among them is deleted first. */
  replaceAll(objects: readonly JsonObject[]): void {
    const kept = new Set<string>();
    for (const object of objects) {
      const resource = resourceOf(object);
      kept.add(
        `${resource.name}/${keyOf(resource, textAt(object, 'metadata', 'namespace'), textAt(object, 'metadata', 'name'))}`,
      );
    }
    for (const collection of Object.values(this.collections)) {
      const { name } = collection.resource;
      for (const { key } of collection.objects()) if (!kept.has(`${name}/${key}`)) this.delete(name, key);
    }
    for (const object of objects) this.put(object);
  }

  /** Makes every resource version that anybody has seen too old to go on from. */
  forgetHistory(): void {
    this.#revision++;
    for (const collection of Object.values(this.collections)) collection.forgetTo(this.#revision);
  }
}

export function keyOf(resource: Resource, namespace: string, name: string): string {
  return resource.isNamespaced && namespace !== '' ? `${namespace}/${name}` : name;
}

function resourceOf(object: JsonObject): Resource {
  const resource = resourceOfKind(textAt(object, 'kind'));
  if (resource === undefined) throw new Error(`no resource has objects of kind "${textAt(object, 'kind')}"`);
  return resource;
}

/** The objects of a v1 List, or of a single object. Throws if it is neither. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  if (!isObject(value)) throw new Error('neither a List nor an object');
  const items = value['kind'] === 'List' ? value['items'] : [value];
  if (!Array.isArray(items)) throw new Error('a List without items');
  return items.filter(isObject);
}

/** RFC 3339 in seconds, as Kubernetes writes times. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
