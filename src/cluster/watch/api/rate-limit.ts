/**
 * How often and how many at once: a bucket of tokens that fills evenly, and places for requests under way. Whoever comes first
 * goes first; who waits may give up, and takes nothing then.
 *
 *     enter ─► queue ─► a token and a place ─► request ─► leave: the place is free for the next
 *
 * The defaults are those of the Kubernetes client for Go, and so is that 0 requests per second, or a burst of 0, stands for the
 * default.
 */
import type { ApiLimits } from './api.ts';

const DEFAULT_QPS = 5;
const DEFAULT_BURST = 10;
/** Milliseconds between two looks at the bucket, at most: a timer cannot be set for any time. */
const LONGEST_WAIT = 60_000;

interface Waiting {
  readonly enter: () => void;
}

export class RateLimit {
  readonly #now: () => number;
  /** Tokens per millisecond. */
  readonly #rate: number;
  readonly #burst: number;
  readonly #places: number;
  readonly #queue: Waiting[] = [];
  #tokens: number;
  #filledAt: number;
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param now milliseconds of a clock that never goes back */
  constructor({ qps, burst, maxInflight }: ApiLimits, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#rate = positiveOr(qps, DEFAULT_QPS) / 1000;
    this.#burst = Math.max(1, positiveOr(burst, DEFAULT_BURST));
    this.#places = positiveOr(maxInflight, Number.POSITIVE_INFINITY);
    this.#tokens = this.#burst;
    this.#filledAt = now();
  }

  /**
   * Resolves when a request may begin, with what must be called when its place is free again (more than once does nothing).
   * @throws the signal's reason
   */
  enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const giveUp = (): void => {
        const index = this.#queue.indexOf(waiting);
        if (index !== -1) this.#queue.splice(index, 1);
        reject(signal.reason);
        this.#admit();
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#take());
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#queue.push(waiting);
      this.#admit();
    });
  }

  #take(): () => void {
    this.#tokens--;
    this.#inFlight++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inFlight--;
      this.#admit();
    };
  }

  /** Lets in whoever may enter now, and looks again when the next one may. */
  #admit(): void {
    clearTimeout(this.#timer);
    this.#fill();
    while (this.#queue.length > 0 && this.#inFlight < this.#places) {
      if (this.#tokens < 1) {
        const wait = Math.min(LONGEST_WAIT, Math.ceil((1 - this.#tokens) / this.#rate));
        this.#timer = setTimeout(() => this.#admit(), wait);
        return;
      }
      this.#queue.shift()?.enter();
    }
  }

  #fill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#rate);
    this.#filledAt = now;
  }
}

function positiveOr(value: number | undefined, otherwise: number): number {
  return value !== undefined && value > 0 ? value : otherwise;
}
