/** `autopath @kubernetes`: search paths by the namespace of the client's pod, as the manual page promises. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { autopathWith } from '../../src/plugins/autopath/autopath.ts';
import { ipv6 } from '../../src/plugins/ipv6/ipv6.ts';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import { makeService } from '../cluster/objects.ts';
import { type Chained, chained, temporaryFile } from './chained.ts';
import type { QueryOptions } from './support.ts';
import { type Known, type World, world } from './world.ts';

const V4 = [192, 0, 2, 1] as const;
const ALL = ['namespaces', 'services', 'endpointslices', 'pods'] as const;
const POD = '10.244.1.5';
const FIRST = 'www.example.com.shop.svc.cluster.local.';

const from = (clientAddress: string): QueryOptions => ({
  client: { clientAddress, clientFamily: clientAddress.includes(':') ? 6 : 4 },
});

interface Serving extends Chained {
  readonly world: World;
  /** What nodes search. */
  readonly path: string;
}

interface Parts {
  readonly names?: Readonly<Record<string, Known>>;
  readonly pods?: string;
  readonly nodes?: string;
  readonly kubernetes?: string;
  readonly filters?: boolean;
}

async function serving(parts: Parts = {}): Promise<Serving> {
  const { names = { 'www.example.com.': [V4] }, pods = 'pods verified', nodes = 'search corp.test', filters } = parts;
  const upstream = world(names);
  const path = temporaryFile(`${nodes}\n`);
  const lines = `autopath @kubernetes\n${parts.kubernetes ?? 'kubernetes cluster.local'} {\n${pods}\n}\nipv6 filter`;
  const one = await chained(lines, [autopathWith(path), kubernetes, ...(filters === true ? [ipv6] : [])], [upstream]);
  for (const name of ['shop', 'default']) one.state.setNamespace({ name, labels: {} });
  one.state.setService(makeService({ namespace: 'default', name: 'api', clusterIPs: ['10.96.0.2'] }));
  one.state.setPod({ namespace: 'shop', name: 'cart', ip: POD });
  one.state.setPod({ namespace: 'shop', name: 'cart6', ip: 'fd00::5' });
  one.state.markSynced([...ALL]);
  return { ...one, world: upstream, path };
}

const LED = [`${FIRST} 5 IN CNAME www.example.com.`, 'www.example.com. 300 IN A 192.0.2.1'];

