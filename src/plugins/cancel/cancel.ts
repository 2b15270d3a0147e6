/**
 * `cancel [TIMEOUT]`: how long a client query may take at most, all its look-ups together. What waits by then is answered
 * with SERVFAIL. The first such limit that a query meets counts: the look-ups that it causes share its account.
 *
 *     query ──► deadline set ──► chain below ──► answer in this tick: handed on
 *                                     └────────► promise: handed on, or SERVFAIL when the time is over
 */
import { formatDuration } from '../../corefile/duration.ts';
import { expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import { Rcode } from '../../dns/constants.ts';
import { type Answer, type Failure, type Outcome, failure } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Clock, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';

/** Milliseconds; a little more than the five seconds that most clients wait. */
const DEFAULT_TIMEOUT = 5_001;
const SHORTEST = 1;
/** Nobody waits longer for an answer. */
const LONGEST = 3_600_000;

export const cancel: PluginDirective = {
  kind: 'plugin',
  name: 'cancel',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    const [word] = use.args;
    expectArguments(use, problems, { max: 1, usage: 'cancel [DURATION]' });
    forbidBlock(use, problems);
    const range = { min: SHORTEST, max: LONGEST };
    const timeout = word === undefined ? DEFAULT_TIMEOUT : readDuration(word, problems, range);
    if (timeout === undefined) return undefined;
    return { create: ({ clock }) => ({ plugin: new Cancel(timeout, clock) }) };
  },
};

class Cancel implements Plugin {
  readonly name = 'cancel';
  readonly replayable = true;
  readonly #timeout: number;
  readonly #clock: Clock;
  readonly #cancelled: Failure;

  constructor(timeout: number, clock: Clock) {
    this.#timeout = timeout;
    this.#clock = clock;
    this.#cancelled = failure(Rcode.SERVFAIL, explain('cancelled'), `no answer within ${formatDuration(timeout)}`);
  }

  answer(query: Query, next: Next): Outcome {
    const { account } = query;
    const deadline = this.#clock.monotonic() + this.#timeout;
    // Whoever set an earlier one also watches over it.
    if (account.deadline <= deadline) return next.answer(query);
    account.deadline = deadline;
    const outcome = next.answer(query);
    return outcome instanceof Promise ? this.#within(deadline, outcome) : outcome;
  }

  #within(deadline: number, outcome: Promise<Answer>): Promise<Answer> {
    const over = Promise.withResolvers<Answer>();
    const left = Math.max(0, deadline - this.#clock.monotonic());
    const timer = setTimeout(() => over.resolve(this.#cancelled), left);
    return Promise.race([over.promise, outcome.finally(() => clearTimeout(timer))]);
  }
}
