/** What every transport promises, asked of each in the same words. */
import { describe, expect, it } from 'vitest';
import { openTcp } from '../../src/transport/tcp.ts';
import { DEFERRED, type Endpoints, NO_REPLY, type Listener } from '../../src/transport/transport.ts';
import { openUdp } from '../../src/transport/udp.ts';
import type { Client } from './clients.ts';
import {
  answer,
  ask,
  Deferrer,
  echo,
  type Open,
  openOneTcp,
  openOneTls,
  tcpClient,
  textOf,
  tlsClient,
  udpClient,
  udpWays,
} from './fixtures.ts';

interface Transport {
  readonly name: string;
  readonly open: Open;
  readonly client: (port: number) => Promise<Client & { readonly port: number }>;
}

const transports: readonly Transport[] = [
  ...udpWays.flatMap(({ name, openOne, openEvery }) => [
    { name: `${name} on one address`, open: openOne, client: (port: number) => udpClient(port) },
    { name: `${name} on every address`, open: openEvery, client: (port: number) => udpClient(port) },
  ]),
  { name: 'TCP', open: openOneTcp, client: (port) => tcpClient(port) },
  { name: 'TLS', open: openOneTls, client: (port) => tlsClient(port) },
];

describe.each(transports)('$name', (transport) => {
  it('answers within the tick and later', async () => {
    const deferrer = new Deferrer();
    const { port } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    expect(await ask(client, 'now')).toBe('now');
    client.send(Buffer.from('later'));
    await deferrer.deferred(1);
    deferrer.send(0);
    expect((await client.receive()).toString()).toBe('later');
  });

  it('shows both ends of an exchange', async () => {
    const seen: Endpoints[] = [];
    const { port, listener } = await transport.open((exchange) => {
      const { protocol, clientFamily, clientAddress, clientPort, localAddress, localPort } = exchange;
      seen.push({ protocol, clientFamily, clientAddress, clientPort, localAddress, localPort });
      return answer(exchange, 'seen');
    });
    const client = await transport.client(port);
    await ask(client, 'x');
    const ends = {
      protocol: listener.protocol,
      clientFamily: 4,
      clientAddress: '127.0.0.1',
      clientPort: client.port,
      localAddress: '127.0.0.1',
      localPort: port,
    };
    expect(seen).toEqual([ends]);
  });

  it('answers deferred requests in any order', async () => {
    const deferrer = new Deferrer();
    const { port } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    for (const text of ['a', 'b', 'c']) client.send(Buffer.from(text));
    await deferrer.deferred(3);
    for (const index of [2, 0, 1]) deferrer.send(index);
    const replies = [await client.receive(), await client.receive(), await client.receive()];
    expect(replies.map(String)).toEqual(['c', 'a', 'b']);
  });

  it('copies a deferred message before send returns', async () => {
    const deferrer = new Deferrer();
    const { port } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    client.send(Buffer.from('x'));
    await deferrer.deferred(1);
    const message = Buffer.from('before');
    deferrer.at(0).handle.send(message);
    message.fill('!');
    expect((await client.receive()).toString()).toBe('before');
  });

  it('lets each handle send once only, and not after drop', async () => {
    const deferrer = new Deferrer();
    const { port } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    client.send(Buffer.from('dropped'));
    client.send(Buffer.from('sent'));
    await deferrer.deferred(2);
    deferrer.at(0).handle.drop();
    deferrer.send(0);
    deferrer.send(1);
    deferrer.send(1);
    deferrer.at(1).handle.drop();
    expect((await client.receive()).toString()).toBe('sent');
    expect(await ask(client, 'now')).toBe('now');
  });

  it('sends nothing for NO_REPLY', async () => {
    const { port } = await transport.open((exchange) => (textOf(exchange) === 'quiet' ? NO_REPLY : echo(exchange)));
    const client = await transport.client(port);
    client.send(Buffer.from('quiet'));
    expect(await ask(client, 'loud')).toBe('loud');
  });

  it('outlives a handler that throws, answers nothing and reports it', async () => {
    const { port, listener, reports } = await transport.open((exchange) => {
      if (textOf(exchange) === 'bad') throw new Error('handler is broken');
      return echo(exchange);
    });
    const client = await transport.client(port);
    client.send(Buffer.from('bad'));
    expect(await ask(client, 'good')).toBe('good');
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain('handler is broken');
    expect(listener.counts.failed).toBe(1);
  });

  it.each([
    ['DEFERRED without a handle', DEFERRED],
    ['more than the room', 70_000],
    ['a fraction', 1.5],
    ['not a number', Number.NaN],
  ])('takes %s for a failure', async (_, length) => {
    const { port, listener } = await transport.open((exchange) =>
      textOf(exchange) === 'bad' ? length : echo(exchange),
    );
    const client = await transport.client(port);
    client.send(Buffer.from('bad'));
    expect(await ask(client, 'good')).toBe('good');
    expect(listener.counts.failed).toBe(1);
  });

  it('gives back the place of a handle whose handler then threw or answered', async () => {
    const { port, listener } = await transport.open(
      (exchange) => {
        exchange.defer();
        if (textOf(exchange) === 'bad') throw new Error('handler is broken');
        return echo(exchange);
      },
      { udpInFlight: 1, tcpInFlight: 1 },
    );
    const client = await transport.client(port);
    client.send(Buffer.from('bad'));
    expect(await ask(client, 'one')).toBe('one');
    expect(await ask(client, 'two')).toBe('two');
    expect(listener.counts.overBound).toBe(0);
  });

  it('gives requests to a new handler from setHandler on, on sockets that are open', async () => {
    const { port, listener } = await transport.open((exchange) => answer(exchange, 'old'));
    const client = await transport.client(port);
    expect(await ask(client, 'x')).toBe('old');
    listener.setHandler((exchange) => answer(exchange, 'new'));
    expect(await ask(client, 'x')).toBe('new');
  });

  it('counts the requests that it hands on, and connections where it has some', async () => {
    const { port, listener } = await transport.open(echo);
    expect(listener.counts).toMatchObject({ requests: 0, connections: 0 });
    const client = await transport.client(port);
    for (const text of ['a', 'b', 'c']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await ask(client, text);
    }
    const connections = listener.protocol === 'tcp' ? 1 : 0;
    expect(listener.counts).toMatchObject({ requests: 3, connections, ignored: 0 });
  });

  it('lets deferred replies leave when it stops, and takes no more requests', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    client.send(Buffer.from('in flight'));
    await deferrer.deferred(1);
    const stopped = listener.stop(10_000);
    client.send(Buffer.from('late'));
    deferrer.send(0);
    expect((await client.receive()).toString()).toBe('in flight');
    client.close();
    await stopped;
    expect(deferrer.taken).toHaveLength(1);
    expect(listener.bound).toEqual([]);
  });

  it('stops without an answer when the grace time is over', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    client.send(Buffer.from('in flight'));
    await deferrer.deferred(1);
    const begin = performance.now();
    await listener.stop(50);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(45);
    expect(() => deferrer.send(0)).not.toThrow();
  });

  it('stops at once when nothing is in flight, and may be stopped and closed again', async () => {
    const { listener } = await transport.open(echo);
    await listener.stop(60_000);
    await Promise.all([listener.stop(60_000), listener.close()]);
    expect(listener.bound).toEqual([]);
  });

  it('frees its port and leaves handles harmless after close', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await transport.open(deferrer.handler);
    const client = await transport.client(port);
    client.send(Buffer.from('in flight'));
    await deferrer.deferred(1);
    await Promise.all([listener.close(), listener.close()]);
    deferrer.send(0);
    await expect(reopen(listener, port)).resolves.toBeUndefined();
  });
});

/** Opens the port once more, which rejects where it is still taken. */
async function reopen({ protocol }: Listener, port: number): Promise<void> {
  const options = { address: '127.0.0.1', port, handler: echo, report: () => {} };
  const again = await (protocol === 'udp' ? openUdp(options) : openTcp(options));
  await again.close();
}
