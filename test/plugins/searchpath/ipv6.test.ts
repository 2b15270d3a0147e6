/** `complete` of `searchpath` beside `ipv6`: the A records of a candidate tell whether it exists. */
import { expect, it } from 'vitest';
import { ipv6 } from '../../../src/plugins/ipv6/ipv6.ts';
import { kubernetes } from '../../../src/plugins/kubernetes/kubernetes.ts';
import { searchpath } from '../../../src/plugins/searchpath/searchpath.ts';
import { type Chained, chained } from '../chained.ts';
import { type Known, type World, world } from '../world.ts';

const FIRST = 'www.example.com.orders.svc.cluster.local.';

async function serving(names: Readonly<Record<string, Known>>): Promise<Chained & { readonly upstream: World }> {
  const upstream = world(names);
  const lines = 'searchpath {\ncomplete\nsearch corp.example\n}\nkubernetes cluster.local\nipv6 filter';
  const one = await chained(lines, [searchpath, kubernetes, ipv6], [upstream]);
  one.state.setNamespace({ name: 'orders', labels: {} });
  one.state.markSynced(['namespaces', 'services', 'endpointslices']);
  return { ...one, upstream };
}

it('a candidate whose AAAA is filtered and whose A records do not exist is passed over', async () => {
  const one = await serving({ 'www.example.com.': [[192, 0, 2, 1]] });
  expect(await one.answer(one.query(FIRST, 'AAAA'))).toMatchObject({
    rcode: 0,
    answers: [],
    explanation: { word: 'ipv6_filtered' },
  });
  expect(one.upstream.taken()).toEqual(
    expect.arrayContaining(['www.example.com.corp.example. A', 'www.example.com. A']),
  );
});

it('where no candidate has A records either, there is no such name', async () => {
  const one = await serving({});
  expect(await one.ask(FIRST, 'AAAA')).toEqual(['NXDOMAIN']);
});

it('a candidate whose A records cannot be had ends the walk', async () => {
  const one = await serving({ 'www.example.com.corp.example.': 'failed' });
  expect((await one.ask(FIRST, 'AAAA')).join()).toContain('SERVFAIL');
});
