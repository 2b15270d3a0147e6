/** Sockets apart from what is served on them: prepared all or none, kept, and stopped with answers in flight. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenError, Listeners, listenersOf } from '../../src/server/listeners.ts';
import { type ListenAddress, listenKey } from '../../src/server/listen-address.ts';
import type { RequestHandler } from '../../src/transport/transport.ts';
import { deadline } from '../transport/clients.ts';
import { Deferrer, answer, ask, tcpClient, udpClient } from '../transport/fixtures.ts';
import { freePort } from '../support/free-port.ts';
import { testUdp } from '../support/udp.ts';

const at = (address: string, port = 0): ListenAddress => ({ scheme: 'dns', address, port, portFrom: undefined });

const saying =
  (text: string): RequestHandler =>
  (exchange) =>
    answer(exchange, text);

function wanted(handler: RequestHandler, ...addresses: readonly ListenAddress[]) {
  return new Map(addresses.map((address) => [listenKey(address), { at: address, handler }]));
}

function makeListeners() {
  const reports: string[] = [];
  const listeners = new Listeners({ udp: testUdp, report: (line) => reports.push(line) });
  onTestFinished(() => listeners.close());
  const portOf = (address: string): number =>
    listeners.pairs.find((pair) => pair.at.address === address)?.tcp.bound[0]?.port ?? 0;
  return { listeners, reports, portOf };
}

describe('prepare', () => {
  it('changes nothing until its result is called; then handlers change in one go', async () => {
    const { listeners, portOf } = makeListeners();
    (await listeners.prepare(wanted(saying('one'), at('127.0.0.1')))).swap();
    const client = await udpClient(portOf('127.0.0.1'));
    const prepared = await listeners.prepare(wanted(saying('two'), at('127.0.0.1'), at('127.0.0.2')));
    expect(listeners.pairs).toHaveLength(1);
    expect(await ask(client, 'x')).toBe('one');
    expect(prepared.swap()).toEqual([]);
    expect(await ask(client, 'x')).toBe('two');
    expect(listeners.pairs).toHaveLength(2);
  });

  it('gives what nobody wants any more, still open, for whoever stops it', async () => {
    const { listeners, portOf } = makeListeners();
    (await listeners.prepare(wanted(saying('one'), at('127.0.0.1'), at('127.0.0.2')))).swap();
    const left = portOf('127.0.0.2');
    const unwanted = (await listeners.prepare(wanted(saying('two'), at('127.0.0.1')))).swap();
    expect(unwanted.map((pair) => pair.at.address)).toEqual(['127.0.0.2']);
    expect(await ask(await udpClient(left, '127.0.0.2'), 'x')).toBe('one');
    await Promise.all(unwanted.flatMap(listenersOf).map((one) => one.close()));
  });

  it('tells a person what to do where the port is taken', async () => {
    const { listeners } = makeListeners();
    const holder = createServer();
    holder.listen({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => void holder.close());
    await once(holder, 'listening', deadline());
    const address = holder.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const fromCommandLine = listeners.prepare(wanted(saying('x'), at('127.0.0.1', port)));
    await expect(fromCommandLine).rejects.toThrow(ListenError);
    await expect(fromCommandLine).rejects.toThrow(/in use by another program.*-dns\.port 1053.*dig -p 1053/);
    const portFrom = { text: `.:${port}`, quoted: false, at: { file: 'Corefile', line: 7, column: 1 } };
    const fromKey = listeners.prepare(wanted(saying('x'), { ...at('127.0.0.1', port), portFrom }));
    await expect(fromKey).rejects.toThrow(`Corefile:7: .:${port}`);
  });

  it('advises a port that is not the one that is taken', async () => {
    const { listeners } = makeListeners();
    const holder = createServer();
    holder.listen({ port: 1053, host: '127.0.0.53' });
    onTestFinished(() => void holder.close());
    // Whoever has it already will do as well.
    await once(holder, 'listening', deadline()).catch(() => undefined);
    const preparing = listeners.prepare(wanted(saying('x'), at('127.0.0.53', 1053)));
    await expect(preparing).rejects.toThrow(/in use by another program.*-dns\.port 1054 .*dig -p 1054$/);
  });

  it('opens sockets with their bounds, and gives those that stay new ones without closing anything', async () => {
    const { listeners, portOf } = makeListeners();
    const bounded = (tcpQueries: number) =>
      new Map([[listenKey(at('127.0.0.1')), { at: at('127.0.0.1'), handler: saying('one'), limits: { tcpQueries } }]]);
    (await listeners.prepare(bounded(1))).swap();
    const [pair] = listeners.pairs;
    const first = await tcpClient(portOf('127.0.0.1'));
    await ask(first, 'x');
    await first.ended;
    (await listeners.prepare(bounded(3))).swap();
    expect(listeners.pairs).toEqual([pair]);
    const second = await tcpClient(portOf('127.0.0.1'));
    await ask(second, 'x');
    (await listeners.prepare(bounded(2))).swap();
    expect(await ask(second, 'x')).toBe('one');
    await second.ended;
  });

  it('undone, leaves nothing open that was not before', async () => {
    const { listeners, portOf } = makeListeners();
    (await listeners.prepare(wanted(saying('one'), at('127.0.0.1')))).swap();
    (await listeners.prepare(wanted(saying('two'), at('127.0.0.1'), at('127.0.0.2')))).undo();
    expect(listeners.pairs).toHaveLength(1);
    expect(await ask(await udpClient(portOf('127.0.0.1')), 'x')).toBe('one');
  });

  it('says that it is this server itself that has all addresses of a port, or one of them', async () => {
    const { listeners } = makeListeners();
    const port = await freePort();
    (await listeners.prepare(wanted(saying('one'), at('*', port)))).swap();
    const narrower = listeners.prepare(wanted(saying('two'), at('127.0.0.1', port)));
    await expect(narrower).rejects.toThrow(
      `127.0.0.1 port ${port} cannot be opened while this server has port ${port} open; ` +
        'a change from all addresses to some, or back, takes a restart',
    );
  });
});

describe('stop', () => {
  it('lets answers in flight leave, over UDP and TCP', async () => {
    const { listeners, portOf } = makeListeners();
    const deferrer = new Deferrer();
    (await listeners.prepare(wanted(deferrer.handler, at('127.0.0.1')))).swap();
    const [udp, tcp] = [await udpClient(portOf('127.0.0.1')), await tcpClient(portOf('127.0.0.1'))];
    udp.send(Buffer.from('a question'));
    tcp.send(Buffer.from('a question'));
    await deferrer.deferred(2);
    const stopping = listeners.stop(10_000);
    const turn = new Promise((resolve) => {
      setImmediate(resolve, 'not yet');
    });
    expect(await Promise.race([stopping, turn])).toBe('not yet');
    deferrer.send(0);
    deferrer.send(1);
    expect([String(await udp.receive()), String(await tcp.receive())]).toEqual(['a question', 'a question']);
    await stopping;
    expect(listeners.pairs).toEqual([]);
  });

  it('waits no longer than it is told', async () => {
    const { listeners, portOf } = makeListeners();
    const deferrer = new Deferrer();
    (await listeners.prepare(wanted(deferrer.handler, at('127.0.0.1')))).swap();
    const tcp = await tcpClient(portOf('127.0.0.1'));
    tcp.send(Buffer.from('a question'));
    await deferrer.deferred(1);
    await listeners.stop(20);
    await Promise.race([tcp.ended, tcp.closed]);
    expect(() => deferrer.send(0)).not.toThrow();
  });
});
