/** A and AAAA of headless Services: the ready endpoints (Kubernetes DNS specification 1.1.0, section 2.4.1). */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { CLUSTER_COREFILE, SHOP_MANIFESTS } from './shop.ts';

const MANIFESTS = `${SHOP_MANIFESTS}
---
# Two slices, given in the wrong order, which share an address.
apiVersion: v1
kind: Service
metadata: { name: cache, namespace: shop }
spec: { clusterIP: None, ports: [{ name: redis, port: 6379 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cache-b, namespace: shop, labels: { kubernetes.io/service-name: cache } }
addressType: IPv4
ports: [{ name: redis, port: 6379 }]
endpoints:
  - { addresses: [10.244.3.1] }
  - { addresses: [10.244.3.4] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cache-a, namespace: shop, labels: { kubernetes.io/service-name: cache } }
addressType: IPv4
ports: [{ name: redis, port: 6379 }]
endpoints:
  - { addresses: [10.244.3.9] }
  - { addresses: [10.244.3.4] }
---
# Every way in which an endpoint can say whether it is ready.
apiVersion: v1
kind: Service
metadata: { name: moods, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: moods-x, namespace: shop, labels: { kubernetes.io/service-name: moods } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.4.1], conditions: { ready: true } }
  - { addresses: [10.244.4.2], conditions: { ready: false } }
  - { addresses: [10.244.4.3], conditions: {} }
  - { addresses: [10.244.4.4] }
  - { addresses: [10.244.4.5], conditions: { ready: false, serving: true, terminating: true } }
  - { addresses: [10.244.4.6], conditions: { ready: true, serving: false, terminating: true } }
---
apiVersion: v1
kind: Service
metadata: { name: asleep, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: asleep-x, namespace: shop, labels: { kubernetes.io/service-name: asleep } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.5.1], hostname: a, conditions: { ready: false } }
---
# No slice at all.
apiVersion: v1
kind: Service
metadata: { name: sliceless, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
# A slice whose label names the service of another namespace.
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: elsewhere, namespace: depot, labels: { kubernetes.io/service-name: sliceless } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.5.2] }
---
# Only IPv6.
apiVersion: v1
kind: Service
metadata: { name: six, namespace: shop }
spec: { clusterIP: None, ipFamilies: [IPv6], ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: six-x, namespace: shop, labels: { kubernetes.io/service-name: six } }
addressType: IPv6
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: ['fd00:10:244::6:1'] }
---
# No ports, neither here nor in the slice.
apiVersion: v1
kind: Service
metadata: { name: portless, namespace: shop }
spec: { clusterIP: None }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: portless-x, namespace: shop, labels: { kubernetes.io/service-name: portless } }
addressType: IPv4
endpoints:
  - { addresses: [10.244.7.1] }
`;

export const headless: Group = {
  name: 'headless',
  setup: { corefile: CLUSTER_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'a headless Service has one A record for each ready endpoint',
      e2e: true,
      cases: [
        { ask: 'db.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.2.1', '@ 5 IN A 10.244.2.2') },
        { ask: 'portless.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.7.1') },
      ],
    },
    {
      rule: 'an endpoint without a ready condition is ready; serving and terminating are not looked at',
      cases: [
        {
          ask: 'moods.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.4.1', '@ 5 IN A 10.244.4.3', '@ 5 IN A 10.244.4.4', '@ 5 IN A 10.244.4.6'),
        },
      ],
    },
    {
      rule: 'slices are merged in the order of their names, then of their endpoints, each address once',
      cases: [
        {
          ask: 'cache.shop.svc.cluster.local. A',
          reply: {
            ...answers('@ 5 IN A 10.244.3.9', '@ 5 IN A 10.244.3.4', '@ 5 IN A 10.244.3.1'),
            ordered: true,
          },
        },
      ],
    },
    {
      rule: 'a headless Service with nothing ready does not exist',
      cases: [
        { ask: 'asleep.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'asleep.shop.svc.cluster.local. AAAA', reply: nxdomain() },
        { ask: 'asleep.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'asleep.shop.svc.cluster.local. TXT', reply: nxdomain() },
        { ask: 'asleep.shop.svc.cluster.local. ANY', reply: nxdomain() },
        { ask: '_http._tcp.asleep.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'sliceless.shop.svc.cluster.local. A', reply: nxdomain(), note: 'without a slice' },
      ],
    },
    {
      rule: 'a family that no ready endpoint has is NODATA',
      cases: [
        { ask: 'db.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'six.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'six.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:244::6:1') },
      ],
    },
    {
      rule: 'other types are NODATA',
      cases: [
        { ask: 'db.shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: 'db.shop.svc.cluster.local. CNAME', reply: nodata() },
        { ask: 'db.shop.svc.cluster.local. MX', reply: nodata() },
        { ask: 'db.shop.svc.cluster.local. ANY', reply: nodata() },
        { ask: 'db.shop.svc.cluster.local. HTTPS', reply: nodata() },
      ],
    },
    {
      rule: 'a port and its protocol in front of the name answer with the endpoints that have it',
      cases: [
        {
          ask: '_pg._tcp.db.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.2.1', '@ 5 IN A 10.244.2.2'),
        },
        { ask: '_pg._udp.db.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_http._tcp.portless.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
  ],
};
