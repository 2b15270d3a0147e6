/** All addresses in batches: one socket for each family, whose replies leave from the address that was asked. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import type { Endpoints, RequestHandler } from '../../../src/transport/transport.ts';
import { PKTINFO, PKTINFO6 } from '../../../src/transport/udp-batch/layout.ts';
import { openUdp } from '../../../src/transport/udp.ts';
import { openUdpBatch, openUdpBatchWildcard } from '../../../src/transport/udp-batch/udp-batch.ts';
import {
  machineAddresses,
  openUdpWildcard,
  type UdpWildcardListener,
  type UdpWildcardOptions,
} from '../../../src/transport/udp-wildcard.ts';
import { deadline } from '../clients.ts';
import { answer, ask, Deferrer, describeBatches, echo, portOf, udpClient } from '../fixtures.ts';
import { partsThatChange, partsWith } from './support.ts';

async function open(
  handler: RequestHandler,
  options: Partial<UdpWildcardOptions> = {},
  ...parts: Parameters<typeof openUdpBatchWildcard> extends [unknown, ...infer rest] ? rest : never
): Promise<UdpWildcardListener & { readonly reports: readonly string[] }> {
  const reports: string[] = [];
  const report = (line: string): void => void reports.push(line);
  const listener = await openUdpBatchWildcard({ port: 0, handler, report, ...options }, ...parts);
  onTestFinished(() => listener.close());
  return Object.assign(listener, { reports });
}

const both = ['127.0.0.1', '::1'];

describeBatches('a reply', () => {
  it.each(['127.0.0.1', '127.0.0.2', ...machineAddresses().filter((address) => address !== '127.0.0.1')])(
    'leaves from %s where that was asked, at once and later',
    async (address) => {
      const deferrer = new Deferrer();
      const seen: Endpoints[] = [];
      const listener = await open((exchange) => {
        const { protocol, clientFamily, clientAddress, clientPort, localAddress, localPort } = exchange;
        seen.push({ protocol, clientFamily, clientAddress, clientPort, localAddress, localPort });
        return deferrer.handler(exchange);
      });
      // The client is connected: it hears only what comes from the address and port that it asks.
      const client = await udpClient(portOf(listener), address);
      expect(await ask(client, 'now')).toBe('now');
      client.send(Buffer.from('later'));
      await deferrer.deferred(1);
      deferrer.send(0);
      expect((await client.receive()).toString()).toBe('later');
      const clientFamily = address.includes(':') ? 6 : 4;
      const ends = { protocol: 'udp', clientFamily, clientPort: client.port, localAddress: address };
      expect(seen[0]).toMatchObject({ ...ends, localPort: portOf(listener) });
      // Clients of another loopback address than 127.0.0.1 ask from that one.
      expect(seen[0]?.clientAddress).toBe(address.startsWith('127.') ? '127.0.0.1' : address);
    },
  );

  it('may leave through any interface, unless its address is of one', async () => {
    const interfaces: number[] = [];
    const parts = partsWith((native) => ({
      sendmmsg: (...args) => {
        const at = parts.outbox.controlAt(0);
        interfaces.push(parts.outbox.word(at + (isIpv6 ? PKTINFO6.interface : PKTINFO.interface)));
        return native.sendmmsg(...args);
      },
    }));
    let isIpv6 = false;
    const listener = await open(echo, { interfaces: () => both }, parts);
    await ask(await udpClient(portOf(listener)), 'x');
    isIpv6 = true;
    await ask(await udpClient(portOf(listener), '::1'), 'x');
    expect(interfaces).toEqual([0, 0]);
  });

  it('reaches clients of both families that ask at the same time', async () => {
    const listener = await open((exchange) => answer(exchange, exchange.localAddress), { interfaces: () => both });
    const addresses = ['127.0.0.1', '::1', '127.0.0.2'];
    const clients = await Promise.all(addresses.map((address) => udpClient(portOf(listener), address)));
    const answers = clients.flatMap((client) => Array.from({ length: 20 }, () => ask(client, 'x')));
    expect(await Promise.all(answers)).toEqual(
      addresses.flatMap((address) => Array.from({ length: 20 }, () => address)),
    );
  });
});

describeBatches('datagrams that are never answered', () => {
  it('are those to a broadcast address', async () => {
    const listener = await open(echo, { interfaces: () => both });
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening', deadline());
    socket.setBroadcast(true);
    socket.send('x', portOf(listener), '127.255.255.255');
    await expect.poll(() => listener.counts.ignored).toBe(1);
    expect(listener.counts.requests).toBe(0);
  });

  it('are those without an address that they are for', async () => {
    const parts = partsThatChange(({ inbox }, text, name) => {
      if (text === 'other') inbox.setWord(name + 32 + PKTINFO.destination, 0xff_ff_ff_ff);
    });
    const listener = await open(echo, { interfaces: () => both }, parts);
    const client = await udpClient(portOf(listener));
    client.send(Buffer.from('other'));
    expect(await ask(client, 'next')).toBe('next');
    expect(listener.counts).toMatchObject({ ignored: 1, requests: 1 });
  });

  it.each(['127.0.0.1', '127.8.9.10', '192.0.2.53'])('are those from its own port at %s', async (address) => {
    const octets = Buffer.from(address.split('.').map(Number));
    let port = 0;
    const parts = partsThatChange(({ inbox }, text, name) => {
      if (text !== 'own') return;
      inbox.setWord(name, (inbox.word(name) & 0xff_ff) | ((port & 0xff) << 24) | ((port >>> 8) << 16));
      inbox.setWord(name + 4, octets.readUInt32LE());
    });
    const listener = await open(echo, { interfaces: () => ['192.0.2.53', ...both] }, parts);
    port = portOf(listener);
    const client = await udpClient(port);
    client.send(Buffer.from('own'));
    expect(await ask(client, 'next')).toBe('next');
    expect(listener.counts).toMatchObject({ ignored: 1, requests: 1 });
  });
});

describeBatches('sockets', () => {
  it('are one for each family that the machine has, on one port', async () => {
    const listener = await open(echo, { interfaces: () => both });
    const port = portOf(listener);
    expect(listener.bound).toEqual([
      { address: '0.0.0.0', port },
      { address: '::', port },
    ]);
  });

  it.each([
    ['IPv6', ['127.0.0.1'], '0.0.0.0', '127.0.0.1'],
    ['IPv4', ['::1'], '::', '::1'],
  ])('without %s are one', async (_, addresses, address, asked) => {
    const listener = await open(echo, { interfaces: () => addresses });
    expect(listener.bound).toEqual([{ address, port: portOf(listener) }]);
    expect(await ask(await udpClient(portOf(listener), asked), 'x')).toBe('x');
    expect(listener.reports).toEqual([]);
  });

  it('come and go with the families', async () => {
    let addresses: readonly string[] = ['127.0.0.1'];
    const listener = await open(echo, { interfaces: () => addresses });
    addresses = both;
    await listener.refresh();
    expect(await ask(await udpClient(portOf(listener), '::1'), 'x')).toBe('x');
    addresses = ['127.0.0.1'];
    await listener.refresh();
    expect(listener.bound).toEqual([{ address: '0.0.0.0', port: portOf(listener) }]);
  });

  it('are an error where the port is taken on an address of the machine, and none stays open', async () => {
    const taken = await openUdpWildcard({ port: 0, handler: echo, report: () => {}, interfaces: () => ['::1'] });
    onTestFinished(() => taken.close());
    const port = portOf(taken);
    await expect(open(echo, { port, interfaces: () => both })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      address: '::1',
      port,
    });
    const free = await openUdpBatch({ address: '127.0.0.1', port, handler: echo, report: () => {} });
    await free.close();
  });

  it('share one bound of deferred replies', async () => {
    const deferrer = new Deferrer();
    const listener = await open(deferrer.handler, { limits: { udpInFlight: 1 }, interfaces: () => both });
    (await udpClient(portOf(listener), '127.0.0.1')).send(Buffer.from('a'));
    await deferrer.deferred(1);
    (await udpClient(portOf(listener), '::1')).send(Buffer.from('b'));
    await deferrer.deferred(2);
    expect(listener.counts.overBound).toBe(1);
  });

  it('that break are reported, and opened again at the next look', async () => {
    let isBroken = true;
    const parts = partsWith((native) => ({ recvmmsg: (...args) => (isBroken ? -1 : native.recvmmsg(...args)) }));
    const listener = await open(echo, { interfaces: () => ['127.0.0.1'] }, parts);
    const port = portOf(listener);
    const client = await udpClient(port);
    client.send(Buffer.from('lost with the socket'));
    await expect.poll(() => listener.reports).toEqual([expect.stringMatching(/0\.0\.0\.0 port \d+ has broken/)]);
    await expect.poll(() => listener.bound).toEqual([]);
    isBroken = false;
    await listener.refresh();
    expect(await ask(await udpClient(port), 'x')).toBe('x');
  });
});

describeBatches('where another program has the port on an address that no interface has', () => {
  it('each other address is served by a socket of its own', async () => {
    const other = await openUdp({ address: '127.0.0.53', port: 0, handler: echo, report: () => undefined });
    onTestFinished(() => other.close());
    const listener = await openUdpBatchWildcard({
      port: portOf(other),
      handler: echo,
      report: (line) => expect.unreachable(line),
      interfaces: () => ['127.0.0.1', '::1'],
    });
    onTestFinished(() => listener.close());
    expect(listener.bound.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    expect(await ask(await udpClient(portOf(other)), 'x')).toBe('x');
  });
});

describeBatches('where the system refuses a wildcard socket that node:dgram can have', () => {
  it('the sockets of node:dgram serve, one for each address, and a line says so', async () => {
    const listener = await open(
      echo,
      { interfaces: () => ['127.0.0.1', '127.0.0.2'] },
      partsWith(() => ({ setsockopt: () => -1 })),
    );
    expect(listener.bound.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.2']);
    expect(listener.reports).toEqual([expect.stringMatching(/^UDP: port \d+ cannot be served in batches/)]);
    expect(await ask(await udpClient(portOf(listener), '127.0.0.2'), 'x')).toBe('x');
  });
});
