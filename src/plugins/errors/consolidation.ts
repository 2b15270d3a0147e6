/**
 * Errors of one kind, counted for a time instead of written one by one. In: texts of errors. Out: lines such as
 * `12 errors like '^read udp .*' occurred in last 30s`. One number per expression is all that is kept.
 */
import type { RE2JS } from 're2js';
import type { Logger } from '../../telemetry/logger.ts';

export const levels = ['warning', 'error', 'info', 'debug'] as const;

export interface ConsolidationRule {
  readonly regexp: RE2JS;
  /** Milliseconds, counted from the first error. */
  readonly window: number;
  readonly level: (typeof levels)[number];
  /** Write the first error of each window too; no summary then if it stayed the only one. */
  readonly showFirst: boolean;
}

export class Consolidation {
  readonly #rule: ConsolidationRule;
  readonly #logger: Logger;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(rule: ConsolidationRule, logger: Logger) {
    this.#rule = rule;
    this.#logger = logger;
  }

  /**
   * Counts an error if it is of this kind, and says whether it was.
   *
   * @param line the whole line, for the first of a window
   */
  take(text: string, line: string): boolean {
    const { regexp, window, level, showFirst } = this.#rule;
    if (!regexp.test(text)) return false;
    this.#count++;
    if (this.#count === 1) {
      if (showFirst) this.#logger[level](line);
      this.#timer = setTimeout(() => this.flush(), window);
      this.#timer.unref();
    }
    return true;
  }

  /** Writes what has been counted and begins anew with the next error. */
  flush(): void {
    const { regexp, window, level, showFirst } = this.#rule;
    clearTimeout(this.#timer);
    const count = this.#count;
    this.#count = 0;
    if (count === 0 || (count === 1 && showFirst)) return;
    this.#logger[level](`${count} errors like '${regexp.pattern()}' occurred in last ${goDuration(window)}`);
  }
}

/** Milliseconds as Go prints a duration: `30s`, `1m0s`, `1h0m0s`, `300ms`. */
export function goDuration(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000);
  if (micros < 1000) return `${micros}µs`;
  if (micros < 1_000_000) return `${micros / 1000}ms`;
  const minutes = Math.floor(micros / 60_000_000);
  const seconds = `${(micros % 60_000_000) / 1_000_000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
