/** PTR records of Services and endpoints, and the names between them (Kubernetes DNS specification 1.1.0, sections 2.3.3, 2.4.3). */
import { type Group, answers, failed, nodata, nxdomain, soa } from '../case.ts';
import { CLUSTER_COREFILE, SHOP_MANIFESTS } from './shop.ts';

const MANIFESTS = `${SHOP_MANIFESTS}
---
# A second Service in front of the endpoint of web.
apiVersion: v1
kind: Service
metadata: { name: canary, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: canary-a, namespace: shop, labels: { kubernetes.io/service-name: canary } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.244.1.12], hostname: bird }]
---
# The same endpoint of the same Service once more.
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: canary-b, namespace: shop, labels: { kubernetes.io/service-name: canary } }
addressType: IPv4
ports: [{ name: metrics, port: 9100 }]
endpoints: [{ addresses: [10.244.1.12], hostname: bird }]
---
# An endpoint that is the cluster IP of another Service.
apiVersion: v1
kind: Service
metadata: { name: relay, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: relay-x, namespace: shop, labels: { kubernetes.io/service-name: relay } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: [10.96.0.10], hostname: to-web }]
---
apiVersion: v1
kind: Service
metadata: { name: six, namespace: shop }
spec: { clusterIP: 'fd00:10:96::1', ipFamilies: [IPv6], ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: six-x, namespace: shop, labels: { kubernetes.io/service-name: six } }
addressType: IPv6
ports: [{ name: http, port: 80 }]
endpoints: [{ addresses: ['fd00:10:244::abcd'] }]
---
# A Pod that no Service selects.
apiVersion: v1
kind: Pod
metadata: { name: loner, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Running, podIP: 10.244.77.1, conditions: [{ type: Ready, status: 'True' }] }
`;

