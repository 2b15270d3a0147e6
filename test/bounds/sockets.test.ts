/** What is asked of the system for sockets. */
import { Socket } from 'node:dgram';
import { expect, it, vi } from 'vitest';
import { echo, openOneUdp } from '../transport/fixtures.ts';

/** Octets of the receive buffer of a listener that is opened with this bound. */
async function receiveBufferWith(udpReceiveBuffer: number): Promise<number> {
  const asked = vi.spyOn(Socket.prototype, 'setRecvBufferSize');
  try {
    await openOneUdp(echo, { udpReceiveBuffer });
    expect(asked.mock.calls).toEqual([[udpReceiveBuffer]]);
    const [socket] = asked.mock.contexts;
    if (!(socket instanceof Socket)) throw new Error('no socket');
    return socket.getRecvBufferSize();
  } finally {
    asked.mockRestore();
  }
}

it('udpReceiveBuffer: the system is asked for so much, and more where it is more', async () => {
  const [small, large] = [await receiveBufferWith(16_384), await receiveBufferWith(131_072)];
  // Linux gives twice what it is asked for, to have room for its own notes.
  expect(small).toBeGreaterThanOrEqual(16_384);
  expect(small).toBeLessThanOrEqual(65_536);
  expect(large).toBeGreaterThanOrEqual(131_072);
});
