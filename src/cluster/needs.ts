/**
 * What answers rest on: which resources must have been listed before a name may be answered at all, be it with records or
 * with the news that it is not there. An answer from half a list is no answer.
 *
 *     name ──► nothing                                     what the grammar alone decides
 *         └──► namespaces ──► services ──► endpointslices  as far as the look-up goes: where a namespace is not there,
 *                        └──► pods                         nobody asks for its Services
 *
 * In: the view, the name as `names.ts` reads it, and the state as it is. Out: resources, for `ClusterState.standing`.
 */
import { type ReverseQuestion, parseAddress } from '../dns/address.ts';
import type { Resource } from './cluster.ts';
import type { Dependent } from './facts.ts';
import { neededForImports } from './imported-records.ts';
import { type ClusterName, podAddressText } from './names.ts';
import type { Service } from './objects.ts';
import { serviceAt } from './reverse.ts';
import type { ClusterView, ViewOptions } from './view.ts';

const NOTHING: readonly Resource[] = [];
const NAMESPACES: readonly Resource[] = ['namespaces'];
const PODS: readonly Resource[] = ['namespaces', 'pods'];
const SERVICES: readonly Resource[] = ['namespaces', 'services'];
const ENDPOINTS: readonly Resource[] = ['namespaces', 'services', 'endpointslices'];

/** All that any answer of a view can rest on. */
export function neededByView(options: ViewOptions): readonly Resource[] {
  const needed = options.noEndpoints && !options.ignoreEmptyService ? SERVICES : ENDPOINTS;
  const withPods: readonly Resource[] = options.pods === 'verified' ? [...needed, 'pods'] : needed;
  return options.imports === true ? [...withPods, ...neededForImports(options.noEndpoints)] : withPods;
}

/**
 * What the answer to a name in a cluster's zone rests on. The apex and the name server's own name rest on nothing: the
 * addresses of this server are known before any resource is.
 */
export function neededForName(asker: Dependent, view: ClusterView, name: ClusterName): readonly Resource[] {
  switch (name.kind) {
    case 'apex':
    case 'tree':
    case 'version':
    case 'dns':
    case 'name-server':
    case 'none':
      return NOTHING;
    case 'namespace':
      if (name.tree === 'pod' && view.options.pods === 'disabled') return NOTHING;
      return view.mayShow(name.namespace) ? NAMESPACES : NOTHING;
    case 'pod':
      return neededForPod(asker, view, name.namespace, name.address);
    case 'service':
    case 'endpoint':
    case 'port':
    case 'topology': {
      if (!view.mayShow(name.namespace)) return NOTHING;
      if (!view.shows(asker, name.namespace)) return NAMESPACES;
      const service = view.state.service(asker, name.namespace, name.service);
      return service !== undefined && needsEndpoints(view.options, service, name) ? ENDPOINTS : SERVICES;
    }
  }
}

/** What the answer to a name in a tree of reverse names rests on. */
export function neededForAddress(asker: Dependent, view: ClusterView, asked: ReverseQuestion): readonly Resource[] {
  if (view.options.noEndpoints) return SERVICES;
  // Endpoints are looked at only where no Service has the address.
  return asked.kind === 'address' && serviceAt(asker, view, asked.octets) !== undefined ? SERVICES : ENDPOINTS;
}

function neededForPod(asker: Dependent, view: ClusterView, namespace: string, address: string): readonly Resource[] {
  const { pods } = view.options;
  if (pods === 'disabled' || !view.mayShow(namespace)) return NOTHING;
  if (pods === 'insecure' || !view.shows(asker, namespace)) return NAMESPACES;
  return parseAddress(podAddressText(address)) === undefined ? NAMESPACES : PODS;
}

function needsEndpoints(options: ViewOptions, { kind }: Service, name: ClusterName): boolean {
  switch (kind) {
    case 'external-name':
      return false;
    case 'headless':
      return !options.noEndpoints;
    case 'cluster-ip':
      return options.ignoreEmptyService || (name.kind === 'endpoint' && !options.noEndpoints);
  }
}
