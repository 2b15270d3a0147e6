/** Services of type ExternalName (Kubernetes DNS specification 1.1.0, section 2.5). */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { SHOP_MANIFESTS } from './shop.ts';

const external = (name: string, target: string, more = ''): string => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { type: ExternalName, externalName: '${target}'${more} }
`;

const MANIFESTS = [
  SHOP_MANIFESTS,
  external('front', 'web.shop.svc.cluster.local'),
  external('front-dot', 'web.shop.svc.cluster.local.'),
  external('front-headless', 'db.shop.svc.cluster.local'),
  external('front-endpoint', 'db-1.db.shop.svc.cluster.local'),
  external('hop', 'front.shop.svc.cluster.local'),
  external('hop-hop', 'hop.shop.svc.cluster.local'),
  external('lost', 'missing.shop.svc.cluster.local'),
  external('lost-namespace', 'web.nowhere.svc.cluster.local'),
  external('to-namespace', 'shop.svc.cluster.local'),
  external('itself', 'itself.shop.svc.cluster.local'),
  external('below', 'x.below.shop.svc.cluster.local'),
  external('ping', 'pong.shop.svc.cluster.local'),
  external('pong', 'ping.shop.svc.cluster.local'),
  external('outside', 'www.example.org'),
  external('outside-dot', 'www.example.org.'),
  external('outside-four', 'four.example.org'),
  external('outside-missing', 'gone.example.org'),
  external('outside-denied', 'www.denied.example'),
  external('outside-unserved', 'www.example.net'),
  external('outside-alias', 'www.alias.example'),
  external('hop-outside', 'outside.shop.svc.cluster.local'),
  external('other-zone', 'web.shop.svc.other.test'),
  external('other-zone-lost', 'missing.shop.svc.other.test'),
  external('address-4', '192.0.2.1'),
  external('address-6', '2001:db8::1'),
  external('with-ip', 'www.example.org', ', clusterIP: 10.96.0.99, ports: [{ name: http, port: 80 }]'),
].join('');

const COREFILE = `
cluster.local in-addr.arpa {
    kubernetes
}
example.org {
    hosts {
        192.0.2.80 www.example.org
        2001:db8::80 www.example.org
        192.0.2.81 four.example.org
        ttl 60
    }
}
denied.example {
    template IN ANY {
        rcode NXDOMAIN
    }
}
alias.example {
    template IN A {
        answer "{{ .Name }} 30 IN CNAME www.example.org."
    }
}
`;

export const externalName: Group = {
  name: 'external-name',
  setup: { corefile: COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'a target in the zone is answered with its records after the CNAME',
      cases: [
        {
          ask: 'front.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN CNAME web.shop.svc.cluster.local.', 'web.shop.svc.cluster.local. 5 IN A 10.96.0.10'),
            ordered: true,
          },
        },
        {
          ask: 'front-dot.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN CNAME web.shop.svc.cluster.local.', 'web.shop.svc.cluster.local. 5 IN A 10.96.0.10'),
            ordered: true,
          },
        },
        {
          ask: 'front-headless.shop.svc.cluster.local. A',
          reply: {
            ...answers(
              '@ 5 IN CNAME db.shop.svc.cluster.local.',
              'db.shop.svc.cluster.local. 5 IN A 10.244.2.1',
              'db.shop.svc.cluster.local. 5 IN A 10.244.2.2',
            ),
            ordered: true,
          },
        },
        {
          ask: 'front-endpoint.shop.svc.cluster.local. A',
          reply: {
            ...answers(
              '@ 5 IN CNAME db-1.db.shop.svc.cluster.local.',
              'db-1.db.shop.svc.cluster.local. 5 IN A 10.244.2.2',
            ),
            ordered: true,
          },
        },
      ],
    },
    {
      rule: 'a target that is an ExternalName itself is followed',
      cases: [
        {
          ask: 'hop.shop.svc.cluster.local. A',
          reply: {
            ...answers(
              '@ 5 IN CNAME front.shop.svc.cluster.local.',
              'front.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.',
              'web.shop.svc.cluster.local. 5 IN A 10.96.0.10',
            ),
            ordered: true,
          },
        },
        {
          ask: 'hop-hop.shop.svc.cluster.local. A',
          reply: {
            ...answers(
              '@ 5 IN CNAME hop.shop.svc.cluster.local.',
              'hop.shop.svc.cluster.local. 5 IN CNAME front.shop.svc.cluster.local.',
              'front.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.',
              'web.shop.svc.cluster.local. 5 IN A 10.96.0.10',
            ),
            ordered: true,
          },
        },
        {
          ask: 'hop-outside.shop.svc.cluster.local. A',
          reply: {
            ...answers(
              '@ 5 IN CNAME outside.shop.svc.cluster.local.',
              'outside.shop.svc.cluster.local. 5 IN CNAME www.example.org.',
              'www.example.org. 60 IN A 192.0.2.80',
            ),
            ordered: true,
          },
        },
      ],
    },
    {
      rule: 'a target in the zone without records of the type leaves no CNAME: NODATA',
      cases: [
        { ask: 'front.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'lost.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'lost.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'lost-namespace.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'to-namespace.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'hop.shop.svc.cluster.local. AAAA', reply: nodata() },
      ],
    },
    {
      rule: 'a target that is the name, or below it, or leads back to it is NODATA',
      cases: [
        { ask: 'itself.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'below.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'ping.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'ping.shop.svc.cluster.local. AAAA', reply: nodata() },
      ],
    },
    {
      rule: 'a target elsewhere is asked of the server itself',
      cases: [
        {
          ask: 'outside.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN CNAME www.example.org.', 'www.example.org. 60 IN A 192.0.2.80'),
            ordered: true,
          },
        },
        {
          ask: 'outside.shop.svc.cluster.local. AAAA',
          reply: {
            ...answers('@ 5 IN CNAME www.example.org.', 'www.example.org. 60 IN AAAA 2001:db8::80'),
            ordered: true,
          },
        },
        {
          ask: 'outside-dot.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN CNAME www.example.org.', 'www.example.org. 60 IN A 192.0.2.80'),
            ordered: true,
          },
        },
        {
          ask: 'outside-alias.shop.svc.cluster.local. A',
          note: 'an alias there too',
          reply: {
            ...answers(
              '@ 5 IN CNAME www.alias.example.',
              'www.alias.example. 30 IN CNAME www.example.org.',
              'www.example.org. 60 IN A 192.0.2.80',
            ),
            ordered: true,
          },
        },
      ],
    },
    {
      rule: 'a target elsewhere that gives nothing leaves the CNAME alone, NOERROR',
      cases: [
        { ask: 'outside-four.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN CNAME four.example.org.') },
        { ask: 'outside-missing.shop.svc.cluster.local. A', reply: answers('@ 5 IN CNAME gone.example.org.') },
        { ask: 'outside-denied.shop.svc.cluster.local. A', reply: answers('@ 5 IN CNAME www.denied.example.') },
        { ask: 'outside-unserved.shop.svc.cluster.local. A', reply: answers('@ 5 IN CNAME www.example.net.') },
        { ask: 'outside-unserved.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN CNAME www.example.net.') },
      ],
    },
    {
      rule: 'another zone of the same plugin is elsewhere',
      corefile: '. {\n  kubernetes cluster.local other.test\n}\n',
      cases: [
        {
          ask: 'other-zone.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN CNAME web.shop.svc.other.test.', 'web.shop.svc.other.test. 5 IN A 10.96.0.10'),
            ordered: true,
          },
        },
        {
          ask: 'other-zone-lost.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN CNAME missing.shop.svc.other.test.'),
        },
        { ask: 'other-zone-lost.shop.svc.other.test. A', reply: nodata('other.test.') },
      ],
    },
    {
      rule: 'a question for the CNAME has the CNAME alone, wherever it leads',
      cases: [
        { ask: 'front.shop.svc.cluster.local. CNAME', reply: answers('@ 5 IN CNAME web.shop.svc.cluster.local.') },
        { ask: 'outside.shop.svc.cluster.local. CNAME', reply: answers('@ 5 IN CNAME www.example.org.') },
        {
          ask: 'lost.shop.svc.cluster.local. CNAME',
          reply: answers('@ 5 IN CNAME missing.shop.svc.cluster.local.'),
        },
      ],
    },
    {
      rule: 'other types are NODATA, without the CNAME',
      cases: [
        { ask: 'outside.shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: 'outside.shop.svc.cluster.local. HTTPS', reply: nodata() },
        { ask: 'outside.shop.svc.cluster.local. MX', reply: nodata() },
        { ask: 'outside.shop.svc.cluster.local. NS', reply: nodata() },
        { ask: 'outside.shop.svc.cluster.local. ANY', reply: nodata() },
        { ask: 'outside.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: 'front.shop.svc.cluster.local. TXT', reply: nodata() },
      ],
    },
    {
      rule: 'it has neither ports nor endpoints',
      cases: [
        { ask: '_http._tcp.with-ip.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_http._tcp.with-ip.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'x.outside.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'an externalName that is an address makes no Service',
      cases: [
        { ask: 'address-4.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'address-4.shop.svc.cluster.local. CNAME', reply: nxdomain() },
        { ask: 'address-4.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'address-6.shop.svc.cluster.local. AAAA', reply: nxdomain() },
      ],
    },
    {
      rule: 'its cluster IPs are ignored',
      cases: [
        {
          ask: 'with-ip.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN CNAME www.example.org.', 'www.example.org. 60 IN A 192.0.2.80'),
            ordered: true,
          },
        },
        { ask: '99.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
      ],
    },
  ],
};
