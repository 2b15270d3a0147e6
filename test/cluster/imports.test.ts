/** Services of several clusters: what the state holds of them, and what an answer about one rests on. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/cluster/cluster.ts';
import { type Dependent, FactCounters, NOBODY, importFact } from '../../src/cluster/facts.ts';
import { findImported, neededForImport, parseImportName } from '../../src/cluster/imported-records.ts';
import { neededByView } from '../../src/cluster/needs.ts';
import type { ImportedSlice, Service } from '../../src/cluster/objects.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { ClusterView, type ViewOptions } from '../../src/cluster/view.ts';
import { Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { recordsOf } from '../plugins/support.ts';
import { type SliceParts, makeService, makeSlice } from './objects.ts';

const ZONE = Name.fromText('c.');
const HTTP = [{ name: 'http', protocol: 'tcp', number: 80 }];

function imported({ cluster = 'east', ...parts }: SliceParts & { readonly cluster?: string }): ImportedSlice {
  return { ...makeSlice(parts), cluster };
}

const anyName = fc.constantFrom('s', 't');
const anySliceName = fc.constantFrom('one', 'two', 'three');
const anyImport = fc
  .record({
    name: anyName,
    kind: fc.constantFrom('cluster-ip' as const, 'headless' as const),
    ports: fc.constantFrom(HTTP, []),
  })
  .map((parts) => makeService({ ...parts, clusterIPs: parts.kind === 'headless' ? [] : ['10.0.0.1'] }));
const anySlice = fc
  .record({
    name: anySliceName,
    service: anyName,
    cluster: fc.constantFrom('east', 'west', ''),
    addresses: fc.subarray(['10.1.0.1', '10.1.0.2']),
    ports: fc.constantFrom(HTTP, []),
  })
  .map(imported);

interface World {
  readonly state: ClusterState;
  readonly services: Map<string, Service>;
  readonly slices: Map<string, ImportedSlice>;
}

type Step = (world: World) => void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  anyImport.map((service): Step => ({ state, services }) => {
    state.imports.setService(service);
    services.set(service.name, service);
  }),
  anyName.map((name): Step => ({ state, services }) => {
    state.imports.removeService('default', name);
    services.delete(name);
  }),
  anySlice.map((slice): Step => ({ state, slices }) => {
    state.imports.setSlice(slice);
    slices.set(slice.name, slice);
  }),
  anySliceName.map((name): Step => ({ state, slices }) => {
    state.imports.removeSlice('default', name);
    slices.delete(name);
  }),
  // Reading is a step too: what was drawn together must not go stale.
  anyName.map((name): Step => ({ state }) => {
    const service = state.imports.service(NOBODY, 'default', name);
    if (service !== undefined) state.imports.endpointsOf(service).addresses(4);
  }),
);

function makeWorld(now = (): number => 5_000): World & { readonly facts: FactCounters } {
  const facts = new FactCounters();
  return { facts, state: new ClusterState(facts, now), services: new Map(), slices: new Map() };
}

describe('imports in the state', () => {
  it('are what a naive model of them says, after any changes', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 30 }), (changes) => {
        const world = makeWorld();
        const { state, services, slices } = world;
        for (const change of changes) change(world);
        for (const name of ['s', 't']) {
          const service = state.imports.service(NOBODY, 'default', name);
          expect(service).toEqual(services.get(name));
          expect(state.imports.held('default', name)).toEqual(services.get(name));
          if (service === undefined) continue;
          const own = [...slices.values()].filter(({ service: of, addresses }) => of === name && addresses.length > 0);
          const held = state.imports.endpointsOf(service).slices.map(({ slice }) => slice);
          expect(held).toEqual(own.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
        }
        for (const [name, slice] of slices) expect(state.imports.heldSlice('default', name)).toEqual(slice);
        expect([...state.imports.slices()]).toHaveLength(slices.size);
        expect([...state.imports.services()]).toHaveLength(services.size);
        // They are no part of what this cluster itself has.
        expect([...state.services()]).toEqual([]);
        expect([...state.endpointSlices()]).toEqual([]);
        expect(state.hasPrefix(NOBODY, 4, [])).toBe(false);
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('raise a fact, the serial and the count of changes where they change, and where they say the same again nothing', () => {
    let now = 1_000;
    const { state, facts } = makeWorld(() => now);
    const fact = importFact('default', 'web');
    const raised = (change: () => void): readonly boolean[] => {
      const before = [facts.version(fact), state.serial, state.changes];
      now += 1_000;
      change();
      return [facts.version(fact), state.serial, state.changes].map((value, i) => value !== before[i]);
    };
    const all = [true, true, true];
    const none = [false, false, false];
    const service = (): Service => makeService({ clusterIPs: ['10.0.0.1'] });
    const slice = (cluster: string): ImportedSlice => imported({ addresses: ['10.0.0.2'], cluster });
    expect(raised(() => state.imports.setService(service()))).toEqual(all);
    expect(raised(() => state.imports.setService(service()))).toEqual(none);
    expect(raised(() => state.imports.setSlice(slice('east')))).toEqual(all);
    expect(raised(() => state.imports.setSlice(slice('east')))).toEqual(none);
    expect(raised(() => state.imports.setSlice(slice('west')))).toEqual(all);
    expect(raised(() => state.imports.removeSlice('default', 'web-1'))).toEqual(all);
    expect(raised(() => state.imports.removeSlice('default', 'web-1'))).toEqual(none);
    expect(raised(() => state.imports.removeService('default', 'web'))).toEqual(all);
    expect(raised(() => state.imports.removeService('default', 'web'))).toEqual(none);
  });

  it('rest on a fact of their own: a Service of the same name is another thing', () => {
    const { state, facts } = makeWorld();
    const noted: number[] = [];
    const asker: Dependent = { dependsOn: (one) => void noted.push(one) };
    state.imports.service(asker, 'default', 'web');
    const before = noted.map((one) => facts.version(one));
    state.setService(makeService({ clusterIPs: ['10.0.0.9'] }));
    expect(noted.map((one) => facts.version(one))).toEqual(before);
    expect(state.imports.service(NOBODY, 'default', 'web')).toBeUndefined();
  });
});

const OPTIONS: ViewOptions = {
  primaryZone: Name.fromText('z.'),
  ttl: 5,
  pods: 'disabled',
  endpointPodNames: false,
  noEndpoints: false,
  ignoreEmptyService: false,
  zonal: false,
  imports: true,
  namespaces: undefined,
  namespaceLabels: undefined,
};

describe('what an answer about an import rests on', () => {
  const needed = (text: string, options: Partial<ViewOptions> = {}): readonly Resource[] => {
    const { state } = makeWorld();
    state.setNamespace({ name: 'default', labels: {} });
    state.imports.setService(makeService({ name: 's', clusterIPs: ['10.0.0.1'], ports: HTTP }));
    state.imports.setService(makeService({ name: 'h', kind: 'headless' }));
    const view = new ClusterView(state, { ...OPTIONS, ...options });
    return neededForImport(NOBODY, view, parseImportName(Name.fromText(text), ZONE));
  };
  const N: readonly Resource[] = ['namespaces'];
  const I: readonly Resource[] = ['namespaces', 'serviceimports'];
  const E: readonly Resource[] = ['namespaces', 'serviceimports', 'importedslices'];

  it.each<[string, readonly Resource[], Partial<ViewOptions>?]>([
    ['c.', []],
    ['svc.c.', []],
    ['dns-version.c.', []],
    ['ns.dns.c.', []],
    ['a.b.c.', []],
    ['10-0-0-1.default.pod.c.', []],
    ['default.svc.c.', N],
    ['other.svc.c.', N],
    ['s.other.svc.c.', N],
    ['s.other.svc.c.', [], { namespaces: new Set(['default']) }],
    ['other.svc.c.', [], { namespaces: new Set(['default']) }],
    ['s.default.svc.c.', I],
    ['none.default.svc.c.', I],
    ['_http._tcp.s.default.svc.c.', I],
    ['e.east.s.default.svc.c.', E],
    ['east.s.default.svc.c.', E],
    ['h.default.svc.c.', E],
    ['h.default.svc.c.', I, { noEndpoints: true }],
    ['e.east.s.default.svc.c.', I, { noEndpoints: true }],
  ])('%s', (name, resources, options) => {
    expect(needed(name, options)).toEqual(resources);
  });

  it('is watched, and only where there is such a zone', () => {
    const all = (options: Partial<ViewOptions>): readonly Resource[] => neededByView({ ...OPTIONS, ...options });
    expect(all({})).toEqual(['namespaces', 'services', 'endpointslices', 'serviceimports', 'importedslices']);
    expect(all({ noEndpoints: true })).toEqual(['namespaces', 'services', 'serviceimports']);
    expect(all({ imports: false })).toEqual(['namespaces', 'services', 'endpointslices']);
  });
});

describe('endpoints without a cluster', () => {
  it('are among the addresses of the import, and have no names', () => {
    const { state } = makeWorld();
    state.setNamespace({ name: 'default', labels: {} });
    state.imports.setService(makeService({ name: 'h', kind: 'headless' }));
    state.imports.setSlice(imported({ service: 'h', addresses: ['10.1.0.1'], ports: HTTP, cluster: '' }));
    const view = new ClusterView(state, OPTIONS);
    const find = (text: string, type: number): unknown => {
      const owner = Name.fromText(text);
      const found = findImported(NOBODY, view, { owner, type, zone: ZONE }, parseImportName(owner, ZONE));
      return found.kind === 'records' ? recordsOf(found.answers) : found.kind;
    };
    expect(find('h.default.svc.c.', Type.A)).toEqual(['h.default.svc.c. 5 IN A 10.1.0.1']);
    expect(find('h.default.svc.c.', Type.SRV)).toBe('no-data');
    expect(find('10-1-0-1.east.h.default.svc.c.', Type.A)).toBe('no-name');
  });
});
