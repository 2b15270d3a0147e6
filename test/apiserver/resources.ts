/** The resources that the server has, and everything that differs between them. */

export const RESOURCE_NAMES = ['services', 'endpointslices', 'namespaces', 'pods', 'serviceimports'] as const;

/** The plural, as it stands in paths. */
export type ResourceName = (typeof RESOURCE_NAMES)[number];

export interface Resource {
  readonly name: ResourceName;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Group and version, as objects have it. */
  readonly apiVersion: string;
  readonly isNamespaced: boolean;
  /** Whether its objects count the changes of what they ask for. */
  readonly hasGeneration: boolean;
  /** Whether DELETE answers with the object rather than with a Status. */
  readonly returnsDeleted: boolean;
  /** What a field selector may name beside `metadata.name` and `metadata.namespace`. */
  readonly fields: readonly string[];
  /** What an object without any value has beside its metadata: the zero values that the encoder does not leave out. */
  readonly blank: string;
}

export const resources: Readonly<Record<ResourceName, Resource>> = {
  services: {
    name: 'services',
    singular: 'service',
    shortNames: ['svc'],
    kind: 'Service',
    group: '',
    apiVersion: 'v1',
    isNamespaced: true,
    hasGeneration: false,
    returnsDeleted: true,
    fields: ['spec.clusterIP', 'spec.type'],
    blank: ',"spec":{},"status":{"loadBalancer":{}}',
  },
  endpointslices: {
    name: 'endpointslices',
    singular: 'endpointslice',
    shortNames: [],
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    apiVersion: 'discovery.k8s.io/v1',
    isNamespaced: true,
    hasGeneration: true,
    returnsDeleted: false,
    fields: [],
    blank: ',"addressType":"","endpoints":null,"ports":null',
  },
  namespaces: {
    name: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    kind: 'Namespace',
    group: '',
    apiVersion: 'v1',
    isNamespaced: false,
    hasGeneration: false,
    returnsDeleted: true,
    fields: ['status.phase'],
    blank: ',"spec":{},"status":{}',
  },
  pods: {
    name: 'pods',
    singular: 'pod',
    shortNames: ['po'],
    kind: 'Pod',
    group: '',
    apiVersion: 'v1',
    isNamespaced: true,
    hasGeneration: false,
    returnsDeleted: true,
    fields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ],
    blank: ',"spec":{"containers":null},"status":{}',
  },
  serviceimports: {
    name: 'serviceimports',
    singular: 'serviceimport',
    shortNames: ['svcim'],
    kind: 'ServiceImport',
    group: 'multicluster.x-k8s.io',
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    isNamespaced: true,
    hasGeneration: true,
    returnsDeleted: false,
    fields: [],
    blank: '',
  },
};

export function isResourceName(text: string): text is ResourceName {
  return Object.hasOwn(resources, text);
}

/** The resource whose objects are of this kind; undefined if the server has none. */
export function resourceOfKind(kind: string): Resource | undefined {
  return Object.values(resources).find((resource) => resource.kind === kind);
}

/** How errors name a resource: `services`, `endpointslices.discovery.k8s.io`. */
export function qualifiedName({ name, group }: Resource): string {
  return group === '' ? name : `${name}.${group}`;
}
