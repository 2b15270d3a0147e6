/**
 * Who is let into the answer cache: a key that is seen for the second time. A name that is asked once and never again, and a flood of
 * them, costs no memory there and takes nobody's place.
 *
 * Hashes whose highest bits are the same share a bucket, which knows the last few that fell there. A flood may push one out between two
 * looks: a name that is asked often is let in all the same, some look later. With one place instead, two names that are asked in turn
 * and share it would never be let in.
 */

/** 128 KiB in all: at 100,000 new names in a second, a name that is asked thrice a second is mostly let in within the second. */
const BUCKET_BITS = 13;
const PLACES = 4;

export class SecondSight {
  /** Bucket by bucket, the latest first. */
  readonly #last = new Int32Array(2 ** BUCKET_BITS * PLACES);

  /** True where this key is among the last of its bucket; from now on it is. */
  seen(hash: number): boolean {
    const last = this.#last;
    const bucket = (hash >>> (32 - BUCKET_BITS)) * PLACES;
    for (let i = bucket; i < bucket + PLACES; i++) if (last[i] === hash) return true;
    for (let i = bucket + PLACES - 1; i > bucket; i--) last[i] = last[i - 1] ?? 0;
    last[bucket] = hash;
    return false;
  }
}
