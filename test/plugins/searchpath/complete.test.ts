/** `complete` of the `searchpath` directive: what its manual page promises. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Rcode } from '../../../src/dns/constants.ts';
import { Router } from '../../../src/server/router.ts';
import { linkChain } from '../../../src/server/chain.ts';
import { Name } from '../../../src/dns/name.ts';
import type { Answer } from '../../../src/plugins/answer.ts';
import type { Plugin } from '../../../src/plugins/plugin.ts';
import { searchpath } from '../../../src/plugins/searchpath/searchpath.ts';
import { makeService, makeSlice } from '../../cluster/objects.ts';
import { type TestCluster, cluster, read } from '../cluster.ts';
import { redo } from '../replay.ts';
import { makeQuery, textOf } from '../support.ts';
import { type Outside, type OutsideName, outside } from './outside.ts';

const V4 = [192, 0, 2, 1] as const;
const V6 = [0x20, 0x01, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] as const;
const NAMESPACES = ['default', 'orders', 'payments', 'com', 'hidden'];

interface Serving extends TestCluster {
  readonly world: Outside;
}

async function serving(
  names: Readonly<Record<string, OutsideName>> = { 'www.example.com.': [V4] },
  lines = 'complete',
  kubernetes = 'kubernetes cluster.local {\nttl 30\n}',
): Promise<Serving> {
  const world = outside(names);
  const one = await cluster(`searchpath {\n${lines}\n}\n${kubernetes}`, [world]);
  for (const name of NAMESPACES) one.state.setNamespace({ name, labels: {} });
  one.state.setService(makeService({ namespace: 'payments', name: 'api', clusterIPs: ['10.96.0.2'] }));
  one.state.setService(makeService({ namespace: 'orders', name: 'db', kind: 'headless' }));
  one.state.setEndpointSlice(
    makeSlice({ namespace: 'orders', name: 'db-1', service: 'db', addresses: ['10.244.0.1'] }),
  );
  one.state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
  return { ...one, world };
}

function answersOf(answer: Answer): readonly string[] {
  const text = textOf(answer);
  return typeof text === 'string' ? [text] : text.answers;
}

const FIRST = 'www.example.com.orders.svc.cluster.local.';

describe('the candidates', () => {
  it('are tried in the order of the search path, the bare name last, and the answer is a CNAME to the one that exists', async () => {
    const one = await serving(undefined, 'complete\nsearch corp.example lab.example');
    const answer = one.ask(FIRST);
    expect(one.world.taken()).toEqual([
      'www.example.com.corp.example.',
      'www.example.com.lab.example.',
      'www.example.com.',
      // What the client would ask next if this were the second question of another walk.
      'www.example.com.orders.corp.example.',
      'www.example.com.orders.lab.example.',
    ]);
    expect(textOf(answer)).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: [`${FIRST} 30 IN CNAME www.example.com.`, 'www.example.com. 300 IN A 192.0.2.1'],
      authority: [],
      additional: [],
    });
    expect(answer).toMatchObject({ recursionAvailable: true, authenticData: false });
  });

  it('begin with svc.ZONE: a Service of another namespace', async () => {
    const one = await serving();
    expect(answersOf(one.ask('api.payments.orders.svc.cluster.local.'))).toEqual([
      'api.payments.orders.svc.cluster.local. 30 IN CNAME api.payments.svc.cluster.local.',
      'api.payments.svc.cluster.local. 30 IN A 10.96.0.2',
    ]);
    expect(one.world.taken()).toEqual([]);
  });

  it('then ZONE: SVC.NS.svc', async () => {
    const one = await serving();
    expect(answersOf(one.ask('api.payments.svc.orders.svc.cluster.local.'))[0]).toBe(
      'api.payments.svc.orders.svc.cluster.local. 30 IN CNAME api.payments.svc.cluster.local.',
    );
  });

  it('end with the bare name, which may be a full name of the cluster', async () => {
    const one = await serving();
    expect(answersOf(one.ask('api.payments.svc.cluster.local.orders.svc.cluster.local.'))).toHaveLength(2);
  });

  it('are in lower case, so that the answer is the same in whatever case it was asked for', async () => {
    const one = await serving();
    expect(answersOf(one.ask('WWW.Example.COM.Orders.SVC.Cluster.Local.'))).toEqual([
      'WWW.Example.COM.Orders.SVC.Cluster.Local. 30 IN CNAME www.example.com.',
      'www.example.com. 300 IN A 192.0.2.1',
    ]);
  });

  it('of a domain that is given twice, or is one of the cluster, are tried once', async () => {
    const one = await serving(undefined, 'complete\nsearch corp.example Corp.Example cluster.local svc.cluster.local');
    one.ask(FIRST);
    const rival = 'www.example.com.orders.corp.example.';
    expect(one.world.taken()).toEqual(['www.example.com.corp.example.', 'www.example.com.', rival]);
  });

  it('that would be too long are no names, and are left out', async () => {
    const long = Array.from({ length: 3 }, () => 'x'.repeat(63)).join('.');
    const one = await serving(undefined, `complete\nsearch ${long}.${'y'.repeat(50)}`);
    expect(answersOf(one.ask(FIRST))).toHaveLength(2);
  });

  it('are never completed themselves, nor taken for short names', async () => {
    const one = await serving({ 'www.example.': [V4] }, 'complete\nshort_names');
    // The second candidate, www.example.com.svc.ZONE, looks like a first question of the namespace com.
    expect(one.ask('www.example.payments.default.svc.cluster.local.')).toMatchObject({ rcode: Rcode.NXDOMAIN });
    // The bare candidate is SVC.NS.svc and SVC.NS, which `short_names` completes where a client asks for it.
    one.state.setNamespace({ name: 'lost', labels: {} });
    one.world.taken();
    const bare = one.ask('db.orders.lost.svc.cluster.local.');
    expect(answersOf(bare)[0]).toContain('CNAME db.orders.svc.cluster.local.');
    one.state.removeService('orders', 'db');
    expect(one.ask('db.orders.lost.svc.cluster.local.')).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect(one.world.taken()).toEqual(['db.orders.']);
  });
});

describe('a candidate exists by its name', () => {
  it('so that A and AAAA lead to the same one', async () => {
    const one = await serving(
      { 'www.example.com.corp.example.': [V4], 'www.example.com.': [V4, V6] },
      'complete\nsearch corp.example',
    );
    const alias = `${FIRST} 30 IN CNAME www.example.com.corp.example.`;
    expect(answersOf(one.ask(FIRST, 'A'))[0]).toBe(alias);
    const looked = ['www.example.com.corp.example.', 'www.example.com.orders.corp.example.'];
    expect(one.world.taken()).toEqual(looked);
    // Without the CNAME, which would end the walk of glibc: by itself it goes on after a NODATA.
    expect(textOf(one.ask(FIRST, 'AAAA'))).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: [],
      authority: [expect.stringMatching(/^cluster\.local\. /)],
      additional: [],
    });
    expect(textOf(one.ask(FIRST, 'MX'))).toMatchObject({ rcode: 'NOERROR', answers: [], authority: { length: 1 } });
    expect(one.world.taken()).toEqual([...looked, ...looked]);
  });

  it('and who asks for the CNAME, or for everything, gets the CNAME alone', async () => {
    const one = await serving();
    const alias = `${FIRST} 30 IN CNAME www.example.com.`;
    expect(answersOf(one.ask(FIRST, 'CNAME'))).toEqual([alias]);
    expect(answersOf(one.ask(FIRST, 'ANY'))).toEqual([alias]);
  });
});

describe('the CNAME lives no longer than', () => {
  it('what it leads to', async () => {
    const one = await serving(undefined, 'complete', 'kubernetes cluster.local {\nttl 3600\n}');
    expect(answersOf(one.ask(FIRST))[0]).toBe(`${FIRST} 300 IN CNAME www.example.com.`);
  });

  it('the news that the names before do not exist', async () => {
    const lines = 'complete\nsearch corp.example';
    const one = await serving(undefined, lines, 'kubernetes cluster.local {\nttl 3600\n}');
    expect(answersOf(one.ask(FIRST))[0]).toBe(`${FIRST} 60 IN CNAME www.example.com.`);
  });
});

describe('a walk that ends without a name', () => {
  it('is the NXDOMAIN of the question, with the SOA of the cluster', async () => {
    const one = await serving({});
    expect(textOf(one.ask(FIRST))).toMatchObject({
      rcode: 'NXDOMAIN',
      aa: true,
      answers: [],
      authority: [expect.stringMatching(/^cluster\.local\. /)],
    });
    expect(one.world.taken()).toEqual(['www.example.com.']);
  });

  const CANDIDATE = 'www.example.com.corp.example.';
  const OF_THE_PATH = `${CANDIDATE} of the search path`;

  it.each([
    ['silent', 22, `${OF_THE_PATH}: no upstream answered in time: 192.0.2.1:53`, 1],
    ['failed', 0, `${OF_THE_PATH}: the upstream answered with a failure`, 2],
    ['refused', 0, `a name of the search path cannot be looked up: ${CANDIDATE}`, 2],
    ['dropped', 0, `a name of the search path cannot be looked up: ${CANDIDATE}`, 2],
  ] as const)('is SERVFAIL where a candidate is %s, and the next is not tried', async (outcome, code, text, times) => {
    const one = await serving({ [CANDIDATE]: outcome, 'www.example.com.': [V4] }, 'complete\nsearch corp.example');
    expect(one.ask(FIRST)).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL, explanation: { code, text } });
    // Where somebody answered, the other type is asked for: it may tell that there is no such name.
    const tried = Array.from({ length: times }, () => CANDIDATE);
    expect(one.world.taken()).toEqual([...tried, 'www.example.com.orders.corp.example.']);
  });

  it('bug: a server that fails for AAAA alone ended the walks of names that are not its own', async () => {
    const one = await serving({ [CANDIDATE]: 'broken', 'www.example.com.': [V4, V6] }, 'complete\nsearch corp.example');
    const answer = answersOf(one.ask(FIRST, 'AAAA'));
    expect(answer).toEqual([`${FIRST} 30 IN CNAME www.example.com.`, 'www.example.com. 300 IN AAAA 2001:db8::1']);
    one.world.names.set('www.example.com.', 'broken');
    expect(one.ask(FIRST, 'AAAA')).toMatchObject({ rcode: Rcode.NXDOMAIN });
  });

  it.each([1, 2])('is SERVFAIL where the look-ups of the query are used up after %i', async (lookups) => {
    const one = await serving({}, 'complete');
    const chain = linkChain([await pluginOf(one), one.plugin, one.world]);
    const router = new Router([{ zone: Name.root, chain, anyClass: false }], 'dns://:53');
    const outcome = router.resolve(makeQuery(FIRST, 'A', { resolver: router, lookups, facts: one.host.facts }));
    expect(outcome).toMatchObject({ rcode: Rcode.SERVFAIL, explanation: { word: 'search_path_failed' } });
  });
});

/** `searchpath` with `complete`, on the host of a cluster. */
async function pluginOf(one: TestCluster): Promise<Plugin> {
  const { setup } = read(searchpath, 'searchpath {\ncomplete\n}\nkubernetes cluster.local');
  const running = await setup?.create(one.host);
  if (running?.plugin === undefined) throw new Error('no plugin');
  return running.plugin;
}

