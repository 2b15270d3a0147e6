/** The state of a cluster against a naive model of it, and what it must not do: forget, leak, or stir without a reason. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import {
  type Dependent,
  FactCounters,
  addressFact,
  familiesFact,
  namespaceFact,
  podFact,
  prefixesFact,
  serviceFact,
} from '../../src/cluster/facts.ts';
import type { EndpointSlice, Namespace, Pod, Service } from '../../src/cluster/objects.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { formatAddress } from '../../src/dns/address.ts';
import { collected } from '../support/collected.ts';
import { makeService, makeSlice } from './objects.ts';

const nobody: Dependent = { dependsOn: () => undefined };
const NAMESPACES = ['a', 'b'];
const NAMES = ['s', 't', 'u'];
const SLICES = ['one', 'three', 'two'];
const PODS = ['p', 'q'];
const IPS = ['10.0.0.1', '10.0.0.2', 'fd00::1'];
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.1.0.1', '11.0.0.1'];
const ADDRESSES6 = ['fd00::1', 'fd00::2', 'fd01::1'];

/** What the state should say, kept as lists of objects and looked through each time. */
class Model {
  readonly namespaces = new Map<string, Namespace>();
  readonly services = new Map<string, Service>();
  readonly slices = new Map<string, EndpointSlice>();
  readonly pods = new Map<string, Pod>();

  slicesOf({ namespace, name }: Service): readonly EndpointSlice[] {
    return [...this.slices.values()]
      .filter((slice) => slice.namespace === namespace && slice.service === name)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  get usedAddresses(): ReadonlySet<string> {
    const ofServices = [...this.services.values()].flatMap(({ clusterIPs }) => clusterIPs);
    return new Set([...ofServices, ...[...this.slices.values()].flatMap(octetsOf)].map(formatAddress));
  }
}

interface World {
  readonly state: ClusterState;
  readonly model: Model;
}

function octetsOf({ family, addresses }: EndpointSlice): readonly Uint8Array[] {
  const width = family === 4 ? 4 : 16;
  return Array.from({ length: addresses.length / width }, (_, i) => addresses.slice(i * width, (i + 1) * width));
}

const anyNamespace = fc.constantFrom(...NAMESPACES);
const anyName = fc.constantFrom(...NAMES);
const anyIps = fc.array(fc.constantFrom(...ADDRESSES), { maxLength: 4 });

const anyService = fc
  .record({
    namespace: anyNamespace,
    name: anyName,
    kind: fc.constantFrom('cluster-ip' as const, 'headless' as const),
    clusterIPs: fc.subarray([...ADDRESSES.slice(0, 3), ADDRESSES6[0] ?? '']),
  })
  .map(makeService);

const anySlice = fc.oneof(
  fc
    .record({ namespace: anyNamespace, name: fc.constantFrom(...SLICES), service: anyName, addresses: anyIps })
    .map(makeSlice),
  fc
    .record({
      namespace: anyNamespace,
      name: fc.constantFrom(...SLICES),
      service: anyName,
      addresses: fc.array(fc.constantFrom(...ADDRESSES6), { minLength: 1, maxLength: 3 }),
    })
    .map(makeSlice),
);

type Step = (world: World) => void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ name: anyNamespace, labels: fc.constantFrom({}, { x: 'y' }) }).map((namespace): Step => (world) => {
    world.state.setNamespace(namespace);
    world.model.namespaces.set(namespace.name, namespace);
  }),
  anyNamespace.map((name): Step => (world) => {
    world.state.removeNamespace(name);
    world.model.namespaces.delete(name);
  }),
  anyService.map((service): Step => (world) => {
    world.state.setService(service);
    world.model.services.set(`${service.namespace}/${service.name}`, service);
  }),
  fc.tuple(anyNamespace, anyName).map(([namespace, name]): Step => (world) => {
    world.state.removeService(namespace, name);
    world.model.services.delete(`${namespace}/${name}`);
  }),
  anySlice.map((slice): Step => (world) => {
    world.state.setEndpointSlice(slice);
    world.model.slices.set(`${slice.namespace}/${slice.name}`, slice);
  }),
  fc.tuple(anyNamespace, fc.constantFrom(...SLICES)).map(([namespace, name]): Step => (world) => {
    world.state.removeEndpointSlice(namespace, name);
    world.model.slices.delete(`${namespace}/${name}`);
  }),
  fc
    .record({ namespace: anyNamespace, name: fc.constantFrom(...PODS), ip: fc.constantFrom(...IPS) })
    .map((pod): Step => (world) => {
      world.state.setPod(pod);
      world.model.pods.set(`${pod.namespace}/${pod.name}`, pod);
    }),
  fc.tuple(anyNamespace, fc.constantFrom(...PODS)).map(([namespace, name]): Step => (world) => {
    world.state.removePod(namespace, name);
    world.model.pods.delete(`${namespace}/${name}`);
  }),
  // Reading is a step too: what was drawn together must not go stale.
  fc.constant<Step>(({ state }) => {
    for (const service of NAMESPACES.flatMap((ns) => NAMES.map((name) => state.service(nobody, ns, name)))) {
      if (service !== undefined) state.endpointsOf(service).addresses(4);
    }
  }),
);

