/** How requests that have arrived together are handed to the handler. */
import { describe, expect, it } from 'vitest';
import { type Batch, type OpenExchange, Serving } from '../../src/transport/serving.ts';
import {
  DEFERRED,
  type Exchange,
  type Lookahead,
  NO_REPLY,
  type RequestHandler,
  UNREAD,
} from '../../src/transport/transport.ts';
import { exchangeOf } from '../server/answer-cache/requests.ts';

/** Requests of one octet each, which is the number of their place. */
class TestBatch implements Batch {
  readonly #rooms: readonly Uint8Array[];
  readonly #exchanges: readonly (OpenExchange & { reply: Uint8Array })[];
  /** Place, number and length of each reply. */
  readonly answers: (readonly [number, number, number])[] = [];

  constructor(count: number) {
    this.#rooms = Array.from({ length: count }, () => new Uint8Array(8));
    this.#exchanges = this.#rooms.map((reply, place) => ({
      ...exchangeOf(Uint8Array.of(place)),
      deferred: undefined,
      reply,
    }));
  }

  exchangeAt(place: number, reply: number): OpenExchange {
    const exchange = this.#exchanges[place];
    const room = this.#rooms[reply];
    if (exchange === undefined || room === undefined) throw new RangeError(`place ${place}, reply ${reply}`);
    exchange.reply = room;
    return exchange;
  }

  answered(place: number, reply: number, length: number): void {
    this.answers.push([place, reply, length]);
  }
}

/** Notes in the room for the reply which request was read for it. */
class Reader implements Lookahead {
  readonly seen: string[] = [];

  read({ octets, reply, place }: Exchange): void {
    reply[0] = octets[0] ?? 0;
    this.seen.push(`read ${place}`);
  }

  fetch(count: number): void {
    this.seen.push(`fetch ${count}`);
  }
}

/** Answers with one octet, and notes whether the request was read for the room that it has now. */
function answering(seen: string[], answer: (place: number) => number = () => 1): RequestHandler {
  return ({ octets, reply, place }) => {
    const own = octets[0] ?? 0;
    const isRead = place === UNREAD ? '' : `, read: ${place === own && reply[0] === own}`;
    seen.push(`ask ${own}${isRead}`);
    reply[0] = 0x5a;
    return answer(own);
  };
}

function servingOf(handler: RequestHandler): { readonly serving: Serving; readonly reports: string[] } {
  const reports: string[] = [];
  return { serving: new Serving({ handler, report: (report) => reports.push(report) }), reports };
}

describe('a batch', () => {
  it('is read, all of it, before the first request is answered', () => {
    const lookahead = new Reader();
    const { serving } = servingOf(Object.assign(answering(lookahead.seen), { lookahead }));
    const batch = new TestBatch(3);
    expect(serving.askAll(batch, 3)).toBe(3);
    expect(lookahead.seen).toEqual([
      'read 0',
      'read 1',
      'read 2',
      'fetch 3',
      'ask 0, read: true',
      'ask 1, read: true',
      'ask 2, read: true',
    ]);
    expect(batch.answers).toEqual([
      [0, 0, 1],
      [1, 1, 1],
      [2, 2, 1],
    ]);
    expect(serving.counts.requests).toBe(3);
  });

  it('of one request is not read, nor is one for a handler that does not look ahead', () => {
    const lookahead = new Reader();
    const { serving } = servingOf(Object.assign(answering(lookahead.seen), { lookahead }));
    serving.askAll(new TestBatch(1), 1);
    serving.handler = answering(lookahead.seen);
    serving.askAll(new TestBatch(2), 2);
    expect(lookahead.seen).toEqual(['ask 0', 'ask 0', 'ask 1']);
  });

  it('of none asks nobody', () => {
    const seen: string[] = [];
    const { serving } = servingOf(answering(seen));
    expect(serving.askAll(new TestBatch(0), 0)).toBe(0);
    expect(seen).toEqual([]);
  });

  it.each([
    ['does not answer', NO_REPLY],
    ['answers later', DEFERRED],
  ])('has its replies one behind the other where the handler %s', (_, none) => {
    const lookahead = new Reader();
    const handler = answering(lookahead.seen, (place) => (place === 1 ? none : 1));
    const deferring: RequestHandler = (exchange) => {
      const written = handler(exchange);
      if (written === DEFERRED) exchange.defer();
      return written;
    };
    const { serving } = servingOf(Object.assign(deferring, { lookahead }));
    const batch = new TestBatch(4);
    expect(serving.askAll(batch, 4)).toBe(3);
    expect(batch.answers).toEqual([
      [0, 0, 1],
      [1, 1, 0],
      [2, 1, 1],
      [3, 2, 1],
    ]);
    // Behind the gap each has a room that it was not read for.
    expect(lookahead.seen.slice(5)).toEqual(['ask 0, read: true', 'ask 1, read: true', 'ask 2', 'ask 3']);
  });

  it('is answered where reading it throws, and that is reported', () => {
    const seen: string[] = [];
    const lookahead: Lookahead = {
      read: ({ place }) => {
        if (place === 1) throw new Error('unreadable');
      },
      fetch: () => undefined,
    };
    const { serving, reports } = servingOf(Object.assign(answering(seen), { lookahead }));
    expect(serving.askAll(new TestBatch(3), 3)).toBe(3);
    expect(seen).toEqual(['ask 0', 'ask 1', 'ask 2']);
    expect(reports).toEqual([expect.stringContaining('unreadable')]);
    expect(serving.counts.failed).toBe(0);
  });

  it('is answered on where the handler throws for one request', () => {
    const { serving } = servingOf(
      answering([], (place) => {
        if (place === 0) throw new Error('no');
        return 1;
      }),
    );
    const batch = new TestBatch(2);
    expect(serving.askAll(batch, 2)).toBe(1);
    expect(batch.answers).toEqual([
      [0, 0, 0],
      [1, 0, 1],
    ]);
  });

  it('is answered by the handler that has read it, though another takes its place meanwhile', () => {
    const lookahead = new Reader();
    const { seen } = lookahead;
    const other = Object.assign(
      answering(seen, () => 2),
      { lookahead },
    );
    const first = answering(seen, () => {
      serving.handler = other;
      return 1;
    });
    const { serving } = servingOf(Object.assign(first, { lookahead }));
    const batch = new TestBatch(2);
    serving.askAll(batch, 2);
    expect(batch.answers).toEqual([
      [0, 0, 1],
      [1, 1, 1],
    ]);
    serving.askAll(batch, 2);
    expect(batch.answers.slice(2)).toEqual([
      [0, 0, 2],
      [1, 1, 2],
    ]);
  });
});
