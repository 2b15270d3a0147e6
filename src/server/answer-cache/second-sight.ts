/**
 * Who is let into the answer cache: a key that is seen for the second time. A name that is asked once and never again, and a flood of
 * them, costs no memory there and takes nobody's place.
 *
 * Hashes whose highest bits are the same share a bucket, which remembers a few that fell there. Which of them a new one pushes out is
 * left to chance. If it were the oldest, names that are asked in turn, one more than there are places, would push each other out for
 * ever; as it is, all of them are let in after a few rounds. A flood delays that, and no more.
 */

/**
 * 256 KiB in all, for as many hashes as there is room for answers: at 100,000 new names in a second, a name that is asked twice a second
 * is mostly let in within two seconds.
 */
const BUCKET_BITS = 14;
const PLACE_BITS = 2;
const PLACES = 2 ** PLACE_BITS;

/** Of a linear congruential generator modulo 2³², whose highest bits are the most random. */
const MULTIPLIER = 1_664_525;
const INCREMENT = 1_013_904_223;

export class SecondSight {
  /** Bucket by bucket. */
  readonly #hashes = new Int32Array(2 ** BUCKET_BITS * PLACES);
  #random = 0;

  /** True where this key is remembered; from now on it is. */
  seen(hash: number): boolean {
    const hashes = this.#hashes;
    const bucket = (hash >>> (32 - BUCKET_BITS)) * PLACES;
    for (let i = bucket; i < bucket + PLACES; i++) if (hashes[i] === hash) return true;
    this.#random = (Math.imul(this.#random, MULTIPLIER) + INCREMENT) | 0;
    hashes[bucket + (this.#random >>> (32 - PLACE_BITS))] = hash;
    return false;
  }
}
