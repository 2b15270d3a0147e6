/** Whether batches are there is found out before anything rests on them. */
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SOCKADDR_IN } from '../../../src/transport/udp-batch/layout.ts';
import type { Native } from '../../../src/native/native.ts';
import { batchSupport, testBatches } from '../../../src/transport/udp-batch/support.ts';
import { deadline } from '../clients.ts';
import { describeBatches } from '../fixtures.ts';
import { partsThatChange, partsWith } from './support.ts';

describeBatches('the test over loopback', () => {
  it('passes over the real functions, and is made once', async () => {
    expect(await testBatches(() => partsWith(() => ({})))).toEqual({ kind: 'ready' });
    expect(batchSupport()).toBe(batchSupport());
  });

  it('passes where the event loop is kept from turning until its time is over', async () => {
    let blocked = 0;
    const parts = partsWith((native) => ({
      sendmmsg: (...args) => {
        const sent = native.sendmmsg(...args);
        // All replies are there by then, more than `node:dgram` reads in one turn.
        if (++blocked === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
        return sent;
      },
    }));
    expect(await testBatches(() => parts)).toEqual({ kind: 'ready' });
  });

  const refusals: readonly (readonly [string, Partial<Native>])[] = [
    ['no socket', { socket: () => -1 }],
    ['no address of a socket', { getsockname: () => -1 }],
    ['no option of a socket', { setsockopt: () => -1 }],
    ['no polling', { uv_poll_init: () => -1 }],
    ['no wake', { uv_poll_start: () => 0 }],
    ['no datagram', { recvmmsg: () => -1 }],
    ['no reply', { sendmmsg: () => -1 }],
  ];

  it.each(refusals)('fails where there is %s', async (_, change) => {
    expect(await testBatches(() => partsWith(() => change))).toEqual({
      kind: 'absent',
      why: expect.stringContaining('127.0.0.1'),
      isExpected: true,
    });
  });

  it('fails where a reply is wrong', async () => {
    const parts = partsWith((native) => ({
      recvmmsg: (...args) => {
        const count = native.recvmmsg(...args);
        parts.inbox.octets.fill(1, 0, 1);
        return count;
      },
    }));
    expect(await testBatches(() => parts)).toMatchObject({ kind: 'absent', why: expect.stringContaining('is wrong') });
  });

  it('fails where the address of a client is read wrong', async () => {
    const parts = partsThatChange(({ inbox }, _, name) => {
      inbox.setWord(name + SOCKADDR_IN.address, 0x09_00_00_7f);
    });
    expect((await testBatches(() => parts)).kind).toBe('absent');
  });

  it('fails where there are no functions, and says why', async () => {
    const found = testBatches(() => {
      throw new Error('no such symbol');
    });
    expect(await found).toMatchObject({ kind: 'absent', why: 'no such symbol' });
  });
});

describe('batches', () => {
  it('are absent outside the main thread, which a thread that ends would take with it', async () => {
    const support = JSON.stringify(new URL('../../../src/transport/udp-batch/support.ts', import.meta.url).href);
    const script = `
      import { parentPort } from 'node:worker_threads';
      import { batchSupport } from ${support};
      parentPort.postMessage(await batchSupport());`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    const [found] = await once(worker, 'message', deadline());
    expect(found).toMatchObject({ kind: 'absent', isExpected: false });
    await worker.terminate();
  });
});
