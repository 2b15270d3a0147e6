/**
 * The grammar of names in a cluster's zone (Kubernetes DNS specification 1.1.0, and what CoreDNS adds to it): which
 * object a name asks for. It reads labels only; whether the object exists is for `records.ts`.
 *
 *     zone                                        apex
 *     svc.zone  pod.zone                          tree
 *     NS.svc.zone  NS.pod.zone                    namespace
 *     SVC.NS.svc.zone                             service
 *     EP.SVC.NS.svc.zone                          endpoint
 *     _PORT._PROTO.SVC.NS.svc.zone                port          the underscores may be left out
 *     ZONE.pin._zone.SVC.NS.svc.zone              topology      `prefer` likewise; where the zone has `zonal`
 *     A-B-C-D.NS.pod.zone                         pod           up to two labels more in front of it mean nothing
 *     dns-version.zone  dns.zone  ns.dns.zone     version, dns, name server
 */
import type { Name } from '../dns/name.ts';

/** The name of a Service, lower case. */
export interface ServiceName {
  readonly namespace: string;
  readonly service: string;
}

export type ClusterName =
  | { readonly kind: 'apex' }
  /** `svc` or `pod`: an empty non-terminal that is always there. */
  | { readonly kind: 'tree' }
  | { readonly kind: 'namespace'; readonly tree: 'svc' | 'pod'; readonly namespace: string }
  | ({ readonly kind: 'service' } & ServiceName)
  | ({ readonly kind: 'endpoint'; readonly label: string } & ServiceName)
  | ({ readonly kind: 'port'; readonly port: string; readonly protocol: string } & ServiceName)
  /** `zone` is undefined for the empty non-terminals `_zone`, `pin._zone` and `prefer._zone`. */
  | ({ readonly kind: 'topology'; readonly mode: 'pin' | 'prefer'; readonly zone: string | undefined } & ServiceName)
  | { readonly kind: 'pod'; readonly namespace: string; readonly address: string }
  | { readonly kind: 'version' }
  /** `dns.zone`: the empty non-terminal above `ns.dns.zone`. */
  | { readonly kind: 'dns' }
  | { readonly kind: 'name-server' }
  /** No object can have this name. */
  | { readonly kind: 'none' };

const APEX: ClusterName = { kind: 'apex' };
const TREE: ClusterName = { kind: 'tree' };
const NONE: ClusterName = { kind: 'none' };

/** Labels of a pod's name that are ignored in front of its address. */
const MAX_LABELS_BEFORE_POD = 2;

/**
 * Reads a name that is at or below `zone`.
 * @param topology whether names of topology zones (`_zone`) are understood
 */
export function parseClusterName(name: Name, zone: Name, topology: boolean): ClusterName {
  const count = name.labelCount - zone.labelCount;
  if (count === 0) return APEX;
  const tree = name.label(count - 1);
  if (tree !== 'svc' && tree !== 'pod') return parseSpecialName(name, count);
  if (count === 1) return TREE;
  const namespace = name.label(count - 2);
  if (count === 2) return { kind: 'namespace', tree, namespace };
  if (tree === 'svc') return parseServiceName(name, count - 3, namespace, topology);
  if (count > 3 + MAX_LABELS_BEFORE_POD) return NONE;
  return { kind: 'pod', namespace, address: name.label(count - 3) };
}

function parseSpecialName(name: Name, count: number): ClusterName {
  const last = name.label(count - 1);
  if (count === 1 && last === 'dns-version') return { kind: 'version' };
  if (count === 1 && last === 'dns') return { kind: 'dns' };
  if (count === 2 && last === 'dns' && name.label(0) === 'ns') return { kind: 'name-server' };
  return NONE;
}

/**
 * Reads a name below `zone` in which Services stand right below their namespaces, without `svc`: `NS.zone`, `SVC.NS.zone`,
 * `EP.SVC.NS.zone`, `_PORT._PROTO.SVC.NS.zone`.
 */
export function parseExternalName(name: Name, zone: Name): ClusterName {
  const count = name.labelCount - zone.labelCount;
  if (count === 0) return APEX;
  const namespace = name.label(count - 1);
  if (count === 1) return { kind: 'namespace', tree: 'svc', namespace };
  return parseServiceName(name, count - 2, namespace, false);
}

/** `at` is the index of the Service's label: what stands left of it are that many labels. */
function parseServiceName(name: Name, at: number, namespace: string, topology: boolean): ClusterName {
  const service = name.label(at);
  if (at === 0) return { kind: 'service', namespace, service };
  if (topology && name.label(at - 1) === '_zone') return parseTopologyName(name, at - 1, { namespace, service });
  if (at === 1) return { kind: 'endpoint', namespace, service, label: name.label(0) };
  if (at > 2) return NONE;
  const port = withoutUnderscore(name.label(0));
  const protocol = withoutUnderscore(name.label(1));
  // A port without a name has no name in DNS either.
  if (port === '' || protocol === '') return NONE;
  return { kind: 'port', namespace, service, port, protocol };
}

/** `at` is the index of the label `_zone`. */
function parseTopologyName(name: Name, at: number, of: ServiceName): ClusterName {
  const mode = at === 0 ? 'pin' : name.label(at - 1);
  if (mode !== 'pin' && mode !== 'prefer') return NONE;
  const labels = Array.from({ length: Math.max(0, at - 1) }, (_, i) => name.label(i));
  return { kind: 'topology', mode, zone: labels.length === 0 ? undefined : labels.join('.'), ...of };
}

/** A port or protocol label without its underscore. */
export function withoutUnderscore(label: string): string {
  return label.startsWith('_') ? label.slice(1) : label;
}

/** The address that a pod's label stands for, in text form: three single dashes make it IPv4, anything else IPv6. */
export function podAddressText(label: string): string {
  const isIPv4 = label.split('-').length === 4 && !label.includes('--');
  return label.replaceAll('-', isIPv4 ? '.' : ':');
}
