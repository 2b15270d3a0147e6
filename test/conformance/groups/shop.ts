/**
 * The cluster that most groups ask about: a shop. Its manifests name every address, and endpoints are given as
 * EndpointSlices, so nothing here rests on what a control plane, or a stand-in for one, would fill in.
 */
import type { Setup } from '../case.ts';

export const SHOP_MANIFESTS = `
# A namespace that exists although nothing is in it.
apiVersion: v1
kind: Namespace
metadata: { name: vacant }
---
# ClusterIP, two named ports, two ready endpoints without hostnames.
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  clusterIP: 10.96.0.10
  ports:
    - { name: http, port: 80, protocol: TCP }
    - { name: https, port: 443, protocol: TCP }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-x, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports:
  - { name: http, port: 8080, protocol: TCP }
  - { name: https, port: 8443, protocol: TCP }
endpoints:
  - { addresses: [10.244.1.11], conditions: { ready: true } }
  - { addresses: [10.244.1.12], conditions: { ready: true } }
---
# ClusterIP with nobody behind it, and one port without a name.
apiVersion: v1
kind: Service
metadata: { name: lonely, namespace: shop }
spec: { clusterIP: 10.96.0.11, ports: [{ port: 5432 }] }
---
# One port number under two protocols.
apiVersion: v1
kind: Service
metadata: { name: names, namespace: shop }
spec:
  clusterIP: 10.96.0.12
  ports:
    - { name: dns, port: 53, protocol: UDP }
    - { name: dns-tcp, port: 53, protocol: TCP }
---
apiVersion: v1
kind: Service
metadata: { name: door, namespace: shop }
spec: { type: NodePort, clusterIP: 10.96.0.13, ports: [{ name: http, port: 80, nodePort: 30080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: gate, namespace: shop }
spec: { type: LoadBalancer, clusterIP: 10.96.0.14, externalIPs: [198.51.100.7], ports: [{ name: http, port: 80 }] }
status: { loadBalancer: { ingress: [{ ip: 203.0.113.9 }] } }
---
# A type that this version of Kubernetes does not have.
apiVersion: v1
kind: Service
metadata: { name: novel, namespace: shop }
spec: { type: Teleport, clusterIP: 10.96.0.15, ports: [{ name: http, port: 80 }] }
---
# Headless; endpoints with hostnames, one of them not ready.
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, ports: [{ name: pg, port: 5432 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-x, namespace: shop, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
ports: [{ name: pg, port: 5432, protocol: TCP }]
endpoints:
  - { addresses: [10.244.2.1], hostname: db-0, conditions: { ready: true } }
  - { addresses: [10.244.2.2], hostname: db-1, conditions: { ready: true } }
  - { addresses: [10.244.2.3], hostname: db-2, conditions: { ready: false } }
---
# The same names in another namespace.
apiVersion: v1
kind: Service
metadata: { name: web, namespace: depot }
spec: { clusterIP: 10.96.1.10, ports: [{ name: http, port: 8080 }] }
`;

/** The zones that a cluster's own server has, and nothing else. */
export const CLUSTER_COREFILE = `
. {
    kubernetes cluster.local in-addr.arpa ip6.arpa
}
`;

export const shop: Setup = { corefile: CLUSTER_COREFILE, manifests: SHOP_MANIFESTS };
