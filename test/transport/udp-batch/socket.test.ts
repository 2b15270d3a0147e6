/** What can go wrong with one socket in batches, each as the system would bring it about. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import type { BatchParts } from '../../../src/transport/udp-batch/batch-parts.ts';
import { SOCKADDR_IN } from '../../../src/transport/udp-batch/layout.ts';
import { openUdpBatch } from '../../../src/transport/udp-batch/udp-batch.ts';
import { deadline, UdpClient } from '../clients.ts';
import { ask, batchWay, Deferrer, describeBatches, echo, textOf, udpClient } from '../fixtures.ts';
import { openOver, partsThatChange, partsWith, realNative } from './support.ts';

const options = { address: '127.0.0.1', handler: echo, report: () => {} };

describeBatches('replies that cannot be sent', () => {
  /** The system refuses to send to a broadcast address, as to one without a route. */
  const blocked = (): BatchParts =>
    partsThatChange(({ inbox }, text, name) => {
      if (text.startsWith('blocked')) inbox.setWord(name + SOCKADDR_IN.address, 0xff_ff_ff_ff);
    });

  it('are left out and counted, and the others of their batch leave', async () => {
    const { listener, port } = await openOver(blocked(), echo);
    const client = await udpClient(port);
    const texts = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? `blocked ${i}` : `good ${i}`));
    for (const text of texts) client.send(Buffer.from(text));
    const good = texts.filter((text) => text.startsWith('good'));
    const received: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one reply after another, in their order
    while (received.length < good.length) received.push((await client.receive()).toString());
    expect(received).toEqual(good);
    await expect.poll(() => listener.counts.unsent).toBe(20);
  });

  it('for a moment only are sent, and not counted', async () => {
    // Room came between the call and the look whether there is some.
    let failures = 1;
    const parts = partsWith((native) => ({ sendmmsg: (...args) => (failures-- > 0 ? -1 : native.sendmmsg(...args)) }));
    const { listener, port } = await openOver(parts, echo);
    expect(await ask(await udpClient(port), 'x')).toBe('x');
    expect(listener.counts.unsent).toBe(0);
  });

  it('are counted where they were deferred', async () => {
    const deferrer = new Deferrer();
    const { listener, port } = await openOver(blocked(), deferrer.handler);
    const client = await udpClient(port);
    client.send(Buffer.from('blocked'));
    await deferrer.deferred(1);
    deferrer.send(0);
    expect(listener.counts.unsent).toBe(1);
    expect(await ask(client, 'now')).toBe('now');
  });

  it('to clients that have vanished trouble nobody', async () => {
    const { listener, port } = await batchWay.openOne(echo);
    const stays = await udpClient(port);
    for (let i = 0; i < 100; i++) {
      // Every reply to it is answered by an ICMP error: port unreachable.
      // oxlint-disable-next-line no-await-in-loop -- few sockets at a time
      const goes = await UdpClient.connect(port);
      for (let j = 0; j < 5; j++) goes.send(Buffer.from('x'));
      goes.close();
    }
    expect(await ask(stays, 'still there')).toBe('still there');
    expect(listener.counts).toMatchObject({ unsent: 0, failed: 0 });
  });
});