const identity = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

function expectSame({ state, model }: World): void {
  for (const name of NAMESPACES) expect(state.namespace(nobody, name)).toEqual(model.namespaces.get(name));
  for (const namespace of NAMESPACES) {
    for (const name of NAMES) {
      const service = state.service(nobody, namespace, name);
      expect(service).toEqual(model.services.get(`${namespace}/${name}`));
      if (service !== undefined) expectSameEndpoints(state, model, service);
    }
  }
  for (const text of [...ADDRESSES, ...ADDRESSES6]) {
    const octets = makeSlice({ addresses: [text] }).addresses;
    const holds = (addresses: readonly Uint8Array[]): boolean => addresses.some((one) => formatAddress(one) === text);
    const services = [...model.services.values()].filter(({ clusterIPs }) => holds(clusterIPs));
    const slices = [...model.slices.values()].filter((slice) => holds(octetsOf(slice)));
    expect(state.servicesAt(nobody, octets).map(identity).toSorted()).toEqual(services.map(identity).toSorted());
    expect(state.slicesAt(nobody, octets).map(identity).toSorted()).toEqual(slices.map(identity).toSorted());
  }
  const used = [...model.usedAddresses];
  for (const digits of [[], [10], [10, 0], [10, 0, 0], [10, 0, 1], [10, 1], [10, 1, 0], [11], [11, 0, 0], [12]]) {
    const expected = used.some((text) => !text.includes(':') && `${text}.`.startsWith([...digits, ''].join('.')));
    expect(state.hasPrefix(nobody, 4, digits)).toBe(expected);
  }
  for (const nibbles of [[], [0xf], [0xf, 0xd], [0xf, 0xd, 0, 0], [0xf, 0xd, 0, 1], [0xe]]) {
    const text = nibbles.map((nibble) => nibble.toString(16)).join('');
    const expected = used.some((one) => one.includes(':') && one.replaceAll(':', '').startsWith(text));
    expect(state.hasPrefix(nobody, 6, nibbles)).toBe(expected);
  }
  state.markSynced(['services', 'endpointslices']);
  const v6 = used.some((text) => text.includes(':'));
  expect(state.families(nobody)).toEqual({ v4: used.some((text) => !text.includes(':')), v6 });
  for (const ip of IPS) {
    for (const namespace of NAMESPACES) {
      const expected = [...model.pods.values()].some((pod) => pod.ip === ip && pod.namespace === namespace);
      expect(state.hasPodAt(nobody, namespace, ip)).toBe(expected);
    }
  }
}

function expectSameEndpoints(state: ClusterState, model: Model, service: Service): void {
  const slices = model.slicesOf(service);
  const endpoints = state.endpointsOf(service);
  const all = slices.flatMap(octetsOf).map(formatAddress);
  expect(endpoints.slices.map(({ slice }) => slice)).toEqual(slices.filter(({ addresses }) => addresses.length > 0));
  expect(endpoints.size).toBe(all.length);
  expect(endpoints.isEmpty).toBe(all.length === 0);
  for (const family of [4, 6] as const) {
    const distinct = [...new Set(all.filter((text) => text.includes(':') === (family === 6)))];
    const octets = endpoints.addresses(family);
    expect(octetsOf({ ...makeSlice({}), family, addresses: octets }).map(formatAddress)).toEqual(distinct);
  }
}

function makeWorld(now = (): number => 5_000): World & { readonly facts: FactCounters } {
  const facts = new FactCounters();
  return { state: new ClusterState(facts, now), model: new Model(), facts };
}

