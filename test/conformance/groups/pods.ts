/** Names of Pods by their addresses, in the three modes of the `pods` option. */
import { type Group, answers, nodata, nxdomain } from '../case.ts';

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: vacant }
---
apiVersion: v1
kind: Pod
metadata: { name: four, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Running, podIP: 10.244.1.5, podIPs: [{ ip: 10.244.1.5 }, { ip: 'fd00:10:244::15' }] }
---
apiVersion: v1
kind: Pod
metadata: { name: six, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Running, podIP: 'fd00:10:244::5' }
---
apiVersion: v1
kind: Pod
metadata: { name: unready, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Running, podIP: 10.244.1.6, conditions: [{ type: Ready, status: 'False' }] }
---
apiVersion: v1
kind: Pod
metadata: { name: done, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Succeeded, podIP: 10.244.1.7 }
---
apiVersion: v1
kind: Pod
metadata: { name: failed, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Failed, podIP: 10.244.1.8 }
---
apiVersion: v1
kind: Pod
metadata: { name: unknown, namespace: shop }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Unknown, podIP: 10.244.1.10 }
---
apiVersion: v1
kind: Pod
metadata: { name: leaving, namespace: shop, deletionTimestamp: '2026-01-01T00:00:00Z' }
spec: { containers: [{ name: main, image: example }] }
status: { phase: Running, podIP: 10.244.1.9 }
`;

const corefile = (mode: string): string => `
. {
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods ${mode}
    }
}
`;

const DEFAULT_COREFILE = '. {\n  kubernetes cluster.local\n}\n';

export const pods: Group = {
  name: 'pods',
  setup: { corefile: corefile('insecure'), manifests: MANIFESTS },
  rules: [
    {
      rule: 'disabled: nothing below pod exists, pod itself is NODATA',
      corefile: corefile('disabled'),
      cases: [
        { ask: '10-244-1-5.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-1-5.shop.pod.cluster.local. AAAA', reply: nxdomain() },
        { ask: 'shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'pod.cluster.local. A', reply: nodata() },
        { ask: 'pod.cluster.local. TXT', reply: nodata() },
      ],
    },
    {
      rule: 'disabled is the default',
      corefile: DEFAULT_COREFILE,
      cases: [
        { ask: '10-244-1-5.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'pod.cluster.local. A', reply: nodata() },
      ],
    },
    {
      rule: 'insecure: the name says its own answer, whether such a Pod is there or not',
      cases: [
        { ask: '10-244-1-5.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.5') },
        { ask: '192-0-2-200.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 192.0.2.200') },
        { ask: '10-0-0-1.vacant.pod.cluster.local. A', reply: answers('@ 5 IN A 10.0.0.1') },
        { ask: 'fd00-10-244--5.shop.pod.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:244::5') },
        { ask: 'fd00-0-0-0-0-0-0-1.shop.pod.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00::1') },
        { ask: '--1.shop.pod.cluster.local. AAAA', reply: answers('@ 5 IN AAAA ::1') },
      ],
    },
    {
      rule: 'insecure: three dashes, none of them doubled, are an IPv4 address; all else is IPv6',
      cases: [
        { ask: 'fd00--1-2.shop.pod.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00::1:2') },
        { ask: 'fd00--1-2.shop.pod.cluster.local. A', reply: nodata() },
        { ask: '10-244-1-5.shop.pod.cluster.local. AAAA', reply: nodata() },
      ],
    },
    {
      rule: 'insecure: what is no address does not exist',
      cases: [
        { ask: '10-244-1.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-1-256.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-1-5-6.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'web.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'fd00--1--2.shop.pod.cluster.local. AAAA', reply: nxdomain() },
        { ask: '10.244.1.5.shop.pod.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'insecure: the namespace must exist',
      cases: [
        { ask: '10-244-1-5.nowhere.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'nowhere.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'shop.pod.cluster.local. A', reply: nodata() },
        { ask: 'vacant.pod.cluster.local. AAAA', reply: nodata() },
        { ask: 'pod.cluster.local. A', reply: nodata() },
      ],
    },
    {
      rule: 'insecure: other types of a Pod name are NODATA',
      cases: [
        { ask: '10-244-1-5.shop.pod.cluster.local. SRV', reply: nodata() },
        { ask: '10-244-1-5.shop.pod.cluster.local. TXT', reply: nodata() },
        { ask: '10-244-1-5.shop.pod.cluster.local. CNAME', reply: nodata() },
        { ask: '10-244-1-5.shop.pod.cluster.local. ANY', reply: nodata() },
        { ask: '10-244-1-5.shop.pod.cluster.local. PTR', reply: nodata() },
      ],
    },
    {
      rule: 'insecure: up to two labels in front of a Pod name are ignored',
      cases: [
        { ask: 'x.10-244-1-5.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.5') },
        { ask: 'x.y.10-244-1-5.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.5') },
        { ask: 'x.y.z.10-244-1-5.shop.pod.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'verified: a Pod of that namespace must have the address',
      corefile: corefile('verified'),
      cases: [
        { ask: '10-244-1-5.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.5') },
        { ask: '10-244-1-5.shop.pod.cluster.local. AAAA', reply: nodata() },
        { ask: '10-244-1-5.shop.pod.cluster.local. SRV', reply: nodata() },
        { ask: 'fd00-10-244--5.shop.pod.cluster.local. AAAA', reply: answers('@ 5 IN AAAA fd00:10:244::5') },
        { ask: 'fd00-10-244--5.shop.pod.cluster.local. A', reply: nodata() },
        { ask: '10-244-1-200.shop.pod.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-1-5.vacant.pod.cluster.local. A', reply: nxdomain() },
        { ask: '10-244-1-5.nowhere.pod.cluster.local. A', reply: nxdomain() },
        { ask: 'shop.pod.cluster.local. A', reply: nodata() },
        { ask: 'pod.cluster.local. A', reply: nodata() },
      ],
    },
    {
      rule: 'verified: it need not be ready',
      corefile: corefile('verified'),
      cases: [{ ask: '10-244-1-6.shop.pod.cluster.local. A', reply: answers('@ 5 IN A 10.244.1.6') }],
    },
    {
      rule: 'verified: Pods that have ended, are being deleted or are lost do not count',
      corefile: corefile('verified'),
      cases: [
        { ask: '10-244-1-7.shop.pod.cluster.local. A', reply: nxdomain(), note: 'Succeeded' },
        { ask: '10-244-1-8.shop.pod.cluster.local. A', reply: nxdomain(), note: 'Failed' },
        { ask: '10-244-1-10.shop.pod.cluster.local. A', reply: nxdomain(), note: 'Unknown' },
        { ask: '10-244-1-9.shop.pod.cluster.local. A', reply: nxdomain(), note: 'with a deletionTimestamp' },
      ],
    },
    {
      rule: 'verified: only the first address of a Pod counts',
      corefile: corefile('verified'),
      cases: [{ ask: 'fd00-10-244--15.shop.pod.cluster.local. AAAA', reply: nxdomain() }],
    },
  ],
};