describeBatches('a socket that takes no more replies', () => {
  /** A system whose socket has room for so many replies; `poll` says whether it has. */
  function narrow(): { room: number; readonly parts: BatchParts } {
    const system: { room: number; readonly parts: BatchParts } = {
      room: 0,
      parts: partsWith((native) => ({
        sendmmsg: (socket, messages, count, flags) => {
          const most = Math.min(count, system.room);
          if (most === 0) return -1;
          const sent = native.sendmmsg(socket, messages, most, flags);
          system.room -= Math.max(0, sent);
          return sent;
        },
        // Asked in order to know whether there is room; with a single slot, for POLLOUT.
        poll: (sockets, count, timeoutMs) => (system.room > 0 ? native.poll(sockets, count, timeoutMs) : 0),
      })),
    };
    return system;
  }

  it('keeps them, and sends them in their order when it has room', async () => {
    const system = narrow();
    system.room = 5;
    const { port, listener } = await openOver(system.parts, echo);
    const client = await udpClient(port);
    const sent = Array.from({ length: 100 }, (_, i) => `request ${i} ${'x'.repeat(i)}`);
    for (const text of sent) client.send(Buffer.from(text));
    const received: string[] = [];
    while (received.length < sent.length) {
      // oxlint-disable-next-line no-await-in-loop -- one reply after another, in their order
      received.push((await client.receive()).toString());
      if (system.room === 0) system.room = 7;
    }
    expect(received).toEqual(sent);
    expect(listener.counts).toMatchObject({ unsent: 0, overBound: 0 });
  });

  it('sends none before those that wait', async () => {
    const system = narrow();
    const deferrer = new Deferrer();
    const { port } = await openOver(system.parts, deferrer.handler);
    const client = await udpClient(port);
    for (const text of ['a', 'b']) client.send(Buffer.from(text));
    await deferrer.deferred(2);
    deferrer.send(0);
    system.room = 10;
    deferrer.send(1);
    expect((await client.receive()).toString()).toBe('a');
    expect((await client.receive()).toString()).toBe('b');
  });

  it('keeps deferred ones too, and waits for them where it stops', async () => {
    const system = narrow();
    const deferrer = new Deferrer();
    const { port, listener } = await openOver(system.parts, deferrer.handler);
    const client = await udpClient(port);
    for (const text of ['a', 'b']) client.send(Buffer.from(text));
    await deferrer.deferred(2);
    deferrer.send(0);
    deferrer.send(1);
    const stopped = listener.stop(10_000);
    system.room = 10;
    expect((await client.receive()).toString()).toBe('a');
    expect((await client.receive()).toString()).toBe('b');
    await stopped;
    expect(listener.counts).toMatchObject({ unsent: 0, overBound: 0 });
  });

  it('drops what is beyond the bound and counts it', async () => {
    const system = narrow();
    const { port, listener } = await openOver(system.parts, echo, { udpUnsent: 1_000 });
    const client = await udpClient(port);
    for (let i = 0; i < 20; i++) client.send(Buffer.alloc(100, `${i}`));
    await expect.poll(() => listener.counts.requests).toBe(20);
    expect(listener.counts.overBound).toBe(18);
    system.room = 100;
    expect((await client.receive()).length).toBe(100);
    expect((await client.receive()).length).toBe(100);
    expect(await ask(client, 'room again')).toBe('room again');
  });

  it('may be closed with replies that wait', async () => {
    const { port, listener } = await openOver(narrow().parts, echo);
    const client = await udpClient(port);
    client.send(Buffer.from('x'));
    await expect.poll(() => listener.counts.requests).toBe(1);
    await listener.close();
    expect(listener.bound).toEqual([]);
  });
});

describeBatches('a deferred reply that is sent while a batch is answered', () => {
  it('takes nothing from the replies of the batch', async () => {
    const deferrer = new Deferrer();
    let mostTogether = 0;
    const parts = partsWith((native) => ({
      recvmmsg: (...args) => {
        const count = native.recvmmsg(...args);
        mostTogether = Math.max(mostTogether, count);
        return count;
      },
    }));
    const { port } = await openOver(parts, (exchange) => {
      const length = deferrer.handler(exchange);
      // The last reply of a full batch stands in its room by now.
      if (textOf(exchange) === 'now 31') deferrer.send(0);
      return length;
    });
    const client = await udpClient(port);
    client.send(Buffer.from('later'));
    await deferrer.deferred(1);
    const texts = Array.from({ length: 32 }, (_, i) => `now ${i}`);
    for (const text of texts) client.send(Buffer.from(text));
    const received: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one reply after another
    while (received.length < 33) received.push((await client.receive()).toString());
    expect(mostTogether).toBe(32);
    expect(received.toSorted()).toEqual(['later', ...texts].toSorted());
  });
});

