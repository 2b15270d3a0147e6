/**
 * What `forward` counts, under the names that CoreDNS's dashboards ask for and a few of its own. One of these belongs to
 * the process; series are made once and kept by whoever adds to them.
 */
import { rcodeMnemonic } from '../../dns/constants.ts';
import type { CounterFamily, HistogramFamily, Metrics, Observations, Series } from '../../telemetry/metrics.ts';
import type { Channel, UpstreamProtocol } from '../network.ts';
import { type IgnoredReason, ignoredReasons } from './acceptance.ts';

/** As CoreDNS names the plugin that asks. */
const PROXY = 'forward';
/** Response codes without a mnemonic: upstreams may send any of 4096, and are not to make series. */
const OTHER = 'other';
/** Seconds: 0.25 ms doubled fifteen times. */
const DURATIONS = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i);
/** What CoreDNS calls the protocols. */
const PROTOCOL_LABELS: Readonly<Record<UpstreamProtocol, string>> = {
  udp: 'udp',
  tcp: 'tcp',
  tls: 'tcp-tls',
  https: 'https',
};

/** Of one upstream. */
export interface UpstreamCounts {
  readonly checkFailures: Series;
  readonly hedges: Series;
  readonly retransmissions: Series;
  replied(rcode: number, seconds: number): void;
  ignored(reason: IgnoredReason): void;
}

export class ForwardCounts {
  readonly allDown: Series;
  readonly rejected: Series;
  readonly shared: Series;
  readonly remembered: Series;
  readonly fileFailures: Series;
  readonly #durations: HistogramFamily;
  readonly #checkFailures: CounterFamily;
  readonly #hedges: CounterFamily;
  readonly #retransmissions: CounterFamily;
  readonly #ignored: CounterFamily;
  readonly #connections: ConnectionCounts;
  readonly #byUpstream = new Map<string, UpstreamCounts>();

  constructor(metrics: Metrics) {
    const counter = (name: string, help: string): Series => metrics.counter(name, help).with();
    this.allDown = counter(
      'coredns_forward_healthcheck_broken_total',
      'Queries for which all upstreams were down, so that one of them was asked all the same.',
    );
    this.rejected = counter(
      'coredns_forward_max_concurrent_rejects_total',
      "Queries that were refused because 'max_concurrent' was reached.",
    );
    this.shared = counter(
      'nodens_forward_shared_queries_total',
      'Queries that waited for the answer to an equal one that was under way.',
    );
    this.remembered = counter(
      'nodens_forward_remembered_failures_total',
      'Queries that were answered with a failure of a moment ago.',
    );
    this.fileFailures = counter(
      'nodens_forward_resolv_conf_failures_total',
      'Times that a file of nameservers was found missing or broken while its last good content was in use.',
    );
    this.#durations = metrics.histogram(
      'coredns_proxy_request_duration_seconds',
      'Time until an upstream replied.',
      ['proxy_name', 'to', 'rcode'],
      DURATIONS,
    );
    this.#checkFailures = metrics.counter(
      'coredns_proxy_healthcheck_failures_total',
      'Health checks of an upstream that failed.',
      ['proxy_name', 'to'],
    );
    this.#hedges = metrics.counter(
      'nodens_forward_hedges_total',
      'Queries that an upstream was asked because another one was late.',
      ['to'],
    );
    this.#retransmissions = metrics.counter(
      'nodens_forward_retransmissions_total',
      'Queries that an upstream was asked again because it was late itself.',
      ['to'],
    );
    this.#ignored = metrics.counter(
      'nodens_forward_ignored_replies_total',
      'Messages in the place of a reply that were not the reply.',
      ['to', 'reason'],
    );
    this.#connections = new ConnectionCounts(metrics);
  }

  /** The series of an upstream; `to` as in `192.0.2.1:53`. */
  upstream(to: string): UpstreamCounts {
    const known = this.#byUpstream.get(to);
    if (known !== undefined) return known;
    const byRcode = new Map<number, Observations>();
    const byReason = new Map<IgnoredReason, Series>();
    const counts: UpstreamCounts = {
      checkFailures: this.#checkFailures.with(PROXY, to),
      hedges: this.#hedges.with(to),
      retransmissions: this.#retransmissions.with(to),
      replied: (rcode, seconds) => {
        let series = byRcode.get(rcode);
        if (series === undefined) {
          series = this.#durations.with(PROXY, to, rcodeMnemonic(rcode) ?? OTHER);
          byRcode.set(rcode, series);
        }
        series.observe(seconds);
      },
      ignored: (reason) => byReason.get(reason)?.add(),
    };
    for (const reason of ignoredReasons) byReason.set(reason, this.#ignored.with(to, reason));
    this.#byUpstream.set(to, counts);
    return counts;
  }

  /** Counts a channel's connections from now on; the result ends that, and what was counted stays. */
  connections(channel: Channel, to: string, protocol: UpstreamProtocol): () => void {
    return this.#connections.add(channel, to, PROTOCOL_LABELS[protocol]);
  }

  close(): void {
    this.#connections.close();
  }
}

interface Sum {
  readonly to: string;
  readonly protocol: string;
  /** Of channels that are gone. */
  reused: number;
  opened: number;
  unasked: number;
  readonly channels: Set<Channel>;
}

/** Channels count for themselves; several may lead to the same upstream in different ways. */
class ConnectionCounts {
  readonly #sums = new Map<string, Sum>();
  readonly #ends: readonly (() => void)[];

  constructor(metrics: Metrics) {
    const labels = ['proxy_name', 'to', 'proto'];
    const collect = (name: string, help: string, which: keyof Channel['counts']): (() => void) =>
      metrics.collectCounter(name, help, labels, (set) => {
        for (const sum of this.#sums.values()) {
          let value = sum[which];
          for (const { counts } of sum.channels) value += counts[which] ?? 0;
          set(value, PROXY, sum.to, sum.protocol);
        }
      });
    this.#ends = [
      collect('coredns_proxy_conn_cache_hits_total', 'Queries that left on a connection that was open.', 'reused'),
      collect('coredns_proxy_conn_cache_misses_total', 'Queries for which a connection was opened.', 'opened'),
      collect(
        'nodens_forward_unasked_replies_total',
        'Messages over connections that no query waited for, or not any more.',
        'unasked',
      ),
    ];
  }

  add(channel: Channel, to: string, protocol: string): () => void {
    const key = `${protocol} ${to}`;
    const sum = this.#sums.get(key) ?? { to, protocol, reused: 0, opened: 0, unasked: 0, channels: new Set() };
    this.#sums.set(key, sum);
    sum.channels.add(channel);
    return () => {
      if (!sum.channels.delete(channel)) return;
      sum.reused += channel.counts.reused;
      sum.opened += channel.counts.opened;
      sum.unasked += channel.counts.unasked ?? 0;
    };
  }

  close(): void {
    for (const end of this.#ends) end();
  }
}
