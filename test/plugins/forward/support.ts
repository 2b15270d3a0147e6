/**
 * `forward` in service above upstreams that the test plays: what is sent to each is kept, and a behaviour of the test says
 * what comes back and when. The time is that of fake timers: whoever uses this calls `vi.useFakeTimers()` first.
 */
import { vi } from 'vitest';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import type { EdnsOption } from '../../../src/dns/edns.ts';
import { type Message, readHeader, readMessage } from '../../../src/dns/message.ts';
import { Name } from '../../../src/dns/name.ts';
import { parseRecord } from '../../../src/dns/presentation.ts';
import type { RRset } from '../../../src/dns/rrset.ts';
import { MessageWriter } from '../../../src/dns/writer.ts';
import { type Answer, type Outcome, failure } from '../../../src/plugins/answer.ts';
import { forward } from '../../../src/plugins/forward/forward.ts';
import type {
  Attempt,
  AttemptListener,
  Channel,
  Endpoint,
  Network,
  UpstreamProblem,
  UpstreamTarget,
} from '../../../src/plugins/network.ts';
import type { Next } from '../../../src/plugins/plugin.ts';
import { type Account, Query } from '../../../src/plugins/query.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import {
  type BlockOptions,
  FakeClock,
  type QueryOptions,
  type TestHost,
  makeHost,
  makeQuery,
  next,
  PASSED_ON,
  serve,
} from '../support.ts';

/** A clock that goes with the timers. */
class TimerClock extends FakeClock {
  override now(): number {
    return Date.now();
  }

  override monotonic(): number {
    return performance.now();
  }
}

export function record(text: string): RRset {
  const parsed = parseRecord(text, { origin: Name.root, ttl: 0 });
  if (parsed.kind === 'error') throw new Error(`${text}: ${parsed.message}`);
  return parsed.set;
}

export function decode(octets: Uint8Array): Message {
  const header = readHeader(octets);
  const read = header && readMessage(octets, header);
  if (read?.kind !== 'message') throw new Error('a message was expected');
  return read.message;
}

export interface ReplyParts {
  readonly rcode?: number;
  readonly flags?: number;
  readonly answers?: readonly string[];
  readonly authority?: readonly string[];
  /** Options of its OPT record; null for no OPT record. */
  readonly options?: readonly EdnsOption[] | null;
}

/** The reply to a message, right in everything. */
export function replyTo(message: Uint8Array, parts: ReplyParts = {}): Uint8Array {
  const { id, flags, question } = decode(message);
  const target = new Uint8Array(65_535);
  const { rcode = Rcode.NOERROR, answers = [], authority = [], options = [] } = parts;
  const length = new MessageWriter().write(target, target.length, {
    id,
    flags: Flag.QR | Flag.RA | (flags & Flag.RD) | (parts.flags ?? 0),
    rcode,
    question,
    answers: answers.map(record),
    authority: authority.map(record),
    additional: [],
    edns: options === null ? undefined : { udpSize: 1232, dnssecOk: false, options },
  });
  return target.slice(0, length);
}

/** A message that was sent. */
export class Sent {
  readonly target: UpstreamTarget;
  readonly message: Uint8Array;
  /** Milliseconds of the clock. */
  readonly at = performance.now();
  readonly #listener: AttemptListener;
  over = false;

  constructor(target: UpstreamTarget, message: Uint8Array, listener: AttemptListener) {
    this.target = target;
    this.message = new Uint8Array(message);
    this.#listener = listener;
  }

  get decoded(): Message {
    return decode(this.message);
  }

  /** Whether it is a health check and no query. */
  get isCheck(): boolean {
    return this.decoded.question?.type === 2;
  }

  /** Shows octets to whoever waits; true where they were taken. */
  show(octets: Uint8Array, from: Endpoint = this.target.to): boolean {
    if (this.over) return false;
    const taken = this.#listener.received(octets, from);
    if (taken) this.over = true;
    return taken;
  }

  reply(parts: ReplyParts = {}, after = 1): void {
    setTimeout(() => this.show(replyTo(this.message, parts)), after);
  }

  fail(kind: UpstreamProblem['kind'], text: string = kind, after = 0): void {
    this.failWith({ kind, text }, after);
  }

  failWith(problem: UpstreamProblem, after = 0): void {
    setTimeout(() => {
      if (this.over) return;
      this.over = true;
      this.#listener.failed(problem);
    }, after);
  }
}

export type Behaviour = (sent: Sent) => void;

export const silent: Behaviour = () => undefined;
export const refusing: Behaviour = (sent) => sent.fail('refused', 'connection refused');

/** Answers each query, and each check, after so many milliseconds. */
export function answering(parts: ReplyParts = {}, after = 1): Behaviour {
  return (sent) => sent.reply(sent.isCheck ? {} : parts, after);
}

