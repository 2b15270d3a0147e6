/**
 * The reduced objects of a cluster written back as an API server has them, so that a store which watches one can be asked the
 * same questions as the store that they come from.
 *
 *     ClusterState ─► Namespace, Service, EndpointSlice, Pod (JSON) ─► API server ─► watch ─► ClusterState: the same
 *
 * What the reduction has dropped does not come back: an endpoint that is not ready is one without a name and with an address of
 * its own (RFC 5737, RFC 3849). `RENAMED` tells the one thing that is different afterwards.
 */
import { isIP } from 'node:net';
import { formatAddress } from '../../src/dns/address.ts';
import {
  type EndpointSlice,
  type ImportedSlice,
  type Namespace,
  type Pod,
  type Service,
  type ServicePort,
  addressCount,
  addressWidth,
  columnTexts,
} from '../../src/cluster/objects.ts';
import type { ClusterState } from '../../src/cluster/state.ts';

export type JsonObject = Readonly<Record<string, unknown>>;
export type Labels = Readonly<Record<string, string>>;

/** Addresses that an endpoint may have. */
const ENDPOINT_ADDRESSES = 100;

/** What is not written back as it was, and why. */
export const RENAMED =
  'Slices that manifests imply are called SERVICE/NUMBER/ipvFAMILY, and no object of an API can have a slash in its name: ' +
  'they are called SERVICE-NUMBER-ipvFAMILY, with zeros before the number, so that their order stays.';

/** @param labelsOf the labels of a Service, an EndpointSlice or a Pod, beside those that it must have */
export function apiObjects(
  state: ClusterState,
  labelsOf: (kind: 'Service' | 'EndpointSlice' | 'Pod', object: EndpointSlice | Service | Pod) => Labels = () => ({}),
): readonly JsonObject[] {
  return [
    ...Array.from(state.namespaces(), namespaceObject),
    ...Array.from(state.services(), (service) => serviceObject(service, labelsOf('Service', service))),
    ...Array.from(state.endpointSlices(), (slice) => {
      const imported = state.imports.heldSlice(slice.namespace, slice.name);
      return sliceObject(slice, { ...labelsOf('EndpointSlice', slice), ...importLabels(imported) });
    }),
    ...Array.from(state.pods(), (pod) => podObject(pod, labelsOf('Pod', pod))),
    ...Array.from(state.imports.services(), importObject),
    ...Array.from(state.imports.slices()).flatMap((slice) =>
      state.heldEndpointSlice(slice.namespace, slice.name) === undefined
        ? [importedSliceObject(slice, labelsOf('EndpointSlice', slice))]
        : [],
    ),
  ];
}

/** A ServiceImport of multicluster.x-k8s.io. */
export function importObject({ namespace, name, kind, clusterIPs, ports }: Service): JsonObject {
  const isHeadless = kind === 'headless';
  const ips = isHeadless ? {} : { ips: clusterIPs.map(formatAddress) };
  return {
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind: 'ServiceImport',
    metadata: { name, namespace },
    spec: { type: isHeadless ? 'Headless' : 'ClusterSetIP', ...ips, ports: ports.map(portObject) },
  };
}

/** A slice of such an import. */
export function importedSliceObject(slice: ImportedSlice, labels: Labels = {}): JsonObject {
  return endpointsObject(slice, { ...labels, ...importLabels(slice) });
}

function importLabels(slice: ImportedSlice | undefined): Labels {
  if (slice === undefined) return {};
  return {
    'multicluster.kubernetes.io/service-name': slice.service,
    ...(slice.cluster === '' ? {} : { 'multicluster.kubernetes.io/source-cluster': slice.cluster }),
  };
}

export function namespaceObject({ name, labels }: Namespace): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

export function serviceObject(service: Service, labels: Labels = {}): JsonObject {
  const { namespace, name, externalAddresses } = service;
  const ingress = externalAddresses.map((text) => (isIP(text) === 0 ? { hostname: text } : { ip: text }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: { ...serviceSpec(service), ports: service.ports.map(portObject) },
    status: { loadBalancer: ingress.length === 0 ? {} : { ingress } },
  };
}

function serviceSpec({ kind, clusterIPs, externalName }: Service): JsonObject {
  switch (kind) {
    case 'external-name':
      return { type: 'ExternalName', externalName };
    case 'headless':
      return { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] };
    case 'cluster-ip': {
      const ips = clusterIPs.map(formatAddress);
      return { type: 'ClusterIP', ...(ips.length === 0 ? {} : { clusterIP: ips[0], clusterIPs: ips }) };
    }
  }
}

/** A port without a number, as slices can have it, says nothing of it. */
function portObject({ name, protocol, number }: ServicePort): JsonObject {
  return { name, protocol: protocol.toUpperCase(), ...(number === 0 ? {} : { port: number }) };
}

export function sliceObject(slice: EndpointSlice, labels: Labels = {}): JsonObject {
  return endpointsObject(slice, { ...labels, 'kubernetes.io/service-name': slice.service });
}

function endpointsObject(slice: EndpointSlice, labels: Labels): JsonObject {
  const { namespace, family, ports } = slice;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: sliceName(slice), namespace, labels },
    addressType: family === 4 ? 'IPv4' : 'IPv6',
    endpoints: [...readyEndpoints(slice), ...notReadyEndpoints(slice)],
    ports: ports.map(portObject),
  };
}

/** See `RENAMED`. */
export function sliceName({ name }: EndpointSlice): string {
  const [service = '', number, family] = name.split('/');
  return number === undefined ? service : `${service}-${number.padStart(6, '0')}-${family ?? ''}`;
}

function readyEndpoints(slice: EndpointSlice): readonly JsonObject[] {
  const count = addressCount(slice);
  const width = addressWidth(slice.family);
  const [hostnames, targets, zones, texts] = [slice.hostnames, slice.targets, slice.zones, slice.texts].map((column) =>
    columnTexts(column, count),
  );
  return Array.from({ length: count }, (_, i) => {
    const written = formatAddress(slice.addresses.subarray(i * width, (i + 1) * width));
    const target = targets?.[i] ?? '';
    return {
      addresses: [texts?.[i] || written],
      conditions: { ready: true, serving: true, terminating: false },
      ...given('hostname', hostnames?.[i]),
      ...given('zone', zones?.[i]),
      ...(target === '' ? {} : { targetRef: { kind: 'Pod', namespace: slice.namespace, name: target } }),
    };
  });
}

function given(field: string, text = ''): JsonObject {
  return text === '' ? {} : { [field]: text };
}

function notReadyEndpoints({ family, notReady }: EndpointSlice): readonly JsonObject[] {
  const addresses = Array.from({ length: notReady }, (_, i) =>
    family === 4 ? `203.0.${113 + (i >> 8)}.${i & 255}` : `2001:db8::${(i + 1).toString(16)}`,
  );
  const endpoints: JsonObject[] = [];
  for (let i = 0; i < addresses.length; i += ENDPOINT_ADDRESSES) {
    endpoints.push({ addresses: addresses.slice(i, i + ENDPOINT_ADDRESSES), conditions: { ready: false } });
  }
  return endpoints;
}

export function podObject({ namespace, name, ip }: Pod, labels: Labels = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'main', image: 'none' }] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}
