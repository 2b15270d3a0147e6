/**
 * A hash over everything that a configuration was made of, for a reload to see whether something changed. In: pieces of
 * text, in order. Out: SHA-512 in hexadecimal.
 */
import { createHash } from 'node:crypto';

/** Pieces that are gathered before they are hashed: one call each would cost more than the hashing. */
const gathered = 4096;

export class Fingerprint {
  readonly #hash = createHash('sha512');
  #pieces: string[] = [];

  /** Adds one piece; its length goes with it, so that pieces cannot run into each other. */
  add(piece: string): void {
    this.#pieces.push(`${piece.length}:${piece}`);
    if (this.#pieces.length >= gathered) this.#flush();
  }

  /** The hash of all pieces; nothing can be added afterwards. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#pieces.join(''));
    this.#pieces = [];
  }
}
