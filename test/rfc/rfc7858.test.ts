/** RFC 7858, DNS over TLS; with RFC 8310 on who the server is, and RFC 7766 on what a connection carries. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tcp } from '../server/running.ts';
import { SERVER_NAME, authority } from '../support/upstreams/certificates.ts';
import { deadline, openTls } from '../transport/clients.ts';
import { encode, readReply } from './asking.ts';
import { TLS, overTls, serve } from './encrypted.ts';

describe('RFC 7858', () => {
  it('§3.1 nothing but TCP is listened for', async () => {
    const port = await serve('tls');
    // The system gives the port for UDP to whoever asks for it.
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening', deadline());
    const client = await overTls(port);
    client.send(encode({ ask: 'x.test. A' }));
    expect(readReply(await client.receive()).rcode).toBe('NOERROR');
  });

  it('§3.1 DNS without TLS is not answered on its port', async () => {
    const port = await serve('tls');
    const client = await tcp(port);
    client.send(encode({ ask: 'x.test. A' }));
    await Promise.race([client.ended, client.closed]);
  });

  it('§3.3 messages stand behind two octets of length, and several may be in one record', async () => {
    const client = await overTls(await serve('tls'));
    client.send(encode({ ask: 'x.test. A' }), encode({ ask: 'y.test. A' }));
    const replies = (await client.receiveAll(2)).map(readReply);
    expect(replies.map(({ rcode }) => rcode)).toEqual(['NOERROR', 'NXDOMAIN']);
  });

  it('§3.4 a connection is kept for further queries, and closed by the server when it idles', async () => {
    const client = await overTls(await serve('tls', `${TLS}\ntimeouts {\nidle 1s\n}`));
    for (let i = 0; i < 3; i++) {
      client.send(encode({ ask: 'x.test. A' }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(readReply(await client.receive()).rcode).toBe('NOERROR');
    }
    await client.ended;
  });

  it('§3.4 a client is told how long it may idle (RFC 7828)', async () => {
    const client = await overTls(await serve('tls'));
    client.send(encode({ ask: 'x.test. A', edns: { size: 1232, options: [[11, '']] } }));
    const { opt } = readReply(await client.receive());
    expect(opt?.options).toMatchObject([{ code: 11, data: Buffer.from([0, 100]) }]);
  });

  it('§3.4 a session may be resumed', async () => {
    const port = await serve('tls');
    const { socket } = openTls(port);
    onTestFinished(() => void socket.destroy());
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    socket.once('session', resolve);
    const resumed = await overTls(port, { session: await promise });
    expect(resumed.socket instanceof TLSSocket && resumed.socket.isSessionReused()).toBe(true);
    resumed.send(encode({ ask: 'x.test. A' }));
    expect(readReply(await resumed.receive()).rcode).toBe('NOERROR');
  });

  it('§4.2 (RFC 8310 §8) a client can tell by the certificate whom it asks', async () => {
    const port = await serve('tls');
    const strict = { ca: authority, rejectUnauthorized: true };
    const client = await overTls(port, { ...strict, servername: SERVER_NAME });
    client.send(encode({ ask: 'x.test. A' }));
    expect(readReply(await client.receive()).rcode).toBe('NOERROR');
    await expect(overTls(port, { ...strict, servername: 'other.test' })).rejects.toThrow('does not match');
  });

  it('the same question has the same answer as over TCP, but for padding', async () => {
    const [secure, plain] = [await overTls(await serve('tls')), await tcp(await serve('dns'))];
    for (const ask of ['x.test. A', 'x.test. AAAA', 'long.test. TXT', 'none.test. MX']) {
      for (const client of [secure, plain]) client.send(encode({ ask, edns: { size: 512 } }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await secure.receive()).toEqual(await plain.receive());
    }
  });
});
