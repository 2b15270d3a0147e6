/** RFC 7766, DNS over TCP: what a server does with connections. Over real sockets. */
import packet from 'dns-packet';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { run, saying, tcp, udp } from '../server/running.ts';
import { deadline, stream } from '../transport/clients.ts';
import { Deferrer, openOneTcp, tcpClient } from '../transport/fixtures.ts';
import { Flag } from './asking.ts';

/** More text than 512 octets hold. */
const LONG = `long.test {
template IN TXT {
answer "{{ .Name }} 5 IN TXT ${Array.from({ length: 5 }, () => 'x'.repeat(200)).join(' ')}"
}
}
`;

function query(id: number, name = 'x.test'): Buffer {
  return packet.encode({ type: 'query', id, questions: [{ type: 'TXT', name }] });
}

describe('RFC 7766', () => {
  it('§5 the server serves TCP at each address at which it serves UDP, with the same answers', async () => {
    const { server, port } = await run(saying('here'), { bind: ['127.0.0.1', '127.0.0.2'] });
    for (const { tcp: listener, udp: datagrams } of server.listening) {
      expect(listener.bound).toEqual(datagrams?.bound);
    }
    const clients = [await udp(port('127.0.0.2'), '127.0.0.2'), await tcp(port('127.0.0.2'), '127.0.0.2')];
    const replies = await Promise.all(
      clients.map((client) => {
        client.send(query(7));
        return client.receive();
      }),
    );
    expect(replies[0]).toEqual(replies[1]);
  });

  it('§5 what is truncated over UDP is whole over TCP', async () => {
    const { port } = await run(LONG);
    const [datagrams, connection] = [await udp(port()), await tcp(port())];
    datagrams.send(query(1, 'long.test'));
    expect((await datagrams.receive()).readUInt16BE(2) & Flag.TC).toBe(Flag.TC);
    connection.send(query(1, 'long.test'));
    const whole = await connection.receive();
    expect(whole.readUInt16BE(2) & Flag.TC).toBe(0);
    expect(packet.decode(whole).answers).toHaveLength(1);
  });

  it('§6.2.1 a client may ask over TCP without having asked over UDP', async () => {
    const { port } = await run(saying('here'));
    const client = await tcp(port());
    client.send(query(1));
    expect(packet.decode(await client.receive()).answers).toHaveLength(1);
  });

  it('§6.2.1.1 questions may follow each other without waiting for answers', async () => {
    const { port } = await run(saying('here'));
    const client = await tcp(port());
    const ids = Array.from({ length: 500 }, (_, i) => i);
    client.send(...ids.map((id) => query(id)));
    const replies = await client.receiveAll(ids.length);
    expect(replies.map((reply) => packet.decode(reply).id)).toEqual(ids);
  });

  it('§7 answers leave as they are ready: one that takes its time holds up no other', async () => {
    const deferrer = new Deferrer();
    const { port } = await openOneTcp(deferrer.handler);
    const client = await tcpClient(port);
    client.send(Buffer.from('slow'), Buffer.from('now 1'), Buffer.from('now 2'));
    expect((await client.receiveAll(2)).map(String)).toEqual(['now 1', 'now 2']);
    deferrer.send(0);
    expect(String(await client.receive())).toBe('slow');
  });

  it('§6.2.2 one client may have several connections at once', async () => {
    const { port } = await run(saying('here'));
    const clients = await Promise.all(Array.from({ length: 10 }, () => tcp(port())));
    clients.forEach((client, id) => client.send(query(id)));
    const replies = await Promise.all(clients.map((client) => client.receive()));
    expect(replies.map((reply) => packet.decode(reply).id)).toEqual(clients.map((_, id) => id));
  });

  it('§6.2.3 an idle connection is closed after a time that is configured', async () => {
    const { port } = await run(saying('here', { lines: 'timeouts {\nidle 1s\n}' }));
    const client = await tcp(port());
    client.send(query(1));
    await client.receive();
    const begin = performance.now();
    await client.ended;
    const idle = performance.now() - begin;
    expect(idle).toBeGreaterThan(900);
    expect(idle).toBeLessThan(5_000);
  });

  it('§6.2.4 a client that is gone before its answers harms nobody', async () => {
    const { port } = await run(saying('here'));
    for (let round = 0; round < 5; round++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const client = await tcp(port());
      client.send(...Array.from({ length: 100 }, (_, id) => query(id)));
      client.socket.resetAndDestroy();
    }
    const client = await tcp(port());
    client.send(query(1));
    expect(packet.decode(await client.receive()).answers).toHaveLength(1);
  });

  it('§8 length and message leave together', async () => {
    const { port } = await run(saying('here'));
    const client = await tcp(port());
    const first: Promise<Buffer[]> = once(client.socket, 'data', deadline());
    client.socket.write(stream([query(1)]));
    const [chunk] = await first;
    expect(chunk?.readUInt16BE(0)).toBe((chunk?.length ?? 0) - 2);
  });
});
