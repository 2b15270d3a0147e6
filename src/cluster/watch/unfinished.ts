/**
 * The beginning of a line or an object whose end has not come yet, in one buffer of our own: chunks are views of larger ones,
 * and a stream in chunks of one octet would make millions of them.
 */

const NOTHING = Buffer.alloc(0);

export class Unfinished {
  #buffer = NOTHING;
  #length = 0;

  /** Octets so far. */
  get length(): number {
    return this.#length;
  }

  add(part: Buffer): void {
    const length = this.#length + part.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    part.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  /** All of it; what comes then begins anew. */
  take(): Buffer {
    const whole = this.#buffer.subarray(0, this.#length);
    this.#buffer = NOTHING;
    this.#length = 0;
    return whole;
  }
}
