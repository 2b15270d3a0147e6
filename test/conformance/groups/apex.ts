/** The apex of a zone and the names that belong to the zone itself: SOA, NS, `ns.dns`, `dns-version`. */
import { type Group, answers, nodata, nxdomain, soa } from '../case.ts';
import { SHOP_MANIFESTS, shop } from './shop.ts';

/** The server runs as a Pod, 10.244.9.9, behind this Service. */
const BEHIND_KUBE_DNS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec:
  clusterIPs: [10.96.0.53, 'fd00:10:96::53']
  ipFamilies: [IPv4, IPv6]
  ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53, protocol: TCP }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: kube-dns-x, namespace: kube-system, labels: { kubernetes.io/service-name: kube-dns } }
addressType: IPv4
ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53, protocol: TCP }]
endpoints: [{ addresses: [10.244.9.9] }, { addresses: [10.244.9.10] }]
`;

/** The same behind a headless Service. */
const BEHIND_HEADLESS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Service
metadata: { name: names, namespace: kube-system }
spec: { clusterIP: None, ports: [{ name: dns, port: 53, protocol: UDP }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: names-x, namespace: kube-system, labels: { kubernetes.io/service-name: names } }
addressType: IPv4
ports: [{ name: dns, port: 53, protocol: UDP }]
endpoints: [{ addresses: [10.244.9.9], hostname: first }]
`;

const withTtl = (ttl: number): string => `. {\n  kubernetes cluster.local {\n    ttl ${ttl}\n  }\n}\n`;