describe('autopath @kubernetes', () => {
  it('searches svc.ZONE, ZONE, what nodes add, and the bare name for a client in a pod', async () => {
    const one = await serving();
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(LED);
    expect(one.world.taken()).toEqual(['www.example.com.corp.test. A', 'www.example.com. A']);
  });

  it('finds Services of other namespaces', async () => {
    const one = await serving();
    const found = ['api.default.svc.cluster.local. 5 IN A 10.96.0.2'];
    expect(await one.ask('api.default.shop.svc.cluster.local.', 'A', from(POD))).toEqual([
      'api.default.shop.svc.cluster.local. 5 IN CNAME api.default.svc.cluster.local.',
      ...found,
    ]);
    expect(await one.ask('api.default.svc.shop.svc.cluster.local.', 'A', from(POD))).toEqual([
      'api.default.svc.shop.svc.cluster.local. 5 IN CNAME api.default.svc.cluster.local.',
      ...found,
    ]);
    expect(one.world.taken()).toEqual([]);
  });

  it.each([
    ['IPv6', 'fd00::5'],
    ['IPv6 that is written another way', 'FD00:0:0::5'],
    ['IPv4 that came through an IPv6 socket', `::ffff:${POD}`],
  ])('knows pods by %s', async (_what, address) => {
    const one = await serving();
    expect(await one.ask(FIRST, 'A', from(address))).toEqual(LED);
  });

  it('knows each namespace of pods that share the address of their node', async () => {
    const one = await serving();
    one.state.setPod({ namespace: 'default', name: 'agent', ip: '192.0.2.10' });
    one.state.setPod({ namespace: 'shop', name: 'agent', ip: '192.0.2.10' });
    expect(await one.ask(FIRST, 'A', from('192.0.2.10'))).toEqual(LED);
    expect(await one.ask(FIRST.replace('shop', 'default'), 'A', from('192.0.2.10'))).toHaveLength(2);
  });

  it.each([
    ['an address that no pod has', '10.244.9.9', FIRST],
    ["another namespace than the pod's", POD, FIRST.replace('shop', 'default')],
    ['a name that is no first question', POD, 'www.example.com.svc.cluster.local.'],
    ['a name of the outside', POD, 'nothing.example.com.'],
    ['the domain of the namespace itself', POD, 'nowhere.svc.cluster.local.'],
  ])('leaves %s alone', async (_what, address, name) => {
    const one = await serving();
    expect(await one.ask(name, 'A', from(address))).toEqual(['NXDOMAIN']);
    expect(one.world.taken().filter((asked) => asked !== `${name} A`)).toEqual([]);
  });

  it.each(['pods insecure', 'pods disabled'])('does nothing with %s', async (pods) => {
    const one = await serving({ pods });
    const query = one.query(FIRST, 'A', from(POD));
    expect(await one.answer(query)).toMatchObject({ rcode: 3 });
    expect(query.replaying.allowed).toBe(true);
    expect(one.world.taken()).toEqual([]);
  });

  it('does nothing while the cluster is not known, or only as an earlier run knew it', async () => {
    const one = await serving();
    one.state.mark(['pods'], 'unknown');
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(['NXDOMAIN']);
    one.state.mark(['pods'], 'stale');
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(['NXDOMAIN']);
    one.state.mark(['services', 'pods'], 'unknown');
    expect((await one.ask(FIRST, 'A', from(POD))).join()).toContain('SERVFAIL');
    expect(one.world.taken()).toEqual([]);
    one.state.markSynced([...ALL]);
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(LED);
  });

  it('is given to nobody else; what has an answer by itself is', async () => {
    const one = await serving();
    for (const address of [POD, '10.244.9.9']) {
      const walked = one.query(FIRST, 'A', from(address));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.answer(walked);
      expect(walked.replaying.allowed).toBe(false);
    }
    for (const name of ['api.default.svc.cluster.local.', 'www.example.com.', 'x.nothing.example.']) {
      const straight = one.query(name, 'A', from(POD));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.answer(straight);
      expect(straight.replaying.allowed).toBe(true);
    }
  });

  it('leaves out what the own resolv.conf has of the cluster', async () => {
    const one = await serving({
      nodes: 'search kube-system.svc.cluster.local svc.cluster.local cluster.local corp.test',
      names: {},
    });
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(['NXDOMAIN']);
    expect(one.world.taken()).toEqual(['www.example.com.corp.test. A', 'www.example.com. A']);
  });

  it('follows the own resolv.conf', async () => {
    const one = await serving({ names: { 'www.example.com.lab.test.': [V4] } });
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(['NXDOMAIN']);
    writeFileSync(one.path, 'search lab.test\n');
    await vi.waitFor(async () => expect(await one.ask(FIRST, 'A', from(POD))).toHaveLength(2), {
      timeout: 5000,
      interval: 10,
    });
  });

  it('does nothing while the own resolv.conf cannot be read: a path with a gap would lead elsewhere', async () => {
    const one = await serving({ nodes: 'search a..b' });
    expect(one.host.takeLines().join()).toContain("'a..b' is not a domain");
    expect(await one.ask(FIRST, 'A', from(POD))).toEqual(['NXDOMAIN']);
  });

  it('takes the longest zone that the name is in', async () => {
    const one = await serving({ kubernetes: 'kubernetes local cluster.local' });
    expect(await one.ask(FIRST, 'A', from(POD))).toHaveLength(2);
    expect(await one.ask('www.example.com.shop.svc.local.', 'A', from(POD))).toHaveLength(2);
  });
});

describe('beside ipv6', () => {
  it('the A records of a candidate tell whether it exists, where IPv6 addresses are filtered', async () => {
    const one = await serving({ filters: true });
    const query = one.query(FIRST, 'AAAA', from(POD));
    expect(await one.answer(query)).toMatchObject({
      rcode: 0,
      answers: [],
      explanation: { word: 'ipv6_filtered' },
    });
    expect(one.world.taken()).toEqual(['www.example.com.corp.test. A', 'www.example.com. A']);
  });

  it('where no candidate has A records either, there is no such name', async () => {
    const one = await serving({ filters: true, names: {} });
    expect(await one.ask(FIRST, 'AAAA', from(POD))).toEqual(['NXDOMAIN']);
  });

  it('a candidate whose A records cannot be had ends the path', async () => {
    const one = await serving({ filters: true, names: { 'www.example.com.corp.test.': 'failed' } });
    expect(await one.ask(FIRST, 'AAAA', from(POD))).toEqual(['SERVFAIL silent']);
  });
});
