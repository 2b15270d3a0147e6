/** Options of `kubernetes` that decide what is there: namespaces, labels, endpoints, and how long it is kept. */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { SHOP_MANIFESTS } from './shop.ts';

const MANIFESTS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: sales, tier: prod } }
---
apiVersion: v1
kind: Namespace
metadata: { name: depot, labels: { team: stock, tier: prod } }
---
apiVersion: v1
kind: Namespace
metadata: { name: lab }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: lab, labels: { app: web } }
spec: { clusterIP: 10.96.3.1, ports: [{ name: http, port: 80 }] }
---
# Labelled, its slice labelled too.
apiVersion: v1
kind: Service
metadata: { name: seen, namespace: lab, labels: { app: web } }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: seen-x, namespace: lab, labels: { kubernetes.io/service-name: seen, app: web } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.20.1] }]
---
# Labelled, its slice not.
apiVersion: v1
kind: Service
metadata: { name: unseen, namespace: lab, labels: { app: web } }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: unseen-x, namespace: lab, labels: { kubernetes.io/service-name: unseen } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.20.2] }]
---
# Endpoints that name their Pods.
apiVersion: v1
kind: Service
metadata: { name: podded, namespace: lab }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: podded-x, namespace: lab, labels: { kubernetes.io/service-name: podded } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.21.1], targetRef: { kind: Pod, name: podded-abc, namespace: lab } }
  - { addresses: [10.244.21.2], hostname: named, targetRef: { kind: Pod, name: podded-def, namespace: lab } }
  - { addresses: [10.244.21.3] }
  - addresses: [10.244.21.4]
    targetRef: { kind: Pod, name: ${'p'.repeat(63)}, namespace: lab }
  - addresses: [10.244.21.5]
    targetRef: { kind: Pod, name: ${'q'.repeat(64)}, namespace: lab }
