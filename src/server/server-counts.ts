/**
 * What the server counts about itself: reloads, and what its sockets refused or lost. The sockets count for themselves and
 * are asked when somebody scrapes.
 */
import type { Metrics, Series } from '../telemetry/metrics.ts';
import type { TransportCounts } from '../transport/transport.ts';
import { serverLabel } from './generation.ts';
import type { ListenerPair } from './listeners.ts';

/** Each count of a transport: its metric, and what that says. */
const transportMetrics: readonly (readonly [count: keyof TransportCounts, name: string, help: string])[] = [
  [
    'ignored',
    'nodens_transport_ignored_total',
    'Datagrams that were not looked at: too long, or from where no client can be.',
  ],
  ['overBound', 'nodens_transport_over_bound_total', 'Queries, replies and connections beyond a bound.'],
  ['cutOff', 'nodens_transport_cut_off_total', 'TCP connections that were ended because the client was idle or slow.'],
  ['unsent', 'nodens_transport_unsent_total', 'UDP replies that the system refused to send.'],
  ['failed', 'nodens_transport_failed_total', 'Requests that ended in an exception within the transport.'],
];

export class ServerCounts {
  readonly #reloadFailed: Series;
  readonly #withdraw: (() => void)[] = [];
  #hash: string | undefined;

  /** @param pairs the sockets that are open at the moment */
  constructor(metrics: Metrics, pairs: () => readonly ListenerPair[]) {
    this.#reloadFailed = metrics
      .counter('coredns_reload_failed_total', 'Reloads that failed; what was served before went on.')
      .with();
    this.#withdraw.push(
      metrics.collect(
        'coredns_reload_version_info',
        'The hash of the Corefile of the last reload.',
        ['hash', 'value'],
        (set) => {
          if (this.#hash !== undefined) set(1, 'sha512', this.#hash);
        },
      ),
    );
    for (const [count, name, help] of transportMetrics) {
      const source = metrics.collectCounter(name, help, ['server', 'proto'], (set) => {
        for (const { at, udp, tcp } of pairs()) {
          set(udp.counts[count], serverLabel(at), 'udp');
          set(tcp.counts[count], serverLabel(at), 'tcp');
        }
      });
      this.#withdraw.push(source);
    }
  }

  reloadFailed(): void {
    this.#reloadFailed.add();
  }

  /** @param hash of the Corefile that is now in service */
  reloaded(hash: string): void {
    this.#hash = hash;
  }

  close(): void {
    for (const withdraw of this.#withdraw) withdraw();
  }
}
