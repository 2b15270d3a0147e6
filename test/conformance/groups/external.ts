/** Services by their external addresses, for clients outside the cluster: `k8s_external`. */
import { type ExpectedReply, type Group, answers } from '../case.ts';

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.10
  externalIPs: [203.0.113.10]
  ports: [{ name: http, port: 80 }]
status: { loadBalancer: { ingress: [{ ip: 203.0.113.11 }, { ip: "2001:db8::11" }] } }
---
apiVersion: v1
kind: Service
metadata: { name: named, namespace: shop }
spec: { type: LoadBalancer, clusterIP: 10.96.0.11, ports: [{ name: http, port: 80 }] }
status: { loadBalancer: { ingress: [{ hostname: web.shop.svc.cluster.local }] } }
---
apiVersion: v1
kind: Service
metadata: { name: inside, namespace: shop }
spec: { clusterIP: 10.96.0.12, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, ports: [{ name: sql, port: 5432 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-x, namespace: shop, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
ports: [{ name: sql, port: 5432 }]
endpoints:
  - { addresses: [10.244.1.1], hostname: db-0 }
`;

const COREFILE = `
. {
    k8s_external example.org 203.0.113.0/24
    kubernetes cluster.local
}
`;
const HEADLESS = COREFILE.replace('203.0.113.0/24', '203.0.113.0/24 {\nheadless\nttl 60\n}');

function soa(zone: string, ttl: number): string {
  return `${zone} ${ttl} IN SOA ns1.dns.${zone} hostmaster.dns.${zone} SERIAL 7200 1800 86400 ${ttl}`;
}

function negative(rcode: string, zone = 'example.org.', ttl = 5): ExpectedReply {
  return { rcode, aa: true, authority: [soa(zone, ttl)] };
}

const REVERSE = '113.0.203.in-addr.arpa.';

export const external: Group = {
  name: 'external',
  setup: { corefile: COREFILE, manifests: MANIFESTS, ownAddresses: ['192.0.2.1'] },
  rules: [
    {
      rule: 'a Service has its external addresses',
      e2e: true,
      cases: [
        {
          ask: 'Web.shop.example.org. A',
          reply: answers('@ 5 IN A 203.0.113.10', '@ 5 IN A 203.0.113.11'),
        },
        { ask: 'web.shop.example.org. AAAA', reply: answers('@ 5 IN AAAA 2001:db8::11') },
        { ask: 'web.shop.example.org. TXT', reply: negative('NOERROR') },
        { ask: 'inside.shop.example.org. A', reply: negative('NXDOMAIN') },
        { ask: 'web.other.example.org. A', reply: negative('NXDOMAIN') },
        { ask: 'shop.example.org. A', reply: negative('NOERROR') },
        {
          ask: '_http._tcp.web.shop.example.org. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 33 80 web.shop.example.org.'),
            additional: [
              'web.shop.example.org. 5 IN A 203.0.113.10',
              'web.shop.example.org. 5 IN A 203.0.113.11',
              'web.shop.example.org. 5 IN AAAA 2001:db8::11',
            ],
          },
        },
      ],
    },
    {
      rule: 'the host name of a load balancer is a CNAME, which the server itself follows',
      e2e: true,
      cases: [
        {
          ask: 'named.shop.example.org. A',
          reply: answers('@ 5 IN CNAME web.shop.svc.cluster.local.', 'web.shop.svc.cluster.local. 5 IN A 10.96.0.10'),
        },
        { ask: 'named.shop.example.org. CNAME', reply: answers('@ 5 IN CNAME web.shop.svc.cluster.local.') },
      ],
    },
    {
      rule: 'headless Services are shown where they are asked for',
      corefile: HEADLESS,
      cases: [
        { ask: 'db.shop.example.org. A', reply: answers('@ 60 IN A 10.244.1.1') },
        { ask: 'db-0.db.shop.example.org. A', reply: answers('@ 60 IN A 10.244.1.1') },
        { ask: 'db-1.db.shop.example.org. A', reply: negative('NXDOMAIN', 'example.org.', 60) },
        { ask: 'x.web.shop.example.org. A', reply: negative('NXDOMAIN', 'example.org.', 60) },
      ],
    },
    {
      rule: 'reverse names lead to the first zone',
      cases: [
        { ask: `10.${REVERSE} PTR`, reply: answers('@ 5 IN PTR web.shop.example.org.') },
        { ask: `99.${REVERSE} PTR`, reply: negative('NXDOMAIN', REVERSE) },
        { ask: `10.${REVERSE} A`, reply: negative('NOERROR', REVERSE) },
      ],
    },
    {
      rule: 'the apex has SOA and NS',
      cases: [
        { ask: 'example.org. SOA', reply: answers(soa('@', 5).replaceAll('.@', '.example.org.')) },
        {
          ask: 'example.org. NS',
          reply: {
            ...answers('@ 5 IN NS ns1.dns.example.org.'),
            additional: ['ns1.dns.example.org. 5 IN A 192.0.2.1'],
          },
        },
        { ask: 'ns1.dns.example.org. A', reply: answers('@ 5 IN A 192.0.2.1') },
        { ask: 'dns.example.org. A', reply: negative('NOERROR') },
        { ask: 'ns2.dns.example.org. A', reply: negative('NXDOMAIN') },
      ],
    },
  ],
};