describe('what is left as it is', () => {
  const NXDOMAIN = { rcode: Rcode.NXDOMAIN, answers: [] };

  it.each([
    ['a name of one label', 'example.orders.svc.cluster.local.'],
    ['a namespace that does not exist', 'www.example.com.nowhere.svc.cluster.local.'],
    ['a namespace that is called like a top-level domain', 'www.example.com.svc.cluster.local.'],
    ['a name below a Service: an endpoint that is not ready', 'db-1.db.orders.svc.cluster.local.'],
    ['a name below a Service: a port that it does not have', '_x._tcp.db.orders.svc.cluster.local.'],
    ['a name below a Service, in capitals', 'www.example.DB.orders.svc.cluster.local.'],
    ['a name of pods', 'www.example.com.orders.pod.cluster.local.'],
    ['a name outside of svc.ZONE', 'www.example.com.cluster.local.'],
  ])('%s', async (_, name) => {
    const one = await serving({ 'www.example.com.': [V4], 'www.example.': [V4], 'db-1.db.': [V4], 'example.': [V4] });
    expect(one.ask(name)).toMatchObject(NXDOMAIN);
    expect(one.world.taken()).toEqual([]);
  });

  it('a Service, an endpoint and a port of one', async () => {
    const one = await serving();
    one.state.setEndpointSlice(
      makeSlice({ namespace: 'orders', name: 'db-1', service: 'db', addresses: ['10.244.0.1'] }),
    );
    const [endpoint] = answersOf(one.ask('10-244-0-1.db.orders.svc.cluster.local.'));
    expect(endpoint).toBe('10-244-0-1.db.orders.svc.cluster.local. 30 IN A 10.244.0.1');
  });

  it('a namespace that is not shown', async () => {
    const one = await serving(undefined, 'complete', 'kubernetes cluster.local {\nnamespaces orders\n}');
    expect(one.ask('www.example.com.hidden.svc.cluster.local.')).toMatchObject(NXDOMAIN);
    expect(answersOf(one.ask(FIRST))).toHaveLength(2);
  });

  it('a namespace of `search_tlds`', async () => {
    const one = await serving(undefined, 'complete\nsearch_tlds .Orders.');
    expect(one.ask(FIRST)).toMatchObject(NXDOMAIN);
    expect(answersOf(one.ask('www.example.com.default.svc.cluster.local.'))).toHaveLength(2);
  });

  it('everything while the cluster is not known', async () => {
    const world = outside({ 'www.example.com.': [V4] });
    const one = await cluster('searchpath {\ncomplete\n}\nkubernetes cluster.local', [world]);
    one.state.setNamespace({ name: 'orders', labels: {} });
    expect(one.ask(FIRST)).toMatchObject({ rcode: Rcode.SERVFAIL, explanation: { word: 'not_ready' } });
    one.state.markSynced(['namespaces', 'services']);
    expect(one.ask(FIRST)).toMatchObject(NXDOMAIN);
    one.state.markSynced(['endpointslices']);
    expect(answersOf(one.ask(FIRST))).toHaveLength(2);
  });

  it('everything while the cluster is as an earlier run knew it', async () => {
    const world = outside({ 'www.example.com.': [V4] });
    const one = await cluster('searchpath {\ncomplete\n}\nkubernetes cluster.local', [world]);
    one.state.setNamespace({ name: 'orders', labels: {} });
    one.state.mark(['namespaces', 'services', 'endpointslices'], 'stale');
    expect(one.ask(FIRST)).toMatchObject(NXDOMAIN);
    expect(world.taken()).toEqual([]);
  });

  it('what the chain says after a while', async () => {
    const world = outside({ 'www.example.com.': [V4] }, true);
    const lines = 'searchpath {\ncomplete\nsearch corp.example\n}\nkubernetes cluster.local {\nfallthrough\n}';
    const one = await cluster(lines, [world]);
    one.state.setNamespace({ name: 'orders', labels: {} });
    one.state.markSynced(['namespaces', 'services', 'endpointslices']);
    const chain = linkChain([await pluginWith(one, lines), one.plugin, world]);
    const router = new Router([{ zone: Name.root, chain, anyClass: false }], 'dns://:53');
    const asked = async (name: string): Promise<Answer> =>
      await router.resolve(makeQuery(name, 'A', { resolver: router, facts: one.host.facts }));
    expect(answersOf(await asked(FIRST))).toHaveLength(2);
    expect(world.taken()).toEqual([
      FIRST,
      'www.example.com.svc.cluster.local.',
      'www.example.com.cluster.local.',
      'www.example.com.corp.example.',
      'www.example.com.',
      'www.example.com.orders.cluster.local.',
      'www.example.com.orders.corp.example.',
    ]);
    expect(await asked('www.example.org.orders.svc.cluster.local.')).toMatchObject({ rcode: Rcode.NXDOMAIN });
    world.names.set('www.example.org.corp.example.', 'failed');
    expect(await asked('www.example.org.orders.svc.cluster.local.')).toMatchObject({ rcode: Rcode.SERVFAIL });
  });
});

