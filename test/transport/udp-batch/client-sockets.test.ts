/** Sockets to upstreams by the system's own calls: what only they can do wrong. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import type { UdpSocketUser } from '../../../src/transport/client/udp-sockets.ts';
import { deadline } from '../clients.ts';
import { describeBatches } from '../fixtures.ts';
import { partsWith } from './support.ts';

/** An upstream that sends back what it is sent, as often as it is told to. */
async function openEcho(times = 1): Promise<{ readonly address: string; readonly port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (octets, { port, address }) => {
    for (let i = 0; i < times; i++) socket.send(octets, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening', deadline());
  onTestFinished(() => void socket.close());
  return { address: '127.0.0.1', port: socket.address().port };
}

/** Somebody who waits for one datagram, or for an error. */
function waiting(to?: object): UdpSocketUser & { readonly outcome: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return {
    isWaiting: true,
    outcome: promise,
    datagram: (octets, from) => resolve({ text: Buffer.from(octets).toString(), isSame: from === to }),
    error: resolve,
  };
}

describeBatches('sockets to upstreams', () => {
  it('give the datagram and the very endpoint that they were opened to', async () => {
    const to = await openEcho();
    const { clients } = partsWith(() => ({}));
    const user = waiting(to);
    const socket = clients.peer(to, undefined)?.open(Buffer.from('hello'), user);
    expect(await user.outcome).toEqual({ text: 'hello', isSame: true });
    socket?.close();
    socket?.close();
  });

  it('tell nothing of a datagram that came with others when the first of them closed the socket', async () => {
    const to = await openEcho(5);
    const { clients } = partsWith(() => ({}));
    let shown = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = clients.peer(to, undefined)?.open(Buffer.from('five'), {
      isWaiting: true,
      datagram: () => {
        shown++;
        socket?.close();
        setTimeout(resolve, 50);
      },
      error: () => undefined,
    });
    await promise;
    expect(shown).toBe(1);
  });

  it.each(['socket', 'bind', 'connect', 'send', 'epoll_ctl'] as const)(
    'are not opened where the system refuses %s, and nothing stays open',
    async (name) => {
      const to = await openEcho();
      let open = 0;
      const { clients } = partsWith((native) => ({
        socket: (...args) => {
          open++;
          return native.socket(...args);
        },
        close: (socket) => {
          open--;
          return native.close(socket);
        },
        [name]: () => -1,
      }));
      expect(clients.peer(to, '127.0.0.1')?.open(Buffer.from('hello'), waiting())).toBeUndefined();
      expect(open).toBe(0);
    },
  );

  it('are not opened where libuv does not watch, now and later', async () => {
    const to = await openEcho();
    const { clients } = partsWith(() => ({ uv_poll_start: () => -1 }));
    const peer = clients.peer(to, undefined);
    expect(peer?.open(Buffer.from('hello'), waiting())).toBeUndefined();
    expect(peer?.open(Buffer.from('hello'), waiting())).toBeUndefined();
  });

  it('tell their users when libuv watches no more', async () => {
    const to = await openEcho();
    const { clients } = partsWith(() => ({}));
    const user = waiting();
    const socket = clients.peer(to, undefined)?.open(Buffer.from('hello'), user);
    clients.ready(-9);
    expect(await user.outcome).toBeInstanceOf(Error);
    socket?.close();
    expect(clients.peer(to, undefined)?.open(Buffer.from('hello'), waiting())).toBeUndefined();
  });

  it.each([
    ['an address that is none', { address: 'localhost', port: 53 }, undefined],
    ['a port that is none', { address: '127.0.0.1', port: 70_000 }, undefined],
    ['a source that is none', { address: '127.0.0.1', port: 53 }, 'localhost'],
  ])('have no peer for %s', (_, to, source) => {
    expect(partsWith(() => ({})).clients.peer(to, source)).toBeUndefined();
  });

  it.each([
    ['by itself', ''],
    [
      'by process.exit with a socket open',
      `peer.open(Buffer.from('x'), { isWaiting: true, datagram() {}, error() {} }); process.exit(0)`,
    ],
    [
      'by process.exit in a later turn',
      `peer.open(Buffer.from('x'), { isWaiting: true, datagram() { process.exit(0) }, error() {} })`,
    ],
  ])('outlive collections of garbage, and let the program end %s', async (_, ending) => {
    const to = await openEcho();
    const module = new URL('../../../src/transport/udp-batch/udp-batch.ts', import.meta.url).href;
    const script = `
      import { batchParts } from ${JSON.stringify(module)};
      const peer = batchParts().clients.peer(${JSON.stringify(to)}, undefined);
      let replies = 0;
      for (let i = 0; i < 500; i++) {
        await new Promise((resolve, reject) => {
          const late = setTimeout(() => reject(new Error('no reply')), 5000);
          const socket = peer.open(Buffer.from('query ' + i), {
            isWaiting: true,
            datagram: (octets) => {
              if (Buffer.from(octets).toString() === 'query ' + i) replies++;
              clearTimeout(late);
              socket.close();
              resolve();
            },
            error: reject,
          });
          if (i % 50 === 0) globalThis.gc();
        });
      }
      console.log(replies);
      ${ending}`;
    const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let written = '';
    child.stdout.on('data', (chunk) => (written += String(chunk)));
    const [code] = await once(child, 'close', deadline());
    expect([code, written.trim()]).toEqual([0, '500']);
  });
});
