/**
 * The client queries that wait for one exchange: each with its own time, each paying for messages from its own budget.
 */
import { bounds } from '../../bounds.ts';
import type { Answer } from '../answer.ts';
import type { Account } from '../query.ts';

interface Waiter {
  readonly account: Account;
  readonly deadline: number;
  /** Until when it waits while no upstream answers anything. */
  readonly silence: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Who is told of those that go. */
export interface WaitersOwner {
  /** Called once for each that has its answer. */
  left(): void;
}

export class Waiters {
  #waiting: Waiter[] = [];
  #earliest = Infinity;
  #earliestSilence = Infinity;
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

  /** The same for as long as no upstream answers anything. */
  get earliestSilence(): number {
    return this.#earliestSilence;
  }

  /** @param silence until when it waits while no upstream answers anything */
  add(account: Account, silence: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { upstreamsSince = Infinity } = account;
      const deadline = Math.min(account.deadline, upstreamsSince + bounds.upstreamTime);
      this.#waiting.push({ account, deadline, silence, resolve, reject });
      this.#earliest = Math.min(this.#earliest, deadline);
      this.#earliestSilence = Math.min(this.#earliestSilence, silence);
    });
  }

  /** Takes one message to an upstream off a budget that has something left; false where none has. */
  pay(): boolean {
    for (const { account } of this.#waiting) if (account.spendAttempt()) return true;
    return false;
  }

  /** Gives those whose time is over their answer. @param upstream who sent it; empty where nobody did */
  expire(now: number, answer: Answer, upstream: string): void {
    this.#part(({ deadline }) => deadline <= now, answer, upstream);
  }

  /** The same with those who wait no longer where no upstream answers anything. */
  expireSilent(now: number, answer: Answer, upstream: string): void {
    this.#part(({ silence }) => silence <= now, answer, upstream);
  }

  #part(isOver: (waiter: Waiter) => boolean, answer: Answer, upstream: string): void {
    const over = this.#waiting.filter(isOver);
    this.#waiting = this.#waiting.filter((waiter) => !isOver(waiter));
    this.#earliest = this.#waiting.reduce((earliest, { deadline }) => Math.min(earliest, deadline), Infinity);
    this.#earliestSilence = this.#waiting.reduce((earliest, { silence }) => Math.min(earliest, silence), Infinity);
    this.#answer(over, answer, upstream);
  }

  /** Gives all of them their answer. @param upstream who sent it; empty where nobody did */
  settle(answer: Answer, upstream: string): void {
    const all = this.#waiting;
    this.#waiting = [];
    this.#answer(all, answer, upstream);
  }

  /** All of them get nothing but what was thrown. */
  fail(error: unknown): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (const { reject } of all) {
      this.#owner.left();
      reject(error);
    }
  }

  #answer(waiters: readonly Waiter[], answer: Answer, upstream: string): void {
    for (const { account, resolve } of waiters) {
      this.#owner.left();
      account.upstream = upstream;
      resolve(answer);
    }
  }
}
