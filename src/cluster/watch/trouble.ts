/**
 * What goes wrong with one resource, in as few lines as tell it: the first time that a cause shows, now and then while it
 * lasts, and when it is over.
 */
import type { Resource } from '../cluster.ts';

/** Milliseconds between two lines about the same cause. */
const QUIET = 60_000;

export class Trouble {
  readonly #resource: Resource;
  readonly #now: () => number;
  readonly #log: (severity: 'info' | 'warning', line: string) => void;
  #since: number | undefined;
  #cause = '';
  #lastLine = 0;

  /** `now` gives milliseconds since the epoch. */
  constructor(resource: Resource, now: () => number, log: (severity: 'info' | 'warning', line: string) => void) {
    this.#resource = resource;
    this.#now = now;
    this.#log = log;
  }

  /** @param pause milliseconds until the next try */
  failed(cause: string, pause: number): void {
    const now = this.#now();
    this.#since ??= now;
    if (cause === this.#cause && now - this.#lastLine < QUIET) return;
    this.#cause = cause;
    this.#lastLine = now;
    const lasting = now - this.#since >= QUIET ? `, for ${Math.round((now - this.#since) / 1000)} s now` : '';
    this.#log('warning', `${this.#resource}: ${cause}${lasting}; trying again in ${(pause / 1000).toFixed(1)} s`);
  }

  /** It works again. */
  over(): void {
    if (this.#since === undefined) return;
    const seconds = Math.round((this.#now() - this.#since) / 1000);
    this.#since = undefined;
    this.#cause = '';
    this.#log('info', `${this.#resource}: in step again after ${seconds} s`);
  }
}
