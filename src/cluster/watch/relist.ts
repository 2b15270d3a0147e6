/**
 * A list of a resource that takes the place of what the state holds of it, without anybody ever seeing half of it.
 *
 *     first list      objects ─► state                 nothing is answered from it yet
 *     later lists     objects ─► the same as held? ─► nothing to do
 *                                   └─ no ─► kept aside ─┐
 *                     end of the list ───────────────────┴─► state, one Service with all its slices after another;
 *                                                             what was not in the list is removed with it
 *
 * Endpoints may have moved from one slice to another since: a Service whose slices were replaced one by one could seem to
 * have none in between.
 */
import type { ClusterState } from '../state.ts';
import { type ObjectName, type Watched, nameText } from './resources.ts';

export class Relist<T> {
  readonly #watched: Watched<T>;
  readonly #state: ClusterState;
  readonly #isFirst: boolean;
  readonly #seen = new Set<string>();
  readonly #changed = new Map<string, T>();

  /** @param isFirst nothing is answered from what the state holds of the resource */
  constructor(watched: Watched<T>, state: ClusterState, isFirst: boolean) {
    this.#watched = watched;
    this.#state = state;
    this.#isFirst = isFirst;
  }

  /** The number of objects so far. */
  get size(): number {
    return this.#seen.size;
  }

  has(name: ObjectName): boolean {
    return this.#seen.has(nameText(name));
  }

  add(object: T): void {
    const name = this.#watched.nameOf(object);
    const key = nameText(name);
    this.#seen.add(key);
    if (this.#isFirst) {
      this.#watched.set(this.#state, object);
      return;
    }
    const held = this.#watched.held(this.#state, name);
    if (held !== undefined && this.#watched.same(held, object)) this.#changed.delete(key);
    else this.#changed.set(key, object);
  }

  /** An object has gone while the list was under way, or is none that can be used. */
  remove(name: ObjectName): void {
    const key = nameText(name);
    this.#seen.delete(key);
    this.#changed.delete(key);
  }

  /**
   * Puts the list in the place of what was: a Service that changes is one step, and so is each object that is looked at.
   * Nobody else may write the resource between steps.
   */
  *finish(): Generator<void> {
    const wholes = new Map<string, { readonly set: T[]; readonly remove: ObjectName[] }>();
    const wholeOf = (object: T) => {
      const key = this.#watched.wholeOf(object);
      let whole = wholes.get(key);
      if (whole === undefined) wholes.set(key, (whole = { set: [], remove: [] }));
      return whole;
    };
    for (const object of this.#changed.values()) {
      wholeOf(object).set.push(object);
      yield;
    }
    for (const object of this.#watched.all(this.#state)) {
      const name = this.#watched.nameOf(object);
      if (!this.#seen.has(nameText(name))) wholeOf(object).remove.push(name);
      yield;
    }
    for (const { set, remove } of wholes.values()) {
      for (const object of set) this.#watched.set(this.#state, object);
      for (const name of remove) this.#watched.remove(this.#state, name);
      yield;
    }
  }
}
