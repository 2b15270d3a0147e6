/**
 * snapshot/: the state of a cluster in a file, so that a process that starts while the API server is away can answer. What
 * enters here knows how the objects of objects.ts become octets and come back, and how a file is replaced; when it is
 * written and whether it may be served is for `warm-start.ts`.
 *
 *     state ─ take() ─► writer.ts ─ when ─► encode.ts ─ chunks ─► replace.ts ─► file
 *                                                                                │
 *     state ◄─ objects, one by one ── decode.ts ◄─ octets ── file.ts ◄───────────┘
 *
 * The file: all numbers are LEB128 unless said otherwise, all texts are latin1 or, where that cannot hold them, UTF-16.
 *
 *     magic (7) │ version (1) │ header │ records, each behind its tag │ tag `end` │ length of the file (6) │ CRC-32 (4)
 *
 * A text or list of ports that comes again is a number that says which one it is. The checksum guards against what happens
 * to files: cut, mixed or flipped octets. It is no signature, and none is needed: whoever can write into the folder can take
 * the file away as well, and no content whatsoever makes the reader fail. CRC-32 takes 2 ms for the 6 MB of 150,000
 * endpoints, where SHA-256 takes 14 of the 300 that a start from a snapshot has.
 *
 * This file: what is kept, and what reader and writer must agree about.
 */
import type { Resource } from '../../cluster.ts';
import type { EndpointSlice, ImportedSlice, Namespace, Pod, Service, ServiceKind } from '../../objects.ts';

export interface SnapshotHeader {
  /** The uid of the Namespace kube-system; empty where it is not known. */
  readonly cluster: string;
  /** Tells what was asked of the API server: a state that was selected in another way is another state. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  /** The greatest serial of the cluster's zones. */
  readonly serial: number;
  /** What the objects are all of. */
  readonly resources: readonly Resource[];
}

/**
 * What is written. It is read over many turns of the event loop: each is an array, or gives objects that stay right while
 * the state changes under it.
 */
export interface SnapshotObjects {
  readonly namespaces: Iterable<Namespace>;
  readonly services: Iterable<Service>;
  readonly endpointSlices: Iterable<EndpointSlice>;
  readonly pods: Iterable<Pod>;
  /** Left out where they are not watched. */
  readonly serviceImports?: Iterable<Service>;
  readonly importedSlices?: Iterable<ImportedSlice>;
}

/** What is read. */
export type SnapshotObject =
  | { readonly resource: 'namespaces'; readonly object: Namespace }
  | { readonly resource: 'services'; readonly object: Service }
  | { readonly resource: 'endpointslices'; readonly object: EndpointSlice }
  | { readonly resource: 'pods'; readonly object: Pod }
  | { readonly resource: 'serviceimports'; readonly object: Service }
  | { readonly resource: 'importedslices'; readonly object: ImportedSlice };

/** What every snapshot begins with, in every version. */
export const MAGIC: Uint8Array = Buffer.from('nodens\0', 'latin1');
/**
 * The first octet after the magic. To be raised with every change of what the octets mean: a program takes the versions that it
 * knows, and writes the lowest that can hold what there is. Services of several clusters came with the second.
 */
export const VERSION = 1;
export const VERSION_WITH_IMPORTS = 2;
/** Octets of the length of the file. */
export const LENGTH_SIZE = 6;
/** Octets behind the records: the length of the file and the checksum of all before it, the most significant octet first. */
export const TRAILER_SIZE = LENGTH_SIZE + 4;

/** What stands before each record. */
export const tags = {
  end: 0,
  namespace: 1,
  service: 2,
  endpointSlice: 3,
  pod: 4,
  serviceImport: 5,
  importedSlice: 6,
} as const;

/** A kind is written as its position. */
export const serviceKinds: readonly ServiceKind[] = ['cluster-ip', 'headless', 'external-name'];

/** What an EndpointSlice has: the columns that follow, in this order, and its family. */
export const sliceFlags = { ipv6: 1, hostnames: 2, targets: 4, zones: 8, texts: 16 } as const;
