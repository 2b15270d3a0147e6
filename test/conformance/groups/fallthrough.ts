/** What `fallthrough` passes on to the next plugin. `whoami` stands below; it answers everything. */
import { CLIENT_ADDRESS, type ExpectedReply, type Group, answers, failed, nodata, nxdomain } from '../case.ts';

import { SHOP_MANIFESTS } from './shop.ts';

/** What `whoami` says: the client's address and port. */
const PASSED_ON: ExpectedReply = {
  rcode: 'NOERROR',
  aa: true,
  additional: [`@ 0 IN A ${CLIENT_ADDRESS}`, '_udp.@ 0 IN SRV 0 0 PORT .'],
};

const corefile = (option: string): string => `
. {
    whoami
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        ${option}
    }
}
`;

export const fallthrough: Group = {
  name: 'fallthrough',
  setup: { corefile: corefile('fallthrough'), manifests: SHOP_MANIFESTS },
  rules: [
    {
      rule: 'without it a name error is the answer; only names outside the zones are passed on',
      corefile: corefile(''),
      cases: [
        { ask: 'missing.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '200.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: 'www.example.org. A', reply: PASSED_ON },
        { ask: 'xcluster.local. A', reply: PASSED_ON },
      ],
    },
    {
      rule: 'without zones every name error is passed on',
      cases: [
        { ask: 'missing.shop.svc.cluster.local. A', reply: PASSED_ON },
        { ask: 'foo.cluster.local. TXT', reply: PASSED_ON },
        { ask: 'web.nowhere.svc.cluster.local. A', reply: PASSED_ON },
        { ask: '_smtp._tcp.web.shop.svc.cluster.local. SRV', reply: PASSED_ON },
        { ask: '10-0-0-1.shop.pod.cluster.local. A', reply: PASSED_ON },
        { ask: '200.0.96.10.in-addr.arpa. PTR', reply: PASSED_ON },
        { ask: '11.in-addr.arpa. PTR', reply: PASSED_ON },
      ],
    },
    {
      rule: 'answers and NODATA are never passed on',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'web.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: 'shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'cluster.local. A', reply: nodata() },
        { ask: 'missing.shop.svc.cluster.local. SOA', reply: nodata() },
        { ask: '_tcp.web.shop.svc.cluster.local. A', reply: nodata(), note: 'an empty non-terminal' },
        { ask: '10.in-addr.arpa. PTR', reply: nodata('in-addr.arpa.'), note: 'an empty non-terminal' },
        { ask: '11.0.96.10.in-addr.arpa. A', reply: nodata('in-addr.arpa.') },
        { ask: 'cluster.local. AXFR', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'with zones only name errors in them are passed on',
      corefile: corefile('fallthrough in-addr.arpa ip6.arpa'),
      cases: [
        { ask: '200.0.96.10.in-addr.arpa. PTR', reply: PASSED_ON },
        { ask: '8.8.8.8.in-addr.arpa. PTR', reply: PASSED_ON },
        { ask: 'f.f.ip6.arpa. PTR', reply: PASSED_ON },
        { ask: '10.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR web.shop.svc.cluster.local.') },
        { ask: 'missing.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'foo.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'a zone of it may lie below those of the plugin, and ends at a label',
      corefile: corefile('fallthrough depot.svc.cluster.local'),
      cases: [
        { ask: 'missing.depot.svc.cluster.local. A', reply: PASSED_ON },
        { ask: 'missing.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'x.xdepot.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'its zones are compared without case',
      corefile: corefile('fallthrough CLUSTER.Local'),
      cases: [{ ask: 'Missing.shop.svc.cluster.LOCAL. A', reply: PASSED_ON }],
    },
    {
      rule: 'with nothing below there is no one to ask: SERVFAIL',
      corefile: '. {\n  kubernetes cluster.local in-addr.arpa {\n    fallthrough\n  }\n}\n',
      cases: [
        { ask: 'missing.shop.svc.cluster.local. A', reply: failed('SERVFAIL') },
        { ask: '200.0.96.10.in-addr.arpa. PTR', reply: failed('SERVFAIL') },
        { ask: 'web.shop.svc.cluster.local. AAAA', reply: nodata() },
      ],
    },
  ],
};
