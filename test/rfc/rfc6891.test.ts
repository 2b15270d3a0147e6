/** RFC 6891, EDNS(0): the OPT record of a reply, and the size of messages over UDP. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { header, message, opt, question } from '../conformance/octets.ts';
import { shop } from '../conformance/groups/shop.ts';
import { RIGHT, formerrToEdns, right } from '../support/upstreams/behaviours.ts';
import { a, parseQuery, reply as replyTo } from '../support/upstreams/octets.ts';
import { serving } from './asking.ts';
import { addressesOf, forwardTo, forwarder, questionsTo, upstream } from './forwarding.ts';
import { writtenNames } from './names.ts';

const { ask } = serving(shop);

const WEB = 'web.shop.svc.cluster.local. A';
const OPT = 41;
const QUESTIONS = [WEB, 'missing.shop.svc.cluster.local. A', 'www.example.org. A', 'cluster.local. AXFR'];

describe('RFC 6891', () => {
  it.each(QUESTIONS)(
    '§6.1.1 a question with an OPT record gets exactly one, whatever the outcome: %s',
    async (asked) => {
      const reply = await ask({ ask: asked, edns: { size: 1232 } });
      // Several would have been an error of `readReply`.
      expect(reply.opt).toMatchObject({ type: 'OPT', ednsVersion: 0 });
    },
  );

  it.each(QUESTIONS)('§6.1.1 a question without one gets none: %s', async (asked) => {
    expect((await ask({ ask: asked })).opt).toBeUndefined();
  });

  it('§6.1.1 more than one OPT record is FORMERR', async () => {
    const two = message(header({ additionals: 2 }), question('web.shop.svc.cluster.local', 1), opt(1232), opt(1232));
    expect((await ask(two)).rcode).toBe('FORMERR');
  });

  it('§6.1.2 its owner is the root, and it stands in the additional section', async () => {
    const { octets } = await ask({ ask: WEB, edns: { size: 1232 } });
    const last = writtenNames(octets).at(-1);
    expect(last).toMatchObject({ labels: [], pointer: undefined });
    expect(octets.readUInt16BE(last?.end ?? 0)).toBe(OPT);
    expect(octets.readUInt16BE(10)).toBe(1);
  });

  it('§6.1.3 the upper bits of the response code stand in it: zero for codes below 16', async () => {
    for (const asked of QUESTIONS) {
      // oxlint-disable-next-line no-await-in-loop -- four questions
      expect((await ask({ ask: asked, edns: { size: 1232 } })).opt).toMatchObject({ extendedRcode: 0 });
    }
  });

  it('§6.1.3 a version that is not known is BADVERS, with the highest version that is', async () => {
    const reply = await ask({ ask: WEB, edns: { size: 1232, version: 7 } });
    expect(reply.rcode).toBe('BADVERS');
    expect(reply.opt).toMatchObject({ ednsVersion: 0 });
  });

  it('§6.1.4 the reserved flags are zero in a reply', async () => {
    expect((await ask({ ask: WEB, edns: { size: 1232, z: 0x7fff } })).opt?.flags).toBe(0);
  });

  it('§6.2.3 a size below 512 counts as 512', async () => {
    const small = await ask({ ask: WEB, edns: { size: 20 } });
    const plain = await ask({ ask: WEB, edns: { size: 512 } });
    expect(small.packet.answers).toEqual(plain.packet.answers);
    expect(small.packet.answers).toHaveLength(1);
  });

  it('§6.2.3 the size is for UDP alone: a reply over TCP does not look at it', async () => {
    const { packet: decoded } = await ask(
      { ask: 'db.shop.svc.cluster.local. A', edns: { size: 0 } },
      { protocol: 'tcp' },
    );
    expect(decoded.answers).toHaveLength(2);
  });

  it('§7 a malformed OPT record is FORMERR, and the question is there', async () => {
    const request = message(
      header({ additionals: 1 }),
      question('web.shop.svc.cluster.local', 1),
      opt(1232, 'example'),
    );
    const reply = await ask(request);
    expect(reply.rcode).toBe('FORMERR');
    expect(reply.packet.questions).toMatchObject([{ name: 'web.shop.svc.cluster.local' }]);
  });
});

describe('RFC 6891, with upstreams', () => {
  const COOKIE = 10;
  const CLIENT_SUBNET = 8;

  it('§6.1.1 the OPT record of an upstream goes no further: a client without EDNS gets none', async () => {
    const world = await upstream((asked) => {
      const octets = replyTo(asked.octets, { answers: [a(RIGHT)] });
      octets.writeUInt16BE(1, 10);
      asked.send(Buffer.concat([octets, opt(1232)]));
    });
    const { ask: askThrough } = await forwarder(forwardTo([world]));
    const reply = await askThrough({ ask: 'www.example.test. A' });
    expect(addressesOf(reply)).toEqual([RIGHT]);
    expect(reply.opt).toBeUndefined();
  });

  it('§6.2.2 an upstream that cannot read EDNS is asked without it, and from then on at once', async () => {
    const old = await upstream(formerrToEdns);
    const { ask: askThrough } = await forwarder(forwardTo([old]));
    for (const name of ['one', 'two']) {
      // oxlint-disable-next-line no-await-in-loop -- what the first taught, the second uses
      expect(addressesOf(await askThrough({ ask: `${name}.example.test. A`, edns: { size: 1232 } }))).toEqual([RIGHT]);
    }
    expect(questionsTo(old).map((query) => parseQuery(query).edns)).toEqual([true, false, false]);
  });

  it('§6.2.6 options for one hop go no further; the others reach the upstream', async () => {
    const world = await upstream(right);
    const { ask: askThrough } = await forwarder(forwardTo([world]));
    const options = [
      [COOKIE, '0102030405060708'],
      [CLIENT_SUBNET, '00011800c00002'],
    ] as const;
    await askThrough({ ask: 'www.example.test. A', edns: { size: 1232, options } });
    const [record] = packet.decode(questionsTo(world)[0] ?? Buffer.alloc(12)).additionals;
    expect(record?.type === 'OPT' && record.options.map(({ code }) => code)).toEqual([CLIENT_SUBNET]);
  });
});