function removeAll({ state, model }: World): void {
  for (const { namespace, name } of model.slices.values()) state.removeEndpointSlice(namespace, name);
  for (const { namespace, name } of model.services.values()) state.removeService(namespace, name);
  for (const { namespace, name } of model.pods.values()) state.removePod(namespace, name);
  for (const { name } of model.namespaces.values()) state.removeNamespace(name);
  for (const map of [model.slices, model.services, model.pods, model.namespaces]) map.clear();
}

describe('the state says what a naive model says', () => {
  it('after any changes, and after everything is removed again', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 40 }), (changes) => {
        const world = makeWorld();
        for (const change of changes) change(world);
        expectSame(world);
        removeAll(world);
        expectSame(world);
        expect(world.state.hasPrefix(nobody, 4, [])).toBe(false);
        expect(world.state.hasPrefix(nobody, 6, [])).toBe(false);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('in whatever order a Service and its slices come', () => {
    const first = makeWorld();
    const service = makeService({ kind: 'headless' });
    const slices = SLICES.map((name, i) => makeSlice({ name, addresses: [ADDRESSES[i] ?? ''] }));
    for (const slice of slices.toReversed()) first.state.setEndpointSlice(slice);
    expect(first.state.service(nobody, 'default', 'web')).toBeUndefined();
    first.state.setService(service);
    expect(first.state.endpointsOf(service).slices.map(({ slice }) => slice.name)).toEqual(['one', 'three', 'two']);
  });
});

describe('the families that a cluster speaks', () => {
  const asked = (): Dependent & { readonly facts: number[] } => {
    const facts: number[] = [];
    return { facts, dependsOn: (fact) => void facts.push(fact) };
  };

  it('are all of them until the Services and endpoints are known', () => {
    const { state } = makeWorld();
    state.setService(makeService({ clusterIPs: ['10.0.0.1'] }));
    expect(state.families(nobody)).toEqual({ v4: true, v6: true });
    state.mark(['services', 'endpointslices'], 'stale');
    expect(state.families(nobody)).toEqual({ v4: true, v6: true });
    state.markSynced(['services']);
    expect(state.families(nobody)).toEqual({ v4: true, v6: true });
    expect(state.families(nobody, ['services'])).toEqual({ v4: true, v6: false });
    state.markSynced(['endpointslices']);
    expect(state.families(nobody)).toEqual({ v4: true, v6: false });
  });

  it('follow the last address of a family, be it of a Service or of an endpoint, and raise the fact then alone', () => {
    const { state, facts } = makeWorld();
    state.markSynced(['services', 'endpointslices']);
    const asker = asked();
    expect(state.families(asker)).toEqual({ v4: false, v6: false });
    expect(asker.facts).toContain(familiesFact);
    const raised = (change: () => void): number => {
      const before = facts.version(familiesFact);
      change();
      return facts.version(familiesFact) - before;
    };
    expect(raised(() => state.setService(makeService({ clusterIPs: ['10.0.0.1'] })))).toBe(1);
    expect(raised(() => state.setService(makeService({ name: 'b', clusterIPs: ['10.0.0.2'] })))).toBe(0);
    expect(raised(() => state.setEndpointSlice(makeSlice({ addresses: ['fd00::1', 'fd00::2'] })))).toBe(1);
    expect(state.families(nobody)).toEqual({ v4: true, v6: true });
    expect(raised(() => state.setEndpointSlice(makeSlice({ addresses: ['fd00::2'] })))).toBe(0);
    expect(raised(() => state.setService(makeService({ name: 'b', clusterIPs: ['fd00::2'] })))).toBe(0);
    expect(raised(() => state.removeEndpointSlice('default', 'web-1'))).toBe(0);
    expect(state.families(nobody)).toEqual({ v4: true, v6: true });
    expect(raised(() => state.removeService('default', 'b'))).toBe(1);
    expect(state.families(nobody)).toEqual({ v4: true, v6: false });
    expect(raised(() => state.removeService('default', 'web'))).toBe(1);
    expect(state.families(nobody)).toEqual({ v4: false, v6: false });
  });
});

