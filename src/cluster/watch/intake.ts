/**
 * What becomes of the objects of one resource: they are reduced, told about where something is wrong with them, counted, and
 * put into the state, or into the list that is to take its place.
 */
import type { Bounds } from '../../bounds.ts';
import { readIdentity } from '../reduce/identity.ts';
import type { ClusterState } from '../state.ts';
import { Complaints } from './complaints.ts';
import type { Relist } from './relist.ts';
import type { ObjectName, Watched } from './resources.ts';

export interface IntakeOptions<T> {
  readonly watched: Watched<T>;
  readonly state: ClusterState;
  readonly limits: Bounds;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: (severity: 'info' | 'warning', line: string) => void;
  /** An object as it came and what was made of it; `isNews` where it is a change and no part of a list. */
  readonly taken?: (value: unknown, object: T, isNews: boolean) => void;
}

export class Intake<T> {
  readonly #options: IntakeOptions<T>;
  readonly #complaints: Complaints;
  #count = 0;
  #toldTooMany = false;

  constructor(options: IntakeOptions<T>) {
    this.#options = options;
    const { watched, now, log } = options;
    this.#complaints = new Complaints(watched.resource, now, (line) => log('warning', line));
  }

  /** Objects that are held. */
  get count(): number {
    return this.#count;
  }

  /** A list has taken the place of what was held. */
  listed(relist: Relist<T>): void {
    this.#count = relist.size;
  }

  /** An object of a list. */
  listItem(value: unknown, relist: Relist<T>): void {
    const { watched, limits, taken } = this.#options;
    const object = this.#reduce(value);
    if (object === undefined) {
      // It may have been usable a moment ago, in the same list.
      const name = this.#nameIn(value);
      if (name !== undefined) relist.remove(name);
      return;
    }
    if (relist.size >= limits.watchObjects && !relist.has(watched.nameOf(object))) return this.#tooMany();
    relist.add(object);
    taken?.(value, object, false);
  }

  /** An object that has come or changed. */
  changed(value: unknown): void {
    const { watched, state, limits, taken } = this.#options;
    const object = this.#reduce(value);
    if (object === undefined) {
      // It may have been usable before.
      const name = this.#nameIn(value);
      if (name !== undefined) this.#remove(name);
      return;
    }
    const isNew = watched.held(state, watched.nameOf(object)) === undefined;
    if (isNew && this.#count >= limits.watchObjects) return this.#tooMany();
    if (isNew) this.#count++;
    watched.set(state, object);
    taken?.(value, object, true);
  }

  /** An object that has gone, from the state or from a list that is under way. */
  deleted(value: unknown, initial: Relist<T> | undefined): void {
    const name = this.#nameIn(value);
    if (name === undefined) return;
    if (initial === undefined) this.#remove(name);
    else initial.remove(name);
  }

  #remove(name: ObjectName): void {
    const { watched, state } = this.#options;
    if (watched.held(state, name) === undefined) return;
    watched.remove(state, name);
    this.#count--;
  }

  /** The object reduced; undefined where DNS has no use for it. What is wrong with it is told. */
  #reduce(value: unknown): T | undefined {
    const { watched } = this.#options;
    const reduction = watched.reduce(value);
    switch (reduction.outcome) {
      case 'object':
        this.#complaints.about(watched.nameOf(reduction.object), reduction.complaints);
        return reduction.object;
      case 'passed-over':
        return undefined;
      case 'rejected': {
        const { path, reason: message } = reduction;
        this.#complaints.about(this.#nameIn(value) ?? { namespace: '', name: '(no name)' }, [{ path, message }]);
        return undefined;
      }
    }
  }

  /** The name of an object of which nothing else needs to be in order. */
  #nameIn(value: unknown): ObjectName | undefined {
    const reading = readIdentity(value, 'subdomain');
    if (reading.outcome === 'rejected') return undefined;
    const { name, namespace } = reading.identity;
    return { name, namespace: this.#options.watched.resource === 'namespaces' ? '' : namespace };
  }

  #tooMany(): void {
    const { limits, log, watched } = this.#options;
    if (this.#toldTooMany) return;
    this.#toldTooMany = true;
    log('warning', `${watched.resource}: there are more than ${limits.watchObjects}; those beyond are not served`);
  }
}
