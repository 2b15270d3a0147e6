/**
 * Counting a query that is answered again. In: who asks, and the time that it took. Out: the same series one further as by the
 * first answer, each of them known beforehand, so that it is a handful of additions.
 */
import type { Observations, Series } from '../../telemetry/metrics.ts';
import type { Client } from '../query.ts';
import type { Effect, Hit } from '../replay.ts';

/** Queries of one protocol and type, over both families of addresses. */
export class RequestsOf {
  readonly #open: (family: string) => Series;
  #ipv4: Series | undefined;
  #ipv6: Series | undefined;

  /** @param open gives the series for what metrics call a family */
  constructor(open: (family: string) => Series) {
    this.#open = open;
  }

  from(clientFamily: Client['clientFamily']): Series {
    return clientFamily === 4 ? (this.#ipv4 ??= this.#open('1')) : (this.#ipv6 ??= this.#open('2'));
  }
}

export interface QueryAgainParts {
  readonly requests: RequestsOf;
  readonly requestSizes: Observations;
  /** Undefined for queries without the DO bit. */
  readonly dnssecRequests: Series | undefined;
  readonly responses: Series;
  readonly responseSizes: Observations;
  readonly durations: Observations;
}

/** One for all queries and answers that have the same labels. */
export class QueryAgain implements Effect {
  readonly timed = true;
  readonly #requests: RequestsOf;
  readonly #requestSizes: Observations;
  readonly #dnssecRequests: Series | undefined;
  readonly #responses: Series;
  readonly #responseSizes: Observations;
  readonly #durations: Observations;

  constructor(parts: QueryAgainParts) {
    this.#requests = parts.requests;
    this.#requestSizes = parts.requestSizes;
    this.#dnssecRequests = parts.dnssecRequests;
    this.#responses = parts.responses;
    this.#responseSizes = parts.responseSizes;
    this.#durations = parts.durations;
  }

  again({ clientFamily, requestSize, duration }: Hit, amount: number): void {
    this.#requests.from(clientFamily).add();
    this.#requestSizes.observe(requestSize);
    this.#dnssecRequests?.add();
    this.#responses.add();
    this.#responseSizes.observe(amount);
    this.#durations.observe(duration / 1000);
  }
}
