/**
 * One of two servers that must answer alike: the whole server, from a Corefile, with a cluster, an upstream and a clock that the
 * test holds, and without a socket for DNS. Requests are handed to the handler that its listener has.
 */
import { FactCounters } from '../../../../src/cluster/facts.ts';
import { ClusterState } from '../../../../src/cluster/state.ts';
import { ClusterStores, type StoreLease } from '../../../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../../../src/cluster/watch/events.ts';
import { AnswerCache } from '../../../../src/server/answer-cache/answer-cache.ts';
import { OwnAddresses } from '../../../../src/server/own-addresses.ts';
import { Server } from '../../../../src/server/server.ts';
import { SharedThings } from '../../../../src/server/shared-things.ts';
import { LogWriter } from '../../../../src/telemetry/logger.ts';
import { Metrics } from '../../../../src/telemetry/metrics.ts';
import { Serving } from '../../../../src/transport/serving.ts';
import {
  DEFERRED,
  type Endpoints,
  type Listener,
  NO_REPLY,
  type RequestHandler,
} from '../../../../src/transport/transport.ts';
import type { UdpTransport } from '../../../../src/transport/udp-transport.ts';
import type { FakeClock } from '../../../plugins/support.ts';
import { exchangeOf } from '../requests.ts';
import { TogetherBatch } from './together.ts';
import { type Outside, UpstreamNetwork } from './upstream.ts';

/** What both servers share; neither writes to it. */
export interface Surroundings {
  readonly clock: FakeClock;
  readonly outside: Outside;
  corefile: string;
  readonly folder: string;
  ownAddresses: readonly string[];
}

/** A listener without a socket, which hands its handler to whoever asks. */
export class SilentListener implements Listener {
  readonly protocol: 'udp' | 'tcp';
  readonly bound = [];
  readonly counts = { requests: 0, connections: 0, ignored: 0, overBound: 0, cutOff: 0, unsent: 0, failed: 0 };
  readonly #told: (handler: RequestHandler) => void;

  constructor(protocol: 'udp' | 'tcp', handler: RequestHandler, told: (handler: RequestHandler) => void) {
    this.protocol = protocol;
    this.#told = told;
    told(handler);
  }

  setHandler(handler: RequestHandler): void {
    this.#told(handler);
  }

  setLimits(): void {
    // There is nothing that would be limited.
  }

  refresh = (): Promise<void> => Promise.resolve();
  stop = (): Promise<void> => Promise.resolve();
  close = (): Promise<void> => Promise.resolve();
}

/** Stores whose only cluster is the one that the test changes. */
class HeldCluster extends ClusterStores {
  readonly #state: ClusterState;

  constructor(facts: FactCounters, now: () => number, state: ClusterState) {
    super({ facts, now, report: () => undefined, events: NO_EVENTS });
    this.#state = state;
  }

  override acquire(): Promise<StoreLease> {
    const done = Promise.resolve();
    return Promise.resolve({ state: this.#state, known: done, flush: () => done, release: () => undefined });
  }
}

/** A request as it arrives. */
export interface Arriving {
  readonly request: Uint8Array;
  readonly ends: Partial<Endpoints>;
  /** Octets before and behind it in the memory that holds it. */
  readonly before: number;
}

/** What came back, and whether the handler said that nothing is left to be done. */
export interface Came {
  readonly reply: Buffer | undefined;
  readonly settled: boolean;
}

export class Side {
  readonly facts = new FactCounters();
  readonly metrics = new Metrics();
  readonly state: ClusterState;
  readonly answers: AnswerCache | undefined;
  readonly log: string[] = [];
  readonly #network: UpstreamNetwork;
  readonly #surroundings: Surroundings;
  readonly #log = new LogWriter({
    write: (lines) => {
      this.log.push(...lines.split('\n').slice(0, -1));
      return true;
    },
    drained: () => undefined,
  });
  #handler: RequestHandler = () => NO_REPLY;
  #server: Server | undefined;

