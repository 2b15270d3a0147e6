/**
 * Whether an upstream is worth asking: from what queries meet with, and from checks of its own.
 *
 *     reply ───────────────────────────► up          losses and failed checks start from nothing
 *     late reply ──► one check: is anybody there?
 *     no reply in time ──► loss ─┐
 *     connection failed ─────────┴─► 2 in a row ──► late: asked after the others
 *                  └─► checks begin, one every interval, until one is answered
 *                            └─ failed more than `max_fails` times ──► down         each of these: state-lines.ts
 *
 * A loss counts only where nothing at all was heard since the message was sent: a lost datagram is no dead upstream.
 * All times are in milliseconds of the monotonic clock.
 */
import type { Series } from '../../telemetry/metrics.ts';
import type { Clock } from '../plugin.ts';
import type { StateLines, UpstreamState } from './state-lines.ts';

/** Losses in a row after which an upstream is asked last. */
const LOSSES = 2;
/** Without checks, how long it is asked last before it is given another try. */
const REST = 1_000;

export interface HealthSettings {
  /** Milliseconds between checks. */
  readonly interval: number;
  /** It is down when more checks than this failed; 0: it is never down, and there are no checks. */
  readonly maxFails: number;
}

/** How a check ended; `unsent` where this server itself could not send it, which says nothing about the upstream. */
export type CheckResult = 'answered' | 'unanswered' | 'unsent';

/** Sends one check. `done` is called once, unless the check was cancelled. */
export type SendCheck = (done: (result: CheckResult) => void) => { cancel(): void };

export class Health {
  readonly #settings: HealthSettings;
  readonly #clock: Clock;
  readonly #sendCheck: SendCheck;
  readonly #failures: Series;
  #losses = 0;
  #failedChecks = 0;
  #lastHeard = -Infinity;
  #lastLoss = -Infinity;
  #lastCheck = -Infinity;
  #check: { cancel(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lines: StateLines | undefined;
  #closed = false;

  constructor(settings: HealthSettings, clock: Clock, failures: Series, sendCheck: SendCheck) {
    this.#settings = settings;
    this.#clock = clock;
    this.#failures = failures;
    this.#sendCheck = sendCheck;
  }

  /** More checks failed than may. */
  get down(): boolean {
    const { maxFails } = this.#settings;
    return maxFails > 0 && this.#failedChecks > maxFails;
  }

  /** To be asked before those that are not. */
  get preferred(): boolean {
    if (this.down) return false;
    if (this.#losses < LOSSES) return true;
    return this.#settings.maxFails === 0 && this.#clock.monotonic() - this.#lastLoss > REST;
  }

  /** Checks are made. */
  get checked(): boolean {
    return this.#settings.maxFails > 0;
  }

  /** Whether there are lines that are told of its state. */
  get isTold(): boolean {
    return this.#lines !== undefined;
  }

  /** Tells of its state from now on. */
  tell(lines: StateLines): void {
    this.#lines = lines;
  }

  /** It replied. */
  heard(now: number): void {
    this.#lastHeard = now;
    this.#losses = 0;
    this.#failedChecks = 0;
    this.#stop();
    this.#lines?.set('up');
  }

  /** A reply to what was sent at `sentAt` is late: a check tells whether anybody is there. */
  doubt(sentAt: number): void {
    if (this.#lastHeard < sentAt) this.#begin();
  }

  /** It did not reply to what was sent at `sentAt`, or could not be reached. */
  lost(sentAt: number): void {
    if (this.#lastHeard >= sentAt) return;
    this.#missed();
    this.#begin();
  }

  /** Ends the checks for good. */
  close(): void {
    this.#closed = true;
    this.#stop();
    this.#lines?.close();
  }

  #missed(): void {
    this.#losses++;
    this.#lastLoss = this.#clock.monotonic();
    this.#lines?.set(this.#state);
  }

  /** As the log has it: a rest that is over is no sign of life. */
  get #state(): UpstreamState {
    if (this.down) return 'down';
    return this.#losses < LOSSES ? 'up' : 'late';
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#check?.cancel();
    this.#check = undefined;
  }

  #begin(): void {
    if (this.#closed || !this.checked) return;
    if (this.#check !== undefined || this.#timer !== undefined) return;
    // Checks keep their distance, however often an upstream comes and goes.
    const wait = this.#lastCheck + this.#settings.interval - this.#clock.monotonic();
    if (wait <= 0) this.#ask();
    else this.#askIn(wait);
  }

  #askIn(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, Math.ceil(wait));
    this.#timer.unref();
  }

  #ask(): void {
    this.#lastCheck = this.#clock.monotonic();
    const sentAt = this.#lastCheck;
    this.#check = this.#sendCheck((result) => {
      this.#check = undefined;
      if (result === 'answered') {
        this.heard(this.#clock.monotonic());
        return;
      }
      if (result === 'unanswered') {
        this.#failures.add();
        if (this.#lastHeard >= sentAt) return;
        this.#failedChecks++;
        this.#missed();
      }
      this.#askIn(this.#settings.interval);
    });
  }
}
