/**
 * What the server counts about itself: reloads, and what its sockets refused or lost. The sockets count for themselves and
 * are asked when somebody scrapes.
 */
import type { Metrics, Series } from '../telemetry/metrics.ts';
import type { TransportCounts } from '../transport/transport.ts';
import { serverLabel } from './generation.ts';
import type { ListenerPair } from './listeners.ts';
import type { ListenAddress } from './listen-address.ts';

/** Each count of a transport: its metric, and what that says. */
const transportMetrics: readonly (readonly [count: keyof TransportCounts, name: string, help: string])[] = [
  [
    'ignored',
    'nodens_transport_ignored_total',
    'Datagrams that were not looked at: too long, or from where no client can be.',
  ],
  ['overBound', 'nodens_transport_over_bound_total', 'Queries, replies and connections beyond a bound.'],
  ['cutOff', 'nodens_transport_cut_off_total', 'TCP connections that were ended because the client was idle or slow.'],
  [
    'handshakes',
    'nodens_transport_handshakes_failed_total',
    'TLS handshakes that failed or took too long, and clients without the certificate that they need.',
  ],
  ['unsent', 'nodens_transport_unsent_total', 'UDP replies that the system refused to send.'],
  ['failed', 'nodens_transport_failed_total', 'Requests that ended in an exception within the transport.'],
];

export class ServerCounts {
  readonly #reloadFailed: Series;
  readonly #withdraw: (() => void)[] = [];
  #hash: string | undefined;

  /**
   * @param pairs the sockets that are open at the moment
   * @param sheds whether a block that is served there has `shed`
   */
  constructor(metrics: Metrics, pairs: () => readonly ListenerPair[], sheds: (at: ListenAddress) => boolean) {
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
    this.#withdraw.push(
      metrics.collectCounter(
        'coredns_shed_dropped_total',
        'UDP queries and replies beyond a bound, where a server block has shed.',
        ['server', 'reason'],
        (set) => {
          for (const { at, udp } of pairs()) {
            if (udp === undefined || !sheds(at)) continue;
            const { overInFlight = 0, overBound, unsent } = udp.counts;
            set(overInFlight, serverLabel(at), 'query');
            set(overBound - overInFlight + unsent, serverLabel(at), 'response');
          }
        },
      ),
    );
    for (const [count, name, help] of transportMetrics) {
      const source = metrics.collectCounter(name, help, ['server', 'proto'], (set) => {
        for (const { at, udp, tcp } of pairs()) {
          if (udp !== undefined) set(udp.counts[count] ?? 0, serverLabel(at), 'udp');
          set(tcp.counts[count] ?? 0, serverLabel(at), 'tcp');
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
