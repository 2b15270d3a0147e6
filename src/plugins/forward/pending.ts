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
  /** A few at most. */
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

  /** One of them went over a connection. */
  get anyConnected(): boolean {
    return this.#waiting.some(({ attempt }) => attempt.line.connected);
  }

  /** Milliseconds within which nearly every reply comes from those that were asked, but for the slow. */
  get patience(): number {
    return this.#waiting.reduce((most, { attempt }) => Math.max(most, attempt.line.latency.patience), 0);
  }

  /** The same with the slow, but without those that seem dead. */
  get expected(): number {
    let most = 0;
    for (const { attempt, candidate } of this.#waiting) {
      if (candidate.upstream.health.preferred) most = Math.max(most, attempt.line.latency.expected);
    }
    return most;
  }

  add(attempt: UpstreamAttempt, candidate: Candidate, time: number): void {
    this.#waiting.push({ attempt, candidate, expires: attempt.sentAt + time });
  }

  /** Takes an attempt that has ended off the list; undefined where it is not on it. */
  take(attempt: UpstreamAttempt): Candidate | undefined {
    for (let i = 0; i < this.#waiting.length; i++) {
      const one = this.#waiting[i];
      if (one?.attempt !== attempt) continue;
      this.#waiting.splice(i, 1);
      noteBare(one);
      return one.candidate;
    }
    return undefined;
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

  /**
   * Finds out whether anybody is there of those that were asked and have not answered.
   *
   * @param since what was heard before says nothing
   */
  doubt(since = -Infinity): void {
    for (const { attempt, candidate } of this.#waiting) {
      candidate.upstream.doubt(attempt.line, Math.max(since, attempt.sentAt));
    }
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
  if (refusesEdns(attempt.bare)) candidate.couldNotRead(attempt.edns);
}
