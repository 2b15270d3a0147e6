/**
 * What is wrong with objects of the API server, each object named once: a broken controller writes the same again and again.
 */
import type { Resource } from '../cluster.ts';
import { type Path, pathText } from '../reduce/reading.ts';
import { type ObjectName, nameText } from './resources.ts';

/** Objects whose faults are remembered; beyond them, nothing more is told until one of them is in order again. */
const REMEMBERED = 1_000;
/** Faults of one object that its line tells. */
const TOLD = 3;

/** A part of an object that was left out, and why. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
}

export class Complaints {
  readonly #resource: Resource;
  readonly #warn: (line: string) => void;
  readonly #told = new Map<string, string>();

  constructor(resource: Resource, warn: (line: string) => void) {
    this.#resource = resource;
    this.#warn = warn;
  }

  /** The object has these faults now; none where it is in order. */
  about(object: ObjectName, faults: readonly Fault[]): void {
    const name = nameText(object);
    if (faults.length === 0) {
      if (this.#told.size > 0) this.#told.delete(name);
      return;
    }
    const told = faults.slice(0, TOLD).map(({ path, message }) => [pathText(path), message].filter(Boolean).join(': '));
    const more = faults.length > TOLD ? `; and ${faults.length - TOLD} more` : '';
    const text = told.join('; ') + more;
    if (this.#told.get(name) === text || (this.#told.size >= REMEMBERED && !this.#told.has(name))) return;
    this.#told.set(name, text);
    this.#warn(`${this.#resource} ${name}: ${text}`);
  }

  /** The object is no more. */
  forget(object: ObjectName): void {
    if (this.#told.size > 0) this.#told.delete(nameText(object));
  }
}
