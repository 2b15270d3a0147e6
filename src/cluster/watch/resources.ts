/**
 * The resources that can be watched: where the API server has them, how their objects are reduced, and how they are kept in
 * the state. Everything that differs between them is in this table.
 */
import type { Resource } from '../cluster.ts';
import { sameNamespace, sameService, sameSlice } from '../equal.ts';
import type { EndpointSlice, ImportedSlice, Namespace, Pod, Service } from '../objects.ts';
import {
  IMPORTED_SERVICE_LABEL,
  reduceEndpointSlice,
  reduceImportedSlice,
  reduceNamespace,
  reducePod,
  reduceService,
  reduceServiceImport,
} from '../reduce/reduce.ts';
import type { Reduction } from '../reduce/reading.ts';
import type { ClusterState } from '../state.ts';

/** A resource whose reduced objects are `T`. A Namespace counts as in no namespace. */
export interface Watched<T> {
  readonly resource: Resource;
  /** Where the API server has it: in one of several versions, the best first. */
  readonly paths: readonly [string, ...string[]];
  /** Set where a cluster may do without it: one that does not know it has none of its objects. */
  readonly isOptional?: true;
  /** Whether the directive's label selector applies. */
  readonly isSelected: boolean;
  /** Of the API; empty for all objects. */
  readonly fieldSelector: string;
  /** Of the API, beside the directive's; left out for all objects. */
  readonly labelSelector?: string;
  reduce(value: unknown): Reduction<T>;
  nameOf(object: T): ObjectName;
  /** What a name below which nothing may be half-changed is: of all slices of one Service, that of the Service. */
  wholeOf(object: T): string;
  same(a: T, b: T): boolean;
  held(state: ClusterState, name: ObjectName): T | undefined;
  /** All objects, which may come and go while they are stepped through. */
  all(state: ClusterState): Iterable<T>;
  set(state: ClusterState, object: T): void;
  remove(state: ClusterState, name: ObjectName): void;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** `shop/web`, or the name alone for what is in no namespace. */
export function nameText({ namespace, name }: ObjectName): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

export const services: Watched<Service> = {
  resource: 'services',
  paths: ['/api/v1/services'],
  isSelected: true,
  fieldSelector: '',
  reduce: reduceService,
  nameOf: (service) => service,
  wholeOf: nameText,
  same: sameService,
  held: (state, { namespace, name }) => state.heldService(namespace, name),
  all: (state) => Array.from(state.services()),
  set: (state, service) => state.setService(service),
  remove: (state, { namespace, name }) => state.removeService(namespace, name),
};

export const endpointSlices: Watched<EndpointSlice> = {
  resource: 'endpointslices',
  paths: ['/apis/discovery.k8s.io/v1/endpointslices'],
  isSelected: true,
  fieldSelector: '',
  reduce: reduceEndpointSlice,
  nameOf: (slice) => slice,
  wholeOf: ({ namespace, service }) => `${namespace}/${service}`,
  same: sameSlice,
  held: (state, { namespace, name }) => state.heldEndpointSlice(namespace, name),
  all: (state) => Array.from(state.endpointSlices()),
  set: (state, slice) => state.setEndpointSlice(slice),
  remove: (state, { namespace, name }) => state.removeEndpointSlice(namespace, name),
};

export const namespaces: Watched<Namespace> = {
  resource: 'namespaces',
  paths: ['/api/v1/namespaces'],
  isSelected: false,
  fieldSelector: '',
  reduce: reduceNamespace,
  nameOf: ({ name }) => ({ namespace: '', name }),
  wholeOf: ({ name }) => name,
  same: sameNamespace,
  held: (state, { name }) => state.heldNamespace(name),
  all: (state) => Array.from(state.namespaces()),
  set: (state, namespace) => state.setNamespace(namespace),
  remove: (state, { name }) => state.removeNamespace(name),
};

export const pods: Watched<Pod> = {
  resource: 'pods',
  paths: ['/api/v1/pods'],
  isSelected: true,
  // A pod that has ended has given its address back.
  fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown',
  reduce: reducePod,
  nameOf: (pod) => pod,
  wholeOf: nameText,
  same: (a, b) => a.ip === b.ip,
  held: (state, { namespace, name }) => state.heldPod(namespace, name),
  // There may be so many that a copy would take long to make.
  all: (state) => state.pods(),
  set: (state, pod) => state.setPod(pod),
  remove: (state, { namespace, name }) => state.removePod(namespace, name),
};

const IMPORTS = 'multicluster.x-k8s.io';

export const serviceImports: Watched<Service> = {
  resource: 'serviceimports',
  paths: [`/apis/${IMPORTS}/v1beta1/serviceimports`, `/apis/${IMPORTS}/v1alpha1/serviceimports`],
  isOptional: true,
  // Controllers make them, which put labels of their own on them.
  isSelected: false,
  fieldSelector: '',
  reduce: reduceServiceImport,
  nameOf: (service) => service,
  wholeOf: nameText,
  same: sameService,
  held: (state, { namespace, name }) => state.imports.held(namespace, name),
  all: (state) => Array.from(state.imports.services()),
  set: (state, service) => state.imports.setService(service),
  remove: (state, { namespace, name }) => state.imports.removeService(namespace, name),
};

export const importedSlices: Watched<ImportedSlice> = {
  resource: 'importedslices',
  paths: endpointSlices.paths,
  isSelected: true,
  fieldSelector: '',
  labelSelector: IMPORTED_SERVICE_LABEL,
  reduce: reduceImportedSlice,
  nameOf: (slice) => slice,
  wholeOf: ({ namespace, service }) => `${namespace}/${service}`,
  same: (a, b) => a.cluster === b.cluster && sameSlice(a, b),
  held: (state, { namespace, name }) => state.imports.heldSlice(namespace, name),
  all: (state) => Array.from(state.imports.slices()),
  set: (state, slice) => state.imports.setSlice(slice),
  remove: (state, { namespace, name }) => state.imports.removeSlice(namespace, name),
};

/** Removes all objects of a resource, one in each step. */
export function* emptied(state: ClusterState, resource: Resource): Generator<void> {
  switch (resource) {
    case 'services':
      return yield* emptiedOf(services, state);
    case 'endpointslices':
      return yield* emptiedOf(endpointSlices, state);
    case 'namespaces':
      return yield* emptiedOf(namespaces, state);
    case 'pods':
      return yield* emptiedOf(pods, state);
    case 'serviceimports':
      return yield* emptiedOf(serviceImports, state);
    case 'importedslices':
      return yield* emptiedOf(importedSlices, state);
  }
}

function* emptiedOf<T>(watched: Watched<T>, state: ClusterState): Generator<void> {
  for (const object of watched.all(state)) {
    watched.remove(state, watched.nameOf(object));
    yield;
  }
}
