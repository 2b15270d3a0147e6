/**
 * cluster/: what a Kubernetes cluster is to DNS. Objects reduced to what names need, the state that holds and indexes
 * them, and the records that the Kubernetes DNS specification gives each name. What enters here speaks of Services,
 * endpoints, namespaces and pods; nothing here knows sockets, Corefiles or plugins.
 *
 *     fixture/ (YAML files) ┐                                       ┌─► names      which object a name asks for
 *                           ├─ ClusterWriter ─► state ─ Dependent ──┤
 *     watch/ (API server) ──┘                     │                 └─► records    the RRsets that the object gives
 *        └─ reduce/: objects of the API,          └─► facts: what changed
 *           reduced to objects.ts
 *
 * This file: what a store may do to the state, by whole objects, on the one thread that has it.
 */
import type { EndpointSlice, ImportedSlice, Namespace, Pod, Service } from './objects.ts';

/**
 * The resources that answers can need. The last two are those of Services of several clusters: ServiceImports, and the
 * EndpointSlices that belong to them.
 */
export type Resource = 'services' | 'endpointslices' | 'namespaces' | 'pods' | 'serviceimports' | 'importedslices';

/**
 * How the state of a resource stands to the cluster: `in-step` as soon as all its objects have been listed, and from then on
 * for good; `stale` while it is what an earlier run knew; `unknown` while what is missing may only not have come yet.
 */
export type Standing = 'in-step' | 'stale' | 'unknown';

/** Where a store puts what it knows. Setting an object that is there already replaces it; equal content changes nothing. */
export interface ClusterWriter {
  setNamespace(namespace: Namespace): void;
  removeNamespace(name: string): void;
  setService(service: Service): void;
  removeService(namespace: string, name: string): void;
  setEndpointSlice(slice: EndpointSlice): void;
  removeEndpointSlice(namespace: string, name: string): void;
  setPod(pod: Pod): void;
  removePod(namespace: string, name: string): void;
  readonly imports: ImportWriter;
  /** All objects of these resources have been set for the first time: what is not there does not exist. */
  markSynced(resources: readonly Resource[]): void;
}

/** The same for Services of several clusters. */
export interface ImportWriter {
  setService(service: Service): void;
  removeService(namespace: string, name: string): void;
  setSlice(slice: ImportedSlice): void;
  removeSlice(namespace: string, name: string): void;
}
