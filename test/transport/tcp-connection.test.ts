/**
 * One TCP connection: framing, pipelining, flow control, time and the ways to end. tls-connection.test.ts runs all of this over
 * TLS.
 */
import { Socket } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stream, type TcpClient } from './clients.ts';
import { answer, ask, Deferrer, echo, openOneTcp, STREAM, tcpClient, textOf } from './fixtures.ts';

describe('framing', () => {
  it('gives the same replies for any split of the stream', async () => {
    const { port } = await openOneTcp(echo);
    const client = await tcpClient(port);
    const queries = fc.array(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((octets) => Buffer.from(octets)),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(queries, fc.array(fc.nat({ max: 3000 }), { maxLength: 6 }), async (sent, cuts) => {
        const octets = stream(sent);
        let from = 0;
        for (const to of [...cuts.filter((cut) => cut < octets.length).toSorted((a, b) => a - b), octets.length]) {
          const written = Promise.withResolvers<void>();
          client.socket.write(octets.subarray(from, to), () => setImmediate(written.resolve));
          // oxlint-disable-next-line no-await-in-loop
          await written.promise;
          from = to;
        }
        expect(await client.receiveAll(sent.length)).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });

  it('carries 65,535 octets both ways', async () => {
    const { port } = await openOneTcp(echo);
    const client = await tcpClient(port);
    const longest = Buffer.alloc(0xff_ff, 'x');
    expect(await ask(client, longest)).toBe(longest.toString());
  });

  it('drops a deferred message that no frame can carry', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port);
    client.send(Buffer.from('x'));
    await deferrer.deferred(1);
    deferrer.at(0).handle.send(Buffer.alloc(0x1_00_00));
    expect(await ask(client, 'now')).toBe('now');
    expect(listener.counts.overBound).toBe(1);
  });

  it('ends the connection at an empty frame, after the answers in flight', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port);
    client.send(Buffer.from('before'), Buffer.alloc(0), Buffer.from('after'));
    await deferrer.deferred(1);
    deferrer.send(0);
    expect((await client.receive()).toString()).toBe('before');
    await client.ended;
    expect(deferrer.taken).toHaveLength(1);
  });
});

describe('pipelined queries', () => {
  it('are answered as they are ready', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port);
    client.send(Buffer.from('slow'), Buffer.from('slower'), Buffer.from('now'));
    expect((await client.receive()).toString()).toBe('now');
    deferrer.send(1);
    expect((await client.receive()).toString()).toBe('slower');
    deferrer.send(0);
    expect((await client.receive()).toString()).toBe('slow');
  });

  it('leave in one write where several replies are ready in one tick', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port);
    const write = vi.spyOn(Socket.prototype, 'write');
    onTestFinished(() => {
      write.mockRestore();
    });
    const writes = (): number =>
      write.mock.contexts.filter((socket) => socket instanceof Socket && socket.localPort === port).length;

    client.send(Buffer.from('now 1'), Buffer.from('now 2'), Buffer.from('now 3'));
    await client.receiveAll(3);
    expect(writes()).toBe(1);

    client.send(Buffer.from('a'), Buffer.from('b'), Buffer.from('c'));
    await deferrer.deferred(3);
    for (const index of [0, 1, 2]) deferrer.send(index);
    await client.receiveAll(3);
    expect(writes()).toBe(2);
  });

  it('wait unread while as many are in flight as may be', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler, { tcpInFlight: 2 });
    const client = await tcpClient(port);
    client.send(...['a', 'b', 'c', 'd', 'now'].map((text) => Buffer.from(text)));
    await deferrer.deferred(2);
    await ask(await tcpClient(port), 'now');
    expect(deferrer.taken).toHaveLength(2);
    deferrer.send(1);
    await deferrer.deferred(3);
    deferrer.at(0).handle.drop();
    await deferrer.deferred(4);
    deferrer.send(2);
    deferrer.send(3);
    const replies = await client.receiveAll(4);
    expect(replies.map(String).toSorted()).toEqual(['b', 'c', 'd', 'now']);
  });

  it('do not keep other clients waiting: each connection has its turn', async () => {
    const order: string[] = [];
    const { port } = await openOneTcp(
      (exchange) => {
        order.push(textOf(exchange));
        return echo(exchange);
      },
      { tcpInFlight: 4 },
    );
    const [greedy, modest] = [await tcpClient(port), await tcpClient(port)];
    greedy.send(...Array.from({ length: 1000 }, () => Buffer.from('greedy')));
    modest.send(Buffer.from('modest'));
    await Promise.all([greedy.receiveAll(1000), modest.receive()]);
    expect(order.indexOf('modest')).toBeLessThan(500);
  });

  it('are bounded in number for one connection, which then ends in an orderly way', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler, { tcpQueries: 3 });
    const client = await tcpClient(port);
    client.send(...['a', 'now', 'b', 'c', 'd'].map((text) => Buffer.from(text)));
    await deferrer.deferred(2);
    deferrer.send(1);
    deferrer.send(0);
    expect((await client.receiveAll(3)).map(String)).toEqual(['now', 'b', 'a']);
    await client.ended;
    expect(deferrer.taken.map(({ request }) => request)).toEqual(['a', 'b']);
  });

  it('that fail in one tick are reported once', async () => {
    const { port, listener, reports } = await openOneTcp((exchange) => {
      if (textOf(exchange) === 'good') return echo(exchange);
      throw new Error('handler is broken');
    });
    const client = await tcpClient(port);
    client.send(...['bad', 'bad', 'bad', 'good'].map((text) => Buffer.from(text)));
    await client.receive();
    expect(listener.counts.failed).toBe(3);
    expect(reports).toHaveLength(1);
  });
});

