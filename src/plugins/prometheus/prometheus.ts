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
function* pluginLabels({ servers, zones, plugins }: Block): Generator<readonly string[]> {
  let left = bounds.metricSeries;
  for (const server of servers) {
    for (const zone of zones) {
      for (const name of plugins) {
        yield [server, zone, '', name];
        if (left-- === 0) return;
      }
    }
  }
}

/** A zone of the block at one address. */
interface Place {
  readonly zone: Name;
  /** Presentation form, lower case, with final dot. */
  readonly text: string;
  /** Made for the first query, since zones may be many. */
  counts: QueryCounts | undefined;
}

/** Not replayable: each query is to be counted. */
class Prometheus implements Plugin {
  readonly name = 'prometheus';
  readonly #metrics: QueryMetrics;
  readonly #clock: Clock;
  /** Longest first. */
  readonly #zones: readonly Pick<Place, 'zone' | 'text'>[];
  /** By server, the longest zone first. */
  readonly #places = new Map<string, readonly Place[]>();

  constructor(metrics: QueryMetrics, block: Block, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#zones = block.zones
      .map((text) => ({ zone: Name.fromText(text), text }))
      .toSorted((one, other) => other.zone.labelCount - one.zone.labelCount);
  }

  /** An exception is counted by the server, which answers for it. */
  answer(query: Query, next: Next): Outcome {
    const start = this.#clock.monotonic();
    const outcome = next.answer(query);
    if (outcome instanceof Promise) return outcome.then((answer) => this.#count(query, answer, start));
    return this.#count(query, outcome, start);
  }

  #count(query: Query, answer: Answer, start: number): Answer {
    const { client, question, request, requestSize } = query;
    const counts = this.#countsOf(query);
    counts?.request(client, query.type, request.edns?.dnssecOk ?? false, requestSize);
    const plugin = answer.kind === 'reply' ? query.lastEntered : '';
    const duration = this.#clock.monotonic() - start;
    counts?.response(client, rcodeOfAnswer(answer), plugin, replySize(question, answer), duration);
    return answer;
  }

  /** Of the longest zone that the name is in: whatever comes here is in one. */
  #countsOf({ server, name }: Query): QueryCounts | undefined {
    for (const place of this.#places.get(server) ?? this.#open(server)) {
      if (name.isAtOrBelow(place.zone)) return (place.counts ??= this.#metrics.at(server, place.text));
    }
    return undefined;
  }

  #open(server: string): readonly Place[] {
    const places = this.#zones.map(({ zone, text }) => ({ zone, text, counts: undefined }));
    this.#places.set(server, places);
    return places;
  }
}
