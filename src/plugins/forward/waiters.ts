/**
 * The client queries that wait for one exchange: each with its own time, each paying for messages from its own budget.
 */
import { bounds } from '../../bounds.ts';
import type { Answer } from '../answer.ts';
import type { Account } from '../query.ts';

interface Waiter {
  readonly account: Account;
  readonly deadline: number;
  readonly resolve: (answer: Answer) => void;
}

/** Who is told of those that go. */
export interface WaitersOwner {
  /** Called once for each that has its answer. */
  left(): void;
}

export class Waiters {
  #waiting: Waiter[] = [];
  #earliest = Infinity;
  readonly #owner: WaitersOwner;

  constructor(owner: WaitersOwner) {
    this.#owner = owner;
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** Until when the first of them waits, by the monotonic clock. */
  get earliest(): number {
    return this.#earliest;
  }

  add(account: Account): Promise<Answer> {
    return new Promise((resolve) => {
      const { upstreamsSince = Infinity } = account;
      const deadline = Math.min(account.deadline, upstreamsSince + bounds.upstreamTime);
      this.#waiting.push({ account, deadline, resolve });
      this.#earliest = Math.min(this.#earliest, deadline);
    });
  }

  /** Takes one message to an upstream off a budget that has something left; false where none has. */
  pay(): boolean {
    for (const { account } of this.#waiting) if (account.spendAttempt()) return true;
    return false;
  }

  /** Gives those whose time is over their answer. */
  expire(now: number, answer: Answer): void {
    const over = this.#waiting.filter(({ deadline }) => deadline <= now);
    this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now);
    this.#earliest = this.#waiting.reduce((earliest, { deadline }) => Math.min(earliest, deadline), Infinity);
    this.#answer(over, answer);
  }

  /** Gives all of them their answer. */
  settle(answer: Answer): void {
    const all = this.#waiting;
    this.#waiting = [];
    this.#answer(all, answer);
  }

  #answer(waiters: readonly Waiter[], answer: Answer): void {
    for (const { resolve } of waiters) {
      this.#owner.left();
      resolve(answer);
    }
  }
}
