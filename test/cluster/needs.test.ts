/** What answers rest on: never on more than is said, and what is said is what they need. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/cluster/cluster.ts';
import { FactCounters } from '../../src/cluster/facts.ts';
import type { Found } from '../../src/cluster/found.ts';
import { parseClusterName } from '../../src/cluster/names.ts';
import { neededByView, neededForAddress, neededForName } from '../../src/cluster/needs.ts';
import type { EndpointSlice, Namespace, Pod, Service } from '../../src/cluster/objects.ts';
import { findRecords } from '../../src/cluster/records.ts';
import { findReverse } from '../../src/cluster/reverse.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { ClusterView, type ViewOptions } from '../../src/cluster/view.ts';
import { parseReverseName } from '../../src/dns/address.ts';
import { Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { recordsOf } from '../plugins/support.ts';
import { makeService, makeSlice } from './objects.ts';

const NOBODY = { dependsOn: () => undefined };
const ZONE = Name.fromText('z.');

/** All objects of a cluster. */
interface World {
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly endpointslices: readonly EndpointSlice[];
  readonly pods: readonly Pod[];
}

const EMPTY: World = { namespaces: [], services: [], endpointslices: [], pods: [] };

const facts = new FactCounters();

function stateOf(world: World): ClusterState {
  const state = new ClusterState(facts, () => 0);
  for (const one of world.namespaces) state.setNamespace(one);
  for (const one of world.services) state.setService(one);
  for (const one of world.endpointslices) state.setEndpointSlice(one);
  for (const one of world.pods) state.setPod(one);
  return state;
}

const DEFAULTS: ViewOptions = {
  primaryZone: ZONE,
  ttl: 5,
  pods: 'disabled',
  endpointPodNames: false,
  noEndpoints: false,
  ignoreEmptyService: false,
  zonal: false,
  namespaces: undefined,
  namespaceLabels: undefined,
};

function viewOf(world: World, options: Partial<ViewOptions>): ClusterView {
  return new ClusterView(stateOf(world), { ...DEFAULTS, ...options });
}

function neededFor(view: ClusterView, text: string): readonly Resource[] {
  const name = Name.fromText(text);
  const reverse = parseReverseName(name);
  if (reverse !== undefined) return neededForAddress(NOBODY, view, reverse);
  return neededForName(NOBODY, view, parseClusterName(name, ZONE, view.options.zonal));
}

function answer(view: ClusterView, text: string, type: number): unknown {
  const owner = Name.fromText(text);
  const reverse = parseReverseName(owner);
  const name = parseClusterName(owner, ZONE, view.options.zonal);
  const found: Found =
    reverse === undefined
      ? findRecords(NOBODY, view, { owner, name, type, zone: ZONE })
      : findReverse(NOBODY, view, owner, type, reverse);
  switch (found.kind) {
    case 'records':
      return [recordsOf(found.answers), recordsOf(found.additional)];
    case 'alias':
      return recordsOf([found.alias]);
    case 'no-name':
    case 'no-data':
      return found;
  }
}

const PORTS = [{ name: 'http', protocol: 'tcp', number: 80 }];
const SHOP: World = {
  namespaces: [
    { name: 'a', labels: { shown: 'yes' } },
    { name: 'b', labels: {} },
  ],
  services: [
    makeService({ namespace: 'a', name: 'web', clusterIPs: ['10.0.0.1'], ports: PORTS }),
    makeService({ namespace: 'a', name: 'db', kind: 'headless' }),
    makeService({ namespace: 'a', name: 'out', kind: 'external-name', externalName: 'www.example.org' }),
  ],
  endpointslices: [
    makeSlice({ namespace: 'a', service: 'web', addresses: ['10.1.0.1'], ports: PORTS }),
    makeSlice({ namespace: 'a', name: 'db-1', service: 'db', addresses: ['10.1.0.2'], ports: PORTS, zones: ['east'] }),
  ],
  pods: [{ namespace: 'a', name: 'web-1', ip: '10.1.0.1' }],
};

const N: readonly Resource[] = ['namespaces'];
const S: readonly Resource[] = ['namespaces', 'services'];
const E: readonly Resource[] = ['namespaces', 'services', 'endpointslices'];
const P: readonly Resource[] = ['namespaces', 'pods'];
const NONE: readonly Resource[] = [];

type Case = [name: string, needed: readonly Resource[], options?: Partial<ViewOptions>];

