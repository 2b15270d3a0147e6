/**
 * What is wrong with objects of the API server, each object named once: a broken controller writes the same again and again,
 * or something else each time.
 */
import type { Resource } from '../cluster.ts';
import { type Path, pathText } from '../reduce/reading.ts';
import { type ObjectName, nameText } from './resources.ts';

/** Objects whose faults are remembered; beyond them, the one that was told first is forgotten. */
const REMEMBERED = 1_000;
/** Faults of one object that its line tells. */
const TOLD = 3;
/** Milliseconds in which one object has one line, and all of them have so many. */
const MINUTE = 60_000;
const LINES = 200;

/** A part of an object that was left out, and why. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
}

interface Told {
  readonly text: string;
  readonly at: number;
}

export class Complaints {
  readonly #resource: Resource;
  readonly #now: () => number;
  readonly #warn: (line: string) => void;
  readonly #told = new Map<string, Told>();
  #minute = -Infinity;
  #lines = 0;

  /** `now` gives milliseconds since the epoch. */
  constructor(resource: Resource, now: () => number, warn: (line: string) => void) {
    this.#resource = resource;
    this.#now = now;
    this.#warn = warn;
  }

  /** The object has these faults now; none where it is in order. */
  about(object: ObjectName, faults: readonly Fault[]): void {
    if (faults.length === 0) return;
    const name = nameText(object);
    const text = textOf(faults);
    const told = this.#told.get(name);
    const now = this.#now();
    if (told !== undefined && (told.text === text || now - told.at < MINUTE)) return;
    if (!this.#hasLine(now)) return;
    const [oldest] = this.#told.keys();
    if (told === undefined && oldest !== undefined && this.#told.size >= REMEMBERED) this.#told.delete(oldest);
    this.#told.set(name, { text, at: now });
    this.#warn(`${this.#resource} ${name}: ${text}`);
  }

  /** Takes one of the lines of this minute; the last one says that there are no more. */
  #hasLine(now: number): boolean {
    if (now - this.#minute >= MINUTE) {
      this.#minute = now;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines === LINES) this.#warn(`${this.#resource}: further faults are not told in this minute`);
    return this.#lines < LINES;
  }
}

function textOf(faults: readonly Fault[]): string {
  const told = faults.slice(0, TOLD).map(({ path, message }) => [pathText(path), message].filter(Boolean).join(': '));
  return told.join('; ') + (faults.length > TOLD ? `; and ${faults.length - TOLD} more` : '');
}
