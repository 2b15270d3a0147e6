/** RFC 8484, DNS over HTTPS. What each wrong request is answered with stands in test/transport/https.test.ts. */
import { describe, expect, it } from 'vitest';
import { tcp } from '../server/running.ts';
import { DNS_MESSAGE, Http1Client, Http2Client, target } from '../transport/https-clients.ts';
import { encode, readReply } from './asking.ts';
import { serve } from './encrypted.ts';

const QUESTION = encode({ ask: 'x.test. A' });

describe('RFC 8484', () => {
  it('§4.1 a query is in the target of a GET, base64url without padding, or in the body of a POST', async () => {
    const client = new Http2Client(await serve('https'));
    const [got, posted] = [await client.get(target(QUESTION)), await client.post(QUESTION)];
    for (const { status, body } of [got, posted]) {
      expect(status).toBe(200);
      expect(readReply(body).packet.answers).toMatchObject([{ type: 'A', data: '192.0.2.1' }]);
    }
    expect(got.body).toEqual(posted.body);
  });

  it('§4.1 an example of the document, with the identifier 0', async () => {
    const client = new Http2Client(await serve('https'));
    const { body } = await client.get('/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB');
    const reply = readReply(body);
    expect(reply.packet.id).toBe(0);
    expect(reply.packet.questions).toMatchObject([{ name: 'www.example.com', type: 'A' }]);
  });

  it('§4.2.1 what DNS says is in the message; every message is a success of HTTP', async () => {
    const client = new Http2Client(await serve('https'));
    const questions = [encode({ ask: 'none.test. A' }), encode({ ask: 'x.test. A', flags: 0x2800 })];
    const replies = await Promise.all(questions.map((question) => client.post(question)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(replies.map(({ body }) => readReply(body).rcode)).toEqual(['NXDOMAIN', 'NOTIMP']);
  });

  it.each([
    ['x.test. A', 42],
    ['none.test. A', 17],
  ])('§5.1 how fresh a response is: %s for %i s', async (ask, seconds) => {
    const client = new Http2Client(await serve('https'));
    const { headers } = await client.get(target(encode({ ask })));
    expect(headers['cache-control']).toBe(`max-age=${seconds}`);
  });

  it('§5.2 it is HTTP/2, with responses in any order on one connection', async () => {
    const client = new Http2Client(await serve('https'));
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        client.get(target(encode({ ask: i % 2 === 0 ? 'x.test. A' : 'none.test. A' }))),
      ),
    );
    expect(replies.map(({ body }) => readReply(body).rcode)).toEqual(
      replies.map((_, i) => (i % 2 === 0 ? 'NOERROR' : 'NXDOMAIN')),
    );
  });

  it('§5.2 HTTP/1.1 does as well', async () => {
    const client = await Http1Client.overTls(await serve('https'));
    client.request('POST', '/dns-query', { 'Content-Type': DNS_MESSAGE, 'Content-Length': QUESTION.length }, QUESTION);
    expect(readReply((await client.receive()).body).rcode).toBe('NOERROR');
  });

  it('§6 messages are those of DNS, as over TCP: not cut to the size that is offered for UDP', async () => {
    const client = new Http2Client(await serve('https'));
    const question = encode({ ask: 'long.test. TXT', edns: { size: 512 } });
    const plain = await tcp(await serve('dns'));
    plain.send(question);
    const { body } = await client.post(question);
    expect(body).toEqual(await plain.receive());
    expect(body.length).toBeGreaterThan(512);
    expect(readReply(body).flags & 0x0200).toBe(0);
  });
});