describe('content that is equal', () => {
  const objects = {
    service: makeService({ clusterIPs: ['10.0.0.1', 'fd00::1'] }),
    slice: makeSlice({ addresses: ['10.0.0.2', '10.0.0.2'] }),
    namespace: { name: 'default', labels: { a: 'b' } },
    pod: { namespace: 'default', name: 'p', ip: '10.0.0.3' },
  };
  const write = (state: ClusterState): void => {
    state.setNamespace(structuredClone(objects.namespace));
    state.setService(structuredClone(objects.service));
    state.setEndpointSlice(structuredClone(objects.slice));
    state.setPod(structuredClone(objects.pod));
  };

  it('raises no counter and leaves the serial', () => {
    let now = 1_000;
    const { state, facts } = makeWorld(() => now);
    write(state);
    const everything = (): readonly number[] => Array.from({ length: 65_536 }, (_, fact) => facts.version(fact));
    const before = everything();
    now = 9_000;
    write(state);
    expect(everything()).toEqual(before);
    expect(state.serial).toBe(1);
  });

  it('of a removal that removes nothing neither', () => {
    const { state, facts } = makeWorld();
    state.removeService('default', 'web');
    state.removeEndpointSlice('default', 'web-1');
    state.removeNamespace('default');
    state.removePod('default', 'p');
    expect(Array.from({ length: 65_536 }, (_, fact) => facts.version(fact)).every((count) => count === 0)).toBe(true);
    expect(state.serial).toBe(0);
  });
});

describe('changes', () => {
  it('a slice that moves to another Service leaves the first and raises the counters of both', () => {
    const { state, facts } = makeWorld();
    const [web, api] = [makeService({ name: 'web' }), makeService({ name: 'api' })];
    state.setService(web);
    state.setService(api);
    state.setEndpointSlice(makeSlice({ name: 'x', service: 'web', addresses: ['10.0.0.1'] }));
    expect(state.endpointsOf(web).size).toBe(1);
    const before = [serviceFact('default', 'web'), serviceFact('default', 'api')].map((fact) => facts.version(fact));
    state.setEndpointSlice(makeSlice({ name: 'x', service: 'api', addresses: ['10.0.0.1'] }));
    expect(state.endpointsOf(web).size).toBe(0);
    expect(state.endpointsOf(api).size).toBe(1);
    expect(facts.version(serviceFact('default', 'web'))).not.toBe(before[0]);
    expect(facts.version(serviceFact('default', 'api'))).not.toBe(before[1]);
  });

  it('an address twice in a slice is one, and gone with the slice', () => {
    const { state } = makeWorld();
    const slice = makeSlice({ addresses: ['10.0.0.1', '10.0.0.1'] });
    state.setEndpointSlice(slice);
    expect(state.slicesAt(nobody, Uint8Array.of(10, 0, 0, 1))).toEqual([slice]);
    state.removeEndpointSlice(slice.namespace, slice.name);
    expect(state.slicesAt(nobody, Uint8Array.of(10, 0, 0, 1))).toEqual([]);
    expect(state.hasPrefix(nobody, 4, [])).toBe(false);
  });

  it('an address that a Service and a slice share is in use until neither has it', () => {
    const { state } = makeWorld();
    state.setService(makeService({ clusterIPs: ['10.0.0.1'] }));
    state.setEndpointSlice(makeSlice({ addresses: ['10.0.0.1'] }));
    state.removeService('default', 'web');
    expect(state.hasPrefix(nobody, 4, [10, 0, 0])).toBe(true);
    state.removeEndpointSlice('default', 'web-1');
    expect(state.hasPrefix(nobody, 4, [10, 0, 0])).toBe(false);
  });

  it('of an endpoint raises the counter of each address of its slice, and of prefixes only where one comes or goes', () => {
    const { state, facts } = makeWorld();
    state.setEndpointSlice(makeSlice({ addresses: ['10.0.0.1', '10.0.0.2'] }));
    const facts10 = [addressFact(Uint8Array.of(10, 0, 0, 1)), addressFact(Uint8Array.of(10, 0, 0, 2))];
    const before = facts10.map((fact) => facts.version(fact));
    const prefixes = facts.version(prefixesFact);
    state.setEndpointSlice(makeSlice({ addresses: ['10.0.0.1', '10.0.0.2'], hostnames: ['h', ''] }));
    facts10.forEach((fact, i) => expect(facts.version(fact)).not.toBe(before[i]));
    expect(facts.version(prefixesFact)).toBe(prefixes);
    state.setEndpointSlice(makeSlice({ addresses: ['10.0.0.1'] }));
    expect(facts.version(prefixesFact)).not.toBe(prefixes);
  });

  it('of a namespace and of a pod raise their counters', () => {
    const { state, facts } = makeWorld();
    const [ns, old, moved] = [namespaceFact('default'), podFact('10.0.0.1'), podFact('10.0.0.2')];
    const versions = (): readonly number[] => [ns, old, moved].map((fact) => facts.version(fact));
    state.setNamespace({ name: 'default', labels: {} });
    expect(versions()).toEqual([1, 0, 0]);
    state.setPod({ namespace: 'default', name: 'p', ip: '10.0.0.1' });
    expect(versions()).toEqual([1, 1, 0]);
    state.setPod({ namespace: 'default', name: 'p', ip: '10.0.0.2' });
    expect(versions()).toEqual([1, 2, 1]);
    state.removeNamespace('default');
    expect(versions()).toEqual([2, 2, 1]);
  });

  it('the serial is the second of the last one', () => {
    let now = 0;
    const { state } = makeWorld(() => now);
    expect(state.serial).toBe(0);
    now = 1_999;
    state.setService(makeService({}));
    expect(state.serial).toBe(1);
    now = 3_000;
    state.removeService('default', 'web');
    expect(state.serial).toBe(3);
  });

  it.each(['serial', 'externalSerial'] as const)(
    'the %s never goes back, whatever the clock and a restart do',
    (serial) => {
      let now = 10_000;
      const { state } = makeWorld(() => now);
      const change = (name: string): number => {
        state.setService(makeService({ name, externalAddresses: ['192.0.2.1'] }));
        return state[serial];
      };
      expect(change('a')).toBe(10);
      now = 5_000;
      expect(change('b')).toBe(10);
      state.list();
      expect(change('c')).toBe(11);
      state.restoreSerial(20);
      expect(change('d')).toBe(21);
      now = 30_000;
      expect(change('e')).toBe(30);
    },
  );
});

