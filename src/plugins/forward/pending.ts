/**
 * The messages of one exchange that wait for a reply: which upstream each went to, and until when it is waited for.
 */
import { refusesEdns, type UpstreamAttempt } from './attempt.ts';
import type { Candidate } from './candidates.ts';
import { SILENT } from './explain.ts';

interface Waiting {
  readonly attempt: UpstreamAttempt;
  readonly candidate: Candidate;
  /** By the monotonic clock. */
  readonly expires: number;
}

export class Pending {
  #waiting: Waiting[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  /** When the first of them has waited long enough; infinite where there are none. */
  get earliest(): number {
    let earliest = Infinity;
    for (const { expires } of this.#waiting) earliest = Math.min(earliest, expires);
    return earliest;
  }

  /** One of them went to an upstream that seems alive. */
  get anyPreferred(): boolean {
    return this.#waiting.some(({ candidate }) => candidate.upstream.health.preferred);
  }

  /** Milliseconds within which nearly every reply comes from those that were asked. */
  get patience(): number {
    return this.#waiting.reduce((most, { attempt }) => Math.max(most, attempt.line.latency.patience), 0);
  }

  add(attempt: UpstreamAttempt, candidate: Candidate, time: number): void {
    candidate.waiting++;
    this.#waiting.push({ attempt, candidate, expires: attempt.sentAt + time });
  }

  /** Takes an attempt that has ended off the list; undefined where it is not on it. */
  take(attempt: UpstreamAttempt): Candidate | undefined {
    const at = this.#waiting.findIndex((one) => one.attempt === attempt);
    const [found] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (found === undefined) return undefined;
    noteBare(found);
    found.candidate.waiting--;
    return found.candidate;
  }

  /** Gives up those whose time is over; true where there were any. */
  expire(now: number): boolean {
    if (now < this.earliest) return false;
    const over = this.#waiting.filter(({ expires }) => expires <= now);
    for (const { attempt, candidate } of over) {
      this.take(attempt);
      attempt.cancel();
      candidate.problem = SILENT;
      candidate.upstream.health.lost(attempt.sentAt);
    }
    return true;
  }

  /** Has those checked that were asked and have not answered. */
  doubt(): void {
    for (const { attempt, candidate } of this.#waiting) candidate.upstream.health.doubt(attempt.sentAt);
  }

  /** Makes known to the candidates which datagrams came that are no replies but say something. */
  noteBare(): void {
    for (const waiting of this.#waiting) noteBare(waiting);
  }

  /** Gives up all of them. @param lost whether that speaks against the upstreams */
  drop(lost: boolean): void {
    for (const { attempt, candidate } of this.#waiting) {
      attempt.cancel();
      if (lost) candidate.upstream.health.lost(attempt.sentAt);
    }
    this.#waiting = [];
  }
}

/** A failure without a question ended no wait; but it says what to leave out when the same server is asked again. */
function noteBare({ attempt, candidate }: Waiting): void {
  if (attempt.bare === undefined) return;
  candidate.bare = attempt.bare;
  if (refusesEdns(attempt.bare)) candidate.plain = true;
}
