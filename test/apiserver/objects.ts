/** Small objects for tests of the server. */
import type { JsonObject } from './json.ts';

export function service(
  path: string,
  labels: Readonly<Record<string, string>> = {},
  rest: JsonObject = {},
): JsonObject {
  const [of = '', name = ''] = path.split('/');
  const spec = { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...rest };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: of, labels }, spec };
}

export function slice(path: string, ...addresses: readonly string[]): JsonObject {
  const [of = '', name = ''] = path.split('/');
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-abc`, namespace: of, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

export function namespace(name: string): JsonObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function pod(path: string, phase: string): JsonObject {
  const [of = '', name = ''] = path.split('/');
  const spec = { containers: [{ name: 'main', image: 'none' }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: of },
    spec,
    status: { phase, podIP: '10.1.0.1' },
  };
}
