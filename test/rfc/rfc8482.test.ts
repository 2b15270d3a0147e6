/** RFC 8482, minimal answers to QTYPE ANY. */
import { describe, expect, it } from 'vitest';
import { shop } from '../conformance/groups/shop.ts';
import { encode, serving } from './asking.ts';

const { ask } = serving(shop);
const configured = serving({
  corefile: `
. {
    template IN ANY any.test {
        answer "{{ .Name }} 3600 IN HINFO \\"RFC8482\\" \\"\\""
    }
}
`,
  manifests: '',
});

const refusing = serving({
  ...shop,
  corefile: '. {\nany\nkubernetes cluster.local\n}\n',
});

const NAMES = [
  'cluster.local',
  'web.shop.svc.cluster.local',
  'db.shop.svc.cluster.local',
  'db-0.db.shop.svc.cluster.local',
];

describe('RFC 8482', () => {
  it.each(NAMES)('§4 the server chooses not to answer ANY with all that it has: %s', async (name) => {
    const request = encode({ ask: `${name}. ANY` });
    const reply = await ask(request);
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.packet.answers.length).toBeLessThanOrEqual(1);
    // Less than what a reflected question should be worth.
    expect(reply.octets.length).toBeLessThan(3 * request.length);
  });

  it.each(NAMES)('§4.4 over TCP it does the same: %s', async (name) => {
    const [overUdp, overTcp] = [
      await ask({ ask: `${name}. ANY` }),
      await ask({ ask: `${name}. ANY` }, { protocol: 'tcp' }),
    ];
    expect(overTcp.packet.answers).toEqual(overUdp.packet.answers);
  });

  it('§4 ANY for a name that does not exist is a name error', async () => {
    expect((await ask({ ask: 'missing.shop.svc.cluster.local. ANY' })).rcode).toBe('NXDOMAIN');
  });

  it('§4.2 an HINFO record of the configuration is an answer to ANY', async () => {
    const any = await configured.ask({ ask: 'x.any.test. ANY' });
    expect(any.packet.answers).toMatchObject([{ type: 'HINFO', data: { cpu: 'RFC8482', os: '' } }]);
  });

  it.each(['udp', 'tcp'] as const)(
    '§4.2 with `any` the answer is an HINFO record that is synthesized, over %s and for every name',
    async (protocol) => {
      for (const name of [...NAMES, 'missing.shop.svc.cluster.local']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { rcode, records } = await refusing.ask({ ask: `${name}. ANY` }, { protocol });
        expect(rcode).toBe('NOERROR');
        expect(records).toMatchObject([
          { name, type: 'HINFO', class: 'IN', ttl: 8482, data: { cpu: 'ANY obsoleted' } },
        ]);
      }
    },
  );

  it('§4.2 with `any` questions for other types are answered as without', async () => {
    const [plain, refused] = [
      await ask({ ask: 'web.shop.svc.cluster.local. A' }),
      await refusing.ask({ ask: 'web.shop.svc.cluster.local. A' }),
    ];
    expect(refused.records).toEqual(plain.records);
    expect(plain.packet.answers).toHaveLength(1);
  });
});
