/** Names that pick the endpoints of one topology zone, with the `zonal` option. */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { CLUSTER_COREFILE, SHOP_MANIFESTS } from './shop.ts';

const MANIFESTS = `${SHOP_MANIFESTS}
---
apiVersion: v1
kind: Service
metadata: { name: spread, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: spread-x, namespace: shop, labels: { kubernetes.io/service-name: spread } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.244.1.1], hostname: s-0, zone: us-east-1a }
  - { addresses: [10.244.1.2], hostname: s-1, zone: us-east-1b }
  - { addresses: [10.244.1.3], hostname: s-2, zone: us-east-1a }
  - { addresses: [10.244.1.4], hostname: s-3, zone: rack.4.hall }
  - { addresses: [10.244.1.5], hostname: s-4 }
  - { addresses: [10.244.1.6], hostname: s-5, zone: us-east-1c, conditions: { ready: false } }
`;

const ZONAL_COREFILE = `
. {
    kubernetes cluster.local {
        zonal
    }
}
`;

const ALL = answers(
  '@ 5 IN A 10.244.1.1',
  '@ 5 IN A 10.244.1.2',
  '@ 5 IN A 10.244.1.3',
  '@ 5 IN A 10.244.1.4',
  '@ 5 IN A 10.244.1.5',
);

export const zonal: Group = {
  name: 'zonal',
  setup: { corefile: ZONAL_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'pin and prefer answer with the endpoints of the zone',
      cases: [
        {
          ask: 'us-east-1a.pin._zone.spread.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.1.1', '@ 5 IN A 10.244.1.3'),
        },
        {
          ask: 'us-east-1b.pin._zone.spread.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.1.2'),
        },
        {
          ask: 'us-east-1b.prefer._zone.spread.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.1.2'),
        },
      ],
    },
    {
      rule: 'a zone may have dots, and its case does not matter',
      cases: [
        {
          ask: 'rack.4.hall.pin._zone.spread.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.1.4'),
        },
        {
          ask: 'US-East-1B.Pin._Zone.spread.shop.svc.cluster.local. A',
          reply: answers('@ 5 IN A 10.244.1.2'),
        },
      ],
    },
    {
      rule: 'without a ready endpoint in the zone pin is NODATA and prefer gives all',
      cases: [
        { ask: 'us-west-2a.pin._zone.spread.shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'us-west-2a.prefer._zone.spread.shop.svc.cluster.local. A', reply: ALL },
        { ask: 'us-east-1c.pin._zone.spread.shop.svc.cluster.local. A', reply: nodata(), note: 'not ready' },
        { ask: 'us-east-1c.prefer._zone.spread.shop.svc.cluster.local. A', reply: ALL, note: 'not ready' },
      ],
    },
    {
      rule: 'other types are NODATA',
      cases: [
        { ask: 'us-east-1a.pin._zone.spread.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'us-east-1a.pin._zone.spread.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: 'us-east-1a.prefer._zone.spread.shop.svc.cluster.local. TXT', reply: nodata() },
      ],
    },
    {
      rule: 'only headless Services have zonal names',
      cases: [
        { ask: 'us-east-1a.pin._zone.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'us-east-1a.prefer._zone.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'us-east-1a.pin._zone.missing.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'us-east-1a.other._zone.spread.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'without the option there are none',
      corefile: CLUSTER_COREFILE,
      cases: [
        { ask: 'us-east-1a.pin._zone.spread.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'us-east-1a.prefer._zone.spread.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
  ],
};