export const apex: Group = {
  name: 'apex',
  setup: shop,
  rules: [
    {
      rule: 'the SOA record names ns.dns and hostmaster, and the time of the last change',
      e2e: true,
      cases: [{ ask: 'cluster.local. SOA', reply: answers(soa()) }],
    },
    {
      rule: 'its minimum is the ttl option, its own TTL at most 300',
      corefile: withTtl(3600),
      cases: [
        {
          ask: 'cluster.local. SOA',
          reply: answers('@ 300 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 3600'),
        },
        { ask: 'missing.shop.svc.cluster.local. A', reply: nxdomain('cluster.local.', 3600) },
      ],
    },
    {
      rule: 'a ttl of 0 is one',
      corefile: withTtl(0),
      cases: [
        { ask: 'cluster.local. SOA', reply: answers(soa('cluster.local.', 0)) },
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 0 IN A 10.96.0.10') },
        { ask: 'web.shop.svc.cluster.local. AAAA', reply: nodata('cluster.local.', 0) },
      ],
    },
    {
      rule: 'the serial is 0 before the first Service, slice or Pod',
      manifests: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: vacant }\n',
      cases: [
        {
          ask: 'cluster.local. SOA',
          reply: answers('@ 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 0 7200 1800 86400 5'),
        },
      ],
    },
    {
      rule: 'every other type of the apex is NODATA',
      cases: [
        { ask: 'cluster.local. A', reply: nodata() },
        { ask: 'cluster.local. AAAA', reply: nodata() },
        { ask: 'cluster.local. TXT', reply: nodata() },
        { ask: 'cluster.local. MX', reply: nodata() },
        { ask: 'cluster.local. CNAME', reply: nodata() },
        { ask: 'cluster.local. PTR', reply: nodata() },
        { ask: 'cluster.local. ANY', reply: nodata() },
        { ask: 'cluster.local. HTTPS', reply: nodata() },
        { ask: 'cluster.local. DNSKEY', reply: nodata() },
      ],
    },
    {
      rule: 'outside a Pod the name server is ns.dns, with the addresses of the machine',
      ownAddresses: ['192.0.2.10', '2001:db8::10', 'fe80::10'],
      cases: [
        {
          ask: 'cluster.local. NS',
          reply: {
            ...answers('@ 5 IN NS ns.dns.cluster.local.'),
            additional: [
              'ns.dns.cluster.local. 5 IN A 192.0.2.10',
              'ns.dns.cluster.local. 5 IN AAAA 2001:db8::10',
              'ns.dns.cluster.local. 5 IN AAAA fe80::10',
            ],
          },
        },
        { ask: 'ns.dns.cluster.local. A', reply: answers('@ 5 IN A 192.0.2.10') },
        {
          ask: 'ns.dns.cluster.local. AAAA',
          reply: answers('@ 5 IN AAAA 2001:db8::10', '@ 5 IN AAAA fe80::10'),
        },
      ],
    },
    {
      rule: 'with bind they are the addresses that the block is bound to',
      corefile: '. {\n  bind 192.0.2.7 2001:db8::7\n  kubernetes cluster.local\n}\n',
      ownAddresses: ['192.0.2.7', '192.0.2.8', '2001:db8::7'],
      cases: [
        {
          ask: 'cluster.local. NS',
          reply: {
            ...answers('@ 5 IN NS ns.dns.cluster.local.'),
            additional: ['ns.dns.cluster.local. 5 IN A 192.0.2.7', 'ns.dns.cluster.local. 5 IN AAAA 2001:db8::7'],
          },
        },
        { ask: 'ns.dns.cluster.local. A', reply: answers('@ 5 IN A 192.0.2.7') },
        { ask: 'ns.dns.cluster.local. AAAA', reply: answers('@ 5 IN AAAA 2001:db8::7') },
      ],
    },
    {
      rule: 'with bind to an endpoint of a Service the name server is that Service',
      corefile: '. {\n  bind 10.244.9.9\n  kubernetes cluster.local\n}\n',
      manifests: BEHIND_KUBE_DNS,
      ownAddresses: ['192.0.2.7', '10.244.9.9'],
      cases: [
        {
          ask: 'cluster.local. NS',
          reply: {
            ...answers('@ 5 IN NS kube-dns.kube-system.svc.cluster.local.'),
            additional: [
              'kube-dns.kube-system.svc.cluster.local. 5 IN A 10.96.0.53',
              'kube-dns.kube-system.svc.cluster.local. 5 IN AAAA fd00:10:96::53',
            ],
          },
        },
      ],
    },
    {
      rule: 'behind a Service the name server is that Service, with its cluster IPs',
      manifests: BEHIND_KUBE_DNS,
      ownAddresses: ['10.244.9.9'],
      cases: [
        {
          ask: 'cluster.local. NS',
          reply: {
            ...answers('@ 5 IN NS kube-dns.kube-system.svc.cluster.local.'),
            additional: [
              'kube-dns.kube-system.svc.cluster.local. 5 IN A 10.96.0.53',
              'kube-dns.kube-system.svc.cluster.local. 5 IN AAAA fd00:10:96::53',
            ],
          },
        },
        { ask: 'ns.dns.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.53') },
        { ask: 'ns.dns.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:96::53') },
      ],
    },
    {
      rule: 'behind a headless Service the name servers are its endpoints',
      manifests: BEHIND_HEADLESS,
      ownAddresses: ['10.244.9.9'],
      cases: [
        {
          ask: 'cluster.local. NS',
          reply: {
            ...answers('@ 5 IN NS first.names.kube-system.svc.cluster.local.'),
            additional: ['first.names.kube-system.svc.cluster.local. 5 IN A 10.244.9.9'],
          },
        },
        { ask: 'ns.dns.cluster.local. A', reply: answers('@ 5 IN A 10.244.9.9') },
      ],
    },
    {
      rule: 'NS and ns.dns do not depend on the case of the question',
      manifests: BEHIND_KUBE_DNS,
      ownAddresses: ['10.244.9.9'],
      cases: [
        { ask: 'NS.DNS.Cluster.LOCAL. A', reply: answers('@ 5 IN A 10.96.0.53') },
        { ask: 'ns.dns.CLUSTER.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:96::53') },
      ],
    },
    {
      rule: 'ns.dns exists for every type',
      ownAddresses: ['192.0.2.10'],
      cases: [
        { ask: 'ns.dns.cluster.local. AAAA', reply: nodata() },
        { ask: 'ns.dns.cluster.local. TXT', reply: nodata() },
        { ask: 'ns.dns.cluster.local. MX', reply: nodata() },
        { ask: 'ns.dns.cluster.local. NS', reply: nodata() },
        { ask: 'ns.dns.cluster.local. SOA', reply: nodata() },
        { ask: 'ns.dns.cluster.local. ANY', reply: nodata() },
      ],
    },
    {
      rule: 'dns is an empty non-terminal above it: NODATA (RFC 8020)',
      cases: [
        { ask: 'dns.cluster.local. A', reply: nodata() },
        { ask: 'dns.cluster.local. TXT', reply: nodata() },
        { ask: 'dns.cluster.local. SRV', reply: nodata() },
        { ask: 'dns.cluster.local. NS', reply: nodata() },
        { ask: 'other.dns.cluster.local. A', reply: nxdomain() },
        { ask: 'x.ns.dns.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'dns-version is a TXT record with the version of the specification',
      e2e: true,
      cases: [
        { ask: 'dns-version.cluster.local. TXT', reply: answers('@ 28800 IN TXT "1.1.0"') },
        { ask: 'dns-version.cluster.local. A', reply: nodata() },
        { ask: 'dns-version.cluster.local. AAAA', reply: nodata() },
        { ask: 'dns-version.cluster.local. SRV', reply: nodata() },
        { ask: 'dns-version.cluster.local. ANY', reply: nodata() },
        { ask: 'x.dns-version.cluster.local. TXT', reply: nxdomain() },
      ],
    },
    {
      rule: 'its TTL is not the ttl option',
      corefile: withTtl(60),
      cases: [{ ask: 'dns-version.cluster.local. TXT', reply: answers('@ 28800 IN TXT "1.1.0"') }],
    },
  ],
};
