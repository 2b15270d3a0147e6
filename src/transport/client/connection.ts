/**
 * One connection to an upstream: the attempts that wait on it, and its life.
 *
 *     opening ──opened()──► open ──────────────────────────► gone
 *        └── connectTimeout, error ──► gone    idle, too old, lost, mute, closed
 *
 * Attempts join at any time until it is gone; those that came while it was opening are sent when it is open, so that no
 * query is given to a peer before its certificate was checked. Which connection an attempt joins, the pool decides:
 *
 * - A connection *can take* an attempt as long as it works and has room.
 * - It is *slow* while its oldest attempt is late and none that was sent after it has been answered of late: a server that
 *   works through a connection in order keeps all waiting behind one.
 * - It is *mute* once an attempt was given up that nothing at all was heard after. Until something is heard it is for
 *   nobody, and it closes when the last attempt on it has ended.
 * - It is *spent* when it has had as many attempts as such connections answered before the upstream closed them.
 *
 * One that is *retired* takes no more and closes when the last attempt on it has ended. What the peer says unasked is
 * bounded too. What all of this is told by stands in conduct.ts.
 */
import { CLOSED, type Carrier, type PooledAttempt } from './attempt.ts';
import { Conduct } from './conduct.ts';
import type { ConnectionPool } from './pool.ts';
import { problem, problemOf } from './problem.ts';
import type { UpstreamProblem } from './upstream.ts';

/** Milliseconds after which a connection that is not open yet is slow: the system repeats what got lost after a second. */
const SLOW_OPENING = 300;
/** Milliseconds within which an upstream closes a connection after the last reply that it gives on it. */
const FAREWELL = 100;
/** The longest time that a timer can be set for, in milliseconds. */
const LONGEST_TIMER = 0x7fff_ffff;

const UNASKED_FOR = problem('invalid', 'the upstream sends more replies than it was asked for');
const CONNECT_TIMEOUT = problem('timeout', 'the connection was not established in time');

export abstract class Connection implements Carrier {
  protected readonly pool: ConnectionPool;
  /** In the order in which they were sent. */
  readonly #waiting = new Set<PooledAttempt>();
  #phase: 'opening' | 'open' | 'gone' = 'opening';
  #retired = false;
  readonly #conduct = new Conduct();
  readonly #began = performance.now();
  #idleSince = 0;
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

  /** Attempts that wait on it. */
  get load(): number {
    return this.#waiting.size;
  }

  /** Whether it works and has room. @param now of `performance.now()` */
  canTake(_attempt: PooledAttempt, now: number): boolean {
    return this.#phase !== 'gone' && !this.#retired && !this.#isOld(now) && this.#waiting.size < this.capacity;
  }

  /** Whether what is on it waits longer than it should. */
  isSlow(now: number): boolean {
    if (this.#conduct.isMute) return true;
    if (this.#phase === 'opening') return now - this.#began >= SLOW_OPENING;
    const sentAt = this.#oldest?.sentAt;
    return sentAt !== undefined && this.#conduct.isLate(sentAt, now, this.pool.pace.patience);
  }

  /** Whether the upstream may be about to close it. */
  isSpent(now: number): boolean {
    const joined = this.isOpening ? this.#waiting.size : this.#conduct.sent;
    if (joined < this.pool.repliesEach) return false;
    return !this.isIdle || now - this.#idleSince < FAREWELL;
  }

  get #oldest(): PooledAttempt | undefined {
    for (const attempt of this.#waiting) return attempt;
    return undefined;
  }

  #isOld(now: number): boolean {
    const { maxAge } = this.pool.target;
    return maxAge > 0 && now - this.#began >= maxAge;
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
    this.#conduct.send();
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

  /** The upstream has said that it will close it: nothing more is sent on it. */
  protected leaving(): void {
    this.#retired = true;
    this.settle();
  }

  /** A whole message has come, for the attempt that it may answer. False where the connection is gone afterwards. */
  protected received(message: Uint8Array, attempt: PooledAttempt | undefined): boolean {
    if (attempt !== undefined) {
      this.receivedFor(attempt, message);
    } else {
      this.pool.counts.unasked++;
      this.#conduct.hear(performance.now());
    }
    if (this.#conduct.isExcessive) this.lost(UNASKED_FOR);
    return !this.isGone;
  }

  /** A whole message has come for this attempt; false where it did not take it. */
  protected receivedFor(attempt: PooledAttempt, message: Uint8Array): boolean {
    const now = performance.now();
    this.#conduct.hear(now);
    const { sentAt } = attempt;
    if (sentAt === undefined || !attempt.show(message, this.pool.target.to)) return false;
    this.#conduct.answer(now, attempt === this.#oldest);
    this.pool.answered(this.#conduct.answered, now - sentAt);
    this.ended(attempt);
    return true;
  }

  dropped(attempt: PooledAttempt): void {
    const { sentAt } = attempt;
    if (sentAt !== undefined) this.#conduct.giveUp(sentAt, performance.now());
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
    if (this.#retired) this.#leftUnanswered();
    this.#sendElsewhere(attempt, cause, this.#retired && this.#served > 0);
  }

  /** Keeps, watches or closes the connection when nothing waits on it. */
  protected settle(): void {
    if (!this.isIdle) return;
    const now = performance.now();
    if (this.#retired || this.#conduct.isMute || this.#isOld(now) || this.pool.tooManyIdle) {
      this.close();
      return;
    }
    this.#idleSince = now;
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

  /** The connection is of no more use: its attempts go elsewhere, or fail. */
  protected lost(cause: UpstreamProblem = CLOSED): void {
    const left = this.#leave();
    // A peer that closes with queries unread in its buffer resets the connection.
    const closed = cause.kind === 'closed' || cause.kind === 'reset';
    if (closed && left.length > 0) this.#leftUnanswered();
    for (const attempt of left) this.#sendElsewhere(attempt, cause, closed && this.#served > 0);
  }

  /** Attempts that it was good for: answered, or still to be so. */
  get #served(): number {
    return this.#conduct.answered + this.#waiting.size;
  }

  /**
   * The upstream goes without answering all. Where it answers to the end, the next connections get no more than this one is
   * good for; else it had waited for queries, and was about to close when one came.
   */
  #leftUnanswered(): void {
    const toTheEnd = this.#waiting.size > 0 || this.#conduct.heardWithin(FAREWELL, performance.now());
    if (this.#served > 0 && toTheEnd) this.pool.repliesEach = Math.min(this.pool.repliesEach, this.#served);
  }

  /**
   * Once; and as often as an upstream closes connections that serve others: that says nothing about the attempt, and each
   * round is paid for by those that were served.
   */
  #sendElsewhere(attempt: PooledAttempt, cause: UpstreamProblem, servesOthers: boolean): void {
    // Whoever was told before this one may have closed the channel.
    if (this.pool.isClosed) attempt.end();
    else if (attempt.again || servesOthers) this.pool.sendAgain(attempt);
    else attempt.fail(cause);
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
