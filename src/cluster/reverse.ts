/**
 * Reverse names: which Services and endpoints have an address (Kubernetes DNS specification 1.1.0, 2.3.3 and 2.4.3).
 */
import type { ReverseQuestion } from '../dns/address.ts';
import { Class, Type } from '../dns/constants.ts';
import { Name } from '../dns/name.ts';
import { SliceEndpoints } from './endpoints.ts';
import type { Dependent } from './facts.ts';
import type { EndpointSlice, Service } from './objects.ts';
import { byName } from './order.ts';
import { type Found, NO_DATA, NO_NAME, serviceOwner } from './found.ts';
import type { ClusterView } from './view.ts';

/** Finds the PTR records of an address, or whether the name of a prefix is an empty non-terminal (RFC 8020). */
export function findReverse(
  asker: Dependent,
  view: ClusterView,
  owner: Name,
  type: number,
  asked: ReverseQuestion,
): Found {
  if (asked.kind === 'prefix') {
    return view.state.hasPrefix(asker, asked.family, asked.digits) ? NO_DATA : NO_NAME.noSuchAddress;
  }
  const targets = pointersTo(asker, view, asked.octets);
  if (targets.length === 0) return NO_NAME.noSuchAddress;
  if (type !== Type.PTR) return NO_DATA;
  return {
    kind: 'records',
    answers: [{ owner, type: Type.PTR, class: Class.IN, ttl: view.options.ttl, kind: 'name', targets }],
    additional: [],
  };
}

/** The Service whose cluster IP an address is; the first by name where several claim it. */
export function serviceAt(asker: Dependent, view: ClusterView, octets: Uint8Array): Service | undefined {
  const [service] = view.state
    .servicesAt(asker, octets)
    .filter((candidate) => candidate.kind === 'cluster-ip' && view.shows(asker, candidate.namespace))
    .toSorted(byName);
  return service;
}

/** A cluster IP stands for its Service alone; any other address for each endpoint that has it. */
function pointersTo(asker: Dependent, view: ClusterView, octets: Uint8Array): readonly Name[] {
  const service = serviceAt(asker, view, octets);
  if (service !== undefined) {
    return [serviceOwner(service, view.options.primaryZone)].filter((name) => name !== undefined);
  }
  if (view.options.noEndpoints) return [];
  const targets = view.state
    .slicesAt(asker, octets)
    .filter((slice) => view.shows(asker, slice.namespace))
    .toSorted(byName)
    .map((slice) => endpointName(view, slice, octets))
    .filter((name) => name !== undefined);
  return [...new Map(targets.map((target) => [target.key, target])).values()];
}

function endpointName(view: ClusterView, slice: EndpointSlice, octets: Uint8Array): Name | undefined {
  const parent = serviceOwner({ name: slice.service, namespace: slice.namespace }, view.options.primaryZone);
  const endpoints = new SliceEndpoints(slice);
  const position = endpoints.positionOf(octets);
  if (parent === undefined || position < 0) return undefined;
  return Name.fromLabels([endpoints.labelAt(position, view.options.endpointPodNames)], parent);
}
