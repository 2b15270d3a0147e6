/**
 * Turns of the event loop for what a handler has left behind. Promise jobs and ticks run after each callback that Node.js itself
 * makes; a callback that libuv makes into `node:ffi` is none, and they would wait for whatever wakes the loop next.
 */
export class LoopTurns {
  #isWanted = false;

  readonly #begin = (): void => {
    this.#isWanted = false;
  };

  /** Something waits for a turn: there will be one, soon. */
  hasWork(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    setImmediate(this.#begin);
  }
}
