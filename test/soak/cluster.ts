/** What the program of a soak serves, and what it is asked: every name has an answer with NOERROR. */

const SERVICES = 200;
const ENDPOINTS = 15;
/** One question in so many is for an upstream: its reply is deferred. */
const EXTERNAL = 50;

/** Ports and an upstream on loopback. */
export function corefileText(port: number, upstreamPort: number): string {
  return `.:${port} {
    errors
    bind 127.0.0.1 ::1
    prometheus 127.0.0.1:0
    kubernetes cluster.local in-addr.arpa ip6.arpa
    forward . 127.0.0.1:${upstreamPort}
}
`;
}

/** Services with a ClusterIP, and headless ones with as many endpoints as make a long answer. */
export function manifestsText(): string {
  const documents = Array.from({ length: SERVICES }, (_, i) => [
    clusterService(i),
    headlessService(i),
    slice(i),
  ]).flat();
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

function clusterService(i: number): object {
  const spec = { clusterIP: `10.96.1.${i}`, ports: [{ name: 'http', port: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: `web-${i}` }, spec };
}

function headlessService(i: number): object {
  const spec = { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: `all-${i}` }, spec };
}

function slice(i: number): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `all-${i}-1`, labels: { 'kubernetes.io/service-name': `all-${i}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80 }],
    endpoints: Array.from({ length: ENDPOINTS }, (_, j) => ({ addresses: [`10.244.${i}.${j}`] })),
  };
}

/** Lines for dnsperf. */
export function questionsText(): string {
  return Array.from({ length: 10_000 }, (_, i) => {
    if (i % EXTERNAL === 0) return `host-${i}.example A\n`;
    return `${i % 3 === 0 ? 'all' : 'web'}-${(i * 7) % SERVICES}.default.svc.cluster.local A\n`;
  }).join('');
}
