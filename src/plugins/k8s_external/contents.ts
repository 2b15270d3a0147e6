/**
 * A zone of `k8s_external` as a whole, for `transfer`: the apex, the name server's addresses, and each Service in the order of
 * its name, with the RRsets that a question gives. The Services are those of the moment in which the transfer begins.
 */
import { listEndpointAddresses, listEndpointServices } from '../../cluster/endpoint-records.ts';
import { findExternalService, showsEndpoints } from '../../cluster/external-records.ts';
import { ServiceEndpoints } from '../../cluster/endpoints.ts';
import { NOBODY } from '../../cluster/facts.ts';
import { withoutUnderscore } from '../../cluster/names.ts';
import type { ClusterName } from '../../cluster/names.ts';
import type { Service } from '../../cluster/objects.ts';
import { byName } from '../../cluster/order.ts';
import type { ListedService } from '../../cluster/state.ts';
import { ClusterView } from '../../cluster/view.ts';
import { Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { ZoneContents } from '../neighbours.ts';
import { type Cluster, nameServerStanding } from './external.ts';
import type { ExternalZone } from './zone.ts';

/**
 * Undefined until what the zone rests on has been listed: a secondary keeps for long what it is given. To be read in the tick in
 * which it is given: the SOA is that of the state which reading begins with.
 */
export function contentsOf(zone: ExternalZone, cluster: Cluster, headless: boolean): ZoneContents | undefined {
  const { view, needed } = cluster;
  const isInStep = view.state.standing(NOBODY, needed) === 'in-step';
  if (!isInStep || nameServerStanding(NOBODY, cluster) !== 'in-step') return undefined;
  return { soa: zone.soa(cluster), records: { [Symbol.iterator]: () => read(zone, cluster, headless) } };
}

/** The Services are listed now; the apex is made now too. */
function read(zone: ExternalZone, cluster: Cluster, headless: boolean): Iterator<RRset> {
  const { view } = cluster;
  const own = [zone.ns(cluster), ...zone.glue(NOBODY, zone.nameServer, cluster)];
  const shown = view.state
    .list()
    .filter(({ service }) => service.externalAddresses.length > 0 || showsEndpoints(service, headless))
    .filter(({ service }) => view.shows(NOBODY, service.namespace))
    .toSorted((a, b) => byName(a.service, b.service));
  return recordsOf(zone, own, view, shown, headless);
}

function* recordsOf(
  zone: ExternalZone,
  own: readonly RRset[],
  view: ClusterView,
  shown: readonly ListedService[],
  headless: boolean,
): Generator<RRset> {
  yield* own;
  for (const one of shown) yield* serviceRecords(zone, new ListedView(view, one), one.service, headless);
}

/** The cluster with the endpoints that one Service had when it was listed. */
class ListedView extends ClusterView {
  readonly #slices: ListedService['slices'];
  #endpoints: ServiceEndpoints | undefined;

  constructor({ state, options }: ClusterView, { slices }: ListedService) {
    super(state, options);
    this.#slices = slices;
  }

  override endpointsOf(): ServiceEndpoints {
    return (this.#endpoints ??= ServiceEndpoints.of(this.#slices));
  }
}

function* serviceRecords(zone: ExternalZone, view: ClusterView, service: Service, headless: boolean): Generator<RRset> {
  const of = { namespace: service.namespace, service: service.name };
  const owner = Name.fromLabels([service.name, service.namespace], zone.name);
  // Names that are too long, and what the name server's own subtree hides, have no records.
  if (owner === undefined || owner.isAtOrBelow(zone.apexLabel)) return;
  const find = (labels: readonly string[], name: ClusterName, type: number): readonly RRset[] => {
    const at = Name.fromLabels(labels, owner);
    if (at === undefined) return [];
    const asked = { owner: at, name, type, zone: zone.name, below: zone.name };
    const found = findExternalService(view, asked, service, headless);
    if (found.kind === 'records') return found.answers;
    return found.kind === 'alias' ? [found.alias] : [];
  };
  // All of them, where an answer would be cut.
  const findServices = (labels: readonly string[], name: ClusterName): Iterable<RRset> => {
    const at = Name.fromLabels(labels, owner);
    if (at === undefined || !showsEndpoints(service, headless)) return find(labels, name, Type.SRV);
    const asked = { owner: at, name, type: Type.SRV, zone: zone.name, below: zone.name };
    return listEndpointServices(view, asked, service);
  };
  const addresses = find([], { kind: 'service', ...of }, Type.A);
  yield* addresses;
  // A name with a CNAME has nothing else (RFC 2181 §10.1).
  if (addresses[0]?.type !== Type.CNAME) {
    yield* find([], { kind: 'service', ...of }, Type.AAAA);
    yield* findServices([], { kind: 'service', ...of });
  }
  for (const [port, protocol] of namedPorts(view, service, headless)) {
    yield* findServices([`_${port}`, `_${protocol}`], { kind: 'port', port, protocol, ...of });
  }
  if (showsEndpoints(service, headless)) yield* listEndpointAddresses(view, owner, service);
}

/** Name and protocol of each named port, each pair once. */
function namedPorts(view: ClusterView, service: Service, headless: boolean): Iterable<readonly [string, string]> {
  const ports = showsEndpoints(service, headless)
    ? view.endpointsOf(service).slices.flatMap((slice) => slice.ports)
    : service.ports;
  const named = ports.filter(({ name }) => withoutUnderscore(name) !== '');
  return new Map(named.map(({ name, protocol }) => [`${name} ${protocol}`, [name, protocol] as const])).values();
}