describe('time', () => {
  it('ends a connection without a first whole query, also where an octet comes now and then', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpFirstQuery: 80, tcpIdle: 60_000 });
    const begin = performance.now();
    const silent = await tcpClient(port);
    const slow = await tcpClient(port);
    trickle(slow);
    await Promise.all([silent.ended, slow.ended]);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(75);
    expect(listener.counts.cutOff).toBe(2);
  });

  it('ends a connection without a further whole query, also where an octet comes now and then', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpFirstQuery: 60_000, tcpIdle: 80 });
    const silent = await tcpClient(port);
    const slow = await tcpClient(port);
    await ask(silent, 'x');
    await ask(slow, 'x');
    const begin = performance.now();
    trickle(slow);
    await Promise.all([silent.ended, slow.ended]);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(70);
    expect(listener.counts.cutOff).toBe(2);
  });

  it('does not run for idleness while a query is in flight, and begins again with the last reply', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler, { tcpIdle: 50 });
    const busy = await tcpClient(port);
    busy.send(Buffer.from('slow'));
    await deferrer.deferred(1);
    // Two idle connections, one after the other, live and end while the query is in flight.
    for (let round = 0; round < 2; round++) {
      // oxlint-disable-next-line no-await-in-loop
      const idle = await tcpClient(port);
      // oxlint-disable-next-line no-await-in-loop
      await ask(idle, 'now');
      // oxlint-disable-next-line no-await-in-loop
      await idle.ended;
    }
    const begin = performance.now();
    deferrer.send(0);
    expect((await busy.receive()).toString()).toBe('slow');
    await busy.ended;
    expect(performance.now() - begin).toBeGreaterThanOrEqual(45);
  });

  it('is over for a peer that does not close its side after ours', async () => {
    const { port } = await openOneTcp(echo, { tcpIdle: 20, tcpLinger: 20, tcpConnections: 1 });
    const client = await tcpClient(port);
    await ask(client, 'x');
    await client.ended;
    // Writing to a connection that is gone gives a reset.
    trickle(client);
    await client.closed;
  });
});