export const reverse: Group = {
  name: 'reverse',
  setup: { corefile: CLUSTER_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'a cluster IP leads back to its Service',
      e2e: true,
      cases: [
        { ask: '11.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR lonely.shop.svc.cluster.local.') },
        { ask: '10.1.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR web.depot.svc.cluster.local.') },
        {
          ask: '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: answers('@ 5 IN PTR six.shop.svc.cluster.local.'),
        },
      ],
    },
    {
      rule: 'a ready endpoint leads back to its name under the Service',
      cases: [
        {
          ask: '11.1.244.10.in-addr.arpa. PTR',
          reply: answers('@ 5 IN PTR 10-244-1-11.web.shop.svc.cluster.local.'),
        },
        { ask: '2.2.244.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR db-1.db.shop.svc.cluster.local.') },
        {
          ask: 'd.c.b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: answers('@ 5 IN PTR fd00-10-244--abcd.six.shop.svc.cluster.local.'),
        },
      ],
    },
    {
      rule: 'an endpoint of several Services leads back to each of them, once',
      cases: [
        {
          ask: '12.1.244.10.in-addr.arpa. PTR',
          reply: answers(
            '@ 5 IN PTR 10-244-1-12.web.shop.svc.cluster.local.',
            '@ 5 IN PTR bird.canary.shop.svc.cluster.local.',
          ),
        },
      ],
    },
    {
      rule: 'an address that is a cluster IP and an endpoint leads to the Service alone',
      cases: [{ ask: '10.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR web.shop.svc.cluster.local.') }],
    },
    {
      rule: 'addresses that belong to nothing do not exist',
      cases: [
        { ask: '200.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '3.2.244.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.'), note: 'an endpoint not ready' },
        { ask: '7.100.51.198.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.'), note: 'an external address' },
        { ask: '9.113.0.203.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.'), note: 'a load balancer' },
        { ask: '1.77.244.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.'), note: 'a Pod without a Service' },
        { ask: '200.0.96.10.in-addr.arpa. A', reply: nxdomain('in-addr.arpa.') },
        {
          ask: '2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: nxdomain('ip6.arpa.'),
        },
      ],
    },
    {
      rule: 'other types of a reverse name that exists are NODATA',
      cases: [
        { ask: '11.0.96.10.in-addr.arpa. A', reply: nodata('in-addr.arpa.') },
        { ask: '11.0.96.10.in-addr.arpa. TXT', reply: nodata('in-addr.arpa.') },
        { ask: '11.0.96.10.in-addr.arpa. ANY', reply: nodata('in-addr.arpa.') },
        { ask: '11.1.244.10.in-addr.arpa. SRV', reply: nodata('in-addr.arpa.') },
        { ask: '11.1.244.10.in-addr.arpa. SOA', reply: nodata('in-addr.arpa.') },
      ],
    },
    {
      rule: 'a name above a known address is an empty non-terminal: NODATA (RFC 8020)',
      cases: [
        { ask: '10.in-addr.arpa. PTR', reply: nodata('in-addr.arpa.') },
        { ask: '10.in-addr.arpa. A', reply: nodata('in-addr.arpa.') },
        { ask: '96.10.in-addr.arpa. PTR', reply: nodata('in-addr.arpa.') },
        { ask: '0.96.10.in-addr.arpa. PTR', reply: nodata('in-addr.arpa.') },
        { ask: '2.244.10.in-addr.arpa. PTR', reply: nodata('in-addr.arpa.'), note: 'above endpoints' },
        { ask: 'd.f.ip6.arpa. PTR', reply: nodata('ip6.arpa.') },
        { ask: '6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR', reply: nodata('ip6.arpa.') },
      ],
    },
    {
      rule: 'a name above no known address does not exist',
      cases: [
        { ask: '11.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '97.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '9.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '1.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.'), note: 'a beginning of the number 10' },
        { ask: 'e.f.ip6.arpa. PTR', reply: nxdomain('ip6.arpa.') },
      ],
    },
    {
      rule: 'names that are no addresses do not exist',
      cases: [
        { ask: '1.11.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '256.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: 'x.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        { ask: '011.0.96.10.in-addr.arpa. PTR', reply: nxdomain('in-addr.arpa.') },
        {
          ask: '0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          note: '33 nibbles',
          reply: nxdomain('ip6.arpa.'),
        },
        {
          ask: 'g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: nxdomain('ip6.arpa.'),
        },
      ],
    },
    {
      rule: 'a reverse zone has an apex like any other',
      cases: [
        { ask: 'in-addr.arpa. SOA', reply: answers(soa('in-addr.arpa.')) },
        { ask: 'ip6.arpa. SOA', reply: answers(soa('ip6.arpa.')) },
        { ask: 'in-addr.arpa. PTR', reply: nodata('in-addr.arpa.') },
        { ask: 'in-addr.arpa. A', reply: nodata('in-addr.arpa.') },
        { ask: 'svc.in-addr.arpa. A', reply: nodata('in-addr.arpa.') },
      ],
    },
    {
      rule: 'targets are in the first zone that is not a reverse zone',
      corefile: '. {\n  kubernetes in-addr.arpa first.test second.test\n}\n',
      cases: [{ ask: '11.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR lonely.shop.svc.first.test.') }],
    },
    {
      rule: 'a network stands for its reverse zones',
      corefile: '. {\n  kubernetes cluster.local 10.96.0.0/16 fd00:10:96::/48\n}\n',
      cases: [
        { ask: '11.0.96.10.in-addr.arpa. PTR', reply: answers('@ 5 IN PTR lonely.shop.svc.cluster.local.') },
        { ask: '200.0.96.10.in-addr.arpa. PTR', reply: nxdomain('96.10.in-addr.arpa.') },
        { ask: '96.10.in-addr.arpa. SOA', reply: answers(soa('96.10.in-addr.arpa.')) },
        { ask: '0.96.10.in-addr.arpa. PTR', reply: nodata('96.10.in-addr.arpa.') },
        {
          ask: '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
          reply: answers('@ 5 IN PTR six.shop.svc.cluster.local.'),
        },
        { ask: '11.1.244.10.in-addr.arpa. PTR', reply: failed('SERVFAIL'), note: 'outside the network' },
      ],
    },
    {
      rule: 'without a reverse zone there are no reverse names',
      corefile: '. {\n  kubernetes cluster.local\n}\n',
      cases: [{ ask: '11.0.96.10.in-addr.arpa. PTR', reply: failed('SERVFAIL') }],
    },
  ],
};
