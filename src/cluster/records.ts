/**
 * The records of a name in a cluster's zone, by the Kubernetes DNS specification 1.1.0 and CoreDNS's additions to it:
 *
 * | name | section of the specification |
 * |---|---|
 * | Service with a cluster IP: addresses, SRV per port | 2.3.1, 2.3.2 |
 * | headless Service: addresses and SRV of its ready endpoints | 2.4.1, 2.4.2 |
 * | Service of type ExternalName: CNAME | 2.5 |
 * | `dns-version` | 2.2 |
 * | pods by address, endpoint names under any Service, topology zones | CoreDNS |
 */
import { parseAddress } from '../dns/address.ts';
import { Class, Type } from '../dns/constants.ts';
import { Name } from '../dns/name.ts';
import type { RRset, Srv } from '../dns/rrset.ts';
import { type SliceEndpoints, addressesOf, distinctAddresses } from './endpoints.ts';
import type { Dependent } from './facts.ts';
import { type ClusterName, podAddressText, withoutUnderscore } from './names.ts';
import type { Service, ServicePort } from './objects.ts';
import type { ClusterView } from './view.ts';

/** The version of the specification that is served, and the TTL of the record that says so, in seconds. */
const SPECIFICATION_VERSION = Buffer.from('1.1.0');
const VERSION_TTL = 28_800;

/** What a name and type give. */
export type Found =
  /** The name does not exist. */
  | { readonly kind: 'no-name' }
  /** The name exists and has no records of the type. */
  | { readonly kind: 'no-data' }
  | { readonly kind: 'records'; readonly answers: readonly RRset[]; readonly additional: readonly RRset[] }
  /** The name is an alias; for address types the caller goes after the target. */
  | { readonly kind: 'alias'; readonly alias: RRset; readonly target: Name };

const NO_NAME: Found = { kind: 'no-name' };
const NO_DATA: Found = { kind: 'no-data' };

/** What is asked: the question's name as it was written, what it means, its type, and the zone that it is in. */
export interface Asked {
  readonly owner: Name;
  readonly name: ClusterName;
  readonly type: number;
  readonly zone: Name;
}

/** Finds the records of a name other than the apex and the name server's, which the server itself must know. */
export function findRecords(asker: Dependent, view: ClusterView, asked: Asked): Found {
  const { name } = asked;
  switch (name.kind) {
    case 'version':
      return asked.type === Type.TXT ? version(asked.owner) : NO_DATA;
    case 'namespace':
      if (name.tree === 'pod' && view.options.pods === 'disabled') return NO_NAME;
      return view.shows(asker, name.namespace) ? NO_DATA : NO_NAME;
    case 'pod':
      return findPod(asker, view, asked, name.namespace, podAddressText(name.address));
    case 'service':
    case 'endpoint':
    case 'port':
    case 'topology': {
      if (!view.shows(asker, name.namespace)) return NO_NAME;
      const service = view.state.service(asker, name.namespace, name.service);
      return service === undefined ? NO_NAME : findService(view, asked, service);
    }
    case 'apex':
    case 'tree':
    case 'dns':
    case 'name-server':
      return NO_DATA;
    case 'none':
      return NO_NAME;
  }
}

function version(owner: Name): Found {
  const text: RRset = {
    owner,
    type: Type.TXT,
    class: Class.IN,
    ttl: VERSION_TTL,
    kind: 'text',
    texts: [[SPECIFICATION_VERSION]],
  };
  return { kind: 'records', answers: [text], additional: [] };
}

function findPod(asker: Dependent, view: ClusterView, asked: Asked, namespace: string, text: string): Found {
  const { pods, ttl } = view.options;
  if (pods === 'disabled' || !view.shows(asker, namespace)) return NO_NAME;
  const octets = parseAddress(text);
  if (octets === undefined) return NO_NAME;
  if (pods === 'verified' && !view.state.podsAt(asker, text).some((pod) => pod.namespace === namespace)) return NO_NAME;
  const family = familyOf(asked.type);
  return addresses(asked.owner, ttl, family, family === addressFamily(octets) ? octets : NO_OCTETS);
}

