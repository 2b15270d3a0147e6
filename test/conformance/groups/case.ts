/** The case of letters, and where it comes from (RFC 4343); names as pointers and names spelled out (RFC 1035, RFC 2782). */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { SHOP_MANIFESTS } from './shop.ts';

const MANIFESTS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Service
metadata: { name: alias, namespace: shop }
spec: { type: ExternalName, externalName: www.example.org }
`;

const COREFILE = `
Cluster.LOCAL in-addr.arpa ip6.arpa {
    kubernetes {
        pods insecure
    }
}
`;

export const letterCase: Group = {
  name: 'case',
  setup: { corefile: COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: "the owner of an answer is the question's name in the client's letters",
      cases: [
        { ask: 'wEb.ShOp.sVc.ClUsTeR.lOcAl. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'DB.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.2.1', '@ 5 IN A 10.244.2.2') },
        { ask: 'Db-0.db.SHOP.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.2.1') },
        { ask: '_HTTP._Tcp.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'DNS-Version.CLUSTER.local. TXT', reply: answers('@ 28800 IN TXT "1.1.0"') },
        { ask: 'FD00--AB.shop.Pod.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00::ab') },
        { ask: 'ALIAS.shop.svc.cluster.local. CNAME', reply: answers('@ 5 IN CNAME www.example.org.') },
        { ask: '10.0.96.10.IN-ADDR.Arpa. PTR', reply: answers('@ 5 IN PTR web.shop.svc.cluster.local.') },
      ],
    },
    {
      rule: 'names exist or not without regard to case',
      cases: [
        {
          ask: 'WEB.SHOP.SVC.CLUSTER.LOCAL. AAAA',
          reply: nodata('CLUSTER.LOCAL.'),
        },
        { ask: 'Shop.SVC.cluster.local. A', reply: nodata() },
        { ask: 'SVC.cluster.local. A', reply: nodata() },
        { ask: 'dns.Cluster.Local. A', reply: nodata('Cluster.Local.') },
        { ask: '_TCP.web.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'Missing.shop.svc.Cluster.Local. A', reply: nxdomain('Cluster.Local.') },
        { ask: '_HTTP._Udp.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
    {
      rule: "the SOA record has the zone in the client's letters",
      cases: [
        {
          ask: 'CLUSTER.local. SOA',
          reply: answers('@ 5 IN SOA ns.dns.CLUSTER.local. hostmaster.CLUSTER.local. SERIAL 7200 1800 86400 5'),
        },
      ],
    },
    {
      rule: "the target of an SRV record is spelled out, in the object's letters and the zone's in lower case",
      cases: [
        {
          ask: 'WEB.Depot.SVC.Cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 8080 web.depot.svc.cluster.local.'),
            additional: ['@ 5 IN A 10.96.1.10'],
            spelledOut: 'web.depot.svc.cluster.local.',
            octets: 108,
          },
        },
        {
          ask: 'DB-0.db.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 5432 db-0.db.shop.svc.cluster.local.'),
            additional: ['@ 5 IN A 10.244.2.1'],
            spelledOut: 'db-0.db.shop.svc.cluster.local.',
          },
        },
      ],
    },
    {
      rule: 'an owner is a pointer into the question, and so is the zone of the SOA record',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: { ...answers('@ 5 IN A 10.96.0.10'), octets: 60 } },
        {
          ask: 'db.shop.svc.cluster.local. A',
          reply: { ...answers('@ 5 IN A 10.244.2.1', '@ 5 IN A 10.244.2.2'), octets: 75 },
        },
        { ask: 'web.shop.svc.cluster.local. AAAA', reply: { ...nodata(), octets: 98 } },
        {
          ask: '10.0.96.10.in-addr.arpa. PTR',
          reply: { ...answers('@ 5 IN PTR web.shop.svc.cluster.local.'), octets: 81 },
        },
      ],
    },
  ],
};
