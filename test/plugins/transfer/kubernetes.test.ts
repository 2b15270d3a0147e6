/** A zone of `kubernetes` as a whole: what is in it, that it is of one moment, and that its serial says so. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterState } from '../../../src/cluster/state.ts';
import { FactCounters } from '../../../src/cluster/facts.ts';
import { typeName } from '../../../src/dns/constants.ts';
import { type RRset, recordCount } from '../../../src/dns/rrset.ts';
import type { NeighbourZone, ZoneContents } from '../../../src/plugins/neighbours.ts';
import { makeService, makeSlice } from '../../cluster/objects.ts';
import { type TestCluster, cluster } from '../cluster.ts';
import { recordsOf } from '../support.ts';

const HTTP = { name: 'http', protocol: 'tcp', number: 80 };
const ALL = ['namespaces', 'services', 'endpointslices', 'pods'] as const;

function fill({ state }: TestCluster): void {
  for (const name of ['default', 'shop', 'hidden'])
    state.setNamespace({ name, labels: { shown: String(name !== 'hidden') } });
  state.setService(makeService({ name: 'web', clusterIPs: ['10.96.0.1', 'fd00::1'], ports: [HTTP] }));
  state.setService(
    makeService({ name: 'api', clusterIPs: ['10.96.0.2'], ports: [HTTP, { ...HTTP, name: '', number: 81 }] }),
  );
  state.setService(makeService({ name: 'portless', clusterIPs: ['10.96.0.3'] }));
  state.setService(makeService({ namespace: 'shop', name: 'db', kind: 'headless', ports: [HTTP] }));
  state.setEndpointSlice(
    makeSlice({
      namespace: 'shop',
      name: 'db-1',
      service: 'db',
      ports: [HTTP],
      addresses: ['10.244.0.2', '10.244.0.1'],
      hostnames: ['', 'db-0'],
    }),
  );
  state.setEndpointSlice(
    makeSlice({
      namespace: 'shop',
      name: 'db-2',
      service: 'db',
      ports: [HTTP],
      addresses: ['fd00::9'],
      hostnames: ['db-0'],
    }),
  );
  state.setService(makeService({ namespace: 'shop', name: 'idle', kind: 'headless', ports: [HTTP] }));
  state.setService(
    makeService({ namespace: 'shop', name: 'docs', kind: 'external-name', externalName: 'docs.example' }),
  );
  state.setService(makeService({ namespace: 'hidden', name: 'secret', clusterIPs: ['10.96.0.9'] }));
  state.setService(makeService({ namespace: 'gone', name: 'orphan', clusterIPs: ['10.96.0.8'] }));
  state.markSynced(ALL);
}

async function serving(
  options = '',
  own: readonly Uint8Array[] = [Uint8Array.of(192, 0, 2, 53)],
): Promise<TestCluster> {
  return cluster(`kubernetes cluster.local in-addr.arpa {\n${options}\n}`, [], { ownAddresses: own });
}

function zoneOf({ host }: TestCluster): NeighbourZone {
  const [zone] = host.neighbours.zones;
  if (zone === undefined) throw new Error('no zone is offered');
  return zone;
}

function contentsOf(one: TestCluster): ZoneContents {
  const contents = zoneOf(one).contents();
  if (contents === undefined) throw new Error('the content is not known');
  return contents;
}

/** Without the zone's name behind each owner. */
function listed(one: TestCluster): readonly string[] {
  return recordsOf([...contentsOf(one).records]);
}

