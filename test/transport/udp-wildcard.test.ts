import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RequestHandler } from '../../src/transport/transport.ts';
import { machineAddresses, openUdpWildcard, type UdpWildcardListener } from '../../src/transport/udp-wildcard.ts';
import { deadline, UdpClient } from './clients.ts';
import { answer, ask, Deferrer, echo, portOf, udpClient } from './fixtures.ts';

/** A machine whose addresses the test changes. */
class Machine {
  readonly reports: string[] = [];
  addresses: readonly string[];

  constructor(...addresses: readonly string[]) {
    this.addresses = addresses;
  }

  async open(handler: RequestHandler, port = 0, lookEvery?: number): Promise<UdpWildcardListener> {
    const listener = await openUdpWildcard({
      port,
      handler,
      report: (line) => this.reports.push(line),
      interfaces: () => this.addresses,
      ...(lookEvery === undefined ? {} : { lookEvery }),
    });
    onTestFinished(() => listener.close());
    return listener;
  }
}

function addressesOf(listener: UdpWildcardListener): string[] {
  return listener.bound.map(({ address }) => address).toSorted();
}

describe('every address', () => {
  it.each(['127.0.0.1', '127.0.0.2', '::1'])('%s answers from itself', async (address) => {
    const listener = await new Machine('127.0.0.1', '127.0.0.2', '::1').open((exchange) =>
      answer(exchange, exchange.localAddress),
    );
    const client = await udpClient(portOf(listener), address);
    expect(await ask(client, 'x')).toBe(address);
  });

  it('has the same port, also with port 0', async () => {
    const listener = await new Machine('127.0.0.1', '127.0.0.2', '::1').open(echo);
    expect(new Set(listener.bound.map(({ port }) => port)).size).toBe(1);
    expect(addressesOf(listener)).toEqual(['127.0.0.1', '127.0.0.2', '::1']);
  });

  it('shares one bound of deferred replies', async () => {
    const deferrer = new Deferrer();
    const listener = await openUdpWildcard({
      port: 0,
      handler: deferrer.handler,
      report: () => {},
      limits: { udpInFlight: 1 },
      interfaces: () => ['127.0.0.1', '127.0.0.2'],
    });
    onTestFinished(() => listener.close());
    const one = await udpClient(portOf(listener), '127.0.0.1');
    const two = await udpClient(portOf(listener), '127.0.0.2');
    one.send(Buffer.from('a'));
    await deferrer.deferred(1);
    two.send(Buffer.from('b'));
    await deferrer.deferred(2);
    expect(listener.counts.overBound).toBe(1);
  });
});