async function pluginWith(one: TestCluster, lines: string): Promise<Plugin> {
  const running = await read(searchpath, lines).setup?.create(one.host);
  if (running?.plugin === undefined) throw new Error('no plugin');
  return running.plugin;
}

describe('GHSA-h828-v5pv-33qx: completion captures no name of the Internet', () => {
  it('bug: after a failure, the second question of a walk was answered as the first of one in the namespace `com`', async () => {
    const one = await serving({ 'www.example.com.': 'failed', 'www.example.': [V4] });
    expect(one.ask(FIRST)).toMatchObject({ rcode: Rcode.SERVFAIL });
    expect(one.ask('www.example.com.svc.cluster.local.')).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect(one.ask('www.example.com.cluster.local.')).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect(one.ask('www.example.com.')).toMatchObject({ rcode: Rcode.SERVFAIL });
  });

  it('a Service of the namespace `com` is what the walk itself would have found, and nothing else is', async () => {
    const one = await serving();
    expect(answersOf(one.ask(FIRST))[0]).toContain('CNAME www.example.com.');
    one.state.setService(makeService({ namespace: 'com', name: 'example', clusterIPs: ['10.96.0.9'] }));
    expect(answersOf(one.ask(FIRST))[0]).toContain('CNAME www.example.com.');
    expect(answersOf(one.ask('example.com.orders.svc.cluster.local.'))).toEqual(
      answersOf(one.ask('example.com.svc.cluster.local.')).flatMap((record) => [
        'example.com.orders.svc.cluster.local. 30 IN CNAME example.com.svc.cluster.local.',
        record,
      ]),
    );
  });

  it.each(['dev', 'app', 'prod', 'xn--p1ai', 'local', 'test', 'example'])(
    'neither does one in the namespace %s',
    async (name) => {
      const one = await serving();
      one.state.setNamespace({ name, labels: {} });
      expect(one.ask(`www.example.com.${name}.svc.cluster.local.`)).toMatchObject({ rcode: Rcode.NXDOMAIN });
    },
  );
});