describe('bounds that are replaced', () => {
  it('hold for new connections at once, and for open ones from their next wait on', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpFirstQuery: 60_000, tcpIdle: 60_000 });
    const open = await tcpClient(port);
    await ask(open, 'x');
    listener.setLimits({ tcpFirstQuery: 30, tcpIdle: 30 });
    const silent = await tcpClient(port);
    await silent.ended;
    // Its wait began before, under the bounds of then.
    expect(open.socket.readableEnded).toBe(false);
    expect(await ask(open, 'y')).toBe('y');
    await open.ended;
    expect(listener.counts.cutOff).toBe(2);
  });

  it('count what a connection has carried already', async () => {
    const { port, listener } = await openOneTcp(echo);
    const client = await tcpClient(port);
    await ask(client, 'x');
    listener.setLimits({ tcpQueries: 2 });
    await ask(client, 'y');
    await client.ended;
  });

  it('are as in the table again where they are not named', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpQueries: 1 });
    listener.setLimits({});
    const client = await tcpClient(port);
    await ask(client, 'x');
    expect(await ask(client, 'y')).toBe('y');
  });
});

/** Sends the beginning of a long query, an octet at a time, until the connection is gone. */
function trickle(client: TcpClient): void {
  client.socket.write(Buffer.of(0xff, 0xff));
  const timer = setInterval(() => client.socket.write('x'), 5);
  client.socket.on('close', () => clearInterval(timer));
}

describe('a peer that does not read', () => {
  const REPLY = 60_000;
  const QUERIES = 2_000;

  it('stops being read and is cut off', async () => {
    let taken = 0;
    const { port, listener } = await openOneTcp(
      () => {
        taken++;
        return REPLY;
      },
      { tcpWrite: 100, tcpUnsent: 100_000 },
    );
    const client = await tcpClient(port);
    client.socket.pause();
    client.send(...Array.from({ length: QUERIES }, () => Buffer.from('x')));
    await expect.poll(() => listener.counts.cutOff, { timeout: 10_000 }).toBe(1);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(QUERIES);
    client.socket.resume();
    await client.closed;
  });

  it('gets everything where it reads again in time', async () => {
    let taken = 0;
    const { port, listener } = await openOneTcp(
      () => {
        taken++;
        return REPLY;
      },
      { tcpUnsent: 100_000, tcpIdle: 60_000, tcpWrite: 60_000 },
    );
    const client = await tcpClient(port);
    client.socket.pause();
    client.send(...Array.from({ length: QUERIES }, () => Buffer.from('x')));
    // The server goes on until its own bound and the system's buffers are full.
    let before = -1;
    await expect
      .poll(
        () => {
          const steady = taken > 0 && taken === before;
          before = taken;
          return steady;
        },
        { timeout: 10_000, interval: 50 },
      )
      .toBe(true);
    expect(taken).toBeLessThan(QUERIES);
    client.socket.resume();
    expect(await client.receiveAll(QUERIES)).toHaveLength(QUERIES);
    expect(listener.counts.cutOff).toBe(0);
  });

  it('gets what was meant for it, whatever others are sent meanwhile', async () => {
    // Each query is one letter, and its reply is full of that letter.
    const { port } = await openOneTcp((exchange) => answer(exchange, textOf(exchange).repeat(REPLY)), {
      tcpUnsent: 1_000_000,
      tcpUnsentCutOff: 50_000_000,
      tcpIdle: 60_000,
      tcpWrite: 60_000,
    });
    const slow = await Promise.all(['a', 'b', 'c'].map(async (letter) => ({ letter, client: await tcpClient(port) })));
    for (const { letter, client } of slow) {
      client.socket.pause();
      client.send(...Array.from({ length: 300 }, () => Buffer.from(letter)));
    }
    const quick = await tcpClient(port);
    for (let round = 0; round < 200; round++) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await ask(quick, 'z')).toBe('z'.repeat(REPLY));
    }
    for (const { client } of slow) client.socket.resume();
    await Promise.all(
      slow.map(async ({ letter, client }) => {
        const wanted = Buffer.alloc(REPLY, letter);
        const replies = await client.receiveAll(300);
        expect(replies.filter((reply) => !reply.equals(wanted))).toHaveLength(0);
      }),
    );
  });

  it('keeps no block of memory for each small reply', async () => {
    const { port, listener } = await openOneTcp((exchange) => (textOf(exchange) === 'large' ? REPLY : 10), {
      tcpUnsent: 50_000_000,
      tcpUnsentCutOff: 50_000_000,
    });
    const client = await tcpClient(port);
    client.socket.pause();
    client.send(...Array.from({ length: 300 }, () => Buffer.from('large')));
    await expect.poll(() => listener.counts.requests, { timeout: 10_000 }).toBe(300);
    const write = vi.spyOn(Socket.prototype, 'write');
    onTestFinished(() => {
      write.mockRestore();
    });
    for (let count = 301; count <= 304; count++) {
      client.send(Buffer.from('small'));
      // oxlint-disable-next-line no-await-in-loop
      await expect.poll(() => listener.counts.requests, { timeout: 10_000 }).toBe(count);
    }
    const blocks = write.mock.calls.flatMap(([block], index) => {
      const socket = write.mock.contexts[index];
      return socket instanceof Socket && socket.localPort === port && Buffer.isBuffer(block) ? [block] : [];
    });
    expect(blocks.map(({ length }) => length)).toEqual([12, 12, 12, 12]);
    expect(blocks.map(({ buffer }) => buffer.byteLength)).toEqual([12, 12, 12, 12]);
  });

  it('is cut off where one reply after the other was deferred', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await openOneTcp(deferrer.handler, {
      tcpInFlight: 1000,
      tcpUnsentCutOff: 1_000_000_000,
      tcpWrite: 100,
    });
    const client = await tcpClient(port);
    const pace = await tcpClient(port);
    client.socket.pause();
    client.send(...Array.from({ length: 500 }, () => Buffer.from('x')));
    await deferrer.deferred(500);
    for (const { handle } of deferrer.taken) {
      handle.send(Buffer.alloc(REPLY));
      // oxlint-disable-next-line no-await-in-loop
      await ask(pace, 'now');
    }
    await expect.poll(() => listener.counts.cutOff, { timeout: 10_000 }).toBe(1);
    client.socket.resume();
    await client.closed;
  });

  it('is cut off where deferred replies pass the last bound', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await openOneTcp(deferrer.handler, {
      tcpInFlight: 1000,
      tcpUnsent: 100_000,
      tcpUnsentCutOff: 300_000,
    });
    const client = await tcpClient(port);
    client.socket.pause();
    client.send(...Array.from({ length: 1000 }, () => Buffer.from('x')));
    await deferrer.deferred(1000);
    for (const { handle } of deferrer.taken) handle.send(Buffer.alloc(REPLY));
    expect(listener.counts.overBound).toBe(1);
    client.socket.resume();
    await client.closed;
  });
});