describe('refresh', () => {
  it('opens an address that has come', async () => {
    const machine = new Machine('127.0.0.1');
    const listener = await machine.open(echo);
    machine.addresses = ['127.0.0.1', '127.0.0.3', '::1'];
    await listener.refresh();
    expect(addressesOf(listener)).toEqual(['127.0.0.1', '127.0.0.3', '::1']);
    expect(await ask(await udpClient(portOf(listener), '127.0.0.3'), 'new')).toBe('new');
    expect(await ask(await udpClient(portOf(listener), '::1'), 'new')).toBe('new');
  });

  it('closes an address that has gone and leaves the others open', async () => {
    const machine = new Machine('127.0.0.1', '127.0.0.2');
    const deferrer = new Deferrer();
    const listener = await machine.open(deferrer.handler);
    const port = portOf(listener);
    const stays = await udpClient(port, '127.0.0.1');
    const goes = await udpClient(port, '127.0.0.2');
    goes.send(Buffer.from('in flight'));
    await deferrer.deferred(1);
    machine.addresses = ['127.0.0.1'];
    await listener.refresh();
    expect(addressesOf(listener)).toEqual(['127.0.0.1']);
    expect(() => deferrer.send(0)).not.toThrow();
    expect(await ask(stays, 'now')).toBe('now');
    const free = createSocket('udp4');
    onTestFinished(() => void free.close());
    free.bind(port, '127.0.0.2');
    await once(free, 'listening', deadline());
  });

  it('reports an address that cannot be opened once, and opens it as soon as it can be', async () => {
    const machine = new Machine('127.0.0.1');
    const first = await new Machine('127.0.0.2').open(echo);
    const other = await machine.open(echo, portOf(first));
    machine.addresses = ['127.0.0.1', '127.0.0.2'];
    await other.refresh();
    await other.refresh();
    expect(machine.reports).toEqual([expect.stringMatching(/127\.0\.0\.2.*EADDRINUSE/)]);
    expect(addressesOf(other)).toEqual(['127.0.0.1']);
    await first.close();
    await other.refresh();
    expect(addressesOf(other)).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('reports an address that cannot be opened again where it has gone and come back', async () => {
    const machine = new Machine('127.0.0.1', '192.0.2.53');
    const listener = await machine.open(echo);
    machine.addresses = ['127.0.0.1'];
    await listener.refresh();
    machine.addresses = ['127.0.0.1', '192.0.2.53'];
    await listener.refresh();
    expect(machine.reports).toHaveLength(2);
  });

  it('keeps what is open where the addresses cannot be read', async () => {
    const machine = new Machine('127.0.0.1');
    const listener = await openUdpWildcard({
      port: 0,
      handler: echo,
      report: (line) => machine.reports.push(line),
      interfaces: () => {
        if (machine.addresses.length === 0) throw new Error('no permission');
        return machine.addresses;
      },
    });
    onTestFinished(() => listener.close());
    machine.addresses = [];
    await listener.refresh();
    await listener.refresh();
    expect(machine.reports).toEqual([expect.stringContaining('no permission')]);
    expect(addressesOf(listener)).toEqual(['127.0.0.1']);
  });

  it('happens by itself from time to time', async () => {
    const machine = new Machine('127.0.0.1');
    const listener = await machine.open(echo, 0, 10);
    machine.addresses = ['127.0.0.1', '127.0.0.2'];
    await expect.poll(() => addressesOf(listener)).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('does nothing after close', async () => {
    const machine = new Machine('127.0.0.1');
    const listener = await machine.open(echo);
    await listener.close();
    await listener.refresh();
    expect(listener.bound).toEqual([]);
  });
});

describe('at start', () => {
  it('rejects with code, address and port where the port is taken on one address, and keeps none open', async () => {
    const taken = await new Machine('127.0.0.2').open(echo);
    const port = portOf(taken);
    const start = new Machine('127.0.0.1', '127.0.0.2').open(echo, port);
    await expect(start).rejects.toMatchObject({ code: 'EADDRINUSE', address: '127.0.0.2', port });
    const free = await new Machine('127.0.0.1').open(echo, port);
    expect(portOf(free)).toBe(port);
  });

  it('reports an address that the machine lacks in one line and serves the others', async () => {
    const machine = new Machine('192.0.2.53', '127.0.0.1');
    const listener = await machine.open(echo);
    expect(machine.reports).toEqual([expect.stringMatching(/^UDP: 192\.0\.2\.53 .*EADDRNOTAVAIL/)]);
    expect(await ask(await udpClient(portOf(listener)), 'x')).toBe('x');
  });

  it('reads the addresses of this machine, link-local ones with their scope', () => {
    const addresses = machineAddresses();
    expect(addresses).toContain('127.0.0.1');
    const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
      (entries ?? []).filter(({ address }) => address.startsWith('fe80:')).map(({ address }) => `${address}%${name}`),
    );
    expect(addresses).toEqual(expect.arrayContaining(linkLocal));
    expect(addresses.filter((address) => address.startsWith('fe80:') && !address.includes('%'))).toEqual([]);
  });

  it('serves a link-local address', async (context) => {
    const address = machineAddresses().find((candidate) => candidate.startsWith('fe80:'));
    if (address === undefined) {
      context.skip('this machine has no link-local address');
      return;
    }
    const listener = await new Machine(address).open((exchange) => answer(exchange, exchange.localAddress));
    const client = await UdpClient.connect(portOf(listener), address);
    onTestFinished(() => client.close());
    expect(await ask(client, 'x')).toBe(address);
  });
});
