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
import type { RRset } from '../dns/rrset.ts';
import type { Dependent } from './facts.ts';
import { isHostName } from './host-name.ts';
import { type ClusterName, podAddressText } from './names.ts';
import { type Service, addressWidth } from './objects.ts';
import type { ClusterView } from './view.ts';
import {
  type Asked,
  type Found,
  NO_DATA,
  NO_NAME,
  NO_OCTETS,
  addressFamily,
  addresses,
  familyOf,
  serviceOwner,
} from './found.ts';
import { services } from './srv.ts';
import { findEndpoints, matchingPorts } from './endpoint-records.ts';

/** The version of the specification that is served, and the TTL of the record that says so, in seconds. */
const SPECIFICATION_VERSION = Buffer.from('1.1.0');
const VERSION_TTL = 28_800;

/** Finds the records of a name other than the apex and the name server's, which the server itself must know. */
export function findRecords(asker: Dependent, view: ClusterView, asked: Asked): Found {
  const { name } = asked;
  switch (name.kind) {
    case 'version':
      return asked.type === Type.TXT ? version(asked.owner) : NO_DATA;
    case 'namespace':
      if (name.tree === 'pod' && view.options.pods === 'disabled') return NO_NAME.podsNotServed;
      return view.shows(asker, name.namespace) ? NO_DATA : view.noNamespace;
    case 'pod':
      return findPod(asker, view, asked, name.namespace, podAddressText(name.address));
    case 'service':
    case 'endpoint':
    case 'port':
    case 'topology': {
      if (!view.shows(asker, name.namespace)) return view.noNamespace;
      const service = view.state.service(asker, name.namespace, name.service);
      return service === undefined ? view.noService : findService(view, asked, service);
    }
    case 'apex':
    case 'tree':
    case 'dns':
    case 'name-server':
      return NO_DATA;
    case 'none':
      return NO_NAME.noSuchName;
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
  if (pods === 'disabled') return NO_NAME.podsNotServed;
  if (!view.shows(asker, namespace)) return view.noNamespace;
  const octets = parseAddress(text);
  if (octets === undefined) return NO_NAME.noSuchPod;
  if (pods === 'verified' && !view.state.hasPodAt(asker, namespace, text)) {
    return NO_NAME.noSuchPod;
  }
  const family = familyOf(asked.type);
  return addresses(asked.owner, ttl, family, family === addressFamily(octets) ? octets : NO_OCTETS);
}

/** The records of a Service that is shown, or of a name below it. */
export function findService(view: ClusterView, asked: Asked, service: Service): Found {
  switch (service.kind) {
    case 'external-name':
      return asked.name.kind === 'service' ? findExternalName(view, asked, service) : nothingBelow(asked.name);
    case 'headless':
      return findEndpoints(view, asked, service);
    case 'cluster-ip':
      if (isEmptyAndIgnored(view, service)) return NO_NAME.emptyService;
      return asked.name.kind === 'endpoint'
        ? findEndpoints(view, asked, service)
        : findClusterIPs(view, asked, service);
  }
}

/** Below a Service that has neither ports nor endpoints, or none that are asked for so. */
function nothingBelow(name: ClusterName): Found {
  if (name.kind === 'port') return NO_NAME.noSuchPort;
  return name.kind === 'endpoint' ? NO_NAME.noSuchEndpoint : NO_NAME.noSuchName;
}

function isEmptyAndIgnored(view: ClusterView, service: Service): boolean {
  return view.options.ignoreEmptyService && view.endpointsOf(service).isEmpty;
}

// ExternalName.

function findExternalName(view: ClusterView, asked: Asked, service: Service): Found {
  const { externalName } = service;
  // A target that is an address is no name: the API server warns of it, and there is nothing to answer.
  if (!isHostName(externalName) || parseAddress(externalName) !== undefined) return NO_NAME.badExternalName;
  const target = Name.parse(externalName);
  if (target === undefined) return NO_NAME.badExternalName;
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

/** The records of a Service with cluster IPs: its own, and those of its ports. */
export function findClusterIPs(view: ClusterView, asked: Asked, service: Service): Found {
  const { name, type, owner } = asked;
  const { ttl } = view.options;
  if (name.kind !== 'service' && name.kind !== 'port') return nothingBelow(name);
  const family = familyOf(type);
  // The common question first: its answer needs no look at the ports.
  if (name.kind === 'service' && family !== undefined) return clusterIPs(owner, ttl, family, service);
  const ports = matchingPorts(service.ports, name);
  if (ports === undefined) return NO_NAME.noSuchPort;
  if (family !== undefined) return clusterIPs(owner, ttl, family, service);
  if (type !== Type.SRV) return NO_DATA;
  const target = serviceOwner(service, asked.zone);
  if (target === undefined) return NO_DATA;
  const pairs = service.clusterIPs.flatMap((octets) => ports.map((port) => ({ target, port: port.number, octets })));
  return services(owner, ttl, pairs.length, pairs);
}

function clusterIPs(owner: Name, ttl: number, family: 4 | 6, { clusterIPs: all }: Service): Found {
  const [first] = all;
  if (all.length === 1 && first?.length === addressWidth(family)) return addresses(owner, ttl, family, first);
  const ofFamily = all.filter((octets) => octets.length === addressWidth(family));
  return addresses(owner, ttl, family, Buffer.concat(ofFamily));
}
