/** Connections to an API server that are kept, and how they are watched over. */
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { type TestServer, connect, limits, servePlain, status } from './support.ts';

function plain({ port }: TestServer) {
  return { kind: 'endpoint', url: `http://127.0.0.1:${port}`, tls: undefined } as const;
}

describe('connections', () => {
  it('apiIdleConnections: no more of them are kept than this', async () => {
    const server = await servePlain((_request, response) => void setTimeout(() => response.end('{}'), 50));
    const rates = { qps: 1000, burst: 1000, maxInflight: undefined };
    const { api } = await connect(plain(server), { limits: limits({ apiIdleConnections: 2 }), rates });
    await Promise.all([1, 2, 3, 4].map(() => status(api)));
    expect(server.sockets).toHaveLength(4);
    await vi.waitFor(() => expect(server.sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(2));
    await Promise.all([1, 2].map(() => status(api)));
    expect(server.sockets).toHaveLength(4);
  });

  it('apiKeepAlive: their silence is probed after this time', async () => {
    const server = await servePlain();
    const asked = vi.spyOn(Socket.prototype, 'setKeepAlive');
    const { api } = await connect(plain(server), { limits: limits({ apiKeepAlive: 12_345 }) });
    await status(api);
    expect(asked.mock.calls).toContainEqual([true, 12_345]);
    asked.mockRestore();
  });
});
