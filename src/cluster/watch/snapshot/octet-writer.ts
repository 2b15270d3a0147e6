/**
 * Numbers and texts as the octets of a snapshot. They gather in one buffer that grows with the largest object and is given
 * away in chunks: whoever takes a chunk is done with it before the next thing is written.
 */

/** Octets of a chunk at most. */
const CHUNK = 65_536;
/** There is a chunk to take as soon as so many octets are there: some tenths of a millisecond of work. */
const ENOUGH = 16_384;
/** Longer texts hardly ever come again. */
const SHARED_LENGTH = 64;
/** Octets of the longest number. */
const NUMBER_SIZE = 8;

/** A text with a character that latin1 does not have. */
const WIDE = /[\u0100-\uffff]/;

/** What stands before a shared text: it is new, it is not to be remembered, or from here on which one it is. */
export const shared = { anew: 0, once: 1, again: 2 } as const;

export class OctetWriter {
  #buffer = Buffer.allocUnsafeSlow(CHUNK);
  #length = 0;
  readonly #shared = new Map<string, number>();

  /** True when a chunk should be taken. */
  get isFull(): boolean {
    return this.#length >= ENOUGH;
  }

  /** What was written since the last time, in chunks that are borrowed until the next call of anything here. */
  *chunks(): Generator<Uint8Array, void> {
    for (let at = 0; at < this.#length; at += CHUNK) {
      yield this.#buffer.subarray(at, Math.min(at + CHUNK, this.#length));
    }
    this.#length = 0;
  }

  octet(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A whole number from 0 to 2⁵³ − 1. */
  number(value: number): void {
    this.#reserve(NUMBER_SIZE);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Any number, in 8 octets. */
  float(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
  }

  /** A number in as many octets as are said, the most significant first. */
  fixed(value: number, size: number): void {
    this.#reserve(size);
    this.#length = this.#buffer.writeUIntBE(value, this.#length, size);
  }

  /** Octets as they are, without their number. */
  raw(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#buffer.set(octets, this.#length);
    this.#length += octets.length;
  }

  text(text: string): void {
    const isWide = WIDE.test(text);
    const size = isWide ? text.length * 2 : text.length;
    this.number(size * 2 + (isWide ? 1 : 0));
    this.#reserve(size);
    this.#length += this.#buffer.write(text, this.#length, isWide ? 'utf16le' : 'latin1');
  }

  /** A text that may come again; its reader then gets the same one. */
  sharedText(text: string): void {
    if (text.length > SHARED_LENGTH) {
      this.number(shared.once);
      this.text(text);
      return;
    }
    const known = this.#shared.get(text);
    if (known !== undefined) {
      this.number(shared.again + known);
      return;
    }
    this.#shared.set(text, this.#shared.size);
    this.number(shared.anew);
    this.text(text);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
