/** RFC 8020: NXDOMAIN means that there is nothing underneath. */
import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../plugins/file/zones.ts';
import { shop } from '../conformance/groups/shop.ts';
import { serving } from './asking.ts';
import { servingZone } from './zone-file.ts';

const zone = servingZone('example.test', EVERYTHING);
const cluster = serving(shop);

const OWNERS = [...EVERYTHING.matchAll(/^([\w*][^\s;]*)/gm)].map(([, owner]) => owner ?? '');
/** Every name of the zone, and every name above one. */
const EXISTING = [...new Set(OWNERS.flatMap((owner) => owner.split('.').map((_, i, all) => all.slice(i).join('.'))))];

describe('RFC 8020', () => {
  it('§2 a name with a name below it is no NXDOMAIN, whether it has records or not', async () => {
    expect(EXISTING.length).toBeGreaterThan(50);
    for (const name of EXISTING) {
      // oxlint-disable-next-line no-await-in-loop -- one question after another
      const { rcode } = await zone.ask({ ask: `${name}.example.test. SRV` });
      // Aliases have the rcode of what they lead to.
      // oxlint-disable-next-line no-await-in-loop
      const { packet } = await zone.ask({ ask: `${name}.example.test. CNAME` });
      if (packet.answers.length === 0) expect(rcode, name).not.toBe('NXDOMAIN');
    }
  });

  it('§2 below an NXDOMAIN there is only NXDOMAIN, also if a wildcard stands elsewhere', async () => {
    for (const name of ['nothing', 'x.below', 'x.www', 'x.exact.star', 'x.*.star', 'nothing.deep.down.below']) {
      for (const prefix of ['', 'x.', '*.', 'a.b.c.', '_http._tcp.']) {
        // oxlint-disable-next-line no-await-in-loop
        const { rcode } = await zone.ask({ ask: `${prefix}${name}.example.test. A` });
        expect(rcode, prefix + name).toBe('NXDOMAIN');
      }
    }
  });

  it.each(['svc', 'shop.svc', '_tcp.web.shop.svc'])(
    '§2 in the cluster zone %s exists as what it is above of does',
    async (name) => {
      expect((await cluster.ask({ ask: `${name}.cluster.local. A` })).rcode).toBe('NOERROR');
    },
  );

  it('§2 in the cluster zone nothing is below a name that does not exist', async () => {
    for (const name of ['missing.shop.svc', 'a.missing.shop.svc', 'nowhere.svc', 'a.b.nowhere.svc']) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await cluster.ask({ ask: `${name}.cluster.local. A` })).rcode, name).toBe('NXDOMAIN');
    }
  });
});
