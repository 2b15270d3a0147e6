/** A responder with an answer cache above one plugin that a test plays. */
import { bounds } from '../../../src/bounds.ts';
import { FactCounters } from '../../../src/cluster/facts.ts';
import { Class, Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { AddressRRset } from '../../../src/dns/rrset.ts';
import { type Outcome, type Reply, reply } from '../../../src/plugins/answer.ts';
import type { Plugin } from '../../../src/plugins/plugin.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { AnswerCache } from '../../../src/server/answer-cache/answer-cache.ts';
import { AnswerCounts } from '../../../src/server/answer-counts.ts';
import { linkChain } from '../../../src/server/chain.ts';
import { Responder } from '../../../src/server/responder.ts';
import { Router } from '../../../src/server/router.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { DEFERRED, NO_REPLY } from '../../../src/transport/transport.ts';
import { FakeClock } from '../../plugins/support.ts';
import { type ExchangeParts, exchangeOf } from './requests.ts';

export type Answering = (query: Query) => Outcome;

export interface Given {
  readonly reply: Buffer | undefined;
  /** It was given again. */
  readonly settled: boolean;
}

export interface ServingOptions {
  readonly octets?: number;
  /** Whether the plugin says that its answers may be given again; it does if left out. */
  readonly replayable?: boolean;
}

/** 1 MiB */
const OCTETS = 1_048_576;

export class Serving {
  readonly facts = new FactCounters();
  readonly clock = new FakeClock();
  readonly metrics = new Metrics();
  readonly answers: AnswerCache;
  readonly panics: unknown[] = [];
  /** Queries that came to the plugin. */
  asked = 0;
  /** What the plugin answers. */
  answering: Answering;
  readonly #responder: Responder;
  readonly #again = exchangeOf(new Uint8Array(0));
  #last: Promise<Buffer | undefined> = Promise.resolve(undefined);

  constructor(answering: Answering, { octets = OCTETS, replayable = true }: ServingOptions = {}) {
    this.answering = answering;
    const { facts, clock, metrics } = this;
    this.answers = new AnswerCache({ octets, facts, clock });
    const answer = (query: Query): Outcome => {
      this.asked++;
      return this.answering(query);
    };
    const plugin: Plugin = { name: 'played', ...(replayable ? { replayable: true } : {}), answer };
    const router = new Router([{ zone: Name.root, chain: linkChain([plugin]), anyClass: false }], 'dns://:53');
    this.#responder = new Responder({
      resolver: router,
      facts,
      counts: new AnswerCounts(metrics, router.server),
      panic: (error) => this.panics.push(error),
      idle: bounds.tcpIdle,
      answers: this.answers.forListener(metrics, router.server),
    });
  }

  /** Whether the reply to a request is given again. The same memory serves all requests. */
  isGivenAgain(request: Uint8Array): boolean {
    const exchange = { ...this.#again, octets: request, end: request.length };
    this.#responder.respond(exchange);
    return exchange.settled;
  }

  ask(request: Uint8Array, parts: Omit<ExchangeParts, 'handle'> = {}): Given {
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const handle = { send: (message: Uint8Array) => resolve(Buffer.from(message)), drop: () => resolve(undefined) };
    const exchange = exchangeOf(request, { ...parts, handle });
    const length = this.#responder.respond(exchange);
    const { settled } = exchange;
    if (length === DEFERRED) {
      this.#last = promise;
      return { reply: undefined, settled };
    }
    return { reply: length === NO_REPLY ? undefined : Buffer.from(exchange.reply.subarray(0, length)), settled };
  }

  /** The last reply that was to come later. */
  get later(): Promise<Buffer | undefined> {
    return this.#last;
  }

  count(metric: string): number {
    const line = this.metrics
      .render()
      .split('\n')
      .find((one) => one.startsWith(`${metric}{`));
    return Number(line?.split(' ').at(-1) ?? 0);
  }
}

export function addressSet(owner: Name, ...last: readonly number[]): AddressRRset {
  const octets = Uint8Array.from(last.flatMap((octet) => [192, 0, 2, octet]));
  return { kind: 'address', owner, type: Type.A, class: Class.IN, ttl: 30, octets };
}

export function answered(query: Query, parts: Partial<Reply> = {}): Reply {
  return reply({ answers: [addressSet(query.name, 1)], ...parts });
}