---
# A cluster IP with an endpoint that is not ready.
apiVersion: v1
kind: Service
metadata: { name: starting, namespace: lab }
spec: { clusterIP: 10.96.3.2, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: starting-x, namespace: lab, labels: { kubernetes.io/service-name: starting } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.244.22.1], conditions: { ready: false } }]
---
apiVersion: v1
kind: Service
metadata: { name: alias, namespace: lab }
spec: { type: ExternalName, externalName: www.example.org }
`;

const options = (...lines: readonly string[]): string =>
  `. {\n  kubernetes cluster.local in-addr.arpa {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n}\n`;

export const namespaces: Group = {
  name: 'namespaces',
  setup: { corefile: options(), manifests: MANIFESTS },
  rules: [
    {
      rule: 'namespaces: only those that are named exist',
      corefile: options('namespaces shop', 'namespaces lab'),
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'web.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.3.1') },
        { ask: 'web.depot.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_http._tcp.web.depot.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'depot.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'vacant.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'shop.svc.cluster.local. A', reply: nodata() },
      ],
    },
    {
      rule: 'namespaces: several may stand on one line',
      corefile: options('namespaces shop lab'),
      cases: [
        { ask: 'web.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.3.1') },
        { ask: 'web.depot.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'namespaces: a named one must be there all the same',
      corefile: options('namespaces shop ghost'),
      cases: [{ ask: 'ghost.svc.cluster.local. A', reply: nxdomain() }],
    },
    {
      rule: 'namespaces: PTR records follow',
      corefile: options('namespaces shop'),
      cases: [
        { ask: '10.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR web.shop.svc.cluster.local.') },
        { ask: '1.2.244.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR db-0.db.shop.svc.cluster.local.') },
        { ask: '10.1.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '1.20.244.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
      ],
    },
    {
      rule: 'namespaces: Pod names follow',
      corefile: options('namespaces shop', 'pods insecure'),
      cases: [
        { ask: '10-0-0-1.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 10.0.0.1') },
        { ask: '10-0-0-1.depot.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'depot.pod.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'namespace_labels: only namespaces with the labels exist',
      corefile: options('namespace_labels team=sales'),
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'web.depot.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'lab.svc.cluster.local. A', reply: nxdomain(), note: 'without labels' },
      ],
    },
    {
      rule: 'namespace_labels: it is a label selector',
      corefile: options('namespace_labels tier=prod,team!=sales'),
      cases: [
        { ask: 'web.depot.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.1.10') },
        { ask: 'web.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'namespace_labels: sets are part of it',
      corefile: options('namespace_labels "team in (sales, stock)"'),
      cases: [
        { ask: 'web.depot.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.1.10') },
        { ask: 'web.lab.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'namespace_labels: PTR records follow',
      corefile: options('namespace_labels team=sales'),
      cases: [
        { ask: '10.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR web.shop.svc.cluster.local.') },
        { ask: '10.1.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '1.20.244.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
      ],
    },
    {
      rule: 'labels: only Services and slices with the labels count; namespaces stay',
      corefile: options('labels app=web'),
      cases: [
        { ask: 'web.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.3.1') },
        { ask: 'seen.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.20.1') },
        { ask: 'unseen.lab.svc.cluster.local. A', reply: nxdomain(), note: 'a slice without the label' },
        { ask: 'podded.lab.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'shop.svc.cluster.local. A', reply: nodata() },
        { ask: '10.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
      ],
    },
    {
      rule: 'ignore empty_service: a Service without a ready endpoint does not exist',
      corefile: options('ignore empty_service'),
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'lonely.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'lonely.shop.svc.cluster.local. AAAA', reply: nxdomain() },
        { ask: 'lonely.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'starting.lab.svc.cluster.local. A', reply: nxdomain(), note: 'not ready' },
        { ask: '_http._tcp.starting.lab.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'alias.lab.svc.cluster.local. CNAME', reply: answers('@ 5 IN CNAME www.example.org.') },
      ],
    },
    {
      rule: 'without it such a Service answers',
      cases: [{ ask: 'starting.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.3.2') }],
    },
    {
      rule: 'noendpoints: cluster IPs answer, what needs endpoints does not exist',
      corefile: options('noendpoints'),
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        {
          ask: '_http._tcp.web.shop.svc.cluster.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 80 web.shop.svc.cluster.local.'),
            additional: ['web.shop.svc.cluster.local. 5 IN A 10.96.0.10'],
          },
        },
        { ask: 'db.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'db-0.db.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-1-11.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '10.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR web.shop.svc.cluster.local.') },
        { ask: '1.2.244.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
      ],
    },
    {
      rule: 'endpoint_pod_names: an endpoint without a hostname is named by its Pod',
      corefile: options('endpoint_pod_names'),
      cases: [
        { ask: 'podded-abc.podded.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.21.1') },
        { ask: '10-244-21-1.podded.lab.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'named.podded.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.21.2') },
        { ask: 'podded-def.podded.lab.svc.cluster.local. A', reply: nxdomain(), note: 'the hostname comes first' },
        { ask: '10-244-21-3.podded.lab.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.21.3') },
        {
          ask: '1.21.244.10.in-addr.arpa. PTR',
          reply: answers('@ 5 IN PTR podded-abc.podded.lab.svc.cluster.local.'),
        },
      ],
    },
    {
      rule: 'endpoint_pod_names: a name that is no label is not used',
      corefile: options('endpoint_pod_names'),
      cases: [
        {
          ask: `${'p'.repeat(63)}.podded.lab.svc.cluster.local. A`,
          note: '63 letters',
          reply: answers('@ 5 IN A 10.244.21.4'),
        },
        {
          ask: '10-244-21-5.podded.lab.svc.cluster.local. A',
          note: '64 letters',
          reply: answers('@ 5 IN A 10.244.21.5'),
        },
      ],
    },
    {
      rule: 'ttl: every record has it',
      corefile: options('ttl 42'),
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 42 IN A 10.96.0.10') },
        { ask: 'missing.shop.svc.cluster.local. A', reply: nxdomain('cluster.local.', 42) },
        { ask: '10.0.96.10.in-addr.arpa. PTR', reply: answers('@ 42 IN PTR web.shop.svc.cluster.local.') },
        { ask: 'alias.lab.svc.cluster.local. CNAME', reply: answers('@ 42 IN CNAME www.example.org.') },
        {
          ask: '_pg._tcp.db.shop.svc.cluster.local. SRV',
          reply: {
            ...answers(
              '@ 42 IN SRV 0 50 5432 db-0.db.shop.svc.cluster.local.',
              '@ 42 IN SRV 0 50 5432 db-1.db.shop.svc.cluster.local.',
            ),
            additional: [
              'db-0.db.shop.svc.cluster.local. 42 IN A 10.244.2.1',
              'db-1.db.shop.svc.cluster.local. 42 IN A 10.244.2.2',
            ],
          },
        },
      ],
    },
  ],
};
