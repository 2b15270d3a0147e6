/**
 * The records that ready endpoints give: those of headless Services (Kubernetes DNS specification 1.1.0, 2.4), of single
 * endpoints of any Service, and of topology zones.
 */
import { Type } from '../dns/constants.ts';
import type { Name } from '../dns/name.ts';
import type { RRset } from '../dns/rrset.ts';
import { type ServiceEndpoints, type SliceEndpoints, addressesOf, distinctAddresses } from './endpoints.ts';
import { type ClusterName, withoutUnderscore } from './names.ts';
import type { Service, ServicePort } from './objects.ts';
import type { ClusterView } from './view.ts';
import { type Asked, type Found, NO_DATA, NO_NAME, addressSet, addresses, familyOf, ownerIn } from './found.ts';
import { type Pair, listServices, services } from './srv.ts';

/** The records of a headless Service, or of one endpoint of any Service with a cluster IP or none. */
export function findEndpoints(view: ClusterView, asked: Asked, service: Service): Found {
  const { name } = asked;
  if (view.options.noEndpoints) return NO_NAME.endpointsNotServed;
  const endpoints = view.endpointsOf(service);
  if (name.kind === 'topology') return findTopology(view, asked, endpoints.slices, name);
  const found = endpointRecords(view, asked, endpoints, () => ownerIn(asked, service));
  return found.kind === 'no-name' && name.kind === 'endpoint' && isProtocol(name.label, service, endpoints.slices)
    ? NO_DATA
    : found;
}

/** What the names of a slice's endpoints are below; undefined where they have none. */
export type ParentOf = (slice: SliceEndpoints) => Name | undefined;

/** The records of the endpoints that a name of a Service, a port or an endpoint stands for. */
export function endpointRecords(
  view: ClusterView,
  asked: Asked,
  endpoints: Pick<ServiceEndpoints, 'slices' | 'addresses'>,
  parentOf: ParentOf,
): Found {
  const { name, type, owner } = asked;
  const { ttl, endpointPodNames } = view.options;
  const chosen = chooseEndpoints(endpoints.slices, name, endpointPodNames);
  if (chosen.length === 0) return whyNone(endpoints, name);
  const family = familyOf(type);
  if (family !== undefined) {
    // The common question, whose answer is kept.
    if (name.kind === 'service') return addresses(owner, ttl, family, endpoints.addresses(family));
    return addresses(owner, ttl, family, chosenAddresses(chosen, family));
  }
  if (type !== Type.SRV) return NO_DATA;
  return services(owner, ttl, pairCount(chosen), endpointPairs(chosen, parentOf, endpointPodNames));
}

/** The SRV records of a headless Service, or of one of its ports, for whoever takes all of them. */
export function listEndpointServices(view: ClusterView, asked: Asked, service: Service): Iterable<RRset> {
  const { ttl, noEndpoints, endpointPodNames } = view.options;
  const parent = ownerIn(asked, service);
  if (noEndpoints || parent === undefined) return [];
  const chosen = chooseEndpoints(view.endpointsOf(service).slices, asked.name, endpointPodNames);
  return listServices(
    asked.owner,
    ttl,
    pairCount(chosen),
    endpointPairs(chosen, () => parent, endpointPodNames),
  );
}

/**
 * The address records of the single endpoints of a headless Service for whoever takes all of them: a record at a time and no second
 * look at any endpoint, so that a large Service holds nobody up. Where a name has several addresses, each is a set of its own.
 */
export function* listEndpointAddresses(
  view: ClusterView,
  parent: Name,
  service: Service,
): Generator<RRset, void, void> {
  const { ttl, noEndpoints, endpointPodNames } = view.options;
  if (noEndpoints) return;
  const seen = new Set<string>();
  for (const slice of view.endpointsOf(service).slices) {
    for (const position of slice.positions()) {
      const owner = slice.nameAt(position, parent, endpointPodNames);
      if (owner === undefined) continue;
      const octets = slice.octetsAt(position);
      const record = `${owner.key} ${octets.join('.')}`;
      if (seen.has(record)) continue;
      seen.add(record);
      yield addressSet(owner, ttl, slice.family, octets);
    }
  }
}

function pairCount(chosen: readonly ChosenEndpoints[]): number {
  return chosen.reduce((sum, { slice, ports, at }) => sum + (at?.length ?? slice.count) * ports.length, 0);
}

/** Why a name stands for none of the endpoints that a Service has. */
function whyNone(endpoints: Pick<ServiceEndpoints, 'slices'>, name: ClusterName): Found {
  if (endpoints.slices.length === 0) return NO_NAME.noReadyEndpoints;
  return name.kind === 'port' ? NO_NAME.noSuchPort : NO_NAME.noSuchEndpoint;
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

function* endpointPairs(chosen: readonly ChosenEndpoints[], parentOf: ParentOf, podNames: boolean): Generator<Pair> {
  for (const { slice, ports, at } of chosen) {
    const parent = parentOf(slice);
    if (parent === undefined) continue;
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

/** The ports of a headless Service are those of its endpoints. */
function isProtocol(label: string, service: Service, slices: readonly SliceEndpoints[]): boolean {
  return isProtocolOf(service.kind === 'headless' ? slices.flatMap((slice) => slice.ports) : service.ports, label);
}

/** True where `_tcp.SVC…` is the empty non-terminal above the name of a named port (RFC 8020). */
export function isProtocolOf(ports: readonly ServicePort[], label: string): boolean {
  const protocol = withoutUnderscore(label);
  return ports.some((port) => port.name !== '' && port.protocol === protocol);
}

/** Stands for an object that names no port: its addresses exist, and it has no SRV records. */
const NO_PORT: readonly ServicePort[] = [{ name: '', protocol: '', number: 0 }];

/** The ports that a name asks for; undefined where it asks for one that is not there. */
export function matchingPorts(ports: readonly ServicePort[], name: ClusterName): readonly ServicePort[] | undefined {
  const known = ports.length === 0 ? NO_PORT : ports;
  if (name.kind !== 'port') return known;
  const matching = known.filter((port) => port.name === name.port && port.protocol === name.protocol);
  return matching.length === 0 ? undefined : matching;
}
