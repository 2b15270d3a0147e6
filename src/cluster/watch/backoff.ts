/** How long to wait after a failure: twice as long after each, with jitter, so that the replicas of a cluster do not ask together. */
export class Backoff {
  readonly #least: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  /** Milliseconds. @param random from 0 up to 1 */
  constructor(least: number, most: number, random: () => number = Math.random) {
    this.#least = least;
    this.#most = most;
    this.#random = random;
  }

  /** Milliseconds until the next try. */
  next(): number {
    const exponential = this.#least * 2 ** Math.min(this.#failures, 30);
    this.#failures++;
    return Math.min(this.#most, exponential * (1 + this.#random()));
  }

  /** What follows is a first failure again. */
  reset(): void {
    this.#failures = 0;
  }
}
