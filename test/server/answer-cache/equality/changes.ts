/** What may change in the world that both servers see, as data that can be printed, and how it is done to each of them. */
import * as fc from 'fast-check';
import type { EndpointSlice, Service, ServiceKind } from '../../../../src/cluster/objects.ts';
import type { ClusterState } from '../../../../src/cluster/state.ts';

export const namespaces = ['a', 'b'];
export const services = ['web', 'one', 'few', 'many', 'huge', 'ext'];

/** How many endpoints the headless Services have at first. */
const sizes: Readonly<Record<string, number>> = { one: 1, few: 3, many: 40, huge: 400 };

const ports = [
  { name: 'http', protocol: 'tcp', number: 80 },
  { name: 'dns', protocol: 'udp', number: 53 },
];

const clusterIPs = [
  Uint8Array.of(10, 96, 0, 7),
  Uint8Array.of(10, 96, 0, 8),
  Uint8Array.from([0xfd, ...Array.from({ length: 14 }, () => 0), 1]),
];

export type Change =
  | { readonly what: 'service'; readonly service: Service }
  | { readonly what: 'no-service'; readonly namespace: string; readonly name: string }
  | { readonly what: 'slice'; readonly slice: SliceParts }
  | { readonly what: 'no-slice'; readonly namespace: string; readonly name: string }
  | { readonly what: 'namespace'; readonly name: string; readonly exists: boolean }
  | { readonly what: 'pod'; readonly namespace: string; readonly ip: string }
  | { readonly what: 'no-pod'; readonly namespace: string }
  | { readonly what: 'standing'; readonly standing: 'in-step' | 'stale' }
  | { readonly what: 'own-addresses'; readonly addresses: readonly string[] }
  | { readonly what: 'upstream'; readonly failing: boolean }
  | { readonly what: 'hosts'; readonly last: number };

interface SliceParts {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly count: number;
  /** The second octet of its addresses. */
  readonly base: number;
  readonly family: 4 | 6;
}

/** Changes that need no more than the state of a cluster. */
export type ClusterChange = Extract<
  Change,
  { what: 'service' | 'no-service' | 'slice' | 'no-slice' | 'namespace' | 'pod' | 'no-pod' | 'standing' }
>;

function sliceOf({ namespace, name, service, count, base, family }: SliceParts): EndpointSlice {
  const width = family === 4 ? 4 : 16;
  const addresses = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) {
    const head = family === 4 ? [10, base] : [0xfd, base, ...Array.from({ length: 12 }, () => 0)];
    addresses.set([...head, (i + 1) >> 8, (i + 1) & 255], i * width);
  }
  const column = (text: (i: number) => string): string | undefined =>
    count === 0 ? undefined : Array.from({ length: count }, (_, i) => text(i)).join('\n');
  return {
    namespace,
    name,
    service,
    family,
    ports: base === 1 ? ports : ports.slice(0, 1),
    addresses,
    notReady: 0,
    hostnames: column((i) => (i < 3 ? `h${i}` : '')),
    targets: column((i) => `pod-${i}`),
    zones: undefined,
    texts: undefined,
  };
}

/** Before the first question. */
export const atFirst: readonly ClusterChange[] = [
  { what: 'standing', standing: 'in-step' },
  ...namespaces.flatMap((namespace): readonly ClusterChange[] => [
    { what: 'namespace', name: namespace, exists: true },
    { what: 'service', service: serviceOf(namespace, 'web', 'cluster-ip', clusterIPs.slice(1), '') },
    { what: 'service', service: serviceOf(namespace, 'ext', 'external-name', [], 'many.example') },
    ...Object.entries(sizes).flatMap(([name, count]): readonly ClusterChange[] => [
      { what: 'service', service: serviceOf(namespace, name, 'headless', [], '') },
      { what: 'slice', slice: { namespace, name: `${name}-1`, service: name, count, base: 1, family: 4 } },
    ]),
  ]),
];

function serviceOf(
  namespace: string,
  name: string,
  kind: ServiceKind,
  addresses: readonly Uint8Array[],
  externalName: string,
): Service {
  return { namespace, name, kind, clusterIPs: addresses, externalName, ports, externalAddresses: [] };
}

const anyNamespace = fc.constantFrom(...namespaces);
const anyService = fc.constantFrom(...services);

const service = fc
  .record({
    namespace: anyNamespace,
    name: anyService,
    kind: fc.constantFrom<ServiceKind>('cluster-ip', 'headless', 'external-name'),
    addresses: fc.subarray(clusterIPs, { minLength: 1 }),
    externalName: fc.constantFrom(
      'many.example',
      'alias.example',
      'web.a.svc.cluster.local',
      'gone.example',
      '10.0.0.1',
    ),
  })
  .map(({ namespace, name, kind, addresses, externalName }): Change => ({
    what: 'service',
    service: serviceOf(
      namespace,
      name,
      kind,
      kind === 'cluster-ip' ? addresses : [],
      kind === 'external-name' ? externalName : '',
    ),
  }));

const slice = fc.record({
  what: fc.constant('slice' as const),
  slice: fc
    .record({
      namespace: anyNamespace,
      service: fc.constantFrom('one', 'few', 'many', 'huge'),
      second: fc.boolean(),
      count: fc.constantFrom(0, 1, 2, 3, 40, 400),
      base: fc.constantFrom(1, 2),
      family: fc.constantFrom(4 as const, 4 as const, 6 as const),
    })
    .map(({ second, ...parts }) => ({ ...parts, name: `${parts.service}-${second ? 2 : 1}` })),
});

export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: service },
  { weight: 5, arbitrary: slice },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('no-service' as const), namespace: anyNamespace, name: anyService }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('no-slice' as const),
      namespace: anyNamespace,
      name: fc.constantFrom('one-1', 'few-1', 'many-1', 'huge-1', 'few-2'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('namespace' as const), name: anyNamespace, exists: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('pod' as const),
      namespace: anyNamespace,
      ip: fc.constantFrom('10.1.0.1', '10.1.0.9'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('no-pod' as const), namespace: anyNamespace }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('standing' as const),
      standing: fc.constantFrom('in-step' as const, 'stale' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('own-addresses' as const),
      addresses: fc.constantFrom<readonly string[]>(
        ['192.0.2.53'],
        ['192.0.2.53', '2001:db8::53'],
        ['10.1.0.1', '192.0.2.53'],
        [],
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('upstream' as const), failing: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('hosts' as const), last: fc.integer({ min: 1, max: 9 }) }) },
);

export function changeCluster(state: ClusterState, one: ClusterChange): void {
  switch (one.what) {
    case 'service':
      return state.setService(one.service);
    case 'no-service':
      return state.removeService(one.namespace, one.name);
    case 'slice':
      return state.setEndpointSlice(sliceOf(one.slice));
    case 'no-slice':
      return state.removeEndpointSlice(one.namespace, one.name);
    case 'namespace':
      return one.exists ? state.setNamespace({ name: one.name, labels: {} }) : state.removeNamespace(one.name);
    case 'pod':
      return state.setPod({ namespace: one.namespace, name: 'p', ip: one.ip });
    case 'no-pod':
      return state.removePod(one.namespace, 'p');
    case 'standing':
      return state.mark(['namespaces', 'services', 'endpointslices', 'pods'], one.standing);
  }
}