describe('a handler', () => {
  it('may stop the listener: what is ready leaves, and nobody gets the replies of another', async () => {
    const stopped = Promise.withResolvers<Promise<void>>();
    const { port, listener } = await openOneTcp((exchange) => {
      if (textOf(exchange) === 'stop') stopped.resolve(listener.stop(60_000));
      return echo(exchange);
    });
    const [idle, client] = [await tcpClient(port), await tcpClient(port)];
    expect(await ask(idle, 'x')).toBe('x');
    let others = 0;
    idle.socket.on('data', ({ length }: Buffer) => (others += length));
    client.send(...['before', 'stop', 'after'].map((text) => Buffer.from(text)));
    expect((await client.receiveAll(2)).map(String)).toEqual(['before', 'stop']);
    await Promise.all([client.ended, idle.ended]);
    client.close();
    idle.close();
    await stopped.promise;
    expect(others).toBe(0);
  });

  it('may close the listener', async () => {
    const closed = Promise.withResolvers<Promise<void>>();
    const { port, listener } = await openOneTcp((exchange) => {
      if (textOf(exchange) === 'close') closed.resolve(listener.close());
      return echo(exchange);
    });
    const client = await tcpClient(port);
    client.send(...['before', 'close', 'after'].map((text) => Buffer.from(text)));
    await closed.promise;
    expect(listener.counts).toMatchObject({ requests: 2, failed: 0 });
  });

  it.each([
    { limits: {}, manner: 'that wait for the end of the turn' },
    // TLS takes nothing before the turn is over, and so all of it is beyond such a bound.
    ...(STREAM === 'TCP' ? [{ limits: { tcpUnsentCutOff: 1 }, manner: 'that are written at once' }] : []),
  ])('may send deferred replies of any connection while it answers another: $manner', async ({ limits }) => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp((exchange) => {
      if (textOf(exchange) !== 'now all') return deferrer.handler(exchange);
      for (const { request, handle } of deferrer.taken) handle.send(Buffer.from(request));
      return echo(exchange);
    }, limits);
    const [other, client] = [await tcpClient(port), await tcpClient(port)];
    other.send(Buffer.from('a'));
    await deferrer.deferred(1);
    client.send(...['b', 'now', 'now all', 'now too'].map((text) => Buffer.from(text)));
    expect((await client.receiveAll(4)).map(String).toSorted()).toEqual(['b', 'now', 'now all', 'now too']);
    expect((await other.receive()).toString()).toBe('a');
  });
});

