/**
 * Counting queries: the metrics `coredns_dns_*`, for one address and zone. What is counted here is text only when it is
 * scraped; on the way of a query it is a handful of additions, and nothing is made for it.
 *
 *     prometheus (the chain)      ──┐
 *                                   ├─► QueryCounts of (server, zone) ──► Series, Observations
 *     the server, for what it     ──┘      by protocol × family × type, and by plugin × response code;
 *     answers before any chain             each opened when it is needed first
 */
import { Type, rcodeMnemonic, typeName } from '../../dns/constants.ts';
import type { CounterFamily, HistogramFamily, Metrics, Observations, Series } from '../../telemetry/metrics.ts';
import type { Client } from '../query.ts';

/** The zone of queries that were answered before a server block was chosen. */
export const DROPPED = 'dropped';

/** What has no label of its own, so that neither clients nor upstreams can make series. */
const OTHER = 'other';

/** Of `view`, which is not implemented: no block has one. */
const NO_VIEW = '';

/** Seconds: 0.25 ms to 8.192 s, doubling. */
export const TIME_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, n) => 0.00025 * 2 ** n);

/** Octets. */
const SIZE_BUCKETS = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000];

/** Types with a label of their own. */
const COUNTED_TYPES: readonly number[] = [
  Type.A,
  Type.AAAA,
  Type.CNAME,
  Type.DNSKEY,
  Type.DS,
  Type.MX,
  Type.NSEC,
  Type.NSEC3,
  Type.NS,
  Type.PTR,
  Type.RRSIG,
  Type.SOA,
  Type.SRV,
  Type.TXT,
  Type.HTTPS,
  Type.SVCB,
  Type.IXFR,
  Type.AXFR,
  Type.ANY,
];

/** By number: 1 + the place in `COUNTED_TYPES`, and 0 for `other`. All of them are below 256. */
const typePlaces = new Uint8Array(256);
for (const [place, type] of COUNTED_TYPES.entries()) typePlaces[type] = place + 1;
const TYPE_COUNT = COUNTED_TYPES.length + 1;

type Protocol = Client['protocol'];
const PROTOCOLS: readonly Protocol[] = ['udp', 'tcp'];
/** What metrics call IPv4 and IPv6. */
const FAMILIES: readonly string[] = ['1', '2'];

/** Who asked: all that is counted of a client. */
export type Asker = Pick<Client, 'protocol' | 'clientAddress'>;

/** The families, once for a process; it hands out what is counted for an address and zone. */
export class QueryMetrics {
  readonly requests: CounterFamily;
  readonly requestSizes: HistogramFamily;
  readonly dnssecRequests: CounterFamily;
  readonly responses: CounterFamily;
  readonly responseSizes: HistogramFamily;
  readonly durations: HistogramFamily;

  constructor(metrics: Metrics) {
    const where = ['server', 'zone', 'view'];
    this.requests = metrics.counter('coredns_dns_requests_total', 'Queries.', [...where, 'proto', 'family', 'type']);
    this.requestSizes = metrics.histogram(
      'coredns_dns_request_size_bytes',
      'Sizes of queries as they were received.',
      [...where, 'proto'],
      SIZE_BUCKETS,
    );
    this.dnssecRequests = metrics.counter('coredns_dns_do_requests_total', 'Queries with the DO bit.', where);
    this.responses = metrics.counter('coredns_dns_responses_total', 'Replies.', [...where, 'rcode', 'plugin']);
    this.responseSizes = metrics.histogram(
      'coredns_dns_response_size_bytes',
      'Sizes of replies before compression and without OPT.',
      [...where, 'proto'],
      SIZE_BUCKETS,
    );
    this.durations = metrics.histogram(
      'coredns_dns_request_duration_seconds',
      'Times from a query to its answer.',
      where,
      TIME_BUCKETS,
    );
  }

  /**
   * What counts the queries of one address and zone.
   *
   * @param server as `Query.server` has it
   * @param zone of the server block, presentation form; `DROPPED` for what never came to one
   */
  at(server: string, zone: string): QueryCounts {
    return new QueryCounts(this, server, zone);
  }
}

export class QueryCounts {
  readonly #families: QueryMetrics;
  readonly #server: string;
  readonly #zone: string;
  /** By protocol, family and type. */
  readonly #requests: (Series | undefined)[];
  readonly #sizes: Readonly<Record<Protocol, SizesOf>> = { udp: {}, tcp: {} };
  #dnssecRequests: Series | undefined;
  #durations: Observations | undefined;
  /** By plugin, then by response code. */
  readonly #responses = new Map<string, Map<number, Series>>();

  constructor(families: QueryMetrics, server: string, zone: string) {
    this.#families = families;
    this.#server = server;
    this.#zone = zone;
    this.#requests = Array.from({ length: PROTOCOLS.length * FAMILIES.length * TYPE_COUNT });
  }

  /**
   * Counts a query.
   *
   * @param type of the question; 0 where there is none
   * @param size octets of the message as it was received
   */
  request({ protocol, clientAddress }: Asker, type: number, dnssecOk: boolean, size: number): void {
    const typePlace = typePlaces[type] ?? 0;
    const family = clientAddress.includes(':') ? 1 : 0;
    const at = ((protocol === 'udp' ? 0 : 1) * FAMILIES.length + family) * TYPE_COUNT + typePlace;
    (this.#requests[at] ??= this.#openRequests(protocol, family, typePlace)).add();
    const sizes = this.#sizes[protocol];
    (sizes.request ??= this.#families.requestSizes.with(this.#server, this.#zone, NO_VIEW, protocol)).observe(size);
    if (dnssecOk) (this.#dnssecRequests ??= this.#families.dnssecRequests.with(...this.#where)).add();
  }

  /**
   * Counts its answer.
   *
   * @param plugin that wrote it; empty where the server did
   * @param size octets before compression and without OPT
   * @param duration milliseconds, with fractions
   */
  response({ protocol }: Asker, rcode: number, plugin: string, size: number, duration: number): void {
    this.#responsesOf(rcode, plugin).add();
    const sizes = this.#sizes[protocol];
    (sizes.response ??= this.#families.responseSizes.with(this.#server, this.#zone, NO_VIEW, protocol)).observe(size);
    (this.#durations ??= this.#families.durations.with(...this.#where)).observe(duration / 1000);
  }

  get #where(): readonly [string, string, string] {
    return [this.#server, this.#zone, NO_VIEW];
  }

  #openRequests(protocol: Protocol, family: number, typePlace: number): Series {
    const type = COUNTED_TYPES[typePlace - 1];
    const label = type === undefined ? OTHER : typeName(type);
    return this.#families.requests.with(...this.#where, protocol, FAMILIES[family] ?? '', label);
  }

  #responsesOf(rcode: number, plugin: string): Series {
    let ofPlugin = this.#responses.get(plugin);
    if (ofPlugin === undefined) {
      ofPlugin = new Map();
      this.#responses.set(plugin, ofPlugin);
    }
    let series = ofPlugin.get(rcode);
    if (series === undefined) {
      series = this.#families.responses.with(...this.#where, rcodeMnemonic(rcode) ?? OTHER, plugin);
      ofPlugin.set(rcode, series);
    }
    return series;
  }
}

interface SizesOf {
  request?: Observations;
  response?: Observations;
}