function findService(view: ClusterView, asked: Asked, service: Service): Found {
  switch (service.kind) {
    case 'external-name':
      return asked.name.kind === 'service' ? findExternalName(view, asked, service) : NO_NAME;
    case 'headless':
      return findEndpoints(view, asked, service);
    case 'cluster-ip':
      if (isEmptyAndIgnored(view, service)) return NO_NAME;
      return asked.name.kind === 'endpoint'
        ? findEndpoints(view, asked, service)
        : findClusterIPs(view, asked, service);
  }
}

function isEmptyAndIgnored(view: ClusterView, service: Service): boolean {
  return view.options.ignoreEmptyService && view.state.endpointsOf(service).isEmpty;
}

// ExternalName.

function findExternalName(view: ClusterView, asked: Asked, service: Service): Found {
  // A target that is an address is no name: the API server warns of it, and there is nothing to answer.
  if (parseAddress(service.externalName) !== undefined) return NO_NAME;
  const target = Name.parse(service.externalName);
  if (target === undefined) return NO_NAME;
  if (asked.type !== Type.CNAME && familyOf(asked.type) === undefined) return NO_DATA;
  const { owner } = asked;
  const alias: RRset = {
    owner,
    type: Type.CNAME,
    class: Class.IN,
    ttl: view.options.ttl,
    kind: 'name',
    targets: [target],
  };
  return { kind: 'alias', alias, target };
}

// Services with cluster IPs.

function findClusterIPs(view: ClusterView, asked: Asked, service: Service): Found {
  const { name, type, owner } = asked;
  const { ttl } = view.options;
  if (name.kind !== 'service' && name.kind !== 'port') return NO_NAME;
  const family = familyOf(type);
  // The common question first: its answer needs no look at the ports.
  if (name.kind === 'service' && family !== undefined) return clusterIPs(owner, ttl, family, service);
  const ports = matchingPorts(service.ports, name);
  if (ports === undefined) return NO_NAME;
  if (family !== undefined) return clusterIPs(owner, ttl, family, service);
  if (type !== Type.SRV) return NO_DATA;
  const target = serviceOwner(service, asked.zone);
  if (target === undefined) return NO_DATA;
  const pairs = service.clusterIPs.flatMap((octets) => ports.map((port) => ({ target, port: port.number, octets })));
  return services(owner, ttl, pairs.length, pairs);
}

function clusterIPs(owner: Name, ttl: number, family: 4 | 6, { clusterIPs: all }: Service): Found {
  const [first] = all;
  if (all.length === 1 && first?.length === addressOctets(family)) return addresses(owner, ttl, family, first);
  const ofFamily = all.filter((octets) => octets.length === addressOctets(family));
  return addresses(owner, ttl, family, Buffer.concat(ofFamily));
}

// Headless Services and endpoint names.

function findEndpoints(view: ClusterView, asked: Asked, service: Service): Found {
  const { name, type, owner } = asked;
  const { ttl, noEndpoints, endpointPodNames } = view.options;
  if (noEndpoints) return NO_NAME;
  const endpoints = view.state.endpointsOf(service);
  if (name.kind === 'topology') return findTopology(view, asked, endpoints.slices, name);

  const label = name.kind === 'endpoint' ? name.label : undefined;
  const chosen = chooseEndpoints(endpoints.slices, name, endpointPodNames);
  if (chosen.length === 0) return isProtocol(label, service, endpoints.slices) ? NO_DATA : NO_NAME;
  const family = familyOf(type);
  if (family !== undefined) {
    // The common question, whose answer is kept.
    if (name.kind === 'service') return addresses(owner, ttl, family, endpoints.addresses(family));
    return addresses(owner, ttl, family, chosenAddresses(chosen, family));
  }
  if (type !== Type.SRV) return NO_DATA;
  const parent = serviceOwner(service, asked.zone);
  if (parent === undefined) return NO_DATA;
  const count = chosen.reduce((sum, { slice, ports, at }) => sum + (at?.length ?? slice.count) * ports.length, 0);
  return services(owner, ttl, count, endpointPairs(chosen, parent, endpointPodNames));
}

