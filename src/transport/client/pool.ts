/**
 * A channel over connections: kept while they are useful, shared by queries in flight, opened again when they go away
 * (RFC 7766 §6.2.1, §6.2.1.1; RFC 9210 §4). What a connection is made of stands in stream.ts and https.ts.
 *
 *     send ──► attempt ──► a good connection │ a new one │ at the bounds, the least loaded │ failed('socket-limit')
 *                 ▲                │ goes away
 *                 └── once more ───┘ if the attempt had joined it when it was open already: the upstream may have
 *                                    closed it as the query left; or if it was closed after it had given answers
 *
 * Queries share a connection as long as none of the channel is slow. While one is, the upstream may be working through
 * each in order, and what could be the next slow query has a connection of its own.
 *
 * An upstream that closes after so many replies is given no more than that many queries on one connection. As a busy
 * network may look the same for once, a connection that outlives this number doubles it.
 */
import { idOf, PooledAttempt } from './attempt.ts';
import type { Connection } from './connection.ts';
import { Pace } from './pace.ts';
import { AT_OCTET_LIMIT, AT_SOCKET_LIMIT, CHANNEL_CLOSED, problem, problemOf } from './problem.ts';
import type { Attempt, AttemptListener, Channel, UpstreamProblem, UpstreamTarget } from './upstream.ts';
import { FRAME_MESSAGE } from '../frames.ts';
import type { Usage } from './usage.ts';

const TOO_LONG = problem('invalid', 'the message is longer than a frame can be');

/** How one protocol carries messages. */
export interface ConnectionKind {
  /** The message in the form in which it is written; a copy. */
  form(message: Uint8Array): Buffer;
  /** Begins to open a connection. May throw where the target cannot be connected to at all. */
  open(pool: ConnectionPool): Connection;
}

export class ConnectionPool implements Channel {
  readonly target: UpstreamTarget;
  readonly usage: Usage;
  readonly counts = { reused: 0, opened: 0, unasked: 0 };
  readonly pace = new Pace();
  /** Replies that a connection is good for before the upstream closes it. */
  repliesEach = Number.POSITIVE_INFINITY;
  readonly #kind: ConnectionKind;
  readonly #closed: () => void;
  readonly #connections = new Set<Connection>();
  /** Those that are about to be told that they failed. */
  readonly #failing = new Set<PooledAttempt>();
  #isClosed = false;

  constructor(target: UpstreamTarget, usage: Usage, kind: ConnectionKind, closed: () => void) {
    this.target = target;
    this.usage = usage;
    this.#kind = kind;
    this.#closed = closed;
  }

  send(message: Uint8Array, listener: AttemptListener): Attempt {
    const fits = message.length <= FRAME_MESSAGE;
    const attempt = new PooledAttempt(
      idOf(message),
      this.#kind.form(fits ? message : message.subarray(0, 0)),
      listener,
      this.usage,
    );
    if (this.#isClosed) attempt.failLater(CHANNEL_CLOSED);
    else if (!fits) this.#failLater(attempt, TOO_LONG);
    else if (!attempt.count()) this.#failLater(attempt, AT_OCTET_LIMIT);
    else this.#place(attempt, false);
    return attempt;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends once more what was on a connection that went away; the channel is not closed. */
  sendAgain(attempt: PooledAttempt): void {
    if (!attempt.over) this.#place(attempt, true);
  }

  /** An attempt was answered after so many milliseconds, the `count`-th on its connection. */
  answered(count: number, time: number): void {
    this.pace.observe(time);
    if (count > this.repliesEach) this.repliesEach = 2 * count;
  }

  /** Puts it on a connection, where `fresh` on one that is not open yet. */
  #place(attempt: PooledAttempt, fresh: boolean): void {
    let good: Connection | undefined;
    let unused: Connection | undefined;
    let leastLoaded: Connection | undefined;
    let anySlow = false;
    const now = performance.now();
    for (const connection of this.#connections) {
      const slow = connection.isSlow(now);
      anySlow ||= slow;
      if (!connection.canTake(attempt, now)) continue;
      if (leastLoaded === undefined || connection.load < leastLoaded.load) leastLoaded = connection;
      if (slow || connection.isSpent(now) || (fresh && !connection.isOpening)) continue;
      good ??= connection;
      if (connection.load === 0) unused ??= connection;
    }
    const chosen = anySlow ? unused : good;
    if (chosen !== undefined) this.#join(chosen, attempt);
    else if (this.#takeSocket()) this.#open(attempt);
    else if (leastLoaded !== undefined) this.#join(leastLoaded, attempt);
    else this.#failLater(attempt, AT_SOCKET_LIMIT);
  }

  #join(connection: Connection, attempt: PooledAttempt): void {
    this.counts.reused++;
    connection.take(attempt);
  }

  #takeSocket(): boolean {
    if (this.#connections.size < this.usage.limits.upstreamConnections) return this.usage.takeSocket();
    this.usage.reached.sockets++;
    return false;
  }

  /** A socket is taken for the connection. */
  #open(attempt: PooledAttempt): void {
    let connection: Connection;
    try {
      connection = this.#kind.open(this);
    } catch (error) {
      this.usage.giveSocket();
      this.#failLater(attempt, problemOf(error, this.target.tls === undefined ? 'invalid' : 'tls'));
      return;
    }
    this.#connections.add(connection);
    this.counts.opened++;
    connection.take(attempt);
  }

  /** Fails it when `send` has returned; without a word if the channel is closed by then. */
  #failLater(attempt: PooledAttempt, cause: UpstreamProblem): void {
    this.#failing.add(attempt);
    attempt.failLater(cause, () => this.#failing.delete(attempt));
  }

  /** Whether there are more idle connections than are to be kept. */
  get tooManyIdle(): boolean {
    const { maxIdle } = this.target;
    if (maxIdle === 0) return false;
    let idle = 0;
    for (const connection of this.#connections) if (connection.isIdle) idle++;
    return idle > maxIdle;
  }

  /** A connection has let go of its socket. */
  gone(connection: Connection): void {
    if (this.#connections.delete(connection)) this.usage.giveSocket();
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close();
    for (const attempt of this.#failing) attempt.end();
    this.#closed();
  }
}
