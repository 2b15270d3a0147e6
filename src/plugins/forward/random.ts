/**
 * Randomness that nobody can guess, for message ids and the case of letters (RFC 5452 §4.3, §9.2): octets of the system's
 * generator, drawn many at a time, since each call of it costs more than a whole query.
 */
import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(4096);
let used = pool.length;

/** A number from 0 to 255. */
export function randomOctet(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++] ?? 0;
}

/** A number from 0 to 65535. */
export function randomId(): number {
  return (randomOctet() << 8) | randomOctet();
}