describe('the content', () => {
  it('is every record of the services that are shown, by name', async () => {
    const one = await serving('namespace_labels shown=true');
    fill(one);
    expect(listed(one)).toEqual([
      'cluster.local. 5 IN NS ns.dns.cluster.local.',
      'ns.dns.cluster.local. 5 IN A 192.0.2.53',
      'dns-version.cluster.local. 28800 IN TXT "1.1.0"',
      'api.default.svc.cluster.local. 5 IN A 10.96.0.2',
      'api.default.svc.cluster.local. 5 IN SRV 0 50 80 api.default.svc.cluster.local.',
      'api.default.svc.cluster.local. 5 IN SRV 0 50 81 api.default.svc.cluster.local.',
      '_http._tcp.api.default.svc.cluster.local. 5 IN SRV 0 100 80 api.default.svc.cluster.local.',
      'portless.default.svc.cluster.local. 5 IN A 10.96.0.3',
      'web.default.svc.cluster.local. 5 IN A 10.96.0.1',
      'web.default.svc.cluster.local. 5 IN AAAA fd00::1',
      'web.default.svc.cluster.local. 5 IN SRV 0 50 80 web.default.svc.cluster.local.',
      '_http._tcp.web.default.svc.cluster.local. 5 IN SRV 0 50 80 web.default.svc.cluster.local.',
      'db.shop.svc.cluster.local. 5 IN A 10.244.0.2',
      'db.shop.svc.cluster.local. 5 IN A 10.244.0.1',
      'db.shop.svc.cluster.local. 5 IN AAAA fd00::9',
      'db.shop.svc.cluster.local. 5 IN SRV 0 33 80 10-244-0-2.db.shop.svc.cluster.local.',
      'db.shop.svc.cluster.local. 5 IN SRV 0 33 80 db-0.db.shop.svc.cluster.local.',
      '_http._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 33 80 10-244-0-2.db.shop.svc.cluster.local.',
      '_http._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 33 80 db-0.db.shop.svc.cluster.local.',
      '10-244-0-2.db.shop.svc.cluster.local. 5 IN A 10.244.0.2',
      'db-0.db.shop.svc.cluster.local. 5 IN A 10.244.0.1',
      'db-0.db.shop.svc.cluster.local. 5 IN AAAA fd00::9',
      'docs.shop.svc.cluster.local. 5 IN CNAME docs.example.',
    ]);
  });

  it('follows the options of the directive', async () => {
    const one = await serving('namespaces shop\nnoendpoints\nttl 30');
    fill(one);
    expect(listed(one)).toEqual([
      'cluster.local. 30 IN NS ns.dns.cluster.local.',
      'ns.dns.cluster.local. 30 IN A 192.0.2.53',
      'dns-version.cluster.local. 28800 IN TXT "1.1.0"',
      'docs.shop.svc.cluster.local. 30 IN CNAME docs.example.',
    ]);
    const empty = await serving('ignore empty_service\nnamespaces default');
    fill(empty);
    expect(listed(empty)).toHaveLength(3);
  });

  it('has an NS record where no name server is known', async () => {
    const one = await serving('namespaces nobody', []);
    fill(one);
    expect(listed(one)[0]).toBe('cluster.local. 5 IN NS ns.dns.cluster.local.');
  });

  it('has each name server that is a Service once', async () => {
    const one = await serving('namespaces shop', [Uint8Array.of(10, 244, 0, 2)]);
    fill(one);
    const lines = listed(one);
    expect(lines.filter((line) => line.startsWith('cluster.local. 5 IN NS'))).toEqual([
      'cluster.local. 5 IN NS 10-244-0-2.db.shop.svc.cluster.local.',
      'cluster.local. 5 IN NS db-0.db.shop.svc.cluster.local.',
    ]);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines).toContain('ns.dns.cluster.local. 5 IN A 10.244.0.1');
  });

  it('is not known before everything has been listed', async () => {
    const one = await serving();
    one.state.markSynced(['namespaces', 'services']);
    expect(zoneOf(one).contents()).toBeUndefined();
    one.state.markSynced(['endpointslices']);
    expect(zoneOf(one).contents()).toBeDefined();
  });

  it('is offered for forward zones alone', async () => {
    const one = await serving();
    expect(one.host.neighbours.zones.map(({ name }) => name.toString())).toEqual(['cluster.local.']);
  });

  it('has every record of a large Service, in sets of bounded size', async () => {
    const one = await serving();
    one.state.setNamespace({ name: 'default', labels: {} });
    one.state.setService(makeService({ kind: 'headless', ports: [HTTP] }));
    for (let slice = 0; slice < 4; slice++) {
      const addresses = Array.from({ length: 1000 }, (_, i) => `10.${slice}.${i >> 8}.${i & 0xff}`);
      one.state.setEndpointSlice(makeSlice({ name: `web-${slice}`, ports: [HTTP], addresses }));
    }
    one.state.markSynced(ALL);
    const services = [...contentsOf(one).records].filter(({ kind }) => kind === 'srv');
    expect(services.reduce((sum, set) => sum + recordCount(set), 0)).toBe(2 * 4000);
    expect(Math.max(...services.map(recordCount))).toBeLessThan(1000);
    const [first] = services;
    expect(first === undefined ? '' : recordsOf([first])[0]).toMatch(/ SRV 0 1 80 /);
  });
});