describe('what an answer rests on', () => {
  it.each<Case>([
    ['z.', NONE],
    ['svc.z.', NONE],
    ['pod.z.', NONE],
    ['dns.z.', NONE],
    ['ns.dns.z.', NONE],
    ['dns-version.z.', NONE],
    ['foo.z.', NONE],
    ['x.y.v.web.a.svc.z.', NONE],
    ['a.svc.z.', N],
    ['nowhere.svc.z.', N],
    ['b.svc.z.', NONE, { namespaces: new Set(['a']) }],
    ['b.svc.z.', N, { namespaceLabels: ({ shown }) => shown === 'yes' }],
    ['web.nowhere.svc.z.', N],
    ['web.b.svc.z.', N, { namespaceLabels: ({ shown }) => shown === 'yes' }],
    ['web.b.svc.z.', NONE, { namespaces: new Set(['a']) }],
    ['nobody.a.svc.z.', S],
    ['web.a.svc.z.', S],
    ['WEB.a.SVC.z.', S],
    ['_http._tcp.web.a.svc.z.', S],
    ['_https._tcp.web.a.svc.z.', S],
    ['web.a.svc.z.', E, { ignoreEmptyService: true }],
    ['_http._tcp.web.a.svc.z.', E, { ignoreEmptyService: true }],
    ['nobody.a.svc.z.', S, { ignoreEmptyService: true }],
    ['out.a.svc.z.', S],
    ['out.a.svc.z.', S, { ignoreEmptyService: true }],
    ['x.out.a.svc.z.', S],
    ['10-1-0-1.web.a.svc.z.', E],
    ['x.nobody.a.svc.z.', S],
    ['db.a.svc.z.', E],
    ['_http._tcp.db.a.svc.z.', E],
    ['10-1-0-2.db.a.svc.z.', E],
    ['east.pin._zone.db.a.svc.z.', E, { zonal: true }],
    ['east.pin._zone.db.a.svc.z.', NONE],
    ['east.pin._zone.web.a.svc.z.', S, { zonal: true }],
    ['db.a.svc.z.', S, { noEndpoints: true }],
    ['10-1-0-1.web.a.svc.z.', S, { noEndpoints: true }],
    ['a.pod.z.', NONE],
    ['10-1-0-1.a.pod.z.', NONE],
    ['a.pod.z.', N, { pods: 'insecure' }],
    ['10-1-0-1.a.pod.z.', N, { pods: 'insecure' }],
    ['10-1-0-1.a.pod.z.', P, { pods: 'verified' }],
    ['x.10-1-0-1.a.pod.z.', P, { pods: 'verified' }],
    ['10-1-0-1.nowhere.pod.z.', N, { pods: 'verified' }],
    ['10-1-0-1.b.pod.z.', NONE, { pods: 'verified', namespaces: new Set(['a']) }],
    ['nonsense.a.pod.z.', N, { pods: 'verified' }],
    ['1.0.0.10.in-addr.arpa.', S],
    ['1.0.1.10.in-addr.arpa.', E],
    ['9.9.9.9.in-addr.arpa.', E],
    ['1.0.1.10.in-addr.arpa.', S, { noEndpoints: true }],
    ['1.10.in-addr.arpa.', E],
    ['1.10.in-addr.arpa.', S, { noEndpoints: true }],
  ])('%s: %j %o', (name, needed, options = {}) => {
    expect(neededFor(viewOf(SHOP, options), name)).toEqual(needed);
  });

  it.each<[name: string, type: number, options?: Partial<ViewOptions>]>([
    ['a.svc.z.', Type.A],
    ['web.a.svc.z.', Type.A],
    ['_http._tcp.web.a.svc.z.', Type.SRV],
    ['10-1-0-1.web.a.svc.z.', Type.A],
    ['web.a.svc.z.', Type.A, { ignoreEmptyService: true }],
    ['out.a.svc.z.', Type.A],
    ['db.a.svc.z.', Type.A],
    ['10-1-0-1.a.pod.z.', Type.A, { pods: 'verified' }],
    ['1.0.0.10.in-addr.arpa.', Type.PTR],
  ])('is not more than it needs: without any of it %s (type %i) is another', (name, type, options = {}) => {
    const whole = viewOf(SHOP, options);
    for (const resource of neededFor(whole, name)) {
      const without = viewOf({ ...SHOP, [resource]: [] }, options);
      expect(answer(without, name, type), resource).not.toEqual(answer(whole, name, type));
    }
  });
});

describe('what a view can need', () => {
  it.each<[Partial<ViewOptions>, readonly Resource[]]>([
    [{}, E],
    [{ noEndpoints: true }, S],
    [{ pods: 'insecure' }, E],
    [{ pods: 'verified' }, [...E, 'pods']],
    [{ pods: 'verified', noEndpoints: true }, [...S, 'pods']],
    [{ noEndpoints: true, ignoreEmptyService: true }, E],
  ])('%o: %j', (options, needed) => {
    expect(neededByView({ ...DEFAULTS, ...options })).toEqual(needed);
  });
});

