/** The `searchpath` directive: what its manual page promises. */
import { describe, expect, it } from 'vitest';
import { Class, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { searchpath } from '../../src/plugins/searchpath/searchpath.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { type TestCluster, cluster, read } from './cluster.ts';
import { textOf } from './support.ts';

const BELOW: Plugin = { name: 'below', answer: () => reply({ rcode: 15 }) };
const PASSED = { rcode: 15 };

async function serving(block: string, kubernetes = 'kubernetes cluster.local'): Promise<TestCluster> {
  const one = await cluster(`searchpath {\n${block}\n}\n${kubernetes}`, [BELOW]);
  for (const name of ['default', 'shop', 'com', 'corp', 'local']) one.state.setNamespace({ name, labels: {} });
  one.state.setService(
    makeService({ name: 'nginx', clusterIPs: ['10.96.0.1'], ports: [{ name: 'http', protocol: 'tcp', number: 80 }] }),
  );
  one.state.setService(makeService({ namespace: 'shop', name: 'cart', clusterIPs: ['10.96.0.2'] }));
  for (const namespace of ['com', 'corp', 'local']) {
    one.state.setService(makeService({ namespace, name: 'example', clusterIPs: ['10.96.0.3'] }));
    one.state.setService(makeService({ namespace, name: 'cluster', clusterIPs: ['10.96.0.4'] }));
  }
  one.state.setService(makeService({ namespace: 'shop', name: 'db', kind: 'headless' }));
  one.state.setEndpointSlice(
    makeSlice({ namespace: 'shop', name: 'db-1', service: 'db', addresses: ['10.244.0.1', '10.244.0.2'] }),
  );
  one.state.setService(
    makeService({ name: 'alias', kind: 'external-name', externalName: 'cart.shop.svc.cluster.local' }),
  );
  one.state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
  return one;
}

/** The records of the answer as text. */
async function answersOf(one: TestCluster, name: string, type = 'A'): Promise<readonly string[] | string> {
  const text = textOf(one.ask(name, type));
  return typeof text === 'string' ? text : text.answers;
}

describe('short_names', () => {
  it.each([
    ['nginx.', 'nginx. 5 IN CNAME nginx.default.svc.cluster.local.'],
    ['nginx.default.', 'nginx.default. 5 IN CNAME nginx.default.svc.cluster.local.'],
    ['nginx.default.svc.', 'nginx.default.svc. 5 IN CNAME nginx.default.svc.cluster.local.'],
    ['NGINX.Default.', 'NGINX.Default. 5 IN CNAME nginx.default.svc.cluster.local.'],
  ])('%s is a CNAME to the full name, and what that gives', async (name, alias) => {
    const one = await serving('short_names');
    expect(await answersOf(one, name)).toEqual([alias, 'nginx.default.svc.cluster.local. 5 IN A 10.96.0.1']);
  });

  it('gives all that the full name gives, of every type', async () => {
    const one = await serving('short_names');
    expect(await answersOf(one, 'db.shop.')).toHaveLength(3);
    expect(await answersOf(one, 'nginx.', 'SRV')).toHaveLength(2);
    expect(await answersOf(one, 'nginx.', 'CNAME')).toEqual(['nginx. 5 IN CNAME nginx.default.svc.cluster.local.']);
    expect(await answersOf(one, 'alias.')).toEqual([
      'alias. 5 IN CNAME alias.default.svc.cluster.local.',
      'alias.default.svc.cluster.local. 5 IN CNAME cart.shop.svc.cluster.local.',
      'cart.shop.svc.cluster.local. 5 IN A 10.96.0.2',
    ]);
    expect(await answersOf(one, 'alias.', 'CNAME')).toEqual(['alias. 5 IN CNAME alias.default.svc.cluster.local.']);
  });

  it('without data of the type is the CNAME with the SOA, so that it is not asked for elsewhere', async () => {
    const one = await serving('short_names');
    expect(textOf(one.ask('nginx.', 'AAAA'))).toMatchObject({
      rcode: 'NOERROR',
      answers: ['nginx. 5 IN CNAME nginx.default.svc.cluster.local.'],
      authority: { length: 1 },
    });
  });

  it('without data of the type keeps the reason of the full name', async () => {
    const one = await serving('short_names');
    expect(one.ask('nginx.', 'AAAA')).toMatchObject({ explanation: explain('noSuchType') });
  });

  it.each([
    ['a name that no Service has', 'missing.'],
    ['a Service of another namespace', 'cart.'],
    ['three labels that do not end in svc', 'nginx.default.pod.'],
    ['four labels', 'x.nginx.default.svc.'],
    ['the root', '.'],
    ['a namespace alone', 'shop.svc.'],
  ])('passes on %s', async (_, name) => {
    const one = await serving('short_names');
    expect(one.ask(name)).toMatchObject(PASSED);
  });

  it('passes questions for an SOA on: short names are no zones', async () => {
    const one = await serving('short_names');
    expect(one.ask('nginx.', 'SOA')).toMatchObject(PASSED);
  });

  it('takes the namespace that is given', async () => {
    const one = await serving('short_names Shop');
    expect(await answersOf(one, 'cart.')).toEqual([
      'cart. 5 IN CNAME cart.shop.svc.cluster.local.',
      'cart.shop.svc.cluster.local. 5 IN A 10.96.0.2',
    ]);
    expect(one.ask('nginx.')).toMatchObject(PASSED);
    expect(await answersOf(one, 'nginx.default.')).toHaveLength(2);
  });

  it('completes in the first zone that is not a reverse zone', async () => {
    const one = await serving('short_names', 'kubernetes in-addr.arpa one.test two.test');
    expect(await answersOf(one, 'nginx.')).toHaveLength(2);
    expect((await answersOf(one, 'nginx.'))[0]).toBe('nginx. 5 IN CNAME nginx.default.svc.one.test.');
  });

  it('follows the cluster', async () => {
    const one = await serving('short_names');
    one.state.removeService('default', 'nginx');
    expect(one.ask('nginx.')).toMatchObject(PASSED);
  });
});

describe('top-level domains', () => {
  it('CVE-2022-2837: a namespace that is called like one takes nothing from the outside world', async () => {
    const one = await serving('short_names');
    expect(one.ask('example.com.')).toMatchObject(PASSED);
    expect(one.ask('example.COM.')).toMatchObject(PASSED);
    expect(await answersOf(one, 'example.com.svc.')).toHaveLength(2);
    expect(await answersOf(one, 'example.corp.')).toHaveLength(2);
  });

  it('of `search_tlds` count too, with and without dots, in any case', async () => {
    const one = await serving('short_names\nsearch_tlds .Corp. other');
    expect(one.ask('example.corp.')).toMatchObject(PASSED);
    expect(one.ask('example.com.')).toMatchObject(PASSED);
    expect(await answersOf(one, 'nginx.default.')).toHaveLength(2);
  });
});

describe('names that are full already', () => {
  it('bug: the zone itself was completed where a namespace is called like its last label', async () => {
    const one = await serving('short_names', 'kubernetes cluster.corp');
    expect(one.ask('cluster.corp.', 'A')).toMatchObject({ rcode: 0, answers: [] });
    expect(one.ask('cluster.corp.', 'NS')).toMatchObject({ kind: 'reply', answers: [] });
    expect(await answersOf(one, 'example.corp.')).toHaveLength(2);
  });

  it('bug: in front of the root zone a full name was completed to itself, over and over', async () => {
    const one = await serving('short_names', 'kubernetes .');
    expect(await answersOf(one, 'nginx.default.svc.')).toEqual(['nginx.default.svc. 5 IN A 10.96.0.1']);
    expect(await answersOf(one, 'nginx.')).toHaveLength(2);
  });
});

describe('errors of the manual page', () => {
  const problemsOf = (lines: string): readonly string[] => read(searchpath, lines).problems;
  const KUBERNETES = 'kubernetes cluster.local';

  it.each([
    [`searchpath\n${KUBERNETES}`, "'searchpath' has nothing to do"],
    [`searchpath {\nsearch_tlds shop\n}\n${KUBERNETES}`, "'searchpath' has nothing to do"],
    ['searchpath {\nshort_names\n}', "'searchpath' needs a 'kubernetes' directive in the same server block"],
    [`searchpath {\nshort_names a.b\n}\n${KUBERNETES}`, "'a.b' is not a namespace"],
    [`searchpath {\nshort_names ${'x'.repeat(64)}\n}\n${KUBERNETES}`, `'${'x'.repeat(64)}' is not a namespace`],
    [
      `searchpath {\nshort_names\n}\nsearchpath {\nshort_names\n}\n${KUBERNETES}`,
      /'searchpath' can be used once per server block/,
    ],
    [`searchpath {\nshort_names a b\n}\n${KUBERNETES}`, /'short_names' takes at most 1 argument/],
    [`searchpath {\nshort_names\nsearch_tlds\n}\n${KUBERNETES}`, /'search_tlds' needs an argument/],
    [`searchpath x {\nshort_names\n}\n${KUBERNETES}`, /'searchpath' takes no arguments/],
    [`searchpath {\nshort_name\n}\n${KUBERNETES}`, /unknown option of 'searchpath' 'short_name'/],
  ])('%j', (lines, message) => {
    const expected = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(problemsOf(lines)).toContainEqual(expected);
  });

  it('none where all is well', () => {
    expect(problemsOf(`${KUBERNETES}\nsearchpath {\nshort_names shop\nsearch_tlds a b\n}`)).toEqual([]);
  });
});

describe('searchpath, an answer that is given again', () => {
  const record = (aging: boolean): RRset => {
    const owner = Name.fromText('x.default.svc.cluster.local.');
    const octets = Uint8Array.of(192, 0, 2, 1);
    const set = { owner, type: Type.A, class: Class.IN, ttl: 7, kind: 'address', octets } as const;
    return aging ? { ...set, aging } : set;
  };

  it.each([
    ['counts down with the record', reply({ answers: [record(true), record(false)] }), 7, true],
    ['does not with one that does not', reply({ answers: [record(false), record(true)] }), 7, undefined],
    ['counts down with the SOA', reply({ authority: [record(true)] }), 7, true],
    ['does not where there is no record', reply({}), 5, undefined],
  ])('has a CNAME that %s whose TTL it has', async (_, full, ttl, aging) => {
    const one = await cluster('searchpath {\nshort_names\n}\nkubernetes cluster.local {\nfallthrough\n}', [
      { name: 'below', answer: () => full },
    ]);
    one.state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
    const answer = one.ask('x.default.');
    if (answer.kind !== 'reply') throw new Error('a reply was expected');
    const [alias] = answer.answers;
    expect(alias).toMatchObject({ type: Type.CNAME, ttl });
    expect(alias?.aging).toBe(aging);
    expect(answer.answers.slice(1)).toEqual(full.answers);
  });
});
