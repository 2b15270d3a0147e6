/**
 * What the log says of an upstream: that it went out of use, and that it is back. In: its state whenever that may have
 * changed. Out: at most one line in ten seconds; what came and went within them is not told, and what is still so after
 * them is. All times are in milliseconds of the monotonic clock.
 */
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../plugin.ts';

/** `late`: it is asked after the others. */
export type UpstreamState = 'up' | 'late' | 'down';

/** Between two lines about the same upstream. */
const QUIET = 10_000;

export class StateLines {
  readonly #upstream: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** As it was told last. */
  #told: UpstreamState = 'up';
  #state: UpstreamState = 'up';
  #lastLine = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param upstream `192.0.2.1:53` */
  constructor(upstream: string, clock: Clock, logger: Logger) {
    this.#upstream = upstream;
    this.#clock = clock;
    this.#logger = logger;
  }

  set(state: UpstreamState): void {
    if (this.#closed || state === this.#state) return;
    this.#state = state;
    const wait = this.#lastLine + QUIET - this.#clock.monotonic();
    if (wait <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), Math.ceil(wait)).unref();
  }

  /** From now on nothing is told, what was still to be told included. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state === this.#told) return;
    this.#told = this.#state;
    this.#lastLine = this.#clock.monotonic();
    const upstream = `upstream ${this.#upstream}`;
    switch (this.#state) {
      case 'up':
        this.#logger.info(`${upstream} answers again`);
        return;
      case 'late':
        this.#logger.warning(`${upstream} does not answer: asked last`);
        return;
      case 'down':
        this.#logger.warning(`${upstream} is down: health checks are not answered either`);
    }
  }
}
