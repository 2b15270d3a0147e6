/**
 * The records of a cluster's Services for clients outside of it: names without `svc`, which stand for the external addresses of
 * a Service instead of its cluster IPs, as CoreDNS's k8s_external has them.
 *
 * | name | records |
 * |---|---|
 * | Service: its external addresses, SRV per port | A, AAAA, SRV; a CNAME where a load balancer has a host name alone |
 * | headless Service without such addresses, where they are wanted: its ready endpoints | A, AAAA, SRV |
 * | reverse name of an external address | PTR |
 */
import { type ReverseQuestion, parseAddress } from '../dns/address.ts';
import { Class, Type } from '../dns/constants.ts';
import { Name } from '../dns/name.ts';
import type { Resource } from './cluster.ts';
import { findEndpoints, isProtocolOf, matchingPorts } from './endpoint-records.ts';
import { distinctAddresses } from './endpoints.ts';
import type { Dependent } from './facts.ts';
import {
  type Asked,
  type Found,
  NO_DATA,
  NO_NAME,
  NO_OCTETS,
  addressFamily,
  addresses,
  familyOf,
  ownerIn,
} from './found.ts';
import type { ClusterName } from './names.ts';
import type { Service } from './objects.ts';
import { byName } from './order.ts';
import { type Pair, services } from './srv.ts';
import type { ClusterView } from './view.ts';

/** What of a Service clients outside the cluster see: addresses one behind the other, or the host name in their place. */
interface Reach {
  readonly octets: readonly Uint8Array[];
  /** Undefined where there are addresses: a name with a CNAME has nothing else (RFC 2181 §10.1). */
  readonly host: Name | undefined;
}

/** @param headless whether headless Services are shown by their endpoints */
export function findExternal(asker: Dependent, view: ClusterView, asked: Asked, headless: boolean): Found {
  const { name } = asked;
  switch (name.kind) {
    case 'namespace':
      return view.shows(asker, name.namespace) ? NO_DATA : view.noNamespace;
    case 'service':
    case 'endpoint':
    case 'port': {
      if (!view.shows(asker, name.namespace)) return view.noNamespace;
      const service = view.state.service(asker, name.namespace, name.service);
      return service === undefined ? view.noService : findExternalService(view, asked, service, headless);
    }
    default:
      return NO_NAME.noSuchName;
  }
}

/** The same for a Service of a namespace that is shown. */
export function findExternalService(view: ClusterView, asked: Asked, service: Service, headless: boolean): Found {
  const { name, type, owner } = asked;
  if (showsEndpoints(service, headless)) return findEndpoints(view, asked, service);
  const reach = reachOf(service);
  if (reach === undefined) return NO_NAME.noExternalAddress;
  if (name.kind === 'endpoint') {
    return isProtocolOf(service.ports, name.label) ? NO_DATA : NO_NAME.noSuchEndpoint;
  }
  const ports = matchingPorts(service.ports, name);
  if (ports === undefined) return NO_NAME.noSuchPort;
  const { ttl } = view.options;
  if (type === Type.SRV) {
    const target = reach.host ?? ownerIn(asked, service);
    if (target === undefined) return NO_DATA;
    const octets = reach.host === undefined ? reach.octets : [NO_OCTETS];
    const pairs = octets.flatMap((address) =>
      ports.map((port): Pair => ({ target, port: port.number, octets: address })),
    );
    return services(owner, ttl, pairs.length, pairs);
  }
  if (reach.host !== undefined) {
    const targets = [reach.host];
    return {
      kind: 'alias',
      alias: { owner, type: Type.CNAME, class: Class.IN, ttl, kind: 'name', targets },
      target: reach.host,
    };
  }
  const family = familyOf(type);
  if (family === undefined) return NO_DATA;
  const ofFamily = reach.octets.filter((octets) => addressFamily(octets) === family);
  return addresses(owner, ttl, family, distinctAddresses(ofFamily, family));
}

/** True for a Service that is shown by its ready endpoints, for want of an external address. */
export function showsEndpoints(service: Service, headless: boolean): boolean {
  return headless && service.kind === 'headless' && service.externalAddresses.length === 0;
}

/** The IP addresses that clients outside the cluster reach a Service at, 4 or 16 octets each. */
export function externalOctets(service: Service): readonly Uint8Array[] {
  return service.externalAddresses.flatMap((text) => parseAddress(text) ?? []);
}

function reachOf(service: Service): Reach | undefined {
  const octets = externalOctets(service);
  if (octets.length > 0) return { octets, host: undefined };
  for (const text of service.externalAddresses) {
    // A name has one CNAME: of several load balancers the first counts.
    const host = Name.parse(text);
    if (host !== undefined) return { octets, host };
  }
  return undefined;
}

/**
 * The PTR records of an external address, one for each Service that has it, in the order of their names.
 *
 * @param below what the Services' names stand right below
 */
export function findExternalReverse(
  asker: Dependent,
  view: ClusterView,
  owner: Name,
  type: number,
  asked: ReverseQuestion,
  below: Name,
): Found {
  if (asked.kind === 'prefix') {
    return view.state.hasExternalPrefix(asker, asked.family, asked.digits) ? NO_DATA : NO_NAME.noSuchAddress;
  }
  const targets = view.state
    .externalServicesAt(asker, asked.octets)
    .filter((service) => view.shows(asker, service.namespace))
    .toSorted(byName)
    .flatMap((service) => Name.fromLabels([service.name, service.namespace], below) ?? []);
  if (targets.length === 0) return NO_NAME.noSuchAddress;
  if (type !== Type.PTR) return NO_DATA;
  const set = { owner, type: Type.PTR, class: Class.IN, ttl: view.options.ttl, kind: 'name', targets } as const;
  return { kind: 'records', answers: [set], additional: [] };
}

const NAMESPACES: readonly Resource[] = ['namespaces'];
export const EXTERNAL_SERVICES: readonly Resource[] = ['namespaces', 'services'];
export const EXTERNAL_ENDPOINTS: readonly Resource[] = ['namespaces', 'services', 'endpointslices'];

/** What the answer to an external name rests on. */
export function neededForExternal(
  asker: Dependent,
  view: ClusterView,
  name: ClusterName,
  headless: boolean,
): readonly Resource[] {
  if (name.kind === 'namespace') return view.mayShow(name.namespace) ? NAMESPACES : [];
  if (name.kind !== 'service' && name.kind !== 'endpoint' && name.kind !== 'port') return [];
  if (!view.mayShow(name.namespace)) return [];
  if (!view.shows(asker, name.namespace)) return NAMESPACES;
  const service = view.state.service(asker, name.namespace, name.service);
  const ofEndpoints = service !== undefined && showsEndpoints(service, headless) && !view.options.noEndpoints;
  return ofEndpoints ? EXTERNAL_ENDPOINTS : EXTERNAL_SERVICES;
}
