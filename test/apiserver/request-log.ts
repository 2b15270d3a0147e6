/** What was asked of the server, and a way to wait for it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Verb } from './faults.ts';
import type { ResourceName } from './resources.ts';

export interface SeenRequest {
  /** `performance.now()` when its header had arrived. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Undefined for what is no resource. */
  readonly resource: ResourceName | undefined;
  readonly verb: Verb | undefined;
  /** The status of the answer; undefined while there is none. */
  status: number | undefined;
}

/** Requests that are remembered; the oldest are forgotten. */
const REMEMBERED = 20_000;

export class RequestLog {
  readonly #seen: SeenRequest[] = [];
  readonly #waiting = new Set<() => void>();

  get requests(): readonly SeenRequest[] {
    return this.#seen;
  }

  add(request: SeenRequest): void {
    this.#seen.push(request);
    if (this.#seen.length >= 2 * REMEMBERED) this.#seen.splice(0, this.#seen.length - REMEMBERED);
    this.changed();
  }

  clear(): void {
    this.#seen.length = 0;
  }

  /** Something happened that somebody may be waiting for. */
  changed(): void {
    for (const check of this.#waiting) check();
  }

  /** Resolves when a condition holds, which is looked at whenever something happens; rejects after `milliseconds`. */
  until(condition: () => boolean, milliseconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (outcome: () => void): void => {
        clearTimeout(deadline);
        this.#waiting.delete(check);
        outcome();
      };
      const check = (): void => {
        if (condition()) end(resolve);
      };
      const deadline = setTimeout(() => {
        const last = this.#seen
          .slice(-5)
          .map(({ method, path, query, status }) => `${method} ${path}?${query.toString()} ${status ?? 'unanswered'}`);
        end(() => reject(new Error(`not within ${milliseconds} ms; last requests: ${last.join('; ') || 'none'}`)));
      }, milliseconds);
      this.#waiting.add(check);
      check();
    });
  }
}