describe('a question that may be the second of another walk', () => {
  const lines = 'complete\nsearch corp.example';
  // Asked by whoever looks for api.payments.orders, in a namespace that is not completed, or after a failure.
  const SECOND = 'api.payments.orders.svc.cluster.local.';

  it.each([
    ['exists', [V4]],
    ['exists without addresses', []],
    ['fails', 'failed'],
    ['may exist', 'silent'],
  ] as const)('is left as it is where what that client would ask next %s', async (_, rival) => {
    const one = await serving({ 'api.payments.orders.corp.example.': rival }, lines);
    expect(one.ask(SECOND)).toMatchObject({ rcode: Rcode.NXDOMAIN, answers: [] });
    one.world.names.clear();
    expect(answersOf(one.ask(SECOND))[1]).toBe('api.payments.svc.cluster.local. 30 IN A 10.96.0.2');
  });

  it('is left as it is where the candidate fails and that exists', async () => {
    const names = { 'www.example.com.': 'failed', 'www.example.com.orders.corp.example.': [V4] } as const;
    expect((await serving(names, lines)).ask(FIRST)).toMatchObject({ rcode: Rcode.NXDOMAIN, answers: [] });
  });

  it('is SERVFAIL where both fail', async () => {
    const names = { 'www.example.com.': 'failed', 'www.example.com.orders.corp.example.': 'silent' } as const;
    expect((await serving(names, lines)).ask(FIRST)).toMatchObject({ rcode: Rcode.SERVFAIL });
  });
});

