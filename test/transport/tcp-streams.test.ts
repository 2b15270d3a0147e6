/** Replies of several messages over one TCP connection: flow control, sharing, and the ways to end. */
import { describe, expect, it } from 'vitest';
import {
  CUT_OFF,
  DEFERRED,
  type Exchange,
  type MessageSource,
  NO_REPLY,
  type RequestHandler,
  requestOf,
} from '../../src/transport/transport.ts';
import { ask, echo, openOneTcp, tcpClient } from './fixtures.ts';
import { stream } from './clients.ts';

/** Gives `count` messages of a size, each a number as text and then filling. */
class Counting implements MessageSource {
  made = 0;
  endings = 0;
  readonly #count: number;
  readonly #size: number;
  readonly #ended = Promise.withResolvers<void>();

  constructor(count: number, size = 8) {
    this.#count = count;
    this.#size = size;
  }

  next(target: Uint8Array): number {
    if (this.made === this.#count) return NO_REPLY;
    Buffer.alloc(this.#size, String(this.made++).padEnd(8)).copy(target);
    return this.#size;
  }

  ended(): void {
    this.endings++;
    this.#ended.resolve();
  }

  /** Resolves when it has been told that it is over. */
  get over(): Promise<void> {
    return this.#ended.promise;
  }
}

function text(exchange: Exchange): string {
  return Buffer.from(requestOf(exchange)).toString();
}

/** Requests that begin with `stream` get the messages of the next source, all others themselves. */
function streaming(...sources: readonly MessageSource[]): RequestHandler {
  const left = [...sources];
  return (exchange) => {
    const source = text(exchange).startsWith('stream') ? left.shift() : undefined;
    if (source === undefined) return echo(exchange);
    exchange.defer().stream?.(source);
    return DEFERRED;
  };
}

const LONG = 60_000;
/** More than the system takes for a peer that reads nothing. */
const ENDLESS = 10_000;

describe('a reply of several messages', () => {
  it('comes whole and in order, and the connection goes on', async () => {
    const source = new Counting(50);
    const { port } = await openOneTcp(streaming(source));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'));
    const messages = await client.receiveAll(50);
    expect(messages.map((message) => Number(message.toString()))).toEqual([...messages.keys()]);
    await source.over;
    expect(source.endings).toBe(1);
    expect(await ask(client, 'after')).toBe('after');
  });

  it('without a message ends at once, and the connection goes on', async () => {
    const source = new Counting(0);
    const { port } = await openOneTcp(streaming(source));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'));
    await source.over;
    expect(await ask(client, 'after')).toBe('after');
  });

  it('does not hold up queries behind it', async () => {
    const source = new Counting(ENDLESS, LONG);
    const { port } = await openOneTcp(streaming(source));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'), Buffer.from('behind'));
    for (let i = 0; i < 100; i++) {
      // oxlint-disable-next-line no-await-in-loop -- until it is there
      if ((await client.receive()).toString() === 'behind') return;
    }
    expect.fail('the query behind the stream was not answered within a hundred messages');
  });

  it('shares the connection with another one', async () => {
    const [one, other] = [new Counting(20, 9), new Counting(20, 10)];
    const { port } = await openOneTcp(streaming(one, other));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream 1'), Buffer.from('stream 2'));
    const lengths = (await client.receiveAll(40)).map(({ length }) => length);
    await Promise.all([one.over, other.over]);
    expect(lengths.indexOf(10)).toBeLessThan(lengths.lastIndexOf(9));
  });

  it('reaches a client that has closed its side, and then the connection ends', async () => {
    const source = new Counting(20);
    const { port } = await openOneTcp(streaming(source));
    const client = await tcpClient(port);
    client.socket.end(stream([Buffer.from('stream')]));
    await client.receiveAll(20);
    await client.ended;
  });

  it('is finished when the listener stops', async () => {
    const source = new Counting(200, LONG);
    const { port, listener } = await openOneTcp(streaming(source));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'));
    await client.receive();
    const stopped = listener.stop(10_000);
    expect(await client.receiveAll(199)).toHaveLength(199);
    client.close();
    await stopped;
  });

  it('is cut off where its source says so', async () => {
    const cut: MessageSource & { endings: number } = {
      endings: 0,
      next: () => CUT_OFF,
      ended: () => void cut.endings++,
    };
    const { port, listener } = await openOneTcp(streaming(cut));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'));
    await client.closed;
    expect(cut.endings).toBe(1);
    expect(listener.counts.cutOff).toBe(1);
  });
});

describe('a client that does not read', () => {
  it('has no more made for it than the system takes, and is cut off', async () => {
    const source = new Counting(ENDLESS, LONG);
    const { port, listener } = await openOneTcp(streaming(source), { tcpWrite: 100 });
    const client = await tcpClient(port);
    client.socket.pause();
    client.send(Buffer.from('stream'));
    await source.over;
    expect(source.made).toBeLessThan(ENDLESS / 10);
    expect(source.endings).toBe(1);
    expect(listener.counts.cutOff).toBe(1);
  });

  it('and goes away, ends it', async () => {
    const source = new Counting(ENDLESS, LONG);
    const { port } = await openOneTcp(streaming(source));
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'));
    await client.receive();
    client.socket.resetAndDestroy();
    await source.over;
    expect(source.endings).toBe(1);
  });

  it('ends it where the connection is gone before it begins', async () => {
    const source = new Counting(1);
    const taken = Promise.withResolvers<() => void>();
    const { port, listener } = await openOneTcp((exchange) => {
      const handle = exchange.defer();
      taken.resolve(() => handle.stream?.(source));
      return DEFERRED;
    });
    const client = await tcpClient(port);
    client.send(Buffer.from('stream'));
    const begin = await taken.promise;
    await listener.close();
    begin();
    expect(source).toMatchObject({ made: 0, endings: 1 });
  });
});

describe('sources that take their time', () => {
  it('have one message made in a turn of the event loop, over all connections', async () => {
    let turn = 0;
    const count = (): void => {
      turn++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const turns: number[] = [];
    const slow = (): MessageSource => {
      let left = 5;
      return {
        next: (target) => {
          if (left-- === 0) return NO_REPLY;
          turns.push(turn);
          const end = performance.now() + 4;
          while (performance.now() < end);
          target[0] = 1;
          return 1;
        },
        ended: () => undefined,
      };
    };
    const { port } = await openOneTcp(streaming(...Array.from({ length: 8 }, slow)));
    const clients = await Promise.all(Array.from({ length: 8 }, () => tcpClient(port)));
    for (const client of clients) client.send(Buffer.from('stream'));
    await Promise.all(clients.map((client) => client.receiveAll(5)));
    clearImmediate(counting);
    expect(turns).toHaveLength(40);
    expect(new Set(turns).size).toBe(40);
  });
});
