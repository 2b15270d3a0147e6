/**
 * Whether anybody is there of those that one exchange may ask. In: what is heard of them, by anybody. Out: when it is
 * plain that nobody is, and when another sign of life must be asked for, so that slowness can be told from death.
 *
 *     started ──────────── silence: nobody answers          where nothing was heard since the start
 *     heard ─── + DOUBT ── + quiet: nobody answers any more where something was
 *                 └─► asked for another sign
 *
 * All times are in milliseconds of the monotonic clock.
 */
import type { Candidate } from './candidates.ts';
import type { ExchangeTimes } from './times.ts';

/** After the last sign of life: another one is asked for. */
const DOUBT = 500;

export class SignsOfLife {
  readonly #candidates: readonly Candidate[];
  readonly #times: ExchangeTimes;
  readonly #quiet: number;
  /** When another one was last asked for. */
  #doubted: number;

  /** @param quiet so long after a sign of life nobody is there any more, if there was no other one */
  constructor(candidates: readonly Candidate[], times: ExchangeTimes, quiet: number) {
    this.#candidates = candidates;
    this.#times = times;
    this.#quiet = quiet;
    this.#doubted = times.started;
  }

  /** Nothing was heard since the start. */
  get none(): boolean {
    return this.#last < this.#times.started;
  }

  /** When nobody is there. */
  get over(): number {
    const last = this.#last;
    return last < this.#times.started ? this.#times.silence : last + this.#quiet;
  }

  /** When another sign must be asked for: once after each. */
  get nextDoubt(): number {
    const last = this.#last;
    return last < this.#times.started || this.#doubted > last ? Infinity : last + DOUBT;
  }

  /** Another sign is asked for. */
  doubt(now: number): void {
    this.#doubted = now;
  }

  /** When something was last heard, by anybody, over a line in question. */
  get #last(): number {
    let last = -Infinity;
    for (const { line } of this.#candidates) last = Math.max(last, line.lastHeard);
    return last;
  }
}