describe('an answer that is given again', () => {
  async function asked(one: Serving): Promise<ReturnType<typeof makeQuery>> {
    const chain = linkChain([await pluginOf(one), one.plugin, one.world]);
    const router = new Router([{ zone: Name.root, chain, anyClass: false }], 'dns://:53');
    const query = makeQuery(FIRST, 'A', { resolver: router, facts: one.host.facts });
    void router.resolve(query);
    return query;
  }

  it('may be, for as long as nothing that any candidate rested on has changed', async () => {
    const one = await serving();
    const changes: readonly (() => void)[] = [
      () => one.state.setService(makeService({ namespace: 'com', name: 'example', clusterIPs: ['10.96.0.9'] })),
      () => one.state.setNamespace({ name: 'com', labels: { a: 'b' } }),
      () => one.state.setService(makeService({ namespace: 'orders', name: 'com', clusterIPs: ['10.96.0.9'] })),
      () => one.state.removeNamespace('orders'),
    ];
    for (const change of changes) {
      // oxlint-disable-next-line no-await-in-loop -- each change is made on what those before left
      const { account } = await asked(one);
      expect(account.replaying.allowed).toBe(true);
      expect(account.holds).toBe(true);
      change();
      expect(account.holds).toBe(false);
    }
  });

  it('is counted again, as it was the first time', async () => {
    const one = await serving();
    const query = await asked(one);
    redo(query);
    expect(one.host.metrics.render()).toContain('nodens_searchpath_walks_total{end="found",server="dns://:53"} 2');
    one.world.names.clear();
    await asked(one);
    one.world.names.set('www.example.com.', 'failed');
    await asked(one);
    expect(one.host.metrics.render()).toContain('nodens_searchpath_walks_total{end="missing",server="dns://:53"} 1');
    expect(one.host.metrics.render()).toContain('nodens_searchpath_walks_total{end="failed",server="dns://:53"} 1');
  });
});