/** Endpoints of one slice that a name stands for, with the ports that it asks for. */
interface ChosenEndpoints {
  readonly slice: SliceEndpoints;
  readonly ports: readonly ServicePort[];
  /** Positions in the slice; undefined for all of them. */
  readonly at: readonly number[] | undefined;
}

function chooseEndpoints(
  slices: readonly SliceEndpoints[],
  name: ClusterName,
  podNames: boolean,
): readonly ChosenEndpoints[] {
  const chosen: ChosenEndpoints[] = [];
  for (const slice of slices) {
    const ports = matchingPorts(slice.ports, name);
    if (ports === undefined) continue;
    const at = name.kind === 'endpoint' ? slice.positionsOf(name.label, podNames) : undefined;
    if (at === undefined || at.length > 0) chosen.push({ slice, ports, at });
  }
  return chosen;
}

function chosenAddresses(chosen: readonly ChosenEndpoints[], family: 4 | 6): Uint8Array {
  const blocks = chosen
    .filter(({ slice }) => slice.family === family)
    .flatMap(({ slice, at }) => at?.map((position) => slice.octetsAt(position)) ?? [slice.slice.addresses]);
  return distinctAddresses(blocks, family);
}

function* endpointPairs(chosen: readonly ChosenEndpoints[], parent: Name, podNames: boolean): Generator<Pair> {
  for (const { slice, ports, at } of chosen) {
    for (const position of at ?? slice.positions()) {
      const target = slice.nameAt(position, parent, podNames);
      if (target === undefined) continue;
      const octets = slice.octetsAt(position);
      for (const port of ports) yield { target, port: port.number, octets };
    }
  }
}

/**
 * Names of topology zones: `pin` gives the endpoints of the zone and nothing else, `prefer` all endpoints where the zone
 * has none.
 */
function findTopology(
  view: ClusterView,
  asked: Asked,
  slices: readonly SliceEndpoints[],
  name: Extract<ClusterName, { kind: 'topology' }>,
): Found {
  const family = familyOf(asked.type);
  const { zone } = name;
  if (family === undefined || zone === undefined) return NO_DATA;
  const local = slices
    .map((slice) => ({ slice, ports: [], at: slice.positionsIn(zone) }))
    .filter(({ at }) => at.length > 0);
  const octets =
    name.mode === 'prefer' && local.length === 0 ? addressesOf(slices, family) : chosenAddresses(local, family);
  return addresses(asked.owner, view.options.ttl, family, octets);
}

/** True where `_tcp.SVC…` is the empty non-terminal above the name of a named port (RFC 8020). */
function isProtocol(label: string | undefined, service: Service, slices: readonly SliceEndpoints[]): boolean {
  if (label === undefined) return false;
  const ports = service.kind === 'headless' ? slices.flatMap((slice) => slice.ports) : service.ports;
  const protocol = withoutUnderscore(label);
  return ports.some((port) => port.name !== '' && port.protocol === protocol);
}

// Ports and SRV records.

/** Stands for an object that names no port: its addresses exist, and it has no SRV records. */
const NO_PORT: readonly ServicePort[] = [{ name: '', protocol: '', number: 0 }];

/** The ports that a name asks for; undefined where it asks for one that is not there. */
function matchingPorts(ports: readonly ServicePort[], name: ClusterName): readonly ServicePort[] | undefined {
  const known = ports.length === 0 ? NO_PORT : ports;
  if (name.kind !== 'port') return known;
  const matching = known.filter((port) => port.name === name.port && port.protocol === name.protocol);
  return matching.length === 0 ? undefined : matching;
}

