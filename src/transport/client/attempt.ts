/**
 * A message on its way over a connection that others share. It outlives the connection: where that goes away before the
 * reply has come, the message may be sent once more on another.
 */
import { problem } from './problem.ts';
import type { Attempt, AttemptListener, Endpoint, UpstreamProblem } from './upstream.ts';
import type { Usage } from './usage.ts';

/** The connection that carries it. */
export interface Carrier {
  /** The attempt was given up. */
  dropped(attempt: PooledAttempt): void;
}

export class PooledAttempt implements Attempt {
  /** Of the message, which replies on a stream are told apart by. */
  readonly id: number;
  /** What is written: the message in the form that the connection needs. Owned. */
  readonly octets: Buffer;
  readonly #listener: AttemptListener;
  readonly #usage: Usage;
  /** Whether `octets` are counted. */
  #counted = false;
  #over = false;
  carrier: Carrier | undefined;
  /** Whether it may be sent again on a fresh connection: it has not been on one yet. */
  again = true;
  /** When it was written, of `performance.now()`; undefined before. */
  sentAt: number | undefined;

  constructor(id: number, octets: Buffer, listener: AttemptListener, usage: Usage) {
    this.id = id;
    this.octets = octets;
    this.#listener = listener;
    this.#usage = usage;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Counts its octets as long as it lasts; false where the bound is reached. */
  count(): boolean {
    this.#counted = this.#usage.takeOctets(this.octets.length);
    return this.#counted;
  }

  /** Shows it a message, borrowed; true ends the attempt. */
  show(message: Uint8Array, from: Endpoint): boolean {
    if (this.#over || !this.#usage.show(this.#listener, message, from)) return false;
    this.end();
    return true;
  }

  fail(cause: UpstreamProblem): void {
    if (this.#over) return;
    this.end();
    this.#usage.tell(this.#listener, cause);
  }

  /** Fails when the call that began it has returned; `before` is called first, in any case. */
  failLater(cause: UpstreamProblem, before?: () => void): void {
    setImmediate(() => {
      before?.();
      this.fail(cause);
    });
  }

  cancel(): void {
    if (this.#over) return;
    this.end();
    this.carrier?.dropped(this);
  }

  /** Ends it without a word to anybody. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#counted) this.#usage.giveOctets(this.octets.length);
  }
}

export const CLOSED: UpstreamProblem = problem('closed', 'the upstream closed the connection');

/** The id of a message; of one that is too short for it, none that any message bears. */
export function idOf(message: Uint8Array): number {
  const [high, low] = message;
  return high === undefined || low === undefined ? -1 : (high << 8) | low;
}
