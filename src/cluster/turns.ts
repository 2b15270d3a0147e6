/**
 * Turns of the event loop: work that goes on for long gives way to queries every few milliseconds. All that share one object
 * share its time, so that three resources that are listed at once hold queries up no longer than one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work in one turn. */
const TURN = 2;

export class Turns {
  #end = 0;
  #over: Promise<void> | undefined;

  /** True when this turn has taken its time: call `next` then. */
  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    this.#over ??= this.#next();
    return this.#over;
  }

  async #next(): Promise<void> {
    await nextTurn();
    this.#over = undefined;
    this.#end = performance.now() + TURN;
  }

  /**
   * Takes all steps of `work`, of which none may take long itself, and gives what it returns.
   * @throws the signal's reason between two steps, where it has been aborted
   */
  async run<R>(work: Generator<unknown, R>, signal?: AbortSignal): Promise<R> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      // oxlint-disable-next-line no-await-in-loop -- the steps are one after another
      if (this.isOver) await this.next();
      signal?.throwIfAborted();
    }
  }
}
