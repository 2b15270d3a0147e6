/**
 * What `forward` does when a bound of the server is reached: each time a metric and SERVFAIL with its reason, and at most one
 * line in the log for each bound and while; and when the system itself has nothing left, which is no bound and is not
 * counted as one. Failures of either kind are no upstream's doing and are not remembered.
 */
import { bounds } from '../../bounds.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics, Series } from '../../telemetry/metrics.ts';
import { Rcode } from '../../dns/constants.ts';
import { type Failure, failure } from '../answer.ts';
import type { UpstreamProblem } from '../network.ts';
import type { Clock } from '../plugin.ts';
import { type ReasonName, explain } from '../reasons.ts';

export type ReachedBound =
  | 'upstreamQueries'
  | 'upstreamQueriesPerLine'
  | 'upstreamSharers'
  | 'upstreamAttemptsPerQuery'
  | 'upstreamSockets'
  | 'upstreamOctets';

/** Milliseconds between two lines about the same bound. */
const QUIET = 10_000;

/** For a person, beside the bound's figure; and what the client is told. */
const BOUNDS: Readonly<Record<ReachedBound, { readonly what: string; readonly reason: ReasonName }>> = {
  upstreamQueries: { what: 'queries wait for upstreams', reason: 'tooManyUpstreamQueries' },
  upstreamQueriesPerLine: {
    what: "queries of one 'forward' line wait for upstreams",
    reason: 'tooManyUpstreamQueries',
  },
  upstreamSharers: { what: 'queries wait for the same answer', reason: 'tooManyUpstreamQueries' },
  upstreamAttemptsPerQuery: { what: 'messages to upstreams were sent for one query', reason: 'tooManyAttempts' },
  upstreamSockets: { what: 'sockets to upstreams are open', reason: 'tooManyUpstreamSockets' },
  upstreamOctets: { what: 'octets wait to be sent to upstreams or read from them', reason: 'tooManyOctets' },
};

interface Reached {
  readonly series: Series;
  lastLine: number;
}

export class BoundsReached {
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #reached = new Map<ReachedBound, Reached>();
  /** When a line last told of a shortage of the system. */
  #lastShortage = -Infinity;

  constructor(metrics: Metrics, logger: Logger, clock: Clock) {
    this.#metrics = metrics;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Counts it, and gives what the query is answered with. */
  reach(bound: ReachedBound): Failure {
    const { what, reason } = BOUNDS[bound];
    const now = this.#clock.monotonic();
    const reached = this.#of(bound);
    reached.series.add();
    if (now - reached.lastLine >= QUIET) {
      reached.lastLine = now;
      this.#logger.warning(`the bound ${bound} is reached: ${bounds[bound]} ${what}`);
    }
    const explanation = explain(reason);
    return failure(Rcode.SERVFAIL, explanation, explanation.text);
  }

  /** What a query is answered with whose message did not leave: `socket-limit` or `octet-limit`. */
  hinder({ kind, text, shortage }: UpstreamProblem): Failure {
    if (shortage !== true) return this.reach(kind === 'octet-limit' ? 'upstreamOctets' : 'upstreamSockets');
    const now = this.#clock.monotonic();
    const explanation = explain('noSocket', text);
    if (now - this.#lastShortage >= QUIET) {
      this.#lastShortage = now;
      this.#logger.error(explanation.text);
    }
    return failure(Rcode.SERVFAIL, explanation, explanation.text);
  }

  #of(bound: ReachedBound): Reached {
    const known = this.#reached.get(bound);
    if (known !== undefined) return known;
    const family = this.#metrics.counter(
      'nodens_bounds_reached_total',
      'Times that a bound of the server was reached, by its name in the table of bounds.',
      ['bound'],
    );
    const reached = { series: family.with(bound), lastLine: -Infinity };
    this.#reached.set(bound, reached);
    return reached;
  }
}
