/**
 * Kubernetes objects reduced to what DNS needs of them, as compactly as the language allows: a cluster of 10,000 Services
 * has 150,000 endpoints. A store (`fixture/`, `watch/`) makes these; `state.ts` keeps them. They are immutable: a change
 * is a new object in place of the old one.
 */

export interface ServicePort {
  /** Lower case; empty for a port without a name. */
  readonly name: string;
  /** Lower case: `tcp`, `udp`, `sctp`. */
  readonly protocol: string;
  /** 0 where an EndpointSlice gives a port without a number: such a port has no SRV record. */
  readonly number: number;
}

/** How DNS treats a Service. NodePort, LoadBalancer and types that nobody knows are answered by their cluster IPs. */
export type ServiceKind = 'cluster-ip' | 'headless' | 'external-name';

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly kind: ServiceKind;
  /** 4 or 16 octets each, in the order of `spec.clusterIPs`; empty for a Service that has none (yet). */
  readonly clusterIPs: readonly Uint8Array[];
  /** `spec.externalName` as it was written; empty unless `kind` is `external-name`. */
  readonly externalName: string;
  readonly ports: readonly ServicePort[];
  /** `spec.externalIPs`, then `ip` or else `hostname` of each `status.loadBalancer.ingress`. */
  readonly externalAddresses: readonly string[];
}

/**
 * One text per address of a slice, joined by line feeds, so that fifteen endpoints are one string and not fifteen.
 * Undefined where all of them are empty.
 */
export type Column = string | undefined;

export interface EndpointSlice {
  readonly namespace: string;
  readonly name: string;
  /** The Service it belongs to (label `kubernetes.io/service-name`). */
  readonly service: string;
  readonly family: 4 | 6;
  /** Empty where the slice names no port: its addresses then have no SRV records. */
  readonly ports: readonly ServicePort[];
  /** The addresses of all ready endpoints, 4 or 16 octets each, in the order of the slice. */
  readonly addresses: Uint8Array;
  /** Number of addresses that were left out because their endpoint is not ready. */
  readonly notReady: number;
  /** `hostname` of each address. */
  readonly hostnames: Column;
  /** `targetRef.name` of each address: the pod. */
  readonly targets: Column;
  /** `zone` of each address, lower case. */
  readonly zones: Column;
  /** How the address was written, for those whose text is not the one that `formatAddress` gives. */
  readonly texts: Column;
}

/** A slice that belongs to a Service of several clusters (label `multicluster.kubernetes.io/service-name`). */
export interface ImportedSlice extends EndpointSlice {
  /** The label of the cluster that its endpoints are in, lower case; empty where it has none that can be in a name. */
  readonly cluster: string;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A Pod that runs: what `pods verified` asks about. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** `status.podIP` as it was written. */
  readonly ip: string;
}

/** Octets of one address of a family. */
export function addressWidth(family: 4 | 6): number {
  return family === 4 ? 4 : 16;
}

/** The number of addresses of a slice. */
export function addressCount(slice: EndpointSlice): number {
  return slice.addresses.length / addressWidth(slice.family);
}

/** The column that holds these texts. A text with a line feed counts as empty: no name of Kubernetes has one. */
export function columnOf(texts: readonly string[]): Column {
  const clean = texts.some((text) => text.includes('\n'))
    ? texts.map((text) => (text.includes('\n') ? '' : text))
    : texts;
  return clean.every((text) => text === '') ? undefined : clean.join('\n');
}

/** The texts of a column, one per address. */
export function columnTexts(column: Column, count: number): readonly string[] {
  return column === undefined ? Array.from({ length: count }, () => '') : column.split('\n');
}
