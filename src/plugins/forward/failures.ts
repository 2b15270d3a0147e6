/**
 * Failures of a moment ago, by question (RFC 9520): whoever asks again at once, as resolvers do, is told the same without
 * a message to anybody. In: failures, as they happen. Out: the answer for a question whose failure is still remembered.
 *
 * All are remembered for the same time, so that the oldest is always the first to go.
 */
import { bounds } from '../../bounds.ts';
import { Rcode } from '../../dns/constants.ts';
import { type Answer, type Failure, type Reply, failure } from '../answer.ts';
import type { Clock } from '../plugin.ts';
import { explainAs, reasons } from '../reasons.ts';

/** Milliseconds: the least that RFC 9520 §3.2 asks for, since an upstream may be back at any moment. */
const TIME = 1_000;

interface Remembered {
  readonly answer: Failure | Reply;
  /** By the monotonic clock. */
  readonly until: number;
}

export class FailureMemory {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Remembered>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer to give once more. */
  recall(key: string): Answer | undefined {
    const remembered = this.#failures.get(key);
    if (remembered === undefined || remembered.until <= this.#clock.monotonic()) return undefined;
    return remembered.answer;
  }

  /** Remembers the answer if it is a failure that the upstreams brought about: silence, errors, SERVFAIL. */
  remember(key: string, answer: Answer): void {
    if (answer.kind === 'silence' || answer.rcode !== Rcode.SERVFAIL || !answer.fromUpstream) return;
    const now = this.#clock.monotonic();
    this.#forget(now);
    this.#failures.set(key, { answer: again(answer), until: now + TIME });
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#failures) {
      if (until > now && this.#failures.size < bounds.upstreamFailures) return;
      this.#failures.delete(key);
    }
  }
}

/** The same with its reason: that it is told from memory, and what had happened. */
function again(answer: Failure | Reply): Failure | Reply {
  const { code, text } = reasons.cachedFailure;
  const before = answer.explanation?.text;
  const explanation = explainAs('cachedFailure', { code, text: before === undefined ? text : `${text}: ${before}` });
  if (answer.kind === 'reply') return { ...answer, explanation };
  return { ...failure(answer.rcode, explanation, answer.error), fromUpstream: true };
}
