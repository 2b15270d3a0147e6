/**
 * `prometheus`: counts the queries of its server block and serves all metrics of the process over HTTP.
 *
 *     query ──► the rest of the chain ──► answer
 *       └── counted by zone and address ────┘        GET /metrics ──► the text exposition format
 */
import { bounds } from '../../bounds.ts';
import { eachOption, expectArguments, forbidBlock } from '../../corefile/options.ts';
import { Name } from '../../dns/name.ts';
import { EXPOSITION_TYPE } from '../../telemetry/exposition.ts';
import { type Answer, type Outcome, rcodeOfAnswer } from '../answer.ts';
import { readHttpAddress } from '../http-address.ts';
import { onlyUse } from '../once.ts';
import type { Block, Clock, Host, HttpAddress, Next, Plugin, PluginDirective, RunningPlugin } from '../plugin.ts';
import type { Query } from '../query.ts';
import { replySize } from '../reply-size.ts';
import { ZoneMap } from '../zone-map.ts';
import { type QueryCounts, QueryMetrics } from './report.ts';

const DEFAULT_ADDRESS: HttpAddress = { address: '127.0.0.1', port: 9153 };

export const prometheus: PluginDirective = {
  kind: 'plugin',
  name: 'prometheus',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    const at = readHttpAddress(use, DEFAULT_ADDRESS, problems);
    eachOption(use, problems, {
      runtime_metrics(option) {
        forbidBlock(option, problems);
        expectArguments(option, problems, { max: 0, usage: 'runtime_metrics' });
      },
      tls(option) {
        problems.error(option.name, "'tls' of 'prometheus' is not supported: metrics are served over plain HTTP", {
          expected: 'this line removed, and a proxy that speaks TLS before the address',
        });
      },
    });
    return { create: (host) => create(host, at) };
  },
};

function create(host: Host, at: HttpAddress): RunningPlugin {
  const { metrics, block, clock } = host;
  host.serveHttp(at, '/metrics', () => ({ status: 200, contentType: EXPOSITION_TYPE, body: metrics.render() }));
  const withdraw = metrics.collect(
    'coredns_plugin_enabled',
    'Always 1: a plugin of a server block.',
    ['server', 'zone', 'view', 'name'],
    (set) => {
      for (const labels of pluginLabels(block)) set(1, ...labels);
    },
  );
  return { plugin: new Prometheus(new QueryMetrics(metrics), block, clock), close: withdraw };
}

/** Server, zone, view and name of each plugin; no more than one beyond what a metric has room for. */
function* pluginLabels({ servers, zones, view, plugins }: Block): Generator<readonly string[]> {
  let left = bounds.metricSeries;
  for (const server of servers) {
    for (const zone of zones) {
      for (const name of plugins) {
        yield [server, zone, view, name];
        if (left-- === 0) return;
      }
    }
  }
}

/** A zone of the block at one address. */
interface Place {
  /** Presentation form, lower case, with final dot. */
  readonly zone: string;
  /** Made for the first query, since zones may be many. */
  counts: QueryCounts | undefined;
}

class Prometheus implements Plugin {
  readonly name = 'prometheus';
  /** Each query is counted, those that are answered again by what is declared for them. */
  readonly replayable = true;
  readonly #metrics: QueryMetrics;
  readonly #clock: Clock;
  readonly #zones: readonly string[];
  readonly #view: string;
  /** By server. */
  readonly #places = new Map<string, ZoneMap<Place>>();

  constructor(metrics: QueryMetrics, block: Block, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#zones = block.zones;
    this.#view = block.view;
  }

  /** An exception is counted by the server, which answers for it. */
  answer(query: Query, next: Next): Outcome {
    const start = this.#clock.monotonic();
    const outcome = next.answer(query);
    if (outcome instanceof Promise) return outcome.then((answer) => this.#count(query, answer, start));
    return this.#count(query, outcome, start);
  }

  /** Failures and silences are declared too: the answer to a look-up may be one, and the client's a reply all the same. */
  #count(query: Query, answer: Answer, start: number): Answer {
    const counts = this.#countsOf(query);
    if (counts === undefined) return answer;
    const { client, question, request, requestSize, replaying } = query;
    const dnssecOk = request.edns?.dnssecOk ?? false;
    const plugin = answer.kind === 'reply' || answer.kind === 'transfer' ? query.lastEntered : '';
    const rcode = rcodeOfAnswer(answer);
    const size = replySize(question, answer);
    counts.request(client, query.type, dnssecOk, requestSize);
    counts.response(client, rcode, plugin, size, this.#clock.monotonic() - start);
    if (replaying.allowed) replaying.each(counts.again(client, query.type, dnssecOk, rcode, plugin), size);
    return answer;
  }

  /** Of the longest zone that the name is in: whatever comes here is in one. */
  #countsOf({ server, name }: Query): QueryCounts | undefined {
    const place = (this.#places.get(server) ?? this.#open(server)).find(name);
    return place && (place.counts ??= this.#metrics.at(server, place.zone, this.#view));
  }

  #open(server: string): ZoneMap<Place> {
    const places = new ZoneMap<Place>(this.#zones.map((zone) => [Name.fromText(zone), { zone, counts: undefined }]));
    this.#places.set(server, places);
    return places;
  }
}