const label = fc.constantFrom('a', 'b', 'c');
const address = fc.nat({ max: 5 }).map((host) => `10.0.0.${host}`);
const addresses = fc.uniqueArray(address, { minLength: 1, maxLength: 4 });
const ports = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('', 'http', 'dns'),
    protocol: fc.constantFrom('tcp', 'udp'),
    number: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 3, selector: ({ name, protocol }) => `${name}/${protocol}` },
);
const service = fc
  .record({
    namespace: label,
    name: label,
    kind: fc.constantFrom('cluster-ip' as const, 'headless' as const, 'external-name' as const),
    ports,
    addresses,
  })
  .map(({ addresses: clusterIPs, ...parts }) =>
    makeService({ ...parts, externalName: 'docs.example', clusterIPs: parts.kind === 'cluster-ip' ? clusterIPs : [] }),
  );
const slice = fc
  .record({ namespace: label, service: label, name: label, ports, addresses, hostname: fc.constantFrom('', 'pod-0') })
  .map(({ hostname, ...parts }) =>
    makeSlice({ ...parts, name: `${parts.service}-${parts.name}`, hostnames: [hostname] }),
  );

/** The records of a name and type, in the order of their texts. */
function byNameAndType(sets: readonly RRset[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(sets, ({ owner, type }) => `${owner.toString()} ${typeName(type)}`);
  return new Map([...groups].map(([key, group]) => [key, recordsOf(group).toSorted()]));
}

describe('each set of records', () => {
  it('is the ordinary answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(service), fc.array(slice), fc.boolean(), async (services, slices, hides) => {
        const one = await serving(hides ? 'namespaces a b' : '');
        for (const name of ['a', 'b', 'c']) one.state.setNamespace({ name, labels: {} });
        for (const object of services) one.state.setService(object);
        for (const object of slices) one.state.setEndpointSlice(object);
        one.state.markSynced(ALL);
        const sets = byNameAndType([...contentsOf(one).records]);
        for (const [key, records] of sets) {
          const [name = '', type = ''] = key.split(' ');
          const answer = one.ask(name, type);
          expect(answer.kind === 'reply' ? recordsOf(answer.answers).toSorted() : answer, key).toEqual(records);
        }
        for (const { namespace, name, kind } of one.state.services()) {
          for (const type of kind === 'external-name' ? ['CNAME'] : ['A', 'AAAA', 'SRV']) {
            const owner = `${name}.${namespace}.svc.cluster.local.`;
            const answer = one.ask(owner, type);
            const expected = answer.kind === 'reply' && answer.answers.length > 0;
            expect(sets.has(`${owner} ${type}`), `${owner} ${type}`).toBe(expected);
          }
        }
        one.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe('one moment', () => {
  it('is what is listed, however the cluster changes while it is read', async () => {
    const one = await serving();
    fill(one);
    const before = listed(one);
    const { soa, records } = contentsOf(one);
    const reading = records[Symbol.iterator]();
    const first = reading.next();
    one.state.removeService('default', 'web');
    one.state.removeEndpointSlice('shop', 'db-1');
    one.state.setService(makeService({ name: 'aaa', clusterIPs: ['10.96.0.77'] }));
    const rest: RRset[] = [];
    for (let next = reading.next(); next.done !== true; next = reading.next()) rest.push(next.value);
    expect(recordsOf(first.done === true ? [] : [first.value, ...rest])).toEqual(before);
    expect(soa.soa.serial).toBeLessThan(contentsOf(one).soa.soa.serial);
    expect(listed(one)).not.toEqual(before);
  });

  it('has a serial of its own, though the next change comes in the same second', () => {
    let now = 5_000_000;
    const state = new ClusterState(new FactCounters(), () => now);
    const change = (name: string): number => {
      state.setService(makeService({ name, clusterIPs: ['10.96.0.1'] }));
      return state.serial;
    };
    expect([change('a'), change('b')]).toEqual([5000, 5000]);
    state.list();
    expect([change('c'), change('d')]).toEqual([5001, 5001]);
    state.list();
    expect(change('e')).toBe(5002);
    now = 4_000_000;
    expect(change('f')).toBe(5002);
    state.list();
    now = 6_000_000;
    expect(change('g')).toBe(6000);
  });

  it('has another serial where a namespace is shown or hidden', async () => {
    const one = await serving('namespace_labels shown=true');
    fill(one);
    const before = contentsOf(one);
    expect(recordsOf([...before.records]).join()).not.toContain('secret');
    one.state.setNamespace({ name: 'hidden', labels: { shown: 'true' } });
    expect(contentsOf(one).soa.soa.serial).toBeGreaterThan(before.soa.soa.serial);
    expect(listed(one).join()).toContain('secret');
  });
});
