/** The TCP listener: opening, connections and their bounds, stopping. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTcp } from '../../src/transport/tcp.ts';
import { deadline, TcpClient } from './clients.ts';
import { answer, ask, Deferrer, echo, openOneTcp, portOf, tcpClient } from './fixtures.ts';

describe('opening', () => {
  it('takes IPv4 and IPv6 on the wildcard, and shows IPv4 clients and addresses as IPv4', async () => {
    const { port } = await openOneTcp(
      (exchange) => answer(exchange, `${exchange.clientAddress} ${exchange.localAddress}`),
      {},
      '*',
    );
    expect(await ask(await tcpClient(port, { host: '127.0.0.2' }), 'x')).toMatch(/^127\.0\.0\.\d 127\.0\.0\.2$/);
    expect(await ask(await tcpClient(port, { host: '::1' }), 'x')).toBe('::1 ::1');
  });

  it('takes :: for IPv6 alone, so that 0.0.0.0 may have the same port', async () => {
    const { port } = await openOneTcp(echo, {}, '::');
    const four = await openTcp({ address: '0.0.0.0', port, handler: echo, report: () => {} });
    onTestFinished(() => four.close());
    expect(four.bound).toEqual([{ address: '0.0.0.0', port }]);
  });

  it('takes one IPv6 address', async () => {
    const { port, listener } = await openOneTcp(echo, {}, '::1');
    expect(listener.bound).toEqual([{ address: '::1', port }]);
    expect(await ask(await tcpClient(port, { host: '::1' }), 'six')).toBe('six');
  });

  it('rejects with code, address and port where the port is taken', async () => {
    const { port } = await openOneTcp(echo);
    const second = openTcp({ address: '127.0.0.1', port, handler: echo, report: () => {} });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', address: '127.0.0.1', port });
  });

  it('rejects with code, address and port where the wildcard is taken', async () => {
    const { port } = await openOneTcp(echo, {}, '*');
    const second = openTcp({ address: '*', port, handler: echo, report: () => {} });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });
});

describe('bounds on connections', () => {
  it('close a connection beyond those of one client at once, and leave other clients alone', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpConnectionsPerClient: 2 });
    const first = await tcpClient(port);
    const second = await tcpClient(port);
    await expectRefused(port);
    expect(listener.counts.overBound).toBe(1);
    expect(await ask(first, 'x')).toBe('x');
    expect(await ask(second, 'x')).toBe('x');
    expect(await ask(await tcpClient(port, { localAddress: '127.0.0.2' }), 'other')).toBe('other');
  });

  it('close a connection beyond those of the listener at once', async () => {
    const { port } = await openOneTcp(echo, { tcpConnections: 2 });
    await tcpClient(port);
    await tcpClient(port, { localAddress: '127.0.0.2' });
    await expectRefused(port, '127.0.0.3');
  });

  it('give the place of a connection that is gone to another', async () => {
    const { port } = await openOneTcp(echo, { tcpConnections: 1, tcpConnectionsPerClient: 1 });
    for (let round = 0; round < 3; round++) {
      // oxlint-disable-next-line no-await-in-loop
      await expect.poll(() => asksAndLeaves(port), { timeout: 10_000 }).toBe(true);
    }
  });
});

/** Whether a new connection is taken; it is closed afterwards. */
async function asksAndLeaves(port: number): Promise<boolean> {
  const client = await TcpClient.connect(port);
  client.send(Buffer.from('x'));
  // A connection that is refused is ended, or reset where the query came first.
  const refused = Promise.race([client.ended, client.closed]);
  const taken = await Promise.race([client.receive().then(() => true), refused.then(() => false)]);
  client.close();
  await client.closed;
  return taken;
}

async function expectRefused(port: number, localAddress = '127.0.0.1'): Promise<void> {
  const refused = await TcpClient.connect(port, { allowHalfOpen: false, localAddress });
  await refused.closed;
}

describe('stop', () => {
  it('ends idle connections, refuses new ones, and answers what is in flight', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await openOneTcp(deferrer.handler);
    const idle = await tcpClient(port, { allowHalfOpen: false });
    expect(await ask(idle, 'now')).toBe('now');
    const busy = await tcpClient(port, { allowHalfOpen: false });
    busy.send(Buffer.from('a'), Buffer.from('b'));
    await deferrer.deferred(2);
    const stopped = listener.stop(10_000);
    await idle.closed;
    const [refused] = await once(connect(port, '127.0.0.1'), 'error', deadline());
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    busy.send(Buffer.from('too late'));
    deferrer.send(1);
    deferrer.send(0);
    expect((await busy.receiveAll(2)).map(String)).toEqual(['b', 'a']);
    await busy.closed;
    await stopped;
    expect(deferrer.taken).toHaveLength(2);
  });

  it('does not wait for clients that never close their side', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpLinger: 20 });
    const client = await tcpClient(port);
    await ask(client, 'x');
    await listener.stop(60_000);
    await client.ended;
  });

  it('sends all that is ready to a client that does not read at the moment, and reads on', async () => {
    let taken = 0;
    const { port, listener } = await openOneTcp(
      () => {
        taken++;
        return 60_000;
      },
      { tcpUnsent: 100_000, tcpLinger: 60_000 },
    );
    const client = await tcpClient(port, { allowHalfOpen: false });
    client.socket.pause();
    // More than the server's own buffers hold, so that some queries are still unread when it stops.
    client.send(...Array.from({ length: 2_000 }, () => Buffer.alloc(1_000, 'x')));
    await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThan(0);
    const stopped = listener.stop(60_000);
    const ready = taken;
    client.socket.resume();
    expect(await client.receiveAll(ready)).toHaveLength(ready);
    await stopped;
    expect(taken).toBe(ready);
  });

  it('does not wait longer than the grace time for clients that do not read', async () => {
    let taken = 0;
    const { port, listener } = await openOneTcp(
      (exchange) => {
        taken++;
        return exchange.reply.length;
      },
      { tcpUnsent: 50_000_000 },
    );
    const client = await tcpClient(port);
    client.socket.pause();
    client.send(...Array.from({ length: 300 }, () => Buffer.from('x')));
    await expect.poll(() => taken, { timeout: 10_000 }).toBe(300);
    await listener.stop(30);
    expect(listener.bound).toEqual([]);
  });
});

describe('close', () => {
  it('cuts every connection at once', async () => {
    const deferrer = new Deferrer();
    const { port, listener } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port, { allowHalfOpen: false });
    client.send(Buffer.from('x'));
    await deferrer.deferred(1);
    await listener.close();
    await client.closed;
  });

  it('is not held up by a connection that was taken and left at once', async () => {
    const { listener } = await openOneTcp(echo);
    const socket = connect(portOf(listener), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect', deadline());
    socket.resetAndDestroy();
    await listener.close();
  });
});