describe('endpoints drawn together', () => {
  const SIZE = 1_000;
  const COUNT = Math.ceil(bounds.drawnEndpoints / SIZE) + 2;

  const large = (i: number): EndpointSlice => {
    const addresses = new Uint8Array(SIZE * 4);
    for (let at = 0; at < SIZE; at++) addresses.set([10, i, at >> 8, at & 0xff], at * 4);
    return { ...makeSlice({ name: `s-${i}`, service: `s-${i}` }), addresses };
  };

  it('stay right when more are asked for than are held', () => {
    const { state } = makeWorld();
    const services = Array.from({ length: COUNT }, (_, i) => makeService({ name: `s-${i}`, kind: 'headless' }));
    services.forEach((service, i) => {
      state.setService(service);
      state.setEndpointSlice(large(i));
    });
    for (let round = 0; round < 2; round++) {
      services.forEach((service, i) => {
        const octets = state.endpointsOf(service).addresses(4);
        expect([octets.length, octets[1]]).toEqual([SIZE * 4, i]);
      });
    }
    state.setEndpointSlice(makeSlice({ name: 's-0', service: 's-0', addresses: ['10.0.0.9'] }));
    expect(state.endpointsOf(makeService({ name: 's-0' })).size).toBe(1);
  });

  it('a change of one slice leaves what was made of the others', () => {
    const { state } = makeWorld();
    const service = makeService({ kind: 'headless' });
    state.setService(service);
    state.setEndpointSlice(makeSlice({ name: 'a', addresses: ['10.0.0.1'] }));
    state.setEndpointSlice(makeSlice({ name: 'b', addresses: ['10.0.0.2'] }));
    const before = state.endpointsOf(service).slices;
    state.setEndpointSlice(makeSlice({ name: 'b', addresses: ['10.0.0.3'] }));
    const after = state.endpointsOf(service).slices;
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it('leak: nothing is drawn for a Service without slices, since nothing would let go of it', () => {
    const { state } = makeWorld();
    const services = ['s', 't'].map((name) => makeService({ name }));
    for (const service of services) state.setService(service);
    const [first, second] = services.map((service) => state.endpointsOf(service));
    expect(first).toBe(second);
  });

  it('are let go of when their Service and slices go', async () => {
    const { state } = makeWorld();
    const gone = Array.from({ length: 20 }, (_, i) => {
      const name = `s-${i}`;
      const service = makeService({ name, kind: 'headless' });
      state.setService(service);
      state.setEndpointSlice(makeSlice({ name, service: name, addresses: i % 2 === 0 ? ['10.0.0.1'] : [] }));
      const drawn = new WeakRef(state.endpointsOf(service));
      if (i % 4 < 2) state.removeService('default', name);
      state.removeEndpointSlice('default', name);
      state.removeService('default', name);
      return drawn;
    });
    await collected(gone);
  });
});
