import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { DEFERRED, NO_REPLY, requestOf } from '../../src/transport/transport.ts';
import { deadline, UdpClient } from './clients.ts';
import { ask, Deferrer, dgramWay, echo, udpClient, udpWays } from './fixtures.ts';

describe.each(udpWays)('$name', (way) => {
  describe('requests', () => {
    it('are read up to 4,096 octets and answered with as many', async () => {
      const { port } = await way.openOne(echo);
      const client = await udpClient(port);
      const longest = Buffer.alloc(bounds.udpMessage, 'x');
      expect(await ask(client, longest)).toBe(longest.toString());
    });

    it('are dropped where they are longer', async () => {
      const { port, listener } = await way.openOne(echo);
      const client = await udpClient(port);
      client.send(Buffer.alloc(bounds.udpMessage + 1));
      client.send(Buffer.alloc(65_507));
      expect(await ask(client, 'next')).toBe('next');
      expect(listener.counts.ignored).toBe(2);
    });

    it('of one length are each answered with their own octets', async () => {
      const { port } = await way.openOne(echo);
      const client = await udpClient(port);
      for (const letter of ['a', 'b', 'c']) {
        for (const length of [1, 255, 511, 512, 513]) {
          // oxlint-disable-next-line no-await-in-loop -- one after another, so that they share a room
          expect(await ask(client, letter.repeat(length))).toBe(letter.repeat(length));
        }
      }
    });

    it('may be empty', async () => {
      const lengths: number[] = [];
      const { port } = await way.openOne((exchange) => {
        lengths.push(requestOf(exchange).length);
        return echo(exchange);
      });
      const client = await udpClient(port);
      client.send(Buffer.alloc(0));
      await ask(client, 'next');
      expect(lengths).toEqual([0, 4]);
    });
  });

  describe('deferred replies', () => {
    it('beyond the bound are dropped, and their handles do nothing', async () => {
      const deferrer = new Deferrer();
      const { port, listener } = await way.openOne(deferrer.handler, { udpInFlight: 2 });
      const client = await udpClient(port);
      for (const text of ['a', 'b', 'c']) client.send(Buffer.from(text));
      await deferrer.deferred(3);
      expect(listener.counts.overBound).toBe(1);
      for (const index of [2, 1, 0]) deferrer.send(index);
      expect((await client.receive()).toString()).toBe('b');
      expect((await client.receive()).toString()).toBe('a');
      client.send(Buffer.from('d'));
      await deferrer.deferred(4);
      deferrer.send(3);
      expect((await client.receive()).toString()).toBe('d');
    });

    it('longer than a UDP reply may be are dropped', async () => {
      const deferrer = new Deferrer();
      const { port, listener } = await way.openOne(deferrer.handler);
      const client = await udpClient(port);
      client.send(Buffer.from('x'));
      await deferrer.deferred(1);
      deferrer.at(0).handle.send(Buffer.alloc(bounds.udpMessage + 1));
      expect(await ask(client, 'now')).toBe('now');
      expect(listener.counts.overBound).toBe(1);
    });

    it('to a client that is gone trouble nobody', async () => {
      const deferrer = new Deferrer();
      const { port } = await way.openOne(deferrer.handler);
      const gone = await UdpClient.connect(port);
      gone.send(Buffer.from('a'));
      gone.send(Buffer.from('b'));
      await deferrer.deferred(2);
      gone.close();
      // The first is answered by an ICMP error, which the socket may see at the second.
      deferrer.send(0);
      deferrer.send(1);
      expect(await ask(await udpClient(port), 'now')).toBe('now');
    });
  });

  describe('opening', () => {
    it('takes IPv6', async () => {
      const listener = await way.openUdp({ address: '::1', port: 0, handler: echo, report: () => {} });
      onTestFinished(() => listener.close());
      const port = listener.bound[0]?.port ?? 0;
      expect(listener.bound).toEqual([{ address: '::1', port }]);
      expect(await ask(await udpClient(port, '::1'), 'six')).toBe('six');
    });

    it('rejects with code, address and port where the port is taken', async () => {
      const { port } = await way.openOne(echo);
      const second = way.openUdp({ address: '127.0.0.1', port, handler: echo, report: () => {} });
      await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', address: '127.0.0.1', port });
    });

    it('rejects where the machine lacks the address', async () => {
      const lacking = way.openUdp({ address: '192.0.2.53', port: 0, handler: echo, report: () => {} });
      await expect(lacking).rejects.toMatchObject({ code: 'EADDRNOTAVAIL', address: '192.0.2.53' });
    });
  });

  describe('requests that arrive together', () => {
    it('are answered each with its own reply, in order, however many batches they fill', async () => {
      const { port } = await way.openOne(echo, { udpBatch: 8 });
      const client = await udpClient(port);
      const sent = Array.from({ length: 100 }, (_, index) => `request ${index} ${'x'.repeat(index)}`);
      for (const text of sent) client.send(Buffer.from(text));
      const received: string[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one reply after another, in their order
      while (received.length < sent.length) received.push((await client.receive()).toString());
      expect(received).toEqual(sent);
    });

    it('are answered each to its own client, though some are not answered and some later', async () => {
      const { port } = await way.openOne((exchange) => {
        const request = Buffer.from(requestOf(exchange));
        const turn = (request[0] ?? 0) % 3;
        if (turn === 0) return NO_REPLY;
        if (turn === 1) return echo(exchange);
        const handle = exchange.defer();
        setImmediate(() => handle.send(request));
        return DEFERRED;
      });
      const clients = await Promise.all(Array.from({ length: 5 }, () => udpClient(port)));
      const answered = clients.map((_, own) =>
        Array.from({ length: 21 }, (__, i) => [i, own]).filter(([i = 0]) => i % 3 > 0),
      );
      for (let i = 0; i < 21; i++) for (const [own, client] of clients.entries()) client.send(Buffer.of(i, own));
      await Promise.all(
        clients.map(async (client, own) => {
          const expected = answered[own] ?? [];
          const received = await Promise.all(expected.map(() => client.receive()));
          const inOrder = received.map((reply) => [...reply]).toSorted(([a = 0], [b = 0]) => a - b);
          expect(inOrder).toEqual(expected);
        }),
      );
    });

    it('are all answered where one of them makes the handler throw', async () => {
      const { port } = await way.openOne((exchange) => {
        if (requestOf(exchange).length === 3) throw new Error('three octets');
        return echo(exchange);
      });
      const client = await udpClient(port);
      for (const text of ['a', 'bad', 'b']) client.send(Buffer.from(text));
      expect((await client.receive()).toString()).toBe('a');
      expect((await client.receive()).toString()).toBe('b');
    });
  });
});

describe('requests over node:dgram', () => {
  it('give their octets back as soon as they are answered', async () => {
    const seen: { readonly octets: Uint8Array; readonly length: number }[] = [];
    const { port } = await dgramWay.openOne((exchange) => {
      const octets = requestOf(exchange);
      seen.push({ octets, length: octets.length });
      if (octets[0] === 0) return NO_REPLY;
      return echo(exchange);
    });
    const client = await udpClient(port);
    client.send(Buffer.alloc(3));
    expect(await ask(client, 'first')).toBe('first');
    expect(await ask(client, 'next')).toBe('next');
    expect(seen.map(({ length }) => length)).toEqual([3, 5, 4]);
    expect(seen.slice(0, 2).map(({ octets }) => octets.length)).toEqual([0, 0]);
  });
});

describe('replies that the system does not take at once', () => {
  it('keep their octets while later requests are answered', async () => {
    const { port } = await childThatWaits('{}');
    const client = await udpClient(port);
    const sent = Array.from({ length: 64 }, (_, index) => `request ${index} ${'x'.repeat(index)}`);
    for (const text of sent) client.send(Buffer.from(text));
    const received: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one reply after another, in their order
    while (received.length < sent.length) received.push((await client.receive()).toString());
    expect(received).toEqual(sent);
  });

  it('are dropped beyond the bound', async () => {
    const child = await childThatWaits('{ udpUnsent: 0 }');
    const client = await udpClient(child.port);
    const sent = Array.from({ length: 64 }, (_, index) => `request ${index}`);
    for (const text of sent) client.send(Buffer.from(text));
    // Whichever were dropped, those that came are whole and the socket goes on.
    expect(sent).toContain((await client.receive()).toString());
    expect(await child.overBound).toBeGreaterThan(0);
  });
});

/**
 * A process with an echo over UDP in which every send of dgram waits for the loop, as where the send buffer is full: an
 * option of Node makes it so.
 */
async function childThatWaits(limits: string): Promise<{ readonly port: number; readonly overBound: Promise<number> }> {
  const script = `
    import { openUdp } from ${JSON.stringify(fileURLToPath(new URL('../../src/transport/udp.ts', import.meta.url)))};
    const handler = ({ octets, start, end, reply }) => { reply.set(octets.subarray(start, end)); return end - start; };
    const limits = ${limits};
    const listener = await openUdp({ address: '127.0.0.1', port: 0, handler, report: console.error, limits });
    process.on('message', () => process.send(listener.counts.overBound));
    process.send(listener.bound[0].port);`;
  const args = ['--test-udp-no-try-send', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill());
  const [port] = await once(child, 'message', deadline());
  return {
    port: Number(port),
    get overBound(): Promise<number> {
      const reply = once(child, 'message', deadline());
      child.send('counts');
      return reply.then(([count]) => Number(count));
    },
  };
}