describeBatches('datagrams', () => {
  it('from port 0, and from the socket itself, are never answered', async () => {
    const parts = partsThatChange(({ inbox }, text, name) => {
      if (text === 'port 0') inbox.setWord(name, inbox.word(name) & 0xff_ff);
      if (text === 'own') {
        inbox.setWord(name, (inbox.word(name) & 0xff_ff) | ((port & 0xff) << 24) | ((port >>> 8) << 16));
      }
    });
    const { port, listener } = await openOver(parts, echo);
    const client = await udpClient(port);
    for (const text of ['port 0', 'own']) client.send(Buffer.from(text));
    expect(await ask(client, 'next')).toBe('next');
    expect(listener.counts).toMatchObject({ ignored: 2, requests: 1 });
  });

  it('are read up to a smaller bound where one is set, and replies have no more room', async () => {
    const rooms: number[] = [];
    const { port, listener } = await batchWay.openOne(
      (exchange) => {
        rooms.push(exchange.reply.length);
        return echo(exchange);
      },
      { udpMessage: 512 },
    );
    const client = await udpClient(port);
    client.send(Buffer.alloc(513));
    const longest = 'x'.repeat(512);
    expect(await ask(client, longest)).toBe(longest);
    expect(rooms).toEqual([512]);
    expect(listener.counts.ignored).toBe(1);
  });
});

describeBatches('a socket that is ready and gives nothing', () => {
  it('for a while is waited for', async () => {
    let failures = 500;
    const parts = partsWith((native) => ({ recvmmsg: (...args) => (failures-- > 0 ? -1 : native.recvmmsg(...args)) }));
    const { port, reports } = await openOver(parts, echo);
    expect(await ask(await udpClient(port), 'x')).toBe('x');
    expect(reports).toEqual([]);
  });

  it('without end is replaced by one of node:dgram, which is reported', async () => {
    let calls = 0;
    const parts = partsWith(() => ({
      recvmmsg: () => {
        calls++;
        return -1;
      },
    }));
    const { port, listener, reports } = await openOver(parts, echo);
    const client = await udpClient(port);
    client.send(Buffer.from('lost with the socket'));
    await expect.poll(() => reports).toEqual([expect.stringMatching(/127\.0\.0\.1 port \d+ has broken/)]);
    await expect.poll(() => listener.bound).toEqual([{ address: '127.0.0.1', port }]);
    expect(await ask(client, 'replaced')).toBe('replaced');
    expect(calls).toBe(1_000);
  });

  it('because of an error that it holds goes on when the error has been taken away', async () => {
    // libuv ends polling where the system says that there is an error.
    let isBroken = true;
    const parts = partsWith((native) => ({
      pollCallback: (callback) =>
        native.pollCallback((status, events) => {
          callback(isBroken ? -9 : status, isBroken ? 0 : events);
          isBroken = false;
        }),
    }));
    const { port } = await openOver(parts, echo);
    const client = await udpClient(port);
    expect(await ask(client, 'one')).toBe('one');
    expect(await ask(client, 'two')).toBe('two');
  });
});

describeBatches('a flood without end', () => {
  it('leaves turns to everything else in the event loop', async () => {
    // What came first seems to come again and again, with whole batches.
    let received = 0;
    const parts = partsWith((native) => ({
      recvmmsg: (socket, messages, count, ...rest) => {
        if (received > 0) return count;
        received = native.recvmmsg(socket, messages, 1, ...rest);
        return received;
      },
    }));
    let requests = 0;
    const { port, listener } = await openOver(parts, () => {
      requests++;
      return 0;
    });
    const client = await udpClient(port);
    // The second stays in the socket, which is ready from then on.
    for (const text of ['one', 'two']) client.send(Buffer.from(text));
    for (let turn = 0; turn < 10; turn++) {
      const before = requests;
      // oxlint-disable-next-line no-await-in-loop -- turn after turn
      await expect.poll(() => requests, { interval: 1 }).toBeGreaterThan(before);
    }
    await listener.close();
  });
});

