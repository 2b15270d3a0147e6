/**
 * Lets events come to rest: those that come close together are one. It is for watches on folders, in which files are written piece by
 * piece, and others than those that matter may be written all the time.
 */
export interface Rest {
  /** Milliseconds without another event. */
  readonly quiet: number;
  /** Milliseconds after the first event at which they count as one all the same. */
  readonly patience: number;
}

export class Settling {
  readonly #rest: Rest;
  readonly #settled: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the first event came that has not been told, as `performance.now` says. */
  #first: number | undefined;

  /** @param settled called once for all events that came together; it keeps no process alive */
  constructor(rest: Rest, settled: () => void) {
    this.#rest = rest;
    this.#settled = settled;
  }

  /** Whether an event has come that has not been told. */
  get isUnderWay(): boolean {
    return this.#first !== undefined;
  }

  event(): void {
    const { quiet, patience } = this.#rest;
    const now = performance.now();
    this.#first ??= now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tell, Math.max(0, Math.min(quiet, this.#first + patience - now))).unref();
  }

  readonly #tell = (): void => {
    this.#first = undefined;
    this.#settled();
  };

  /** Forgets what has not been told. */
  close(): void {
    clearTimeout(this.#timer);
    this.#first = undefined;
  }
}
