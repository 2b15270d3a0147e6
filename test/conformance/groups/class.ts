/** Classes other than IN. */
import { type Group, failed } from '../case.ts';
import { shop } from './shop.ts';

const WHOAMI = '. {\n  whoami\n}\n';

export const classes: Group = {
  name: 'class',
  setup: shop,
  rules: [
    {
      rule: 'every class but IN is REFUSED',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A CH', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. A HS', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. A NONE', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. A ANY', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. A 0', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. A 65535', reply: failed('REFUSED') },
        { ask: 'version.bind. TXT CH', reply: failed('REFUSED') },
        { ask: 'cluster.local. AXFR CH', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. A CH', protocol: 'tcp', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'also where a plugin would answer anything',
      corefile: WHOAMI,
      cases: [{ ask: 'www.example.org. A CH', reply: failed('REFUSED') }],
    },
    {
      rule: 'an OPT record is mirrored, and the class is looked at before the EDNS version',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A CH', edns: { size: 1232, dnssecOk: true }, reply: failed('REFUSED') },
        {
          ask: 'web.shop.svc.cluster.local. A CH',
          edns: { size: 1232, version: 1 },
          reply: failed('REFUSED'),
          note: 'version 1',
        },
      ],
    },
  ],
};
