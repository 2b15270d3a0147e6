/**
 * Counting queries: the metrics `coredns_dns_*`, for one address and zone. What is counted here is text only when it is
 * scraped; on the way of a query it is a handful of additions, and nothing is made for it.
 *
 *     prometheus (the chain)      ──┐
 *                                   ├─► QueryCounts of (server, zone) ──► Series, Observations
 *     the server, for what it     ──┘      by protocol × family × type, and by plugin × response code;
 *     answers before any chain             │   each opened when it is needed first
 *                                          └─► Effect: the same counts, for an answer that is given again
 */
import { Type, rcodeMnemonic, typeName } from '../../dns/constants.ts';
import type { CounterFamily, HistogramFamily, Metrics, Observations, Series } from '../../telemetry/metrics.ts';
import type { Client } from '../query.ts';
import type { Effect } from '../replay.ts';
import { QueryAgain, RequestsOf } from './query-again.ts';

/** The zone of queries that were answered before a server block was chosen. */
export const DROPPED = 'dropped';

/** What has no label of its own, so that neither clients nor upstreams can make series. */
const OTHER = 'other';

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

/** Who asked: all that is counted of a client. */
export type Asker = Pick<Client, 'protocol' | 'clientFamily'>;

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
   * @param view of the server block; empty where it has none
   */
  at(server: string, zone: string, view: string): QueryCounts {
    return new QueryCounts(this, server, zone, view);
  }
}

export class QueryCounts {
  readonly #families: QueryMetrics;
  readonly #server: string;
  readonly #zone: string;
  readonly #view: string;
  readonly #udp: OverProtocol = { requests: [] };
  readonly #tcp: OverProtocol = { requests: [] };
  #dnssecRequests: Series | undefined;
  #durations: Observations | undefined;
  /** By plugin, then by response code. */
  readonly #answers = new Map<string, Map<number, AnswersOf>>();

  constructor(families: QueryMetrics, server: string, zone: string, view: string) {
    this.#families = families;
    this.#server = server;
    this.#zone = zone;
    this.#view = view;
  }

  /**
   * Counts a query.
   *
   * @param type of the question; 0 where there is none
   * @param size octets of the message as it was received
   */
  request({ protocol, clientFamily }: Asker, type: number, dnssecOk: boolean, size: number): void {
    this.#requestsOf(protocol, typePlaces[type] ?? 0)
      .from(clientFamily)
      .add();
    this.#requestSizesOf(protocol).observe(size);
    if (dnssecOk) this.#dnssecRequestsHere.add();
  }

  /**
   * Counts its answer.
   *
   * @param plugin that wrote it; empty where the server did
   * @param size octets before compression and without OPT
   * @param duration milliseconds, with fractions
   */
  response({ protocol }: Asker, rcode: number, plugin: string, size: number, duration: number): void {
    this.#answersOf(rcode, plugin).responses.add();
    this.#responseSizesOf(protocol).observe(size);
    this.#durationsHere.observe(duration / 1000);
  }

  /**
   * What counts a query and its answer once more, as `request` and `response` do; the amount is the answer's size. The same
   * object for all that differ in nothing that has a label, so that there are few.
   */
  again({ protocol }: Asker, type: number, dnssecOk: boolean, rcode: number, plugin: string): Effect {
    const { responses, effects } = this.#answersOf(rcode, plugin);
    const typePlace = typePlaces[type] ?? 0;
    const at = ((protocol === 'udp' ? 0 : 2) + (dnssecOk ? 1 : 0)) * TYPE_COUNT + typePlace;
    return (effects[at] ??= new QueryAgain({
      requests: this.#requestsOf(protocol, typePlace),
      requestSizes: this.#requestSizesOf(protocol),
      dnssecRequests: dnssecOk ? this.#dnssecRequestsHere : undefined,
      responses,
      responseSizes: this.#responseSizesOf(protocol),
      durations: this.#durationsHere,
    }));
  }

  #over(protocol: Protocol): OverProtocol {
    return protocol === 'udp' ? this.#udp : this.#tcp;
  }

  #requestsOf(protocol: Protocol, typePlace: number): RequestsOf {
    return (this.#over(protocol).requests[typePlace] ??= this.#openRequests(protocol, typePlace));
  }

  #requestSizesOf(protocol: Protocol): Observations {
    return (this.#over(protocol).requestSizes ??= this.#families.requestSizes.with(
      this.#server,
      this.#zone,
      this.#view,
      protocol,
    ));
  }

  #responseSizesOf(protocol: Protocol): Observations {
    return (this.#over(protocol).responseSizes ??= this.#families.responseSizes.with(
      this.#server,
      this.#zone,
      this.#view,
      protocol,
    ));
  }

  get #dnssecRequestsHere(): Series {
    return (this.#dnssecRequests ??= this.#families.dnssecRequests.with(this.#server, this.#zone, this.#view));
  }

  get #durationsHere(): Observations {
    return (this.#durations ??= this.#families.durations.with(this.#server, this.#zone, this.#view));
  }

  #openRequests(protocol: Protocol, typePlace: number): RequestsOf {
    const type = COUNTED_TYPES[typePlace - 1];
    const label = type === undefined ? OTHER : typeName(type);
    return new RequestsOf((family) =>
      this.#families.requests.with(this.#server, this.#zone, this.#view, protocol, family, label),
    );
  }

  #answersOf(rcode: number, plugin: string): AnswersOf {
    let ofPlugin = this.#answers.get(plugin);
    if (ofPlugin === undefined) {
      ofPlugin = new Map();
      this.#answers.set(plugin, ofPlugin);
    }
    return ofPlugin.get(rcode) ?? this.#openAnswers(ofPlugin, rcode, plugin);
  }

  /** Response codes without a name are one, since upstreams can write any. */
  #openAnswers(ofPlugin: Map<number, AnswersOf>, rcode: number, plugin: string): AnswersOf {
    const name = rcodeMnemonic(rcode);
    const key = name === undefined ? NAMELESS : rcode;
    const known = ofPlugin.get(key);
    if (known !== undefined) return known;
    const responses = this.#families.responses.with(this.#server, this.#zone, this.#view, name ?? OTHER, plugin);
    const answers: AnswersOf = { responses, effects: [] };
    ofPlugin.set(key, answers);
    return answers;
  }
}

/** Stands for every response code without a name. */
const NAMELESS = -1;

/** What is counted of all queries over one protocol. */
interface OverProtocol {
  /** By the place of the type. */
  readonly requests: (RequestsOf | undefined)[];
  requestSizes?: Observations;
  responseSizes?: Observations;
}

/** What is counted of all answers of a plugin with a response code. */
interface AnswersOf {
  readonly responses: Series;
  /** By protocol, DO and type. */
  readonly effects: (Effect | undefined)[];
}
