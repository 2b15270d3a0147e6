/**
 * Services of several clusters in a zone of their own: ServiceImports and the slices that belong to them (Multi-Cluster Services
 * API, Kubernetes enhancement 1645).
 */
import { type Group, answers, nodata, nxdomain } from '../case.ts';

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Service
metadata: { name: local, namespace: shop }
spec: { clusterIP: 10.96.0.20, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, ports: [{ name: sql, port: 5432 }] }
---
apiVersion: multicluster.x-k8s.io/v1beta1
kind: ServiceImport
metadata: { name: web, namespace: shop }
spec:
  type: ClusterSetIP
  ips: [10.112.0.1, "fd00:112::1"]
  ports: [{ name: http, port: 80, protocol: TCP }, { name: dns, port: 53, protocol: UDP }]
---
apiVersion: multicluster.x-k8s.io/v1beta1
kind: ServiceImport
metadata: { name: bare, namespace: shop }
spec: { type: ClusterSetIP, ips: [10.112.0.2], ports: [] }
---
apiVersion: multicluster.x-k8s.io/v1beta1
kind: ServiceImport
metadata: { name: db, namespace: shop }
spec: { type: Headless, ports: [{ name: sql, port: 5432, protocol: TCP }] }
---
apiVersion: multicluster.x-k8s.io/v1beta1
kind: ServiceImport
metadata: { name: asleep, namespace: shop }
spec: { type: Headless, ports: [{ name: sql, port: 5432, protocol: TCP }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: db-east
  namespace: shop
  labels:
    multicluster.kubernetes.io/service-name: db
    multicluster.kubernetes.io/source-cluster: east
addressType: IPv4
ports: [{ name: sql, port: 5432 }]
endpoints:
  - { addresses: [10.1.0.1], hostname: db-0 }
  - { addresses: [10.1.0.2] }
  - { addresses: [10.1.0.3], conditions: { ready: false } }
---
# It belongs to the Service of this cluster as well.
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: db-west
  namespace: shop
  labels:
    kubernetes.io/service-name: db
    multicluster.kubernetes.io/service-name: db
    multicluster.kubernetes.io/source-cluster: west
addressType: IPv4
ports: [{ name: sql, port: 5432 }]
endpoints:
  - { addresses: [10.2.0.1], hostname: db-0 }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-east
  namespace: shop
  labels:
    multicluster.kubernetes.io/service-name: web
    multicluster.kubernetes.io/source-cluster: east
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints:
  - { addresses: [10.1.0.9], hostname: w-0 }
`;

const COREFILE = `
. {
    kubernetes cluster.local clusterset.local in-addr.arpa {
        multicluster clusterset.local
    }
}
`;

const ZONE = 'clusterset.local.';
const none = nxdomain(ZONE);
const noData = nodata(ZONE);

export const multicluster: Group = {
  name: 'multicluster',
  setup: { corefile: COREFILE, manifests: MANIFESTS, ownAddresses: ['10.244.9.9'] },
  rules: [
    {
      rule: 'an import has its IPs, and SRV for its ports',
      e2e: true,
      cases: [
        { ask: 'web.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.112.0.1') },
        { ask: 'WEB.Shop.svc.ClusterSet.local. A', reply: answers('@ 5 IN A 10.112.0.1') },
        { ask: 'web.shop.svc.clusterset.local. AAAA', reply: answers('@ 5 IN AAAA fd00:112::1') },
        {
          ask: '_http._tcp.web.shop.svc.clusterset.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 50 80 web.shop.svc.clusterset.local.'),
            additional: [
              'web.shop.svc.clusterset.local. 5 IN A 10.112.0.1',
              'web.shop.svc.clusterset.local. 5 IN AAAA fd00:112::1',
            ],
          },
        },
        { ask: '_sql._tcp.web.shop.svc.clusterset.local. SRV', reply: none },
        { ask: 'web.shop.svc.clusterset.local. TXT', reply: noData },
      ],
    },
    {
      rule: 'an import without ports has its IPs all the same',
      cases: [
        { ask: 'bare.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.112.0.2') },
        { ask: 'bare.shop.svc.clusterset.local. SRV', reply: noData },
      ],
    },
    {
      rule: 'a headless import has the ready endpoints of all clusters',
      e2e: true,
      cases: [
        {
          ask: 'db.shop.svc.clusterset.local. A',
          reply: answers('@ 5 IN A 10.1.0.1', '@ 5 IN A 10.1.0.2', '@ 5 IN A 10.2.0.1'),
        },
        { ask: 'db.shop.svc.clusterset.local. AAAA', reply: noData },
        { ask: 'asleep.shop.svc.clusterset.local. A', reply: none },
        {
          ask: '_sql._tcp.db.shop.svc.clusterset.local. SRV',
          reply: {
            ...answers(
              '@ 5 IN SRV 0 33 5432 db-0.east.db.shop.svc.clusterset.local.',
              '@ 5 IN SRV 0 33 5432 10-1-0-2.east.db.shop.svc.clusterset.local.',
              '@ 5 IN SRV 0 33 5432 db-0.west.db.shop.svc.clusterset.local.',
            ),
            additional: [
              'db-0.east.db.shop.svc.clusterset.local. 5 IN A 10.1.0.1',
              '10-1-0-2.east.db.shop.svc.clusterset.local. 5 IN A 10.1.0.2',
              'db-0.west.db.shop.svc.clusterset.local. 5 IN A 10.2.0.1',
            ],
          },
        },
      ],
    },
    {
      rule: 'an endpoint has the label of its cluster in its name',
      e2e: true,
      cases: [
        { ask: 'db-0.east.db.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.1.0.1') },
        { ask: 'DB-0.West.db.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.2.0.1') },
        { ask: '10-1-0-2.east.db.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.1.0.2') },
        { ask: 'w-0.east.web.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.1.0.9') },
        { ask: 'db-0.north.db.shop.svc.clusterset.local. A', reply: none },
        { ask: 'db-9.east.db.shop.svc.clusterset.local. A', reply: none },
        { ask: 'db-0.db.shop.svc.clusterset.local. A', reply: none },
        {
          ask: 'db-0.west.db.shop.svc.clusterset.local. SRV',
          reply: {
            ...answers('@ 5 IN SRV 0 100 5432 @'),
            additional: ['@ 5 IN A 10.2.0.1'],
          },
        },
      ],
    },
    {
      rule: 'names above those of endpoints and ports exist (RFC 8020)',
      cases: [
        { ask: 'east.db.shop.svc.clusterset.local. A', reply: noData },
        { ask: 'north.db.shop.svc.clusterset.local. A', reply: none },
        { ask: '_tcp.db.shop.svc.clusterset.local. A', reply: noData },
        { ask: '_udp.web.shop.svc.clusterset.local. A', reply: noData },
        { ask: '_sctp.web.shop.svc.clusterset.local. A', reply: none },
      ],
    },
    {
      rule: 'the Services of this cluster are not there, and imports are not in its own zone',
      e2e: true,
      cases: [
        { ask: 'local.shop.svc.clusterset.local. A', reply: none },
        { ask: 'local.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.20') },
        { ask: 'web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'db.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.2.0.1') },
        { ask: 'db-0.db.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.2.0.1') },
      ],
    },
    {
      rule: 'the namespace must exist in this cluster',
      cases: [
        { ask: 'shop.svc.clusterset.local. A', reply: noData },
        { ask: 'web.other.svc.clusterset.local. A', reply: none },
        { ask: 'other.svc.clusterset.local. A', reply: none },
      ],
    },
    {
      rule: 'there are neither pods nor reverse names',
      cases: [
        { ask: '10-1-0-1.shop.pod.clusterset.local. A', reply: none },
        { ask: 'shop.pod.clusterset.local. A', reply: none },
        { ask: 'pod.clusterset.local. A', reply: noData },
        { ask: '1.0.112.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '1.0.1.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '20.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR local.shop.svc.cluster.local.') },
      ],
    },
    {
      rule: 'the zone has an apex of its own',
      cases: [
        {
          ask: 'clusterset.local. SOA',
          reply: answers('@ 5 IN SOA ns.dns.clusterset.local. hostmaster.clusterset.local. SERIAL 7200 1800 86400 5'),
        },
        {
          ask: 'clusterset.local. NS',
          reply: {
            ...answers('@ 5 IN NS ns.dns.clusterset.local.'),
            additional: ['ns.dns.clusterset.local. 5 IN A 10.244.9.9'],
          },
        },
        { ask: 'ns.dns.clusterset.local. A', reply: answers('@ 5 IN A 10.244.9.9') },
        { ask: 'dns-version.clusterset.local. TXT', reply: answers('@ 28800 IN TXT "1.1.0"') },
        { ask: 'svc.clusterset.local. A', reply: noData },
      ],
    },
    {
      rule: 'a server in front of which a Service stands is named in the zone all the same',
      ownAddresses: ['10.2.0.1'],
      cases: [
        {
          ask: 'clusterset.local. NS',
          reply: {
            ...answers('@ 5 IN NS ns.dns.clusterset.local.'),
            additional: ['ns.dns.clusterset.local. 5 IN A 10.2.0.1'],
          },
        },
      ],
    },
    {
      rule: 'without endpoints headless imports do not exist',
      corefile: COREFILE.replace('multicluster clusterset.local', 'multicluster clusterset.local\nnoendpoints'),
      cases: [
        { ask: 'web.shop.svc.clusterset.local. A', reply: answers('@ 5 IN A 10.112.0.1') },
        { ask: 'db.shop.svc.clusterset.local. A', reply: none },
        { ask: 'w-0.east.web.shop.svc.clusterset.local. A', reply: none },
        { ask: 'east.db.shop.svc.clusterset.local. A', reply: none },
      ],
    },
  ],
};
