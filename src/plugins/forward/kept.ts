/**
 * A reply that an exchange has and would rather not give, and until when something better is waited for.
 *
 *     seeking   a response code of `failover`      further upstreams are asked
 *     waiting   SERVFAIL or REFUSED                only those are waited for that were asked
 *     part      cut off                            the whole is asked for over TCP, and further upstreams are asked
 *
 * All times are in milliseconds of the monotonic clock.
 */
import type { Reply } from '../answer.ts';
import type { Pending } from './pending.ts';

/** For the whole over TCP, from the moment on in which a part is there. */
export const TCP_FALLBACK = 1_000;
/** For anything else: no less, and no more for somebody who seems dead. */
const SHORT_WAIT = 120;

export type KeptMode = 'seeking' | 'waiting' | 'part';

export class Kept {
  readonly reply: Reply;
  /** Who sent it: `192.0.2.1:53`. */
  readonly upstream: string;
  readonly mode: KeptMode;
  /** It is given then. */
  until: number;
  readonly #latest: number;

  /** @param pending what is under way, of which something better may come */
  constructor(reply: Reply, upstream: string, mode: KeptMode, now: number, pending: Pending) {
    this.reply = reply;
    this.upstream = upstream;
    this.mode = mode;
    this.#latest = mode === 'part' ? now + TCP_FALLBACK : Infinity;
    this.until = this.#limit(now, pending);
  }

  /** Sets anew how long is waited: something else is under way than before. */
  hope(now: number, pending: Pending): void {
    this.until = this.#limit(now, pending);
  }

  #limit(now: number, pending: Pending): number {
    switch (this.mode) {
      case 'waiting':
        return now + pending.patience;
      case 'seeking':
        return now + Math.max(pending.expected, SHORT_WAIT);
      case 'part':
        if (pending.anyConnected) return this.#latest;
        return Math.min(this.#latest, now + Math.max(pending.expected, SHORT_WAIT));
    }
  }
}
