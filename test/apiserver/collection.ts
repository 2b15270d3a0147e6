/**
 * The objects of one resource, how they came to be so, and what they were at any time that is still remembered: what lists,
 * pages and watches read.
 */
import type { Resource } from './resources.ts';
import { type StoredObject, wholeObject } from './stored.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One line of a watch stream. */
export function eventLine(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

/** One change. `now` is undefined for a deletion, `before` for a creation. */
export class Change {
  readonly resourceVersion: number;
  readonly now: StoredObject | undefined;
  readonly before: StoredObject | undefined;
  /** Written once for all watchers that see the change in the same way. */
  readonly #lines = new Map<EventType, Buffer>();

  constructor(resourceVersion: number, now: StoredObject | undefined, before: StoredObject | undefined) {
    this.resourceVersion = resourceVersion;
    this.now = now;
    this.before = before;
  }

  get key(): string {
    return (this.now ?? this.before)?.key ?? '';
  }

  /**
   * The event for a watcher that selects some objects only: what begins to match is added for it, what no longer does is
   * deleted, with its last matching state. Undefined if it does not concern that watcher.
   */
  lineFor(isSelected: (object: StoredObject) => boolean): Buffer | undefined {
    const now = this.now !== undefined && isSelected(this.now) ? this.now : undefined;
    const before = this.before !== undefined && isSelected(this.before) ? this.before : undefined;
    if (now !== undefined) return this.#line(before === undefined ? 'ADDED' : 'MODIFIED', now);
    return before === undefined ? undefined : this.#line('DELETED', before);
  }

  #line(type: EventType, object: StoredObject): Buffer {
    let line = this.#lines.get(type);
    if (line === undefined) {
      line = Buffer.from(eventLine(type, wholeObject(object, this.resourceVersion)));
      this.#lines.set(type, line);
    }
    return line;
  }
}

/** Sorted states that are kept, so that the pages of a list need not be sorted again. */
const SORTED_STATES = 4;

export class Collection {
  readonly resource: Resource;
  /** Changes that are remembered at least; older ones are forgotten now and then. */
  historyLength: number;
  readonly #objects = new Map<string, StoredObject>();
  readonly #history: Change[] = [];
  /** What happened up to this resource version is forgotten. */
  #floor = 0;
  /** The last change that is forgotten. */
  #lost = 0;
  readonly #sorted = new Map<number, readonly StoredObject[]>();
  readonly #watchers = new Set<() => void>();
  /** The resource version of the last change. */
  #last = 0;

  constructor(resource: Resource, historyLength: number) {
    this.resource = resource;
    this.historyLength = historyLength;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  objects(): IterableIterator<StoredObject> {
    return this.#objects.values();
  }

  /** Sets the object of a key, or removes it where `now` is undefined. */
  change(key: string, now: StoredObject | undefined, resourceVersion: number): void {
    const change = new Change(resourceVersion, now, this.#objects.get(key));
    if (now === undefined) this.#objects.delete(key);
    else this.#objects.set(key, now);
    this.#last = resourceVersion;
    this.#history.push(change);
    if (this.#history.length >= 2 * this.historyLength + 1) this.#forget(this.#history.length - this.historyLength);
    for (const notify of this.#watchers) notify();
  }

  #forget(count: number): void {
    const gone = this.#history.splice(0, count).at(-1);
    if (gone === undefined) return;
    this.#floor = gone.resourceVersion;
    this.#lost = gone.resourceVersion;
  }

  /** Forgets everything that happened up to `revision`. */
  forgetTo(revision: number): void {
    this.#forget(this.#history.length);
    this.#floor = revision;
  }

  /** True if what happened after this resource version is no longer known. */
  isForgotten(resourceVersion: number): boolean {
    return resourceVersion < this.#floor;
  }

  /** True if there was a change after this resource version that is forgotten: an open watch has missed it. */
  hasLost(resourceVersion: number): boolean {
    return resourceVersion < this.#lost;
  }

  get floor(): number {
    return this.#floor;
  }

  /** The changes after a resource version, oldest first, as an index into `changeAt`. */
  indexAfter(resourceVersion: number): number {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.resourceVersion ?? Infinity) <= resourceVersion) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  changeAt(index: number): Change | undefined {
    return this.#history[index];
  }

  /** All objects as they were at a resource version that is not forgotten, in the order of their keys. */
  sortedAt(resourceVersion: number): readonly StoredObject[] {
    const version = Math.min(resourceVersion, this.#last);
    const kept = this.#sorted.get(version);
    if (kept !== undefined) return kept;
    const then = version >= this.#last ? this.#objects : this.#objectsAt(version);
    const sorted = [...then.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
    this.#sorted.set(version, sorted);
    for (const old of this.#sorted.keys()) {
      if (this.#sorted.size <= SORTED_STATES) break;
      this.#sorted.delete(old);
    }
    return sorted;
  }

  #objectsAt(resourceVersion: number): ReadonlyMap<string, StoredObject> {
    const objects = new Map(this.#objects);
    for (let i = this.#history.length - 1; i >= 0; i--) {
      const change = this.#history[i];
      if (change === undefined || change.resourceVersion <= resourceVersion) break;
      if (change.before === undefined) objects.delete(change.key);
      else objects.set(change.key, change.before);
    }
    return objects;
  }

  /** Calls back after each change; the result ends that. */
  follow(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }
}
