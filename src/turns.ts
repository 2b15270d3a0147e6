/**
 * Work in turns of the event loop of its own, so that whatever has arrived has its turn between any two of them. How much of what waits
 * is done in one turn is for each kind of work to say.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #doSome: (waiting: (() => void)[]) => void;
  #isSet = false;

  /** @param doSome takes some of what waits, first come first, and does it: one at least */
  constructor(doSome: (waiting: (() => void)[]) => void) {
    this.#doSome = doSome;
  }

  /** Calls `work` once, in a later turn, behind whatever came before. It must not throw. */
  enter(work: () => void): void {
    this.#waiting.push(work);
    this.#set();
  }

  #set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isSet = false;
    this.#doSome(this.#waiting);
    if (this.#waiting.length > 0) this.#set();
  };
}
