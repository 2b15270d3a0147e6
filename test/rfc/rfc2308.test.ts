/** RFC 2308, negative answers: what they look like, and how long they are kept. */
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { SHOP_MANIFESTS, shop } from '../conformance/groups/shop.ts';
import { SOA, answering, bench, ttlsOf, upstream } from '../plugins/cache/support.ts';
import { recordsOf } from '../plugins/support.ts';
import { type Reply, serving } from './asking.ts';

const { ask } = serving(shop);
const slow = serving({ corefile: '. {\nkubernetes cluster.local {\nttl 3600\n}\n}\n', manifests: SHOP_MANIFESTS });

const MISSING = 'missing.shop.svc.cluster.local. A';
const NO_DATA = 'web.shop.svc.cluster.local. AAAA';

function soaOf(reply: Reply) {
  const [soa, ...others] = reply.packet.authorities;
  if (soa?.type !== 'SOA' || others.length > 0) throw new Error('one SOA record was expected');
  return soa;
}

const NXDOMAIN = upstream({ rcode: Rcode.NXDOMAIN, authority: [SOA] });
const NODATA = upstream({ authority: [SOA] });
/** Of `SOA`. */
const MINIMUM = 120;

describe('RFC 2308', () => {
  it('§2.1 a name error is NXDOMAIN, without answers, with the SOA record of the zone', async () => {
    const reply = await ask({ ask: MISSING });
    expect(reply.rcode).toBe('NXDOMAIN');
    expect(reply.packet.answers).toEqual([]);
    expect(soaOf(reply).name).toBe('cluster.local');
  });

  it('§2.2 no data is NOERROR, without answers, with the SOA record and without NS records', async () => {
    const reply = await ask({ ask: NO_DATA });
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.packet.answers).toEqual([]);
    expect(soaOf(reply).name).toBe('cluster.local');
  });

  it.each([MISSING, NO_DATA])(
    '§3 the TTL of the SOA record is its own or its minimum, the lesser: %s',
    async (asked) => {
      for (const server of [{ ask }, slow]) {
        // oxlint-disable-next-line no-await-in-loop -- two zones
        const [negative, apex] = await Promise.all([
          server.ask({ ask: asked }),
          server.ask({ ask: 'cluster.local. SOA' }),
        ]);
        const [own] = apex.packet.answers;
        if (own?.type !== 'SOA') throw new Error('no SOA record');
        expect(soaOf(negative).ttl).toBe(Math.min(own.ttl, own.data.minimum));
      }
    },
  );

  it.each([
    ['a name error', NXDOMAIN],
    ['no data', NODATA],
  ])('§5 %s is kept for the minimum of its SOA record, which counts down', async (_, reply) => {
    const { ask: look, wait, upstream: below } = await bench('cache', reply);
    expect(ttlsOf(look())).toEqual([MINIMUM]);
    wait(MINIMUM - 1);
    expect(ttlsOf(look())).toEqual([1]);
    expect(below.asked).toBe(1);
    wait(1);
    look();
    expect(below.asked).toBe(2);
  });

  it.each([
    ['a name error', upstream({ rcode: Rcode.NXDOMAIN })],
    ['no data', upstream({})],
  ])('§5 %s without an SOA record is not kept', async (_, reply) => {
    const { ask: look, upstream: below } = await bench('cache', reply);
    look();
    look();
    expect(below.asked).toBe(2);
  });

  it('§5 no data is kept for its type alone, and both for their class alone', async () => {
    const { ask: look, upstream: below } = await bench('cache', NODATA);
    look('www.example.', 'A');
    below.now(answering('www.example. 60 IN TXT "x"'));
    expect(look('www.example.', 'TXT')).toMatchObject({ answers: [{ type: 16 }] });
    look('www.example.', 'A', { class: 'CH' });
    expect(below.asked).toBe(3);
  });

  it('§6 a negative answer out of the cache has the SOA record that came with it', async () => {
    const { ask: look } = await bench('cache', NXDOMAIN);
    look();
    const again = look();
    if (again.kind !== 'reply') throw new Error('a reply was expected');
    expect(recordsOf(again.authority)).toEqual(['example. 120 IN SOA ns.example. mail.example. 7 3600 600 86400 120']);
  });

  it('§7.1 a server failure is kept, and for less than five minutes', async () => {
    const { ask: look, wait, upstream: below } = await bench('cache', upstream({ rcode: Rcode.SERVFAIL }));
    look();
    look();
    expect(below.asked).toBe(1);
    wait(300);
    look();
    expect(below.asked).toBe(2);
  });
});
