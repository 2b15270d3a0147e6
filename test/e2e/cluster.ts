/** The cluster that the clients' tests ask about, as a person would write it. */

const slice = (service: string, endpoints: readonly string[]): string => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata:
  name: ${service}-1
  labels: { kubernetes.io/service-name: ${service} }
ports:
  - { name: http, port: 80, protocol: TCP }
endpoints:
${endpoints.join('\n')}
`;

export const manifests = `
apiVersion: v1
kind: Service
metadata: { name: nginx }
spec:
  clusterIP: 10.96.0.80
  ports: [{ name: http, port: 8080, targetPort: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: dual }
spec:
  clusterIPs: [10.96.0.81, "fd00:10:96::80"]
  clusterIP: 10.96.0.81
  ipFamilies: [IPv4, IPv6]
  ports: [{ port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  clusterIP: None
  ports: [{ name: http, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: many }
spec:
  clusterIP: None
  ports: [{ name: http, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { type: ExternalName, externalName: db.example.com }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec:
  clusterIP: 10.96.1.1
  ports: [{ port: 80 }]
${slice('web', [
  '  - { addresses: [10.244.0.1], hostname: web-0 }',
  '  - { addresses: [10.244.0.2], hostname: web-1 }',
  '  - { addresses: [10.244.0.3], hostname: web-2 }',
  '  - { addresses: [10.244.0.4], hostname: web-3, conditions: { ready: false } }',
])}
${slice(
  'many',
  Array.from({ length: 60 }, (_, i) => `  - { addresses: [10.245.0.${i + 1}] }`),
)}
`;
