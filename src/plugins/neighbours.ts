/**
 * What the plugins of one server block offer each other, whatever their order in the chain is: each fills in its own when it
 * is created, and looks at the others' when it is put in service or asked a query.
 *
 *     kubernetes ──► clusters ──────► searchpath, autopath, k8s_external, ipv6
 *     kubernetes, file ──► zones ──► transfer
 *     kubernetes, … ──► metadata ──► log, rewrite, template, view
 */
import type { ClusterView } from '../cluster/view.ts';
import type { Name } from '../dns/name.ts';
import type { RRset, SoaRRset } from '../dns/rrset.ts';
import type { Query } from './query.ts';

/** A `kubernetes` of the block. */
export interface NeighbourCluster {
  /** Its zones that are not reverse zones. */
  readonly zones: readonly Name[];
  readonly view: ClusterView;
}

/** A zone whose content can be listed as a whole. */
export interface NeighbourZone {
  readonly name: Name;
  /**
   * The content as it is now, or undefined while it is not known. The SOA is not among the records; RRsets come one at a time,
   * in the order of the transfer, and a caller may stop, or let any time pass between two of them.
   */
  contents(): ZoneContents | undefined;
  /** Calls back after each change of the serial, until the function that it gives is called. Left out where nobody is told. */
  onChange?(changed: () => void): () => void;
}

export interface ZoneContents {
  /** Of the content that reading gives which begins in the same tick. */
  readonly soa: SoaRRset;
  readonly records: Iterable<RRset>;
}

/**
 * Gives the value of a label such as `kubernetes/namespace` for a query; empty where there is none. What it looks up in
 * mutable state it notes on the query.
 */
export type MetadataProvider = (query: Query) => string;

export interface Neighbours {
  readonly clusters: NeighbourCluster[];
  readonly zones: NeighbourZone[];
  /** By label, without braces: `kubernetes/namespace`. Empty unless the block has `metadata`. */
  readonly metadata: Map<string, MetadataProvider>;
  /** The names that metadata is collected for, as `readZones` gives them; undefined where the block has no `metadata`. */
  metadataZones?: readonly Name[];
}

export function noNeighbours(): Neighbours {
  return { clusters: [], zones: [], metadata: new Map() };
}
