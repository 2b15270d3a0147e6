/**
 * All records of a cluster's zone below its apex, for whoever takes the zone as a whole. What is listed is the state of one
 * moment: Services and slices never change, so that holding on to them is enough, and each RRset is made from them when it is
 * asked for.
 *
 *     ClusterState.list() ──► namespaces in order ──► Services in order ──┬─► its own name: addresses, SRV, or CNAME
 *                                                                         ├─► each named port: SRV
 *                                                                         └─► headless: each endpoint's name: addresses
 *
 * The RRsets are those of ordinary answers (records.ts). Left out is what CoreDNS leaves out of transfers: pods, topology
 * zones, names of endpoints of Services that have a cluster IP, and what else may be asked of the name of a port or endpoint.
 */
import { Type } from '../dns/constants.ts';
import { Name } from '../dns/name.ts';
import type { RRset } from '../dns/rrset.ts';
import { listEndpointAddresses, listEndpointServices } from './endpoint-records.ts';
import { ServiceEndpoints } from './endpoints.ts';
import { NOBODY } from './facts.ts';
import { serviceOwner } from './found.ts';
import type { ClusterName } from './names.ts';
import type { Service, ServicePort } from './objects.ts';
import { byText } from './order.ts';
import { findService } from './records.ts';
import type { ListedService } from './state.ts';
import { ClusterView } from './view.ts';

const ADDRESSES: readonly number[] = [Type.A, Type.AAAA];
const SERVICES: readonly number[] = [Type.SRV];
const ALIASES: readonly number[] = [Type.CNAME];

/** The state is taken now, by reference; the records come in the order of their Services' names. */
export function listZone(view: ClusterView, zone: Name): Iterator<RRset, void, void> {
  const listed = view.state.list();
  const shown = new Set<string>();
  for (const { name } of view.state.namespaces()) if (view.shows(NOBODY, name)) shown.add(name);
  return recordsOf(listed, shown, view, zone);
}

function* recordsOf(
  listed: readonly ListedService[],
  shown: ReadonlySet<string>,
  view: ClusterView,
  zone: Name,
): Generator<RRset, void, void> {
  const byNamespace = Map.groupBy(listed, ({ service }) => service.namespace);
  for (const namespace of [...shown].toSorted(byText)) {
    const services = byNamespace.get(namespace) ?? [];
    for (const one of services.toSorted((a, b) => byText(a.service.name, b.service.name))) {
      const owner = serviceOwner(one.service, zone);
      if (owner !== undefined) yield* new ListedZone(view, zone, owner, one).records();
    }
  }
}

/** One Service of the moment in which it was listed. */
class ListedZone extends ClusterView {
  readonly #zone: Name;
  readonly #owner: Name;
  readonly #service: Service;
  readonly #endpoints: ServiceEndpoints;

  constructor({ state, options }: ClusterView, zone: Name, owner: Name, { service, slices }: ListedService) {
    super(state, options);
    this.#zone = zone;
    this.#owner = owner;
    this.#service = service;
    this.#endpoints = ServiceEndpoints.of(slices);
  }

  override endpointsOf(): ServiceEndpoints {
    return this.#endpoints;
  }

  *records(): Generator<RRset, void, void> {
    const { namespace, name: service, kind } = this.#service;
    const own: ClusterName = { kind: 'service', namespace, service };
    yield* this.#at(this.#owner, own, kind === 'external-name' ? ALIASES : ADDRESSES);
    if (kind === 'external-name') return;
    yield* this.#services(this.#owner, own);
    for (const { name: port, protocol } of this.#namedPorts()) {
      const owner = Name.fromLabels([`_${port}`, `_${protocol}`], this.#owner);
      if (owner !== undefined) yield* this.#services(owner, { kind: 'port', namespace, service, port, protocol });
    }
    if (kind === 'headless') yield* listEndpointAddresses(this, this.#owner, this.#service);
  }

  #services(owner: Name, name: ClusterName): Iterable<RRset> {
    if (this.#service.kind !== 'headless') return this.#at(owner, name, SERVICES);
    return listEndpointServices(this, { owner, name, type: Type.SRV, zone: this.#zone }, this.#service);
  }

  *#at(owner: Name, name: ClusterName, types: readonly number[]): Generator<RRset, void, void> {
    for (const type of types) {
      const found = findService(this, { owner, name, type, zone: this.#zone }, this.#service);
      if (found.kind === 'records') yield* found.answers;
      else if (found.kind === 'alias') yield found.alias;
    }
  }

  #namedPorts(): readonly ServicePort[] {
    const { kind, ports } = this.#service;
    const all = kind === 'headless' ? this.#endpoints.slices.flatMap((slice) => slice.ports) : ports;
    const named = new Map(all.filter(({ name }) => name !== '').map((port) => [`${port.protocol} ${port.name}`, port]));
    return [...named].toSorted(([a], [b]) => byText(a, b)).map(([, port]) => port);
  }
}
