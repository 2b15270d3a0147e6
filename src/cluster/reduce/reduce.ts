/**
 * Objects of the Kubernetes API, as JSON or YAML gives them, reduced to what DNS needs (objects.ts).
 *
 *     unknown ──reduceService, reduceEndpointSlice, reduceNamespace, reducePod──► object, with complaints about parts
 *                                                                               │ rejected, with the reason
 *                                                                               └ passed over: in order, but not for DNS
 *
 * Pure functions that never throw, whatever comes in. Which fields count, and how, is as CoreDNS has it.
 */
import { bounds } from '../../bounds.ts';
import { parseAddress } from '../../dns/address.ts';
import { isHostName } from '../host-name.ts';
import { type Identity, type ReadIdentity, isLabel, readIdentity, readLabels } from './identity.ts';
import type { EndpointSlice, ImportedSlice, Namespace, Pod, Service, ServiceKind, ServicePort } from '../objects.ts';
import { readEndpointPorts, readServicePorts } from './ports.ts';
import { describe, FieldReader, type Json, type Path, type Reduction, rejected } from './reading.ts';
import { ScannedEndpoints, TARGET_NAME_LIMIT } from './scanned-endpoints.ts';
import { type EndpointFacts, SliceBuilder } from './slice-builder.ts';

/** The label that says which Service an EndpointSlice belongs to. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** The label of slices that belong to a ServiceImport (Multi-Cluster Services API). */
export const IMPORTED_SERVICE_LABEL = 'multicluster.kubernetes.io/service-name';

/** The label that says which cluster the endpoints of such a slice are in. */
const SOURCE_CLUSTER_LABEL = 'multicluster.kubernetes.io/source-cluster';

/** A v1 Service. */
export function reduceService(value: unknown): Reduction<Service> {
  const reading = readIdentity(value, 'label');
  if (reading.outcome === 'rejected') return reading;
  const read = new FieldReader();
  const spec = read.record(reading.object, 'spec', []);
  const isExternal = read.text(spec, 'type', ['spec']) === 'ExternalName';
  const externalName = isExternal ? (read.text(spec, 'externalName', ['spec']) ?? '') : '';
  if (isExternal && externalName === '') return rejected(['spec'], 'type ExternalName needs spec.externalName');
  // An API server takes an address, with a warning.
  const isRefused = isExternal && !isHostName(externalName) && parseAddress(externalName) === undefined;
  if (isRefused) read.complain(['spec', 'externalName'], notAHostName(externalName));
  const ips = isExternal ? { kind: 'external-name' as const, clusterIPs: [] } : readClusterIPs(spec, read);
  const service: Service = {
    ...reading.identity,
    ...ips,
    externalName,
    ports: readServicePorts(spec, read),
    externalAddresses: readExternalAddresses(spec, read.record(reading.object, 'status', []), read),
  };
  return { outcome: 'object', object: service, complaints: read.complaints };
}

/**
 * A ServiceImport of multicluster.x-k8s.io, v1beta1 or v1alpha1: as a Service that has the IPs of `spec.ips`, or is headless.
 */
export function reduceServiceImport(value: unknown): Reduction<Service> {
  const reading = readIdentity(value, 'label');
  if (reading.outcome === 'rejected') return reading;
  const read = new FieldReader();
  const spec = read.record(reading.object, 'spec', []);
  const isHeadless = read.text(spec, 'type', ['spec']) === 'Headless';
  const service: Service = {
    ...reading.identity,
    kind: isHeadless ? 'headless' : 'cluster-ip',
    clusterIPs: isHeadless ? [] : readAddresses(read.texts(spec, 'ips', ['spec']), ['spec', 'ips'], read),
    externalName: '',
    ports: readServicePorts(spec, read),
    externalAddresses: NO_ADDRESSES,
  };
  return { outcome: 'object', object: service, complaints: read.complaints };
}

