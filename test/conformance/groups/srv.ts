/** SRV records, their weights, targets and additional addresses (Kubernetes DNS specification 1.1.0, sections 2.3.2, 2.4.2). */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { CLUSTER_COREFILE, SHOP_MANIFESTS } from './shop.ts';

const CROWD = 120;
const crowdAddress = (i: number): string => `10.244.8.${i + 1}`;
const crowd = Array.from({ length: CROWD }, (_, i) => i);

const MANIFESTS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Service
metadata: { name: signal, namespace: shop }
spec: { clusterIP: 10.96.0.20, ports: [{ name: sig, port: 2905, protocol: SCTP }] }
---
# A slice without ports beside one with a port.
apiVersion: v1
kind: Service
metadata: { name: half, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: half-a, namespace: shop, labels: { kubernetes.io/service-name: half } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.6.1] }
  - { addresses: [10.244.6.2] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: half-b, namespace: shop, labels: { kubernetes.io/service-name: half } }
addressType: IPv4
endpoints:
  - { addresses: [10.244.6.3] }
---
# Slices that share an endpoint and its port.
apiVersion: v1
kind: Service
metadata: { name: shared, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: shared-a, namespace: shop, labels: { kubernetes.io/service-name: shared } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.6.11] }, { addresses: [10.244.6.12] }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: shared-b, namespace: shop, labels: { kubernetes.io/service-name: shared } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.6.12] }, { addresses: [10.244.6.13] }]
---
# One named port whose number differs from slice to slice; two endpoints with one hostname.
apiVersion: v1
kind: Service
metadata: { name: rolling, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: rolling-a, namespace: shop, labels: { kubernetes.io/service-name: rolling } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.244.6.21], hostname: old }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: rolling-b, namespace: shop, labels: { kubernetes.io/service-name: rolling } }
addressType: IPv4
ports: [{ name: http, port: 9090 }, { name: metrics, port: 9100 }]
endpoints: [{ addresses: [10.244.6.22], hostname: new }, { addresses: [10.244.6.23], hostname: new }]
---
apiVersion: v1
kind: Service
metadata: { name: grid, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }, { name: admin, port: 81 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: grid-x, namespace: shop, labels: { kubernetes.io/service-name: grid } }
addressType: IPv4
ports: [{ name: http, port: 8080 }, { name: admin, port: 8081 }]
endpoints: [{ addresses: [10.244.6.31], hostname: g-0 }, { addresses: [10.244.6.32], hostname: g-1 }]
---
apiVersion: v1
kind: Service
metadata: { name: portless, namespace: shop }
spec: { clusterIP: None }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: portless-x, namespace: shop, labels: { kubernetes.io/service-name: portless } }
addressType: IPv4
endpoints: [{ addresses: [10.244.7.1] }]
---
# A port that has a name and no number.
apiVersion: v1
kind: Service
metadata: { name: vague, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: vague-x, namespace: shop, labels: { kubernetes.io/service-name: vague } }
addressType: IPv4
ports: [{ name: http }]
endpoints: [{ addresses: [10.244.7.2] }]
---
apiVersion: v1
kind: Service
metadata: { name: crowd, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: crowd-x, namespace: shop, labels: { kubernetes.io/service-name: crowd } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
${crowd.map((i) => `  - { addresses: [${crowdAddress(i)}], hostname: c${i} }`).join('\n')}
`;

export const srv: Group = {
  name: 'srv',
  setup: { corefile: CLUSTER_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'a named port of a Service is one SRV record to the Service, with its address',
      e2e: true,
      cases: [
        {
          ask: '_http._tcp.web.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 80 web.shop.svc.cluster.local.'),
            additional: ['web.shop.svc.cluster.local. 5 IN A 10.96.0.10'],
          },
        },
        {
          ask: '_https._tcp.web.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 443 web.shop.svc.cluster.local.'),
            additional: ['web.shop.svc.cluster.local. 5 IN A 10.96.0.10'],
          },
        },
        {
          ask: '_dns._udp.names.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 53 names.shop.svc.cluster.local.'),
            additional: ['names.shop.svc.cluster.local. 5 IN A 10.96.0.12'],
          },
        },
        {
          ask: '_sig._sctp.signal.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 2905 signal.shop.svc.cluster.local.'),
            additional: ['signal.shop.svc.cluster.local. 5 IN A 10.96.0.20'],
          },
        },
      ],
    },
    {
      rule: 'a port without a protocol is TCP',
      cases: [
        {
          ask: '_http._tcp.web.depot.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 8080 web.depot.svc.cluster.local.'),
            additional: ['web.depot.svc.cluster.local. 5 IN A 10.96.1.10'],
          },
        },
      ],
    },
    {
      rule: 'the underscores may be left out',
      cases: [
        {
          ask: 'http.tcp.web.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 80 web.shop.svc.cluster.local.'),
            additional: ['web.shop.svc.cluster.local. 5 IN A 10.96.0.10'],
          },
        },
      ],
    },
    {
      rule: 'a port that the Service has not does not exist',
      cases: [
        { ask: '_smtp._tcp.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_http._udp.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_80._tcp.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_http._tcp.missing.shop.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
    {
      rule: 'the Service itself has an SRV record for each port, those without a name too',
      cases: [
        {
          ask: 'web.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 50 80 @', '@ 5 IN SRV 0 50 443 @'),
            additional: ['@ 5 IN A 10.96.0.10'],
          },
        },
        {
          ask: 'lonely.shop.svc.cluster.local. SRV',
          reply: { ...answers('@ 5 IN SRV 0 100 5432 @'), additional: ['@ 5 IN A 10.96.0.11'] },
        },
      ],
    },
    {
      rule: 'records are unique by target and port; the weight counts the pairs before that',
      cases: [
        {
          ask: 'names.shop.svc.cluster.local. SRV',
          note: 'port 53 under two protocols',
          reply: { ...answers('@ 5 IN SRV 0 50 53 @'), additional: ['@ 5 IN A 10.96.0.12'] },
        },
        {
          ask: '_http._tcp.shared.shop.svc.cluster.local. SRV',
          note: 'an endpoint in two slices',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 25 80 10-244-6-11.shared.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 25 80 10-244-6-12.shared.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 25 80 10-244-6-13.shared.shop.svc.cluster.local.',
            ),
            additional: [
              '10-244-6-11.shared.shop.svc.cluster.local. 5 IN A 10.244.6.11',
              '10-244-6-12.shared.shop.svc.cluster.local. 5 IN A 10.244.6.12',
              '10-244-6-13.shared.shop.svc.cluster.local. 5 IN A 10.244.6.13',
            ],
          },
        },
        {
          ask: 'new.rolling.shop.svc.cluster.local. SRV',
          note: 'two addresses under one hostname',
          reply: {
            ...answers('@ 5 IN SRV 0 25 9090 @', '@ 5 IN SRV 0 25 9100 @'),
            additional: ['@ 5 IN A 10.244.6.22', '@ 5 IN A 10.244.6.23'],
          },
        },
      ],
    },
    {
      rule: 'a port of a headless Service is one SRV record to each endpoint, with its address',
      cases: [
        {
          ask: '_pg._tcp.db.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 50 5432 db-0.db.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 50 5432 db-1.db.shop.svc.cluster.local.',
            ),
            additional: [
              'db-0.db.shop.svc.cluster.local. 5 IN A 10.244.2.1',
              'db-1.db.shop.svc.cluster.local. 5 IN A 10.244.2.2',
            ],
            ordered: true,
          },
        },
        {
          ask: 'db.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 50 5432 db-0.db.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 50 5432 db-1.db.shop.svc.cluster.local.',
            ),
            additional: [
              'db-0.db.shop.svc.cluster.local. 5 IN A 10.244.2.1',
              'db-1.db.shop.svc.cluster.local. 5 IN A 10.244.2.2',
            ],
          },
        },
        { ask: '_pg._udp.db.shop.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
    {
      rule: 'endpoints and ports multiply',
      cases: [
        {
          ask: 'grid.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 25 8080 g-0.grid.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 25 8081 g-0.grid.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 25 8080 g-1.grid.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 25 8081 g-1.grid.shop.svc.cluster.local.',
            ),
            additional: [
              'g-0.grid.shop.svc.cluster.local. 5 IN A 10.244.6.31',
              'g-1.grid.shop.svc.cluster.local. 5 IN A 10.244.6.32',
            ],
          },
        },
        {
          ask: '_admin._tcp.grid.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 50 8081 g-0.grid.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 50 8081 g-1.grid.shop.svc.cluster.local.',
            ),
            additional: [
              'g-0.grid.shop.svc.cluster.local. 5 IN A 10.244.6.31',
              'g-1.grid.shop.svc.cluster.local. 5 IN A 10.244.6.32',
            ],
          },
        },
      ],
    },
    {
      rule: 'the port is the one that the slice of the endpoint gives',
      cases: [
        {
          ask: '_http._tcp.rolling.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 33 8080 old.rolling.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 33 9090 new.rolling.shop.svc.cluster.local.',
            ),
            additional: [
              'old.rolling.shop.svc.cluster.local. 5 IN A 10.244.6.21',
              'new.rolling.shop.svc.cluster.local. 5 IN A 10.244.6.22',
              'new.rolling.shop.svc.cluster.local. 5 IN A 10.244.6.23',
            ],
          },
        },
        {
          ask: '_metrics._tcp.rolling.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 50 9100 new.rolling.shop.svc.cluster.local.'),
            additional: [
              'new.rolling.shop.svc.cluster.local. 5 IN A 10.244.6.22',
              'new.rolling.shop.svc.cluster.local. 5 IN A 10.244.6.23',
            ],
          },
        },
      ],
    },
    {
      rule: 'an endpoint has an SRV record for each port of its slice',
      cases: [
        {
          ask: 'db-0.db.shop.svc.cluster.local. SRV',
          reply: { ...answers('@ 5 IN SRV 0 100 5432 @'), additional: ['@ 5 IN A 10.244.2.1'] },
        },
        {
          ask: '10-244-1-11.web.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 50 8080 @', '@ 5 IN SRV 0 50 8443 @'),
            additional: ['@ 5 IN A 10.244.1.11'],
          },
        },
      ],
    },
    {
      rule: 'an endpoint without a port has addresses and no SRV record',
      cases: [
        { ask: 'portless.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: '10-244-7-1.portless.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: '10-244-7-1.portless.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.7.1') },
        { ask: 'vague.shop.svc.cluster.local. SRV', reply: nodata(), note: 'a port without a number' },
        { ask: 'vague.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.7.2') },
      ],
    },
    {
      rule: 'endpoints without a port count in the weight',
      cases: [
        {
          ask: 'half.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 33 80 10-244-6-1.half.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 33 80 10-244-6-2.half.shop.svc.cluster.local.',
            ),
            additional: [
              '10-244-6-1.half.shop.svc.cluster.local. 5 IN A 10.244.6.1',
              '10-244-6-2.half.shop.svc.cluster.local. 5 IN A 10.244.6.2',
            ],
          },
        },
        {
          ask: '_http._tcp.half.shop.svc.cluster.local. SRV',
          note: 'but not under a name that they do not have',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 50 80 10-244-6-1.half.shop.svc.cluster.local.',
              '@ 5 IN SRV 0 50 80 10-244-6-2.half.shop.svc.cluster.local.',
            ),
            additional: [
              '10-244-6-1.half.shop.svc.cluster.local. 5 IN A 10.244.6.1',
              '10-244-6-2.half.shop.svc.cluster.local. 5 IN A 10.244.6.2',
            ],
          },
        },
      ],
    },
    {
      rule: 'a weight is at least 1',
      cases: [
        {
          ask: '_http._tcp.crowd.shop.svc.cluster.local. SRV',
          protocol: 'tcp',
          reply: {
            ...answers(...crowd.map((i) => `@ 5 IN SRV 0 1 80 c${i}.crowd.shop.svc.cluster.local.`)),
            additional: crowd.map((i) => `c${i}.crowd.shop.svc.cluster.local. 5 IN A ${crowdAddress(i)}`),
            ordered: true,
          },
        },
      ],
    },
    {
      rule: 'names above a Service have no SRV record',
      cases: [
        { ask: 'cluster.local. SRV', reply: nodata() },
        { ask: 'svc.cluster.local. SRV', reply: nodata() },
        { ask: 'shop.svc.cluster.local. SRV', reply: nodata() },
      ],
    },
  ],
};
