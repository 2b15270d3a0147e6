/**
 * Services whose endpoints say how often they have been changed: the address of the endpoint that changes is a number that
 * rises, so that an answer tells which change it knows of. Its slices are as the EndpointSlice controller makes them: up to
 * 100 endpoints each, of which a change rewrites one.
 */

/** Endpoints of one slice that is full, as the EndpointSlice controller has it by default. */
const SLICE_SIZE = 100;
/** 172.16.0.0: where the other endpoints are. */
const FIRST_IP = 0xac_10_00_00;
/** 11.0.0.0: the address that stands for change number 0. */
const FIRST_COUNT = 0x0b_00_00_00;
const NAMESPACE = 'counted';

/** An object of the API, as JSON. */
export type Manifest = Readonly<Record<string, unknown>>;

export const countedNamespace: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };

export interface Counted {
  readonly name: string;
  readonly endpoints: number;
}

/** The Service that tells of lists: an answer knows how many have been read. */
export const LISTED: Counted = { name: 'listed', endpoints: 1 };

/** All objects of the Service, as they are at change number `count`. */
export function countedObjects(counted: Counted, count: number): readonly Manifest[] {
  const { name } = counted;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  };
  return [service, ...Array.from({ length: sliceCount(counted) }, (_, i) => sliceAfter(counted, i, count))];
}

export function sliceCount({ endpoints }: Counted): number {
  return Math.ceil(endpoints / SLICE_SIZE);
}

/** The slice that change number `count` rewrites, as it is then. */
export function countedChange(counted: Counted, count: number): Manifest {
  return sliceAfter(counted, sliceOf(counted, count), count);
}

/** The name whose only address tells of change number `count`, without a final dot. */
export function countedName(counted: Counted, count: number): string {
  const service = `${counted.name}.${NAMESPACE}.svc.cluster.local`;
  return counted.endpoints === 1 ? service : `first-${sliceOf(counted, count)}.${service}`;
}

/** True where the address tells of that change, or of a later one. */
export function tellsOf(count: number): (address: number) => boolean {
  return (address) => address >= FIRST_COUNT + count;
}

function sliceOf(counted: Counted, count: number): number {
  return count % sliceCount(counted);
}

function sliceAfter(counted: Counted, slice: number, count: number): Manifest {
  const [first, ...others] = endpointsOf(counted, slice);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    metadata: {
      name: `${counted.name}-${slice}`,
      namespace: NAMESPACE,
      labels: { 'kubernetes.io/service-name': counted.name },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': new Date().toISOString() },
    },
    endpoints: [{ ...first, addresses: [dotted(FIRST_COUNT + count)], hostname: `first-${slice}` }, ...others],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

/** Made once: whoever writes changes has other things to do. */
const made = new Map<string, readonly Manifest[]>();

function endpointsOf({ name, endpoints: total }: Counted, slice: number): readonly Manifest[] {
  const key = `${name}-${slice}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const first = slice * SLICE_SIZE;
  const endpoints = Array.from({ length: Math.min(SLICE_SIZE, total - first) }, (_, i) => ({
    addresses: [dotted(FIRST_IP + first + i)],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: `node-${(first + i) % 500}`,
    targetRef: { kind: 'Pod', namespace: NAMESPACE, name: `${name}-${first + i}`, uid: uidOf(first + i) },
  }));
  made.set(key, endpoints);
  return endpoints;
}

function uidOf(pod: number): string {
  return `00000000-0000-4000-8000-${pod.toString(16).padStart(12, '0')}`;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