describe('a peer that closes its side', () => {
  it('still gets its answers, then the connection ends', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port);
    client.socket.end(stream(['a', 'now', 'b'].map((text) => Buffer.from(text))));
    await deferrer.deferred(2);
    expect((await client.receive()).toString()).toBe('now');
    deferrer.send(1);
    deferrer.send(0);
    expect((await client.receiveAll(2)).map(String)).toEqual(['b', 'a']);
    await client.ended;
    await client.closed;
  });

  it('gets all answers where more were sent than may be in flight', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler, { tcpInFlight: 2 });
    const client = await tcpClient(port);
    const sent = Array.from({ length: 9 }, (_, index) => `query ${index}`);
    client.socket.end(stream(sent.map((text) => Buffer.from(text))));
    for (let index = 0; index < sent.length; index++) {
      // oxlint-disable-next-line no-await-in-loop
      await deferrer.deferred(index + 1);
      deferrer.send(index);
    }
    expect((await client.receiveAll(sent.length)).map(String)).toEqual(sent);
    await client.closed;
  });

  it('gets all answers where they take the server several turns', async () => {
    const { port } = await openOneTcp(echo, { tcpInFlight: 4 });
    const client = await tcpClient(port);
    const sent = Array.from({ length: 500 }, (_, index) => `query ${index}`);
    client.socket.end(stream(sent.map((text) => Buffer.from(text))));
    expect((await client.receiveAll(sent.length)).map(String)).toEqual(sent);
    await client.closed;
  });

  it('in the middle of a query is let go', async () => {
    const { port } = await openOneTcp(echo);
    const client = await tcpClient(port);
    client.socket.end(Buffer.of(0, 10, 1, 2, 3));
    await client.closed;
  });

  it('without a query is let go', async () => {
    const { port } = await openOneTcp(echo);
    const client = await tcpClient(port);
    client.socket.end();
    await client.closed;
  });
});

describe('a reset', () => {
  it('with queries in flight is harmless', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler, { tcpConnections: 1 });
    const client = await tcpClient(port);
    client.send(Buffer.from('a'), Buffer.from('b'));
    await deferrer.deferred(2);
    client.reset();
    deferrer.send(0);
    await client.closed;
    // There is room for one connection, so the next is taken only when the server knows that this one is gone.
    await expect
      .poll(
        async () => {
          const next = await tcpClient(port);
          next.send(Buffer.from('now'));
          return await Promise.race([next.receive().then(String), next.ended, next.closed]);
        },
        { timeout: 10_000 },
      )
      .toBe('now');
    expect(() => deferrer.send(1)).not.toThrow();
  });

  it('in the middle of a query, or with replies unread, is harmless', async () => {
    const { port } = await openOneTcp(() => 60_000);
    const partial = await tcpClient(port);
    partial.socket.write(Buffer.of(0xff, 0xff, 1), () => partial.reset());
    const unread = await tcpClient(port);
    unread.socket.pause();
    unread.socket.write(stream(Array.from({ length: 500 }, () => Buffer.from('x'))), () => unread.reset());
    await Promise.all([partial.closed, unread.closed]);
    const next = await tcpClient(port);
    next.send(Buffer.from('x'));
    expect(await next.receive()).toHaveLength(60_000);
  });
});
