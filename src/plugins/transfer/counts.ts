/** What `transfer` counts. Results of requests and of NOTIFY messages are labels; each has its row in README.md. */
import type { Metrics, Series } from '../../telemetry/metrics.ts';

export type RequestResult = 'whole' | 'cut' | 'current' | 'refused' | 'unknown' | 'busy';
export type NotifyResult = 'acknowledged' | 'refused' | 'silent';

export class TransferCounts {
  readonly #requests: (zone: string, result: RequestResult) => Series;
  readonly #notifies: (zone: string, result: NotifyResult) => Series;

  constructor(metrics: Metrics) {
    const requests = metrics.counter(
      'nodens_transfer_requests_total',
      'Questions for whole zones, by how they ended.',
      ['zone', 'result'],
    );
    const notifies = metrics.counter(
      'nodens_transfer_notifies_total',
      'NOTIFY messages about zones that have changed, by what came back.',
      ['zone', 'result'],
    );
    this.#requests = (zone, result) => requests.with(zone, result);
    this.#notifies = (zone, result) => notifies.with(zone, result);
  }

  /** @param zone presentation form: of the zone, or before it is known of the directive */
  request(zone: string, result: RequestResult): void {
    this.#requests(zone, result).add();
  }

  notify(zone: string, result: NotifyResult): void {
    this.#notifies(zone, result).add();
  }
}