  private constructor(surroundings: Surroundings, octets: number) {
    const { clock, outside } = surroundings;
    this.#surroundings = surroundings;
    this.#network = new UpstreamNetwork(outside);
    this.state = new ClusterState(this.facts, () => clock.now());
    if (octets === 0) return;
    this.answers = new AnswerCache({ octets, facts: this.facts, clock });
  }

  /** @param octets of the answer cache; 0 for none */
  static async start(surroundings: Surroundings, octets: number): Promise<Side> {
    const side = new Side(surroundings, octets);
    await side.#start();
    return side;
  }

  async #start(): Promise<void> {
    const { facts, metrics } = this;
    const surroundings = this.#surroundings;
    const { clock, folder } = surroundings;
    const open = (handler: RequestHandler): Promise<SilentListener> =>
      Promise.resolve(new SilentListener('udp', handler, (now) => (this.#handler = now)));
    const udp: UdpTransport = {
      open: ({ handler }) => open(handler),
      openWildcard: ({ handler }) => open(handler),
    };
    this.#server = await Server.start({
      source: {
        kind: 'text',
        name: 'Corefile',
        get text() {
          return surroundings.corefile;
        },
        folder,
      },
      environment: {},
      plan: { defaultPort: 53, bind: [], fixtures: ['held'] },
      parts: {
        facts,
        stores: new HeldCluster(facts, () => clock.now(), this.state),
        clock,
        log: this.#log,
        ownAddresses: new OwnAddresses(facts, () => surroundings.ownAddresses),
        metrics,
        network: this.#network,
        shared: new SharedThings(),
        answers: this.answers,
        udp,
        fatal: (message) => {
          throw new Error(message);
        },
      },
    });
  }

  /** Hands a request to the server. Resolves with what came; rejects where nothing comes at all. */
  ask({ request, ends, before }: Arriving): Promise<Came> {
    return new Promise((resolve, reject) => {
      let isDeferred = false;
      const exchange = exchangeOf(request, {
        ends,
        before,
        behind: before,
        handle: {
          send: (message) => resolve({ reply: Buffer.from(message), settled: exchange.settled }),
          drop: () => (isDeferred ? resolve({ reply: undefined, settled: exchange.settled }) : undefined),
        },
      });
      const length = this.#handler(exchange);
      const { settled, reply, octets, start, end } = exchange;
      if (!Buffer.from(request).equals(octets.subarray(start, end))) reject(new Error('the request was written to'));
      isDeferred = length === DEFERRED;
      if (isDeferred) return;
      resolve({ reply: length === NO_REPLY ? undefined : Buffer.from(reply.subarray(0, length)), settled });
    });
  }

  /** Hands requests to the server that have arrived together, as a socket does. Resolves with what came for each. */
  askTogether(all: readonly Arriving[]): Promise<readonly Came[]> {
    const reports: string[] = [];
    const serving = new Serving({ handler: this.#handler, report: (report) => reports.push(report) });
    const batch = new TogetherBatch(all);
    serving.askAll(batch, all.length);
    if (reports.length > 0) throw new Error(reports.join('\n'));
    return batch.came();
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    do {
      // oxlint-disable-next-line no-await-in-loop -- each turn may begin another query
      await new Promise(setImmediate);
    } while (this.#network.open > 0);
  }

  /** Reads the Corefile again. What an earlier generation made is not held any longer. */
  async reload(): Promise<void> {
    if ((await this.#server?.reload()) !== true)
      throw new Error(`the reload failed: ${this.flushLog().slice(-3).join('\n')}`);
    if (this.answers !== undefined && this.answers.table.size > 0) throw new Error('answers outlive their generation');
  }

  refreshAddresses(): Promise<void> {
    return this.#server?.refreshAddresses() ?? Promise.resolve();
  }

  /** Queries that the upstream got. */
  get askedUpstream(): number {
    return this.#network.asked;
  }

  flushLog(): readonly string[] {
    this.#log.flush();
    return this.log;
  }

  close(): Promise<void> {
    return this.#server?.close() ?? Promise.resolve();
  }
}
