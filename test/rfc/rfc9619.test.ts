/** RFC 9619, one question: what QDCOUNT may be. */
import { describe, expect, it } from 'vitest';
import { header, message, question } from '../conformance/octets.ts';
import { shop } from '../conformance/groups/shop.ts';
import { serving } from './asking.ts';

const { ask } = serving(shop);

const WEB = question('web.shop.svc.cluster.local', 1);
const DB = question('db.shop.svc.cluster.local', 1);
const NOTIFY = 4 << 11;

describe.each(['udp', 'tcp'] as const)('RFC 9619 over %s', (protocol) => {
  it('§4 one question is answered', async () => {
    const reply = await ask(message(header(), WEB), { protocol });
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.packet.answers).toHaveLength(1);
  });

  it.each([
    ['two that are the same', header({ questions: 2 }), [WEB, WEB]],
    ['two that differ', header({ questions: 2 }), [WEB, DB]],
    ['three', header({ questions: 3 }), [WEB, DB, WEB]],
    ['256, whose count has a lower octet of zero', header({ questions: 256 }), [WEB]],
    ['65535 that are announced alone', header({ questions: 0xffff }), []],
  ] as const)('§4 a message of more is malformed, FORMERR without any answer: %s', async (_, head, questions) => {
    const reply = await ask(message(head, ...questions), { protocol });
    expect(reply.rcode).toBe('FORMERR');
    expect(reply.records).toEqual([]);
  });

  it('§4 a reply has one question at most', async () => {
    for (const request of [
      message(header(), WEB),
      message(header({ questions: 2 }), WEB, DB),
      header({ questions: 0 }),
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- three questions
      const reply = await ask(request, { protocol });
      expect(reply.octets.readUInt16BE(4)).toBeLessThanOrEqual(1);
    }
  });

  it('a NOTIFY has one question too (RFC 1996)', async () => {
    const reply = await ask(message(header({ flags: NOTIFY, questions: 2 }), WEB, WEB), { protocol });
    expect(reply.rcode).toBe('FORMERR');
  });
});
