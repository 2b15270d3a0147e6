/** RFC 9210, operating DNS over TCP: what a server must offer, and what it may limit. Over real sockets. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { run, saying, tcp, udp } from '../server/running.ts';
import { ask as echoed, echo, openOneTcp, tcpClient } from '../transport/fixtures.ts';

function query(id: number): Buffer {
  return packet.encode({ type: 'query', id, questions: [{ type: 'TXT', name: 'x.test' }] });
}

describe('RFC 9210', () => {
  it('§3 both UDP and TCP are served, and a refusal over one is no other over the other', async () => {
    const { port } = await run(saying('here', { keys: 'x.test' }));
    const request = packet.encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'elsewhere.test' }] });
    const replies = await Promise.all(
      [await udp(port()), await tcp(port())].map((client) => {
        client.send(request);
        return client.receive();
      }),
    );
    expect(packet.decode(replies[0] ?? Buffer.alloc(0)).rcode).toBe('REFUSED');
    expect(replies[1]).toEqual(replies[0]);
  });

  it('§4.2 connections are limited in number, in all and for each client', async () => {
    const { port, listener } = await openOneTcp(echo, { tcpConnections: 3, tcpConnectionsPerClient: 2 });
    const kept = [await tcpClient(port), await tcpClient(port), await tcpClient(port, { localAddress: '127.0.0.2' })];
    for (const localAddress of ['127.0.0.1', '127.0.0.3']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const refused = await tcpClient(port, { localAddress });
      // oxlint-disable-next-line no-await-in-loop
      await Promise.race([refused.ended, refused.closed]);
    }
    expect(listener.counts.overBound).toBe(2);
    for (const client of kept) {
      // oxlint-disable-next-line no-await-in-loop -- those that were there are served on
      expect(await echoed(client, 'x')).toBe('x');
    }
  });

  it('§4.2 a connection carries no more questions than is configured, then the server ends it after the last answer', async () => {
    const { port } = await run(saying('here', { lines: 'timeouts {\nmaxtcpqueries 3\n}' }));
    const client = await tcp(port());
    client.send(...[1, 2, 3, 4].map(query));
    const replies = await client.receiveAll(3);
    expect(replies.map((reply) => packet.decode(reply).id)).toEqual([1, 2, 3]);
    await client.ended;
  });

  it('§4.3 a connection on which nothing is asked is closed', async () => {
    const { port } = await openOneTcp(echo, { tcpFirstQuery: 50 });
    const client = await tcpClient(port);
    await client.ended;
  });

  it('§4.3 the server ends connections in an orderly way when it stops, after their answers', async () => {
    const { port, server } = await run(saying('here'));
    const client = await tcp(port());
    client.send(query(1));
    await client.receive();
    const ended = client.ended.then(() => client.socket.end());
    await Promise.all([ended, server.stop()]);
    expect(server.listening).toEqual([]);
  });
});
