/**
 * The cluster that the benchmarks serve: made up, the same for the same size, on every machine.
 *
 *     namespaces ns-0 … ns-M, one for 50 Services       Service svc-I in ns-(I mod M), ports http (TCP) and dns (UDP)
 *     every tenth Service is headless, its endpoints have hostnames       one EndpointSlice for each Service
 *
 * In: a size. Out: Kubernetes objects, which manifests.ts writes as JSON, YAML or a zone file.
 */

export interface ClusterSize {
  readonly services: number;
  /** Endpoints of each Service. */
  readonly endpoints: number;
}

interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

export interface Namespace {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: { readonly name: string };
}

export interface Service {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly clusterIP: string; readonly ports: readonly Port[] };
}

export interface Endpoint {
  readonly addresses: readonly [string];
  readonly conditions: { readonly ready: true; readonly serving: true; readonly terminating: false };
  readonly nodeName: string;
  readonly hostname?: string;
  readonly targetRef: { readonly kind: 'Pod'; readonly namespace: string; readonly name: string };
}

export interface EndpointSlice {
  readonly apiVersion: 'discovery.k8s.io/v1';
  readonly kind: 'EndpointSlice';
  readonly addressType: 'IPv4';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: { readonly 'kubernetes.io/service-name': string };
  };
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly Port[];
}

export type ClusterObject = Namespace | Service | EndpointSlice;

/** Services that share a namespace. */
const SERVICES_PER_NAMESPACE = 50;
const NODES = 500;
/** 10.96.1.0: the first ClusterIP. */
const FIRST_CLUSTER_IP = 0x0a_60_01_00;
/** 10.244.0.0 up to the end of 10/8, then 100.64.0.0/10: where pods live. */
const FIRST_POD_IP = 0x0a_f4_00_00;
const POD_IPS_IN_FIRST_RANGE = 0x0b_00_00_00 - FIRST_POD_IP;
const SECOND_POD_RANGE = 0x64_40_00_00;

const servicePorts: readonly Port[] = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'dns', port: 53, protocol: 'UDP' },
];
const targetPorts: readonly Port[] = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'dns', port: 5353, protocol: 'UDP' },
];

export function namespaceCount({ services }: ClusterSize): number {
  return Math.max(1, Math.floor(services / SERVICES_PER_NAMESPACE));
}

export function isHeadless(service: number): boolean {
  return service % 10 === 0;
}

export function serviceName(service: number): string {
  return `svc-${service}`;
}

export function namespaceOf(service: number, size: ClusterSize): string {
  return `ns-${service % namespaceCount(size)}`;
}

/** The absolute name of a Service, without a final dot. */
export function fullName(service: number, size: ClusterSize): string {
  return `${serviceName(service)}.${namespaceOf(service, size)}.svc.cluster.local`;
}

export function clusterIp(service: number): string {
  return dotted(FIRST_CLUSTER_IP + service);
}

function podIp(pod: number): string {
  return dotted(pod < POD_IPS_IN_FIRST_RANGE ? FIRST_POD_IP + pod : SECOND_POD_RANGE + (pod - POD_IPS_IN_FIRST_RANGE));
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** All objects, namespaces first, then each Service followed by its EndpointSlice. */
export function* clusterObjects(size: ClusterSize): Generator<ClusterObject> {
  for (let n = 0; n < namespaceCount(size); n++) {
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${n}` } };
  }
  for (let i = 0; i < size.services; i++) {
    yield serviceObject(i, size);
    if (size.endpoints > 0) yield sliceObject(i, size);
  }
}

function serviceObject(i: number, size: ClusterSize): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName(i), namespace: namespaceOf(i, size) },
    spec: { clusterIP: isHeadless(i) ? 'None' : clusterIp(i), ports: servicePorts },
  };
}

function sliceObject(i: number, size: ClusterSize): EndpointSlice {
  const name = serviceName(i);
  const namespace = namespaceOf(i, size);
  const endpoints = Array.from({ length: size.endpoints }, (_, e): Endpoint => {
    const pod = i * size.endpoints + e;
    return {
      addresses: [podIp(pod)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${pod % NODES}`,
      ...(isHeadless(i) ? { hostname: `${name}-${e}` } : {}),
      targetRef: { kind: 'Pod', namespace, name: `${name}-${e}-abcde` },
    };
  });
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    metadata: { name: `${name}-xyz`, namespace, labels: { 'kubernetes.io/service-name': name } },
    endpoints,
    ports: targetPorts,
  };
}
