/**
 * Questions for upstreams begin in turns of the event loop that are theirs, so that many of them at once, as when names have run out
 * together, hold nothing else up. To ask an upstream takes many times as long as an answer out of a cache, and between any two turns what
 * has arrived meanwhile is answered.
 *
 *     queries that came together ──► answered at once, … ──► begin one ──► what has arrived ──► begin one ──► …
 */

/** Of those that wait, one in so many begins in a turn, and one at least. */
const PART = 16;
/** More than these do not wait for another turn: what comes faster than it can be begun is to wait where it comes from. */
const MOST = 128;

/** For `Turns`. */
export function beginSome(waiting: (() => void)[]): void {
  const count = Math.max(Math.ceil(waiting.length / PART), waiting.length - MOST);
  for (const begin of waiting.splice(0, count)) begin();
}
