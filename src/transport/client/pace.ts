/**
 * How long the replies of one channel take, as RFC 6298 §2 keeps it for the round trips of TCP: a smoothed mean and its
 * mean deviation. In: times from the writing of a message to its reply. Out: how long the oldest message of a connection
 * may wait before others should not stand behind it.
 *
 * All times are in milliseconds.
 */

/** A little below the time after which an asker sends a second message: that one must find the connection slow. */
const SHARE = 0.9;
/** Less is within what a busy machine adds by itself. */
const LEAST = 8;
/** However slow an upstream usually is: also what holds before the first reply. */
const MOST = 90;

export class Pace {
  #mean = 0;
  #deviation = 0;
  #patience = MOST;
  #known = false;

  observe(time: number): void {
    if (this.#known) {
      this.#deviation += (Math.abs(time - this.#mean) - this.#deviation) / 4;
      this.#mean += (time - this.#mean) / 8;
    } else {
      this.#known = true;
      this.#mean = time;
      this.#deviation = time / 2;
    }
    this.#patience = Math.min(Math.max(SHARE * (this.#mean + 4 * this.#deviation), LEAST), MOST);
  }

  /** A message that waits longer is late. */
  get patience(): number {
    return this.#patience;
  }
}
