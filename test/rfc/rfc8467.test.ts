/** RFC 8467 and RFC 7830: replies whose lengths say little, where a client asks for that and nobody else can read them. */
import { describe, expect, it } from 'vitest';
import { tcp, udp } from '../server/running.ts';
import { Http2Client, target } from '../transport/https-clients.ts';
import { type Reply, encode, readReply } from './asking.ts';
import { overTls, serve } from './encrypted.ts';

const PADDING = 12;
const BLOCK = 468;

const asking = (ask: string, ...options: readonly [number, string][]) =>
  encode({ ask, edns: { size: 1232, options: [...options] } });

function paddingOf({ opt }: Reply): Buffer | undefined {
  const options = opt?.options.filter(({ code }) => code === PADDING) ?? [];
  expect(options.length).toBeLessThanOrEqual(1);
  return options[0]?.data;
}

async function overHttps(port: number, message: Buffer): Promise<Reply> {
  return readReply((await new Http2Client(port).get(target(message))).body);
}

describe('RFC 8467', () => {
  it.each(['x.test. A', 'none.test. A', 'long.test. TXT', `${'a'.repeat(60)}.${'b'.repeat(60)}.test. AAAA`])(
    '§4.1 over TLS and HTTPS a reply has a multiple of 468 octets: %s',
    async (ask) => {
      const client = await overTls(await serve('tls'));
      client.send(asking(ask, [PADDING, '00'.repeat(20)]));
      const replies = [
        readReply(await client.receive()),
        await overHttps(await serve('https'), asking(ask, [PADDING, ''])),
      ];
      for (const reply of replies) {
        expect(reply.octets.length % BLOCK).toBe(0);
        expect(reply.octets.length).toBeLessThan(3 * BLOCK);
        // RFC 7830 §3: the octets of the padding are zero.
        expect(paddingOf(reply)?.every((octet) => octet === 0)).toBe(true);
      }
    },
  );

  it('§4.1 a reply to a query that is malformed in what follows the question has no OPT record, and no padding', async () => {
    const client = await overTls(await serve('tls'));
    const broken = asking('x.test. A', [PADDING, '']);
    broken[broken.length - 1] = 9;
    client.send(broken);
    const reply = readReply(await client.receive());
    expect(reply.rcode).toBe('FORMERR');
    expect(reply.opt).toBeUndefined();
  });

  it('RFC 7830 §4 without the option in the query there is none in the reply', async () => {
    const client = await overTls(await serve('tls'));
    client.send(asking('x.test. A'));
    expect(paddingOf(readReply(await client.receive()))).toBeUndefined();
    client.send(encode({ ask: 'x.test. A' }));
    expect(readReply(await client.receive()).opt).toBeUndefined();
    expect(paddingOf(await overHttps(await serve('https'), asking('x.test. A')))).toBeUndefined();
  });

  it('padding stands beside the other options of a reply, and behind them', async () => {
    const client = await overTls(await serve('tls'));
    client.send(asking('none.test. A', [PADDING, ''], [11, ''], [10, '0102030405060708']));
    const reply = readReply(await client.receive());
    const codes = reply.opt?.options.map(({ code }) => code) ?? [];
    expect(codes.at(-1)).toBe(PADDING);
    expect(codes).toEqual(expect.arrayContaining([10, 11]));
    expect(reply.octets.length % BLOCK).toBe(0);
  });

  it('§4 over plain DNS no reply is made longer', async () => {
    const port = await serve('dns');
    for (const client of [await udp(port), await tcp(port)]) {
      client.send(asking('x.test. A', [PADDING, '']));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await client.receive()).length).toBeLessThan(BLOCK);
    }
  });
});