/** With the host that a URL or a host with a port names. */
function notAHostName(text: string): string {
  const host = text
    .trim()
    .replace(/^[a-z][-+.a-z0-9]*:\/\//i, '')
    .replace(/[:/?#].*$/s, '');
  const instead = isHostName(host) ? `; write ${describe(host)}` : '';
  return `${describe(text)} is no host name${instead}; there is no such name in DNS`;
}

function readClusterIPs(
  spec: Json,
  read: FieldReader,
): { readonly kind: ServiceKind; readonly clusterIPs: readonly Uint8Array[] } {
  const listed = read.texts(spec, 'clusterIPs', ['spec']);
  const single = read.text(spec, 'clusterIP', ['spec']);
  const texts = (listed.length > 0 ? listed : [single ?? '']).filter((text) => text !== '');
  if (texts[0] === 'None') return { kind: 'headless', clusterIPs: [] };
  const clusterIPs = readAddresses(texts, ['spec', listed.length > 0 ? 'clusterIPs' : 'clusterIP'], read);
  return { kind: 'cluster-ip', clusterIPs };
}

function readAddresses(texts: readonly string[], path: Path, read: FieldReader): readonly Uint8Array[] {
  const addresses: Uint8Array[] = [];
  for (const text of texts) {
    const octets = parseAddress(text);
    if (octets !== undefined) addresses.push(octets);
    else read.complain(path, notAnAddress(text));
  }
  // An array that grew by `push` has room for more than a dozen, and there may be one for each of many Services.
  return addresses.slice();
}

function notAnAddress(text: string): string {
  const hint = text.toLowerCase() === 'none' ? ' (a headless Service has "None")' : '';
  return `${describe(text)} is no IP address${hint}; left out`;
}

function readExternalAddresses(spec: Json, status: Json, read: FieldReader): readonly string[] {
  const addresses: string[] = [];
  for (const ip of read.texts(spec, 'externalIPs', ['spec'])) {
    if (parseAddress(ip) !== undefined) addresses.push(ip);
    else read.complain(['spec', 'externalIPs'], notAnAddress(ip));
  }
  const path = ['status', 'loadBalancer'];
  for (const [ingress, i] of read.records(read.record(status, 'loadBalancer', ['status']), 'ingress', path)) {
    const at = [...path, 'ingress', i];
    const ip = read.text(ingress, 'ip', at) ?? '';
    if (ip !== '' && parseAddress(ip) === undefined) read.complain([...at, 'ip'], notAnAddress(ip));
    const address = ip === '' ? (read.text(ingress, 'hostname', at) ?? '') : ip;
    if (address !== '' && (ip === '' || parseAddress(ip) !== undefined)) addresses.push(address);
  }
  return addresses.length === 0 ? NO_ADDRESSES : addresses;
}

/** One for all Services that have none. */
const NO_ADDRESSES: readonly string[] = [];

/** A discovery.k8s.io EndpointSlice. Only ready endpoints are taken; slices of FQDNs are passed over. */
export function reduceEndpointSlice(value: unknown): Reduction<EndpointSlice> {
  const reading = readIdentity(value, 'subdomain');
  if (reading.outcome === 'rejected') return reading;
  const quick = readSlice(reading, new FieldReader(false));
  return quick.outcome === 'object' && quick.complaints.length > 0 ? readSlice(reading, new FieldReader()) : quick;
}

function readSlice({ object, metadata, identity }: ReadIdentity, read: FieldReader): Reduction<EndpointSlice> {
  const labels = readLabels(metadata, read);
  const service = labels[SERVICE_NAME_LABEL] ?? '';
  if (service === '' && labels[IMPORTED_SERVICE_LABEL] !== undefined) {
    return { outcome: 'passed-over', reason: 'it belongs to a Service of several clusters' };
  }
  if (service === '')
    return rejected(['metadata'], `the label ${SERVICE_NAME_LABEL} is missing: it belongs to no Service`);
  return readEndpoints(object, identity, service, read);
}

/** An EndpointSlice that belongs to a ServiceImport. One that belongs to a Service of this cluster as well is read as that too. */
export function reduceImportedSlice(value: unknown): Reduction<ImportedSlice> {
  const reading = readIdentity(value, 'subdomain');
  if (reading.outcome === 'rejected') return reading;
  const read = new FieldReader();
  const labels = readLabels(reading.metadata, read);
  const service = labels[IMPORTED_SERVICE_LABEL] ?? '';
  if (service === '') return { outcome: 'passed-over', reason: 'it belongs to no Service of several clusters' };
  const source = (labels[SOURCE_CLUSTER_LABEL] ?? '').toLowerCase();
  const cluster = isLabel(source) ? source : '';
  if (cluster === '') {
    const found = source === '' ? 'is missing' : `${describe(source)} is no label of DNS`;
    read.complain(['metadata', 'labels'], `${SOURCE_CLUSTER_LABEL} ${found}: the endpoints have no names of their own`);
  }
  const reduction = readEndpoints(reading.object, reading.identity, service, read);
  return reduction.outcome === 'object' ? { ...reduction, object: { ...reduction.object, cluster } } : reduction;
}

function readEndpoints(object: Json, identity: Identity, service: string, read: FieldReader): Reduction<EndpointSlice> {
  const addressType = read.text(object, 'addressType', []) ?? '';
  if (addressType === 'FQDN') return { outcome: 'passed-over', reason: 'its addresses are names' };
  const family = addressType === '' ? guessFamily(object) : FAMILIES.get(addressType);
  if (family === undefined) return rejected(['addressType'], `${describe(addressType)} is neither IPv4 nor IPv6`);
  const scanned = object['endpoints'];
  if (scanned instanceof ScannedEndpoints) {
    if (family !== 4) return readEndpoints({ ...object, endpoints: scanned.list() }, identity, service, read);
    const ports = readEndpointPorts(object, [], read);
    return { outcome: 'object', object: sliceOf(scanned, identity, service, ports), complaints: read.complaints };
  }
  const builder = new SliceBuilder(family);
  const endpoints = read.eachRecord(object, 'endpoints', [], (endpoint, i) => {
    if (i < bounds.sliceEndpoints) readEndpoint(endpoint, i, builder, read);
  });
  if (endpoints > bounds.sliceEndpoints) {
    const most = bounds.sliceEndpoints;
    read.complain(['endpoints'], `there are more than ${most}, which no API server allows; those beyond are left out`);
  }
  const slice = builder.build(identity.namespace, identity.name, service, readEndpointPorts(object, [], read));
  return { outcome: 'object', object: slice, complaints: read.complaints };
}

function sliceOf(
  { addresses, notReady, hostnames, targets, zones }: ScannedEndpoints,
  { namespace, name }: Identity,
  service: string,
  ports: readonly ServicePort[],
): EndpointSlice {
  const texts = undefined;
  return { namespace, name, service, family: 4, ports, addresses, notReady, hostnames, targets, zones, texts };
}

const FAMILIES: ReadonlyMap<string, 4 | 6> = new Map([
  ['IPv4', 4],
  ['IPv6', 6],
]);

/** The family of the first address of a slice that does not say which it has. */
function guessFamily(object: Json): 4 | 6 {
  const read = new FieldReader();
  for (const [endpoint] of read.records(object, 'endpoints', [])) {
    const first = read.texts(endpoint, 'addresses', [])[0];
    if (first !== undefined) return first.includes(':') ? 6 : 4;
  }
  return 4;
}

const ENDPOINTS: Path = ['endpoints'];

function readEndpoint(endpoint: Json, position: number, builder: SliceBuilder, read: FieldReader): void {
  const path = read.below(ENDPOINTS, position);
  const addresses = read.texts(endpoint, 'addresses', path);
  const conditions = read.record(endpoint, 'conditions', path);
  if (read.boolean(conditions, 'ready', read.below(path, 'conditions')) === false) {
    builder.addNotReady(addresses.length);
    return;
  }
  const facts = readEndpointFacts(endpoint, path, read);
  for (const address of addresses) {
    if (!builder.addText(address, facts)) {
      const message = `${describe(address)} is no IPv${builder.family} address; left out`;
      read.complain(read.below(path, 'addresses'), message);
    }
  }
}

/** Hostname, pod and zone of an endpoint, whether of a slice or of an Endpoints object. */
export function readEndpointFacts(endpoint: Json, path: Path, read: FieldReader): EndpointFacts {
  const reference = read.record(endpoint, 'targetRef', path);
  const target = read.text(reference, 'name', read.below(path, 'targetRef')) ?? '';
  return {
    hostname: read.text(endpoint, 'hostname', path) ?? '',
    target: target.length < TARGET_NAME_LIMIT ? target : '',
    zone: (read.text(endpoint, 'zone', path) ?? '').toLowerCase(),
  };
}

/** A v1 Namespace. */
export function reduceNamespace(value: unknown): Reduction<Namespace> {
  const reading = readIdentity(value, 'label');
  if (reading.outcome === 'rejected') return reading;
  const read = new FieldReader();
  const namespace = { name: reading.identity.name, labels: readLabels(reading.metadata, read) };
  return { outcome: 'object', object: namespace, complaints: read.complaints };
}

/** A v1 Pod; one that has ended, is ending, or has no address yet is passed over. */
export function reducePod(value: unknown): Reduction<Pod> {
  const reading = readIdentity(value, 'subdomain');
  if (reading.outcome === 'rejected') return reading;
  const read = new FieldReader();
  const status = read.record(reading.object, 'status', []);
  const { deletionTimestamp } = reading.metadata;
  if (deletionTimestamp !== undefined && deletionTimestamp !== null) {
    return { outcome: 'passed-over', reason: 'it is being deleted' };
  }
  const phase = read.text(status, 'phase', ['status']);
  if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Unknown') {
    return { outcome: 'passed-over', reason: `its phase is ${phase}` };
  }
  const ip = read.text(status, 'podIP', ['status']) ?? '';
  if (ip === '') return { outcome: 'passed-over', reason: 'it has no address yet' };
  if (parseAddress(ip) === undefined) return rejected(['status', 'podIP'], notAnAddress(ip));
  return { outcome: 'object', object: { ...reading.identity, ip }, complaints: read.complaints };
}
