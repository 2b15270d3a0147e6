/** Names of single endpoints below their Service (Kubernetes DNS specification 1.1.0, section 2.4.1). */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { CLUSTER_COREFILE, SHOP_MANIFESTS } from './shop.ts';

const MANIFESTS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Service
metadata: { name: mixed, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: mixed-4, namespace: shop, labels: { kubernetes.io/service-name: mixed } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.5.1], hostname: twin }
  - { addresses: [10.244.5.2], hostname: twin }
  - { addresses: [10.244.5.3], targetRef: { kind: Pod, name: mixed-abcde, namespace: shop } }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: mixed-6, namespace: shop, labels: { kubernetes.io/service-name: mixed } }
addressType: IPv6
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: ['fd00:10:244::5:1'], hostname: twin }
  - { addresses: ['fd00:10:244::5:4'] }
  - { addresses: ['fd00::'] }
  - { addresses: ['fd00:10:244:0:0:0:5:5'] }
`;

export const endpointNames: Group = {
  name: 'endpoint-names',
  setup: { corefile: CLUSTER_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'an endpoint with a hostname has that name',
      e2e: true,
      cases: [
        { ask: 'db-0.db.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.2.1') },
        { ask: 'db-1.db.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.2.2') },
        { ask: 'db-1.db.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'db-1.db.shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: 'db-1.db.shop.svc.cluster.local. ANY', reply: nodata() },
      ],
    },
    {
      rule: 'an endpoint that is not ready has no name',
      cases: [{ ask: 'db-2.db.shop.svc.cluster.local. A', reply: nxdomain() }],
    },
    {
      rule: 'endpoints that share a hostname are all answered',
      cases: [
        {
          ask: 'twin.mixed.shop.svc.cluster.local. A',
          reply: { ...answers('@ 5 IN A 10.244.5.1', '@ 5 IN A 10.244.5.2'), ordered: true },
        },
        { ask: 'twin.mixed.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:244::5:1') },
      ],
    },
    {
      rule: 'an endpoint without a hostname is named by its address, dots and colons turned to dashes',
      cases: [
        { ask: '10-244-5-3.mixed.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.5.3') },
        {
          ask: 'fd00-10-244--5-4.mixed.shop.svc.cluster.local. AAAA',
          reply: answers('@ 5 IN AAAA fd00:10:244::5:4'),
        },
        { ask: 'fd00-10-244--5-4.mixed.shop.svc.cluster.local. A', reply: nodata() },
      ],
    },
    {
      rule: 'that name has the address as the API wrote it',
      cases: [
        {
          ask: 'fd00-10-244-0-0-0-5-5.mixed.shop.svc.cluster.local. AAAA',
          reply: answers('@ 5 IN AAAA fd00:10:244::5:5'),
        },
        { ask: 'fd00-10-244--5-5.mixed.shop.svc.cluster.local. AAAA', reply: nxdomain() },
      ],
    },
    {
      rule: 'a label that would end in a dash gets a 0',
      cases: [
        { ask: 'fd00--0.mixed.shop.svc.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00::') },
        { ask: 'fd00--.mixed.shop.svc.cluster.local. AAAA', reply: nxdomain() },
      ],
    },
    {
      rule: 'an endpoint with a hostname has no name by its address',
      cases: [
        { ask: '10-244-2-1.db.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-5-1.mixed.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: "a Pod's name is no endpoint name unless endpoint_pod_names says so",
      cases: [{ ask: 'mixed-abcde.mixed.shop.svc.cluster.local. A', reply: nxdomain() }],
    },
    {
      rule: 'endpoints of a Service with a cluster IP have names too',
      cases: [
        { ask: '10-244-1-11.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.11') },
        { ask: '10-244-1-12.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.12') },
        { ask: '10-244-1-12.web.shop.svc.cluster.local. AAAA', reply: nodata() },
      ],
    },
    {
      rule: 'labels that no endpoint has do not exist',
      cases: [
        { ask: 'db-9.db.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'db-0.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'db-0.db.depot.svc.cluster.local. A', reply: nxdomain() },
        { ask: '10-96-0-10.web.shop.svc.cluster.local. A', reply: nxdomain(), note: 'the cluster IP is no endpoint' },
        { ask: 'x.db-0.db.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_pg._tcp.db-0.db.shop.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
  ],
};