/** One address at one port: what a client can connect to. */
interface Pair {
  readonly target: Name;
  readonly port: number;
  readonly octets: Uint8Array;
}

/**
 * SRV records, one for each target and port, with the addresses of the targets beside them (RFC 2782). No more are made
 * than overflow every message, so that the reply is truncated and what a question costs has a bound.
 *
 * @param count how many pairs there are
 */
function services(owner: Name, ttl: number, count: number, pairs: Iterable<Pair>): Found {
  // All share one weight, the larger the fewer they are; CoreDNS counts pairs, before equal records are joined.
  const weight = Math.max(1, Math.floor(100 / Math.max(1, count)));
  const made: Srv[] = [];
  const byTarget = new Map<
    string,
    { readonly target: Name; readonly octets: Uint8Array[]; readonly ports: number[] }
  >();
  let size = 0;
  for (const { target, port, octets } of pairs) {
    if (port === 0) continue;
    let known = byTarget.get(target.key);
    if (known === undefined) byTarget.set(target.key, (known = { target, octets: [], ports: [] }));
    if (known.octets.at(-1) !== octets) known.octets.push(octets);
    if (known.ports.includes(port)) continue;
    known.ports.push(port);
    made.push({ priority: 0, weight, port, target });
    size += SRV_OCTETS + target.octetLength;
    if (size > LONGEST_MESSAGE) break;
  }
  if (made.length === 0) return NO_DATA;
  const srv: RRset = { owner, type: Type.SRV, class: Class.IN, ttl, kind: 'srv', services: made };
  const targets = size > LONGEST_MESSAGE ? [] : [...byTarget.values()];
  return {
    kind: 'records',
    answers: [srv],
    additional: targets.flatMap(({ target, octets }) => glueOf(target, ttl, octets)),
  };
}

/** Octets of an SRV record beside its target: a pointer to the owner, type, class, TTL, length, and three numbers. */
const SRV_OCTETS = 18;
/** Octets of the longest DNS message: TCP gives its length as 16 bits (RFC 1035 §4.2.2). */
const LONGEST_MESSAGE = 65_535;

function glueOf(owner: Name, ttl: number, octets: readonly Uint8Array[]): readonly RRset[] {
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = octets.filter((address) => addressFamily(address) === family);
    return ofFamily.length === 0 ? [] : [addressSet(owner, ttl, family, distinctAddresses(ofFamily, family))];
  });
}

// Addresses.

const NO_OCTETS = new Uint8Array(0);

function addresses(owner: Name, ttl: number, family: 4 | 6 | undefined, octets: Uint8Array): Found {
  if (family === undefined || octets.length === 0) return NO_DATA;
  return { kind: 'records', answers: [addressSet(owner, ttl, family, octets)], additional: [] };
}

/** The A or AAAA records of these addresses, which stand one behind the other. */
export function addressSet(owner: Name, ttl: number, family: 4 | 6, octets: Uint8Array): RRset {
  return { owner, type: family === 4 ? Type.A : Type.AAAA, class: Class.IN, ttl, kind: 'address', octets };
}

/** The family that a type asks for; undefined where it asks for no address. */
export function familyOf(type: number): 4 | 6 | undefined {
  return type === Type.A ? 4 : type === Type.AAAA ? 6 : undefined;
}

function addressOctets(family: 4 | 6): number {
  return family === 4 ? 4 : 16;
}

export function addressFamily(octets: Uint8Array): 4 | 6 {
  return octets.length === 4 ? 4 : 6;
}

/** `SVC.NS.svc.ZONE`; undefined where the names are too long for it. */
export function serviceOwner(of: { readonly name: string; readonly namespace: string }, zone: Name): Name | undefined {
  return Name.fromLabels([of.name, of.namespace, 'svc'], zone);
}