export class FakeNetwork implements Network {
  readonly sent: Sent[] = [];
  readonly channels: {
    readonly target: UpstreamTarget;
    readonly counts: { reused: number; opened: number; unasked: number };
    closed: boolean;
  }[] = [];
  /** By `ADDRESS` or `PROTOCOL ADDRESS`; who is not in it is silent. */
  readonly behaviours = new Map<string, Behaviour>();

  channel(target: UpstreamTarget): Channel {
    const counts = { reused: 0, opened: 0, unasked: 0 };
    const opened = { target, counts, closed: false };
    this.channels.push(opened);
    return {
      counts,
      send: (message, listener): Attempt => {
        if (opened.closed) throw new Error('the channel is closed');
        counts.opened++;
        const sent = new Sent(target, message, listener);
        this.sent.push(sent);
        const { address } = target.to;
        (this.behaviours.get(`${target.protocol} ${address}`) ?? this.behaviours.get(address) ?? silent)(sent);
        return { cancel: () => void (sent.over = true) };
      },
      close: () => void (opened.closed = true),
    };
  }

  httpStatus(): Promise<number> {
    return Promise.reject(new Error('no HTTP was expected'));
  }

  /** Queries without health checks, to one address or all. */
  queries(address?: string): readonly Sent[] {
    return this.sent.filter((sent) => !sent.isCheck && (address === undefined || sent.target.to.address === address));
  }

  checks(address: string): readonly Sent[] {
    return this.sent.filter((sent) => sent.isCheck && sent.target.to.address === address);
  }
}

export interface Forwarding {
  readonly network: FakeNetwork;
  readonly host: TestHost;
  /** Asks and lets the time pass until there is an answer. */
  readonly resolve: (query: Query, below?: Next) => Promise<{ readonly answer: Answer; readonly took: number }>;
  /** Resolves so many fresh queries, one after the other. */
  readonly resolveMany: (count: number) => Promise<void>;
  /** Asks; the answer may be there at once. */
  readonly ask: (query: Query, below?: Next) => Outcome;
  /** The value of a metric; 0 where it is not there. */
  readonly metric: (series: string) => number;
  readonly close: () => void;
}

export interface ForwardingOptions extends BlockOptions {
  readonly network?: FakeNetwork;
  readonly host?: TestHost;
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
}

export function makeForwardHost(network: Network): TestHost {
  return { ...makeHost({ network }), clock: new TimerClock() };
}

/** Longer than any query may take. */
const PATIENCE = 10_000;

class Waiting {
  answer: Answer | undefined;
  at = 0;

  constructor(outcome: Outcome) {
    void this.#await(outcome);
  }

  async #await(outcome: Outcome): Promise<void> {
    this.answer = await outcome;
    this.at = performance.now();
  }
}

export async function forwarding(lines: string, options: ForwardingOptions = {}): Promise<Forwarding> {
  const network = options.network ?? new FakeNetwork();
  for (const [address, behaviour] of Object.entries(options.behaviours ?? {})) {
    network.behaviours.set(address, behaviour);
  }
  const host = options.host ?? makeForwardHost(network);
  const service = await serve(forward, lines, { ...options, host });
  const ask = (query: Query, below = next(PASSED_ON)): Outcome => service.plugin.answer(query, below);
  const resolve: Forwarding['resolve'] = async (query, below) => {
    const started = performance.now();
    const waiting = new Waiting(ask(query, below));
    for (let waited = 0; waiting.answer === undefined && waited < PATIENCE; waited++) {
      // oxlint-disable-next-line no-await-in-loop -- the time passes step by step
      await vi.advanceTimersByTimeAsync(1);
    }
    if (waiting.answer === undefined) throw new Error('there was no answer');
    return { answer: waiting.answer, took: waiting.at - started };
  };
  return {
    network,
    host,
    ask,
    resolve,
    async resolveMany(count) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before
      for (let i = 0; i < count; i++) await resolve(fresh());
    },
    metric(series) {
      const line = host.metrics
        .render()
        .split('\n')
        .find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    close: () => service.close(),
  };
}

let asked = 0;

/** A query for a name that nobody asked before. */
export function fresh(options: QueryOptions = {}): Query {
  return makeQuery(`n${asked++}.example.`, 'A', options);
}

/** A look-up on the way to the answer of a client query. */
export function onAccount(account: Account): Query {
  const { question, request, requestSize, client } = fresh();
  const resolver = { server: 'dns://:53', resolve: () => failure(Rcode.SERVFAIL, explain('internalError')) };
  return new Query(question, request, requestSize, client, account, resolver);
}

export function named(name: string, options: QueryOptions = {}): Query {
  return makeQuery(name, 'A', options);
}
