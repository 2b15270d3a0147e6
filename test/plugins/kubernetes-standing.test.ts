/** What `kubernetes` answers while its state is not in step with the cluster, as its manual page tells it. */
import { describe, expect, it } from 'vitest';
import type { Resource, Standing } from '../../src/cluster/cluster.ts';
import { Class, Rcode, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { type Answer, type Reply, failure, reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import type { Resolver } from '../../src/plugins/query.ts';
import { explain, reasons } from '../../src/plugins/reasons.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { type TestCluster, cluster } from './cluster.ts';
import { makeQuery, recordsOf, textOf } from './support.ts';

const RESOURCES = ['namespaces', 'services', 'endpointslices', 'pods'] as const;
const NOT_LISTED = failure(Rcode.SERVFAIL, explain('notReady'), 'the cluster has not been listed completely yet');
/** What is passed on is answered so. */
const PASSED = reply({ rcode: 15 });
const BELOW: Plugin = { name: 'below', answer: () => PASSED };

interface Parts {
  readonly options?: string;
  readonly below?: readonly Plugin[];
  readonly standings?: Partial<Record<Resource, Standing>>;
}

async function serving({ options = 'ttl 300', below = [BELOW], standings = {} }: Parts = {}): Promise<TestCluster> {
  const one = await cluster(`kubernetes cluster.local in-addr.arpa {\npods verified\n${options}\n}`, below);
  const { state } = one;
  const ports = [{ name: 'http', protocol: 'tcp', number: 80 }];
  state.setNamespace({ name: 'default', labels: {} });
  state.setService(makeService({ clusterIPs: ['10.96.0.10'], ports }));
  state.setService(makeService({ name: 'db', kind: 'headless' }));
  state.setEndpointSlice(makeSlice({ name: 'db-1', service: 'db', addresses: ['10.244.0.1'], ports }));
  const aliases = [
    ['to-web', 'web.default.svc.cluster.local'],
    ['to-db', 'db.default.svc.cluster.local'],
    ['to-to-db', 'to-db.default.svc.cluster.local'],
    ['to-nothing', 'nothing.default.svc.cluster.local'],
    ['circle', 'square.default.svc.cluster.local'],
    ['square', 'circle.default.svc.cluster.local'],
    ['outside', 'www.example.org'],
  ] as const;
  for (const [name, externalName] of aliases)
    state.setService(makeService({ name, kind: 'external-name', externalName }));
  state.setPod({ namespace: 'default', name: 'db-0', ip: '10.244.0.1' });
  for (const resource of RESOURCES) state.mark([resource], standings[resource] ?? 'in-step');
  return one;
}

const zoned = (name: string): string => (name.endsWith('.') ? name : `${name}.cluster.local.`);

function ttlsOf({ answers, additional }: Reply): readonly number[] {
  return [...answers, ...additional].map(({ ttl }) => ttl);
}

function negativeTtlsOf({ authority }: Reply): readonly number[] {
  return authority.flatMap((set) => (set.kind === 'soa' ? [set.ttl, set.soa.minimum] : []));
}

function expectReply(answer: Answer): asserts answer is Reply {
  expect(answer.kind).toBe('reply');
}

const N: readonly Resource[] = ['namespaces'];
const S: readonly Resource[] = ['namespaces', 'services'];
const E: readonly Resource[] = ['namespaces', 'services', 'endpointslices'];
const P: readonly Resource[] = ['namespaces', 'pods'];

type Case = [name: string, type: string, needed: readonly Resource[]];

const cases: Case[] = [
  // The zone itself, and what the grammar alone decides
  ['cluster.local.', 'SOA', []],
  ['cluster.local.', 'NS', []],
  ['cluster.local.', 'A', []],
  ['svc', 'A', []],
  ['pod', 'A', []],
  ['dns', 'A', []],
  ['ns.dns', 'A', []],
  ['dns-version', 'TXT', []],
  ['foo', 'A', []],
  ['a.b.c.web.default.svc', 'A', []],
  ['web.default.svc', 'SOA', []],
  ['web.default.svc', 'AXFR', []],
  // Positive
  ['web.default.svc', 'A', S],
  ['web.default.svc', 'SRV', S],
  ['_http._tcp.web.default.svc', 'SRV', S],
  ['db.default.svc', 'A', E],
  ['db.default.svc', 'SRV', E],
  ['10-244-0-1.db.default.svc', 'A', E],
  ['10-244-0-1.default.pod', 'A', P],
  ['10.0.96.10.in-addr.arpa.', 'PTR', S],
  ['1.0.244.10.in-addr.arpa.', 'PTR', E],
  ['to-web.default.svc', 'A', S],
  ['to-db.default.svc', 'CNAME', S],
  ['to-db.default.svc', 'A', E],
  ['to-to-db.default.svc', 'A', E],
  // NODATA
  ['default.svc', 'A', N],
  ['default.pod', 'A', N],
  ['web.default.svc', 'AAAA', S],
  ['_tcp.web.default.svc', 'A', E],
  ['db.default.svc', 'AAAA', E],
  ['to-db.default.svc', 'AAAA', E],
  ['to-nothing.default.svc', 'A', S],
  ['circle.default.svc', 'A', S],
  ['10-244-0-1.default.pod', 'AAAA', P],
  ['10.0.96.10.in-addr.arpa.', 'A', S],
  ['10.in-addr.arpa.', 'PTR', E],
  // NXDOMAIN
  ['nowhere.svc', 'A', N],
  ['10.0.0.1.svc', 'A', N],
  ['web.nowhere.svc', 'A', N],
  ['10-0-0-1.nowhere.pod', 'A', N],
  ['nothing.default.svc', 'A', S],
  ['_dns._udp.web.default.svc', 'SRV', S],
  ['x.db.default.svc', 'A', E],
  ['10-0-0-9.default.pod', 'A', P],
  ['9.0.96.10.in-addr.arpa.', 'PTR', E],
];

const eachCase = cases.flatMap(([name, type, needed]) =>
  RESOURCES.map((resource) => [name, type, resource, needed.includes(resource)] as const),
);

describe.each(['', 'fallthrough'])(
  'unknown is SERVFAIL for what rests on it, and nothing to what does not: %s',
  (option) => {
    it.each(eachCase)('%s %s, without %s: %s', async (name, type, resource, matters) => {
      const options = `ttl 300\n${option}`;
      const inStep = (await serving({ options })).ask(zoned(name), type);
      const without = (await serving({ options, standings: { [resource]: 'unknown' } })).ask(zoned(name), type);
      expect(without).toEqual(matters ? NOT_LISTED : inStep);
    });
  },
);

describe('stale is said of what rests on it, and of nothing else', () => {
  it.each(eachCase)('%s %s, with old %s: %s', async (name, type, resource, matters) => {
    const inStep = (await serving()).ask(zoned(name), type);
    const old = (await serving({ standings: { [resource]: 'stale' } })).ask(zoned(name), type);
    if (!matters) return expect(old).toEqual(inStep);
    expectReply(inStep);
    expectReply(old);
    expect(old.rcode).toBe(inStep.rcode);
    if (inStep.answers.length > 0) {
      expect(old.explanation).toBe(reasons.staleCluster);
      expect(new Set(ttlsOf(old))).toEqual(new Set([30]));
    } else {
      expect(old.explanation).toEqual(explain('staleClusterNegative', inStep.explanation?.text));
      expect(negativeTtlsOf(old)).toEqual([5, 5]);
    }
    const bare = (records: readonly string[]): readonly string[] =>
      records.map((text) => text.replace(/ \d+ IN /, ' '));
    expect(bare(recordsOf(old.answers))).toEqual(bare(recordsOf(inStep.answers)));
    expect(bare(recordsOf(old.additional))).toEqual(bare(recordsOf(inStep.additional)));
  });
});

const stale: Parts['standings'] = { namespaces: 'stale', services: 'stale', endpointslices: 'stale', pods: 'stale' };

describe('a state from a snapshot', () => {
  it('RFC 8914: says in codes and words that it is one', async () => {
    const one = await serving({ standings: stale });
    const explanationOf = (name: string, type = 'A') => {
      const answer = one.ask(zoned(name), type);
      return answer.kind === 'reply' ? answer.explanation : undefined;
    };
    expect(explanationOf('web.default.svc')).toEqual({
      code: 3,
      word: 'stale_cluster',
      text: 'from a snapshot, while the API server has not answered yet',
    });
    expect(explanationOf('nothing.default.svc')).toEqual({
      code: 19,
      word: 'stale_cluster_negative',
      text: 'from a snapshot, while the API server has not answered yet: no such Service in this namespace',
    });
    expect(explanationOf('web.default.svc', 'AAAA')).toMatchObject({
      code: 19,
      text: expect.stringMatching(/: the name exists and has no record of this type$/) as unknown,
    });
  });

  it('leaves shorter times to live as they are', async () => {
    const one = await serving({ options: 'ttl 2', standings: stale });
    const there = one.ask(zoned('web.default.svc'), 'SRV');
    expectReply(there);
    expect(ttlsOf(there)).toEqual([2, 2]);
    const missing = one.ask(zoned('nothing.default.svc'));
    expectReply(missing);
    expect(negativeTtlsOf(missing)).toEqual([2, 2]);
  });

  it('passes on what is configured to fall through, and leaves alone what the next plugin says of it', async () => {
    const one = await serving({ options: 'fallthrough in-addr.arpa', standings: stale });
    expect(one.ask('9.0.96.10.in-addr.arpa.', 'PTR')).toBe(PASSED);
    expect(one.ask(zoned('nothing.default.svc'))).toMatchObject({ rcode: Rcode.NXDOMAIN, explanation: { code: 19 } });
  });

  it('is told of an ExternalName that leads out, unless its target has something to tell itself', async () => {
    const from = async (answer: Answer): Promise<Answer> => {
      const one = await serving({ below: [{ name: 'below', answer: () => answer }], standings: stale });
      return one.ask(zoned('outside.default.svc'));
    };
    const alias = ['outside.default.svc.cluster.local. 30 IN CNAME www.example.org.'];
    const silent = explain('upstreamsSilent', '192.0.2.53:53');
    const good = await from(reply({}));
    expect(textOf(good)).toMatchObject({ rcode: 'NOERROR', answers: alias });
    expect(good).toMatchObject({ explanation: reasons.staleCluster });
    const failed = await from(failure(Rcode.SERVFAIL, silent, 'no answer'));
    expect(textOf(failed)).toMatchObject({ rcode: 'NOERROR', answers: alias });
    expect(failed).toMatchObject({ explanation: silent });
  });
});

describe('a stale answer that is given again', () => {
  const target = (ttl: number, aging: boolean): RRset => {
    const owner = Name.fromText('www.example.org.');
    const octets = Uint8Array.of(192, 0, 2, 1);
    const set = { owner, type: Type.A, class: Class.IN, ttl, kind: 'address', octets } as const;
    return aging ? { ...set, aging } : set;
  };

  it.each([
    ['a record that is lowered, and would count down from there', target(31, true), false],
    ['one that is short as it is', target(30, true), true],
    ['one that does not count down', target(300, false), true],
  ])('%s', async (_, set, allowed) => {
    const below: Plugin = { name: 'below', replayable: true, answer: () => reply({ answers: [set] }) };
    const one = await serving({ below: [below], standings: stale });
    const resolver: Resolver = {
      server: 'dns://:53',
      resolve: (query) => below.answer(query, { answer: () => PASSED }),
    };
    const query = makeQuery(zoned('outside.default.svc'), 'A', { facts: one.host.facts, resolver });
    const outcome = one.plugin.answer(query, { answer: () => PASSED });
    if (outcome instanceof Promise) throw new Error('the answer was expected in the same tick');
    expectReply(outcome);
    expect(outcome.answers).toHaveLength(2);
    expect(query.replaying.allowed).toBe(allowed);
  });
});

describe('as soon as the API server has answered', () => {
  const everything = (standing: Standing): Parts => ({
    standings: { namespaces: standing, services: standing, endpointslices: standing, pods: standing },
  });

  it.each(['unknown', 'stale'] as const)('nothing that was given while it was %s is given again', async (standing) => {
    const one = await serving(everything(standing));
    for (const [name, type, needed] of cases) {
      if (needed.length === 0) continue;
      const query = makeQuery(zoned(name), type, { facts: one.host.facts });
      void one.plugin.answer(query, { answer: () => PASSED });
      expect(query.account.holds).toBe(true);
      one.state.mark(['services'], 'in-step');
      expect(query.account.holds, `${name} ${type}`).toBe(false);
      one.state.mark(['services'], standing);
    }
  });

  it('answers are as if nothing had been', async () => {
    const one = await serving(everything('stale'));
    const fresh = await serving();
    one.state.mark(RESOURCES, 'in-step');
    for (const [name, type] of cases) expect(one.ask(zoned(name), type)).toEqual(fresh.ask(zoned(name), type));
  });

  it('answers that rest on what it has told are given at once, the rest when it is told too', async () => {
    const one = await serving(everything('unknown'));
    const rcodes = (): readonly unknown[] =>
      ['nowhere.svc', 'web.default.svc', 'db.default.svc', '10-244-0-1.default.pod'].map((name) => {
        const answer = one.ask(zoned(name));
        return answer.kind === 'silence' ? undefined : answer.rcode;
      });
    expect(rcodes()).toEqual([2, 2, 2, 2]);
    one.state.mark(['namespaces'], 'in-step');
    expect(rcodes()).toEqual([3, 2, 2, 2]);
    one.state.mark(['services'], 'in-step');
    expect(rcodes()).toEqual([3, 0, 2, 2]);
    one.state.mark(['endpointslices'], 'in-step');
    expect(rcodes()).toEqual([3, 0, 0, 2]);
    one.state.mark(['pods'], 'in-step');
    expect(rcodes()).toEqual([3, 0, 0, 0]);
  });
});

describe('bugs', () => {
  it('an answer was made from half a list: a headless Service with the first of its slices', async () => {
    const one = await serving({ standings: { endpointslices: 'unknown' } });
    expect(one.ask(zoned('db.default.svc'))).toEqual(NOT_LISTED);
  });

  it('an ExternalName had no data whose target had not come yet', async () => {
    const one = await serving({ standings: { services: 'unknown' } });
    expect(one.ask(zoned('to-nothing.default.svc'))).toEqual(NOT_LISTED);
  });

  it('names waited for resources that nobody watches for them', async () => {
    const one = await cluster('kubernetes cluster.local {\nnoendpoints\n}');
    one.state.mark(['namespaces', 'services'], 'in-step');
    one.state.setNamespace({ name: 'default', labels: {} });
    one.state.setService(makeService({ name: 'db', kind: 'headless' }));
    expect(one.ask(zoned('db.default.svc'))).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect(one.ask(zoned('x.default.svc'))).toMatchObject({ rcode: Rcode.NXDOMAIN });
  });
});
