/** Services and endpoints of both address families (Kubernetes DNS specification 1.1.0, sections 2.3, 2.4). */
import { type Group, answers, nodata } from '../case.ts';
import { CLUSTER_COREFILE } from './shop.ts';

const MANIFESTS = `
apiVersion: v1
kind: Service
metadata: { name: both, namespace: shop }
spec:
  clusterIP: 10.96.2.1
  clusterIPs: [10.96.2.1, 'fd00:10:96::2:1']
  ipFamilies: [IPv4, IPv6]
  ipFamilyPolicy: RequireDualStack
  ports: [{ name: http, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: six-first, namespace: shop }
spec:
  clusterIP: 'fd00:10:96::2:2'
  clusterIPs: ['fd00:10:96::2:2', 10.96.2.2]
  ipFamilies: [IPv6, IPv4]
  ipFamilyPolicy: PreferDualStack
  ports: [{ name: http, port: 80 }, { name: https, port: 443 }]
---
apiVersion: v1
kind: Service
metadata: { name: six, namespace: shop }
spec: { clusterIP: 'fd00:10:96::2:3', ipFamilies: [IPv6], ports: [{ name: http, port: 80 }] }
---
# Endpoints with hostnames: one name, an address of each family.
apiVersion: v1
kind: Service
metadata: { name: named, namespace: shop }
spec: { clusterIP: None, ipFamilies: [IPv4, IPv6], ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: named-4, namespace: shop, labels: { kubernetes.io/service-name: named } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.1.1], hostname: n-0 }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: named-6, namespace: shop, labels: { kubernetes.io/service-name: named } }
addressType: IPv6
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: ['fd00:10:244::1:1'], hostname: n-0 }]
---
# Endpoints without: a name for each address.
apiVersion: v1
kind: Service
metadata: { name: plain, namespace: shop }
spec: { clusterIP: None, ipFamilies: [IPv4, IPv6], ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: plain-4, namespace: shop, labels: { kubernetes.io/service-name: plain } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.1.2] }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: plain-6, namespace: shop, labels: { kubernetes.io/service-name: plain } }
addressType: IPv6
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: ['fd00:10:244::1:2'] }]
`;

export const dualStack: Group = {
  name: 'dual-stack',
  setup: { corefile: CLUSTER_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'each family has its own records',
      e2e: true,
      cases: [
        { ask: 'both.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.2.1') },
        { ask: 'both.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:96::2:1') },
        { ask: 'six-first.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.2.2') },
        { ask: 'six-first.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:96::2:2') },
        { ask: 'named.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.1') },
        { ask: 'named.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:244::1:1') },
        { ask: 'n-0.named.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.1') },
        { ask: 'n-0.named.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:244::1:1') },
      ],
    },
    {
      rule: 'an IPv6 Service has no A record, and that is NODATA',
      cases: [
        { ask: 'six.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:96::2:3') },
        { ask: 'six.shop.svc.cluster.local. A', reply: nodata() },
        { ask: '10-244-1-2.plain.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'fd00-10-244--1-2.plain.shop.svc.cluster.local. A', reply: nodata() },
      ],
    },
    {
      rule: 'two addresses of one Service halve the weight of its SRV record and are both additional',
      cases: [
        {
          ask: '_http._tcp.both.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 50 80 both.shop.svc.cluster.local.'),
            additional: [
              'both.shop.svc.cluster.local. 5 IN A 10.96.2.1',
              'both.shop.svc.cluster.local. 5 IN AAAA fd00:10:96::2:1',
            ],
          },
        },
        {
          ask: 'six-first.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 25 80 @', '@ 5 IN SRV 0 25 443 @'),
            additional: ['@ 5 IN A 10.96.2.2', '@ 5 IN AAAA fd00:10:96::2:2'],
          },
        },
        {
          ask: '_http._tcp.named.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 50 80 n-0.named.shop.svc.cluster.local.'),
            additional: [
              'n-0.named.shop.svc.cluster.local. 5 IN A 10.244.1.1',
              'n-0.named.shop.svc.cluster.local. 5 IN AAAA fd00:10:244::1:1',
            ],
          },
        },
      ],
    },
    {
      rule: 'endpoints without hostnames have a target for each address',
      cases: [
        {
          ask: '_http._tcp.plain.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 50 80 10-244-1-2.plain.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 50 80 fd00-10-244--1-2.plain.shop.svc.cluster.local.',
            ),
            additional: [
              '10-244-1-2.plain.shop.svc.cluster.local. 5 IN A 10.244.1.2',
              'fd00-10-244--1-2.plain.shop.svc.cluster.local. 5 IN AAAA fd00:10:244::1:2',
            ],
          },
        },
      ],
    },
    {
      rule: 'both cluster IPs lead back to the Service',
      cases: [
        { ask: '1.2.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR both.shop.svc.cluster.local.') },
        {
          ask: '1.0.0.0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: answers('@ 5 IN PTR both.shop.svc.cluster.local.'),
        },
        {
          ask: '3.0.0.0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: answers('@ 5 IN PTR six.shop.svc.cluster.local.'),
        },
      ],
    },
  ],
};