describe('errors of the manual page', () => {
  const KUBERNETES = 'kubernetes cluster.local';

  it.each([
    ['short_names\nsearch corp.example', "'search' does nothing without 'complete'"],
    ['complete\ncomplete', "'complete' stands here twice"],
    ['complete now', "'complete' takes no arguments"],
    ['complete\nsearch', "'search' needs an argument"],
    ['complete\nsearch a..b', "'a..b' is not a domain"],
    ['complete\nsearch .', "'.' is not a domain"],
    ['complete {\n}', "'complete' takes no block"],
    ['compleet', "unknown option of 'searchpath' 'compleet'"],
  ])('%j', (lines, message) => {
    expect(read(searchpath, `searchpath {\n${lines}\n}\n${KUBERNETES}`).problems).toContainEqual(message);
  });

  it('more domains than the table of bounds has', () => {
    const { searchDomains } = bounds;
    const domains = Array.from({ length: searchDomains + 1 }, (_, i) => `d${i}.example`);
    const problemsWith = (names: readonly string[]): readonly string[] =>
      read(searchpath, `searchpath {\ncomplete\nsearch ${names.join(' ')}\n}\n${KUBERNETES}`).problems;
    expect(problemsWith(domains)).toEqual([`there are more than ${searchDomains} domains to search`]);
    expect(problemsWith(domains.slice(1))).toEqual([]);
  });

  it('none where all is well', () => {
    const lines = 'complete\nsearch a.example b.example\nsearch c.example\nsearch_tlds d';
    expect(read(searchpath, `searchpath {\n${lines}\n}\n${KUBERNETES}`).problems).toEqual([]);
  });
});