// Worlds so small that they often meet.

const anyNamespace = fc.constantFrom('a', 'b');
const anyAddress = fc.constantFrom('10.0.0.1', '10.0.1.1', '10.1.0.1');
const somePorts = fc.subarray([...PORTS, { name: 'dns', protocol: 'udp', number: 53 }]);

const anyWorld: fc.Arbitrary<World> = fc.record({
  namespaces: fc.subarray([
    { name: 'a', labels: { shown: 'yes' } },
    { name: 'b', labels: { shown: 'no' } },
  ]),
  services: fc.array(
    fc
      .record({
        namespace: anyNamespace,
        name: fc.constantFrom('s', 't'),
        kind: fc.constantFrom('cluster-ip' as const, 'headless' as const, 'external-name' as const),
        clusterIPs: fc.uniqueArray(anyAddress, { maxLength: 2 }),
        externalName: fc.constantFrom('t.a.svc.z', 'x.other', '10.0.0.1'),
        ports: somePorts,
      })
      .map(makeService),
    { maxLength: 4 },
  ),
  endpointslices: fc.array(
    fc
      .record({
        namespace: anyNamespace,
        name: fc.constantFrom('one', 'two'),
        service: fc.constantFrom('s', 't'),
        addresses: fc.uniqueArray(anyAddress, { maxLength: 2 }),
        hostnames: fc.constantFrom([], ['h']),
        zones: fc.constantFrom([], ['z1']),
        ports: somePorts,
      })
      .map(makeSlice),
    { maxLength: 3 },
  ),
  pods: fc.array(
    fc.record({
      namespace: anyNamespace,
      name: fc.constantFrom('p', 'q'),
      ip: fc.constantFrom('10.0.0.1', '10.1.0.1'),
    }),
    { maxLength: 2 },
  ),
});

const anyOptions: fc.Arbitrary<Partial<ViewOptions>> = fc.record({
  pods: fc.constantFrom('disabled', 'insecure', 'verified'),
  endpointPodNames: fc.boolean(),
  noEndpoints: fc.boolean(),
  ignoreEmptyService: fc.boolean(),
  zonal: fc.boolean(),
  namespaces: fc.constantFrom(undefined, new Set(['a'])),
  namespaceLabels: fc.constantFrom(undefined, (labels: Readonly<Record<string, string>>) => labels['shown'] === 'yes'),
});

const questions = [
  'svc.z.',
  'dns-version.z.',
  'foo.z.',
  ...['a', 'b'].flatMap((namespace) => [
    `${namespace}.svc.z.`,
    `${namespace}.pod.z.`,
    `10-0-0-1.${namespace}.pod.z.`,
    ...['s', 'h.s', '10-0-0-1.s', '_tcp.s', '_http._tcp.s', 'z1.pin._zone.s', 'z1.prefer._zone.s', 'v.w.x.s'].map(
      (name) => `${name}.${namespace}.svc.z.`,
    ),
  ]),
  '1.0.0.10.in-addr.arpa.',
  '1.0.1.10.in-addr.arpa.',
  '0.10.in-addr.arpa.',
  '1.10.in-addr.arpa.',
];

const RESOURCES = ['namespaces', 'services', 'endpointslices', 'pods'] as const;

/** Which prefixes are in use is one index: with `noendpoints` it still tells what another view on the same state asked for. */
const isSharedPrefix = (name: string, { noEndpoints }: Partial<ViewOptions>): boolean =>
  noEndpoints === true && parseReverseName(Name.fromText(name))?.kind === 'prefix';

describe('an answer', () => {
  it('is the same whatever becomes of the resources that it does not rest on', () => {
    fc.assert(
      fc.property(
        anyWorld,
        fc.oneof(fc.constant(EMPTY), anyWorld),
        anyOptions,
        fc.constantFrom(...questions),
        fc.constantFrom(Type.A, Type.AAAA, Type.SRV, Type.PTR, Type.CNAME, Type.TXT),
        (world, other, options, name, type) => {
          fc.pre(!isSharedPrefix(name, options));
          const view = viewOf(world, options);
          const needed = neededFor(view, name);
          const mixed = viewOf(
            Object.assign(
              {},
              world,
              ...RESOURCES.filter((one) => !needed.includes(one)).map((one) => ({ [one]: other[one] })),
            ),
            options,
          );
          expect(answer(mixed, name, type)).toEqual(answer(view, name, type));
          expect(neededFor(mixed, name)).toEqual(needed);
          expect(neededByView(view.options)).toEqual(expect.arrayContaining([...needed]));
        },
      ),
      { numRuns: 10_000, seed: 1 },
    );
  });
});