describeBatches('a failure within the callback', () => {
  it('of anything ends nothing, and is reported', async () => {
    let failures = 3;
    const parts = partsWith((native) => ({
      recvmmsg: (...args) => {
        if (failures-- > 0) throw new Error('on purpose');
        return native.recvmmsg(...args);
      },
    }));
    const { port, listener, reports } = await openOver(parts, echo);
    expect(await ask(await udpClient(port), 'x')).toBe('x');
    expect(listener.counts.failed).toBe(3);
    expect(reports[0]).toContain('on purpose');
  });

  it('without end has the socket replaced', async () => {
    const parts = partsWith(() => ({
      recvmmsg: () => {
        throw new Error('on purpose');
      },
    }));
    const { port, reports } = await openOver(parts, echo);
    const client = await udpClient(port);
    client.send(Buffer.from('lost with the socket'));
    await expect.poll(() => reports.at(-1)).toContain('has broken');
    await expect.poll(() => ask(client, 'x')).toBe('x');
  });

  it('ends nothing, be it of the handler and of whoever is told of it', async () => {
    const listener = await openUdpBatch({
      ...options,
      port: 0,
      handler: (exchange) => {
        if (textOf(exchange) === 'bad') throw new Error('handler is broken');
        return echo(exchange);
      },
      report: () => {
        throw new Error('report is broken');
      },
    });
    onTestFinished(() => listener.close());
    const client = await udpClient(listener.bound[0]?.port ?? 0);
    client.send(Buffer.from('bad'));
    expect(await ask(client, 'good')).toBe('good');
    expect(listener.counts.failed).toBeGreaterThanOrEqual(1);
  });
});

describeBatches('closing', () => {
  it('may happen in the handler, with other requests of the batch waiting', async () => {
    const closing = Promise.withResolvers<void>();
    const { port, listener } = await batchWay.openOne((exchange) => {
      closing.resolve(listener.close());
      return echo(exchange);
    });
    const client = await udpClient(port);
    for (const text of ['a', 'b', 'c']) client.send(Buffer.from(text));
    await closing.promise;
    expect(listener.bound).toEqual([]);
  });

  it('leaves nothing behind, however often', async () => {
    let handles = 0;
    const parts = partsWith((native) => ({
      pollCallback: (callback) => {
        handles++;
        return native.pollCallback(callback);
      },
    }));
    const descriptors = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 1_000; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const listener = await openUdpBatch({ ...options, port: 0 }, parts);
      // oxlint-disable-next-line no-await-in-loop
      await listener.close();
    }
    expect(handles).toBeLessThanOrEqual(2);
    expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
  });

  it('of many at once does as well', async () => {
    const listeners = await Promise.all(Array.from({ length: 100 }, () => openUdpBatch({ ...options, port: 0 })));
    await Promise.all(listeners.map((listener) => listener.close()));
    const again = await Promise.all(Array.from({ length: 100 }, () => openUdpBatch({ ...options, port: 0 })));
    const ports = again.map((listener) => listener.bound[0]?.port ?? 0);
    expect(await ask(await udpClient(ports[99] ?? 0), 'x')).toBe('x');
    await Promise.all(again.map((listener) => listener.close()));
  });
});

describeBatches('where the system refuses a socket', () => {
  it('node:dgram serves, and a line says so', async () => {
    const { port, reports } = await openOver(
      partsWith(() => ({ bind: () => -1 })),
      echo,
    );
    expect(await ask(await udpClient(port), 'x')).toBe('x');
    expect(reports).toEqual([expect.stringMatching(/^UDP: 127\.0\.0\.1 port \d+ cannot be served in batches/)]);
  });

  it.each([
    ['socket', { socket: () => -1 }],
    ['getsockname', { getsockname: () => -1 }],
    ['uv_poll_init', { uv_poll_init: () => -1 }],
    ['uv_poll_start', { uv_poll_start: () => -1 }],
  ])('%s is no exception, and nothing stays open', async (_, change) => {
    const descriptors = readdirSync('/proc/self/fd').length;
    const { listener, reports } = await openOver(
      partsWith(() => change),
      echo,
    );
    expect(reports).toHaveLength(1);
    await listener.close();
    expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
  });

  it('because the port is taken by another that shares it, it is an error', async () => {
    const other = createSocket({ type: 'udp4', reuseAddr: true });
    onTestFinished(() => void other.close());
    other.bind(0, '127.0.0.1');
    await once(other, 'listening', deadline());
    const { port } = other.address();
    await expect(openUdpBatch({ ...options, port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  it('because of the privileges of the process, it is the error of the system', async () => {
    expect(realNative().bind(-1, 0n, 0)).toBe(-1);
    await expect(openUdpBatch({ ...options, address: '192.0.2.53', port: 0 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      address: '192.0.2.53',
    });
  });
});
