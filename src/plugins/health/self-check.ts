/**
 * The process asks its own `/health` once a second, over the network like anybody else, and writes down how long that
 * took: an event loop that is late, or a machine that is overloaded, shows here before clients complain.
 *
 * One for each address, whatever number of blocks and generations have it; a reload does not interrupt it.
 */
import { formatDuration } from '../../corefile/duration.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Observations, Series } from '../../telemetry/metrics.ts';
import type { Endpoint } from '../network.ts';
import type { Closable, Clock, Host, HttpAddress } from '../plugin.ts';

/** Milliseconds. */
const INTERVAL = 1_000;
const TIMEOUT = 3_000;
/** What takes longer is told. */
const SLOW = 1_000;
/** Between two lines of the log. */
const QUIET = 10_000;

/** Seconds: 0.25 ms to 2.5 s, tenfold. */
const BUCKETS = [0.00025, 0.0025, 0.025, 0.25, 2.5];

export type SelfCheckHost = Pick<Host, 'clock' | 'network' | 'metrics' | 'logger'>;

export class SelfCheck implements Closable {
  readonly #to: Endpoint;
  /** As it was configured. */
  readonly #url: string;
  readonly #clock: Clock;
  readonly #network: Host['network'];
  readonly #logger: Logger;
  readonly #durations: Observations;
  readonly #failures: Series;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #closed = false;
  #lastLine = -Infinity;

  constructor(at: HttpAddress, { clock, network, metrics, logger }: SelfCheckHost) {
    this.#to = { address: reachable(at.address), port: at.port };
    this.#url = `http://${shown(at)}/health`;
    this.#clock = clock;
    this.#network = network;
    this.#logger = logger('health');
    const durations = 'coredns_health_request_duration_seconds';
    this.#durations = metrics.histogram(durations, 'Times that requests of the own health took.', [], BUCKETS).with();
    const failures = 'coredns_health_request_failures_total';
    this.#failures = metrics.counter(failures, 'Requests of the own health that failed.').with();
  }

  /** Begins, unless it has begun or was stopped. A port that the system chose is not known, and not asked. */
  start(): void {
    if (this.#closed || this.#timer !== undefined || this.#to.port === 0) return;
    this.#timer = setInterval(() => void this.#ask(), INTERVAL).unref();
  }

  /** Ends it for good; a request under way is not waited for and not counted. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const start = this.#clock.monotonic();
    let failure: string | undefined;
    try {
      const status = await this.#network.httpStatus(this.#to, '/health', TIMEOUT);
      if (status !== 200) failure = `status ${status}`;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    this.#asking = false;
    if (this.#closed) return;
    const duration = this.#clock.monotonic() - start;
    this.#durations.observe(duration / 1000);
    if (failure !== undefined) {
      this.#failures.add();
      this.#warn(`Local health request to "${this.#url}" failed: ${failure}`);
    } else if (duration > SLOW) {
      this.#warn(`Local health request to "${this.#url}" took more than 1s: ${formatDuration(Math.round(duration))}`);
    }
  }

  #warn(line: string): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastLine < QUIET) return;
    this.#lastLine = now;
    this.#logger.warning(line);
  }
}

/** An address of this machine that reaches a socket which is bound to all of them. */
function reachable(address: string): string {
  if (address === '::') return '::1';
  return address === '*' || address === '0.0.0.0' ? '127.0.0.1' : address;
}

function shown({ address, port }: HttpAddress): string {
  if (address === '*') return `:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
