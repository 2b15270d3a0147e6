/**
 * One connection to an upstream: the attempts that wait on it, and its life.
 *
 *     opening ──opened()──► open ──────────────────────────► gone
 *        └── connectTimeout, error ──► gone    idle, too old, lost, silent, closed
 *
 * Attempts join at any time until it is gone; those that came while it was opening are sent when it is open, so that no
 * query is given to a peer before its certificate was checked. A connection that is *retired* takes no more attempts and
 * closes when the last one on it has ended.
 *
 * A peer that has stopped answering is noticed by the attempts: one that was given up after waiting for `SILENCE`, while
 * nothing at all was heard, retires the connection. What the peer says unasked is bounded too.
 */
import { CLOSED, type Carrier, type PooledAttempt } from './attempt.ts';
import type { ConnectionPool } from './pool.ts';
import { problem, problemOf } from './problem.ts';
import type { UpstreamProblem } from './upstream.ts';

/** Milliseconds without a message after which an attempt that is given up speaks against the connection. */
const SILENCE = 500;
/** Messages beyond one for each that was sent, after which the peer is cut off. */
const UNASKED = 64;
/** The longest time that a timer can be set for, in milliseconds. */
const LONGEST_TIMER = 0x7fff_ffff;

const UNASKED_FOR = problem('invalid', 'the upstream sends more replies than it was asked for');
const CONNECT_TIMEOUT = problem('timeout', 'the connection was not established in time');

export abstract class Connection implements Carrier {
  protected readonly pool: ConnectionPool;
  readonly #waiting = new Set<PooledAttempt>();
  #phase: 'opening' | 'open' | 'gone' = 'opening';
  #retired = false;
  readonly #began = performance.now();
  #idleSince = 0;
  #heardAt = 0;
  #sent = 0;
  #heard = 0;
  /** While opening, the time that may take; then the look at whether it is idle. */
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: ConnectionPool) {
    this.pool = pool;
    const timeout = Math.min(pool.target.connectTimeout, LONGEST_TIMER);
    this.#timer = setTimeout(() => this.lost(CONNECT_TIMEOUT), timeout);
  }

  get isOpening(): boolean {
    return this.#phase === 'opening';
  }

  get isGone(): boolean {
    return this.#phase === 'gone';
  }

  get isIdle(): boolean {
    return this.#phase === 'open' && this.#waiting.size === 0;
  }

  get hasRoom(): boolean {
    return this.#phase !== 'gone' && !this.#retired && !this.#isOld && this.#waiting.size < this.capacity;
  }

  get #isOld(): boolean {
    const { maxAge } = this.pool.target;
    return maxAge > 0 && performance.now() - this.#began >= maxAge;
  }

  /** Attempts that may wait on it at once. */
  protected get capacity(): number {
    return this.pool.usage.limits.upstreamInFlight;
  }

  /** Writes an attempt's octets. May throw: the connection is lost then. */
  protected abstract write(attempt: PooledAttempt): void;
  /** Lets go of what belongs to an attempt that has ended, answered or not. */
  protected abstract forget(attempt: PooledAttempt): void;
  /** Lets go of the socket and all that is held, at once and without an event that matters. */
  protected abstract destroy(): void;

  take(attempt: PooledAttempt): void {
    attempt.carrier = this;
    attempt.sentAt = undefined;
    // Whoever comes while it is opening is on a fresh connection, and has no second chance.
    attempt.again &&= this.#phase === 'open';
    this.#waiting.add(attempt);
    if (this.#phase === 'open') this.#transmit(attempt);
  }

  #transmit(attempt: PooledAttempt): void {
    attempt.sentAt = performance.now();
    this.#sent++;
    try {
      this.write(attempt);
    } catch (error) {
      // Later: the caller of `send` must have its attempt before it is told.
      setImmediate(() => this.lost(problemOf(error, 'closed')));
    }
  }

  /** The connection is established and checked. */
  protected opened(): void {
    if (this.#phase !== 'opening') return;
    this.#phase = 'open';
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const attempt of this.#waiting) this.#transmit(attempt);
    this.settle();
  }

  /** Takes no more attempts. */
  protected retire(): void {
    this.#retired = true;
    this.settle();
  }

  /** A whole message has come, for whichever attempt takes it. False where the connection is gone afterwards. */
  protected received(message: Uint8Array): boolean {
    this.#heardAt = performance.now();
    this.#heard++;
    if (this.#heard > this.#sent + UNASKED) this.lost(UNASKED_FOR);
    for (const attempt of this.#waiting) {
      if (attempt.show(message, this.pool.target.to)) {
        this.ended(attempt);
        break;
      }
    }
    return !this.isGone;
  }

  /** A whole message has come for this attempt; false where it did not take it. */
  protected receivedFor(attempt: PooledAttempt, message: Uint8Array): boolean {
    this.#heardAt = performance.now();
    if (!attempt.show(message, this.pool.target.to)) return false;
    this.ended(attempt);
    return true;
  }

  dropped(attempt: PooledAttempt): void {
    const { sentAt } = attempt;
    const silent = sentAt !== undefined && this.#heardAt < sentAt && performance.now() - sentAt >= SILENCE;
    if (silent) this.#retired = true;
    this.ended(attempt);
  }

  /** An attempt waits here no more; false where it did not. */
  protected ended(attempt: PooledAttempt): boolean {
    if (!this.#waiting.delete(attempt)) return false;
    this.forget(attempt);
    this.settle();
    return true;
  }

  /** One attempt has failed while the connection goes on. */
  protected failed(attempt: PooledAttempt, cause: UpstreamProblem): void {
    if (this.ended(attempt)) attempt.fail(cause);
  }

  /** One attempt was not served while the connection goes on, and may be elsewhere. */
  protected refused(attempt: PooledAttempt, cause: UpstreamProblem): void {
    if (!this.ended(attempt)) return;
    if (attempt.again) this.pool.sendAgain(attempt);
    else attempt.fail(cause);
  }

  /** Keeps, watches or closes the connection when nothing waits on it. */
  protected settle(): void {
    if (!this.isIdle) return;
    if (this.#retired || this.#isOld || this.pool.tooManyIdle) {
      this.close();
      return;
    }
    this.#idleSince = performance.now();
    this.#timer ??= this.#look(this.pool.target.idle);
  }

  /** One timer serves many queries: it asks, when it is due, since when the connection has been idle. */
  #look(delay: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.#timer = undefined;
        if (!this.isIdle) return;
        const left = this.#idleSince + this.pool.target.idle - performance.now();
        if (left <= 0) this.close();
        else this.#timer = this.#look(left);
      },
      Math.min(Math.ceil(delay), LONGEST_TIMER),
    );
  }

  /** The connection is of no more use: its attempts go elsewhere once, or fail. */
  protected lost(cause: UpstreamProblem = CLOSED): void {
    for (const attempt of this.#leave()) {
      if (attempt.again) this.pool.sendAgain(attempt);
      else attempt.fail(cause);
    }
  }

  /** Ends its attempts without a word. */
  close(): void {
    for (const attempt of this.#leave()) attempt.end();
  }

  /** Goes. Gives the attempts that waited. */
  #leave(): readonly PooledAttempt[] {
    if (this.#phase === 'gone') return [];
    this.#phase = 'gone';
    clearTimeout(this.#timer);
    const left = [...this.#waiting];
    this.#waiting.clear();
    this.destroy();
    this.pool.gone(this);
    return left;
  }
}
