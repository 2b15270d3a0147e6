/**
 * How long an upstream takes to answer: a smoothed mean and its mean deviation, as RFC 6298 §2 keeps them for the round
 * trips of TCP. In: times of replies. Out: how long a reply may be late before somebody else is asked too.
 *
 * All times are in milliseconds.
 */

/** Patience with an upstream that has not answered yet. */
const UNKNOWN = 100;
/** Less is within what a busy machine adds by itself. */
const LEAST = 10;
/** The same upstream is not asked again sooner: it is at work already, and nearly all replies that come at all are late and not lost. */
const LEAST_AGAIN = 50;
/** However slow an upstream usually is, a client should not wait longer before a faster one is asked. */
const MOST = 120;
/** Nor should it wait longer for an answer that may be better than the one that is there. */
const SLOWEST = 1_000;

export class Latency {
  #mean = 0;
  #deviation = 0;
  #known = false;

  observe(time: number): void {
    if (!this.#known) {
      this.#known = true;
      this.#mean = time;
      this.#deviation = time / 2;
      return;
    }
    this.#deviation += (Math.abs(time - this.#mean) - this.#deviation) / 4;
    this.#mean += (time - this.#mean) / 8;
  }

  /** The time within which nearly all replies come: the mean and four deviations, within bounds. */
  get expected(): number {
    if (!this.#known) return UNKNOWN;
    return Math.min(Math.max(this.#mean + 4 * this.#deviation, LEAST), SLOWEST);
  }

  /** The same, and no more than a client waits gladly. */
  get patience(): number {
    return Math.min(this.expected, MOST);
  }

  /** The time within which most replies come. */
  get usual(): number {
    return this.#known ? this.#mean + this.#deviation : MOST;
  }

  /**
   * How long it is waited for before the next one is asked, which may be the same again: as long as that one would take
   * too where that is more, since a message that brings nothing sooner only adds to whatever makes all of them slow. The
   * same one is still at work; another may have the answer at hand.
   */
  patienceBefore(next: Latency | undefined): number {
    if (next === this) return Math.max(this.expected, LEAST_AGAIN);
    return Math.min(this.expected, Math.max(MOST, next?.usual ?? MOST));
  }
}
