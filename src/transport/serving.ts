/**
 * What all sockets of one listener share: the handler, the limits, the counts, and the one place where the handler is
 * called. A handler promises not to throw; here that promise is not relied upon.
 */
import { bounds, type Bounds } from '../bounds.ts';
import { traceOf } from './system-error.ts';
import {
  DEFERRED,
  NO_REPLY,
  UNREAD,
  type Exchange,
  type Lookahead,
  type OpenOptions,
  type ReplyHandle,
  type RequestHandler,
  type TransportCounts,
  type TransportReport,
} from './transport.ts';

/** An exchange as its transport sees it. */
export interface OpenExchange extends Exchange {
  /** The handle that the handler took in this tick. */
  deferred: ReplyHandle | undefined;
  place: number;
}

/** Requests that have arrived together. Their replies are written one behind the other, however many have none. */
export interface Batch {
  /** The request at a place, with the room of the reply of this number; borrowed until the next call. */
  exchangeAt(place: number, reply: number): OpenExchange;
  /** The handler has returned: the reply of this number is `length` octets long; there is none where that is 0. */
  answered(place: number, reply: number, length: number): void;
}

/** The table of bounds with these values replaced. */
function withDefaults(limits: Partial<Bounds> | undefined): Bounds {
  return { ...bounds, ...limits };
}

export class Serving {
  handler: RequestHandler;
  limits: Bounds;
  readonly counts: { -readonly [count in keyof TransportCounts]-?: number };
  readonly report: TransportReport;
  #reportedInThisTick = false;

  constructor({ handler, report, limits }: Omit<OpenOptions, 'port'>) {
    this.handler = handler;
    this.report = report;
    this.limits = withDefaults(limits);
    this.counts = {
      requests: 0,
      connections: 0,
      ignored: 0,
      overBound: 0,
      overInFlight: 0,
      cutOff: 0,
      handshakes: 0,
      unsent: 0,
      failed: 0,
    };
  }

  setLimits(limits: Partial<Bounds>): void {
    this.limits = withDefaults(limits);
  }

  /**
   * Hands one exchange to the handler. Returns the number of octets of the reply, 0 where nothing is to be sent now.
   * Never throws; afterwards the exchange holds no handle.
   */
  ask(exchange: OpenExchange): number {
    return this.#ask(this.handler, exchange);
  }

  /**
   * Hands the exchanges of a batch to the handler, which may look at all of them before it answers the first. Returns the number of
   * replies. Throws nothing but what the batch throws.
   */
  askAll(batch: Batch, count: number): number {
    const { handler } = this;
    const isRead = count > 1 && handler.lookahead !== undefined && this.#readAhead(handler.lookahead, batch, count);
    let replies = 0;
    for (let place = 0; place < count; place++) {
      const exchange = batch.exchangeAt(place, replies);
      // A request that was read ahead was read for the room of its place.
      exchange.place = isRead && replies === place ? place : UNREAD;
      const length = this.#ask(handler, exchange);
      batch.answered(place, replies, length);
      if (length > 0) replies++;
    }
    return replies;
  }

  #readAhead(lookahead: Lookahead, batch: Batch, count: number): boolean {
    try {
      for (let place = 0; place < count; place++) {
        const exchange = batch.exchangeAt(place, place);
        exchange.place = place;
        lookahead.read(exchange);
      }
      lookahead.fetch(count);
      return true;
    } catch (error) {
      this.reportOnce(`requests could not be read before they are answered: ${traceOf(error)}`);
      return false;
    }
  }

  #ask(handler: RequestHandler, exchange: OpenExchange): number {
    this.counts.requests++;
    exchange.settled = false;
    let written: number;
    try {
      written = handler(exchange);
    } catch (error) {
      this.fail(error);
      written = NO_REPLY;
    }
    const { deferred } = exchange;
    if (deferred !== undefined) {
      exchange.deferred = undefined;
      if (written === DEFERRED) return 0;
      deferred.drop();
    }
    if (written === NO_REPLY) return 0;
    if (written > 0 && written <= exchange.reply.length && Number.isInteger(written)) return written;
    this.fail(new RangeError(`a handler returned ${written} without deferring, or beyond the room for its reply`));
    return 0;
  }

  /** Counts a failure, and reports at most one per turn of the event loop: a flood must not become one of log lines. */
  fail(error: unknown): void {
    this.counts.failed++;
    this.reportOnce(`a request failed: ${traceOf(error)}`);
  }

  /** Reports, unless something was reported so in this turn of the event loop. */
  reportOnce(message: string): void {
    if (this.#reportedInThisTick) return;
    this.#reportedInThisTick = true;
    setImmediate(() => {
      this.#reportedInThisTick = false;
    });
    try {
      this.report(message);
    } catch {
      // There is nobody else to tell, and a request that failed must not take others with it.
    }
  }
}
