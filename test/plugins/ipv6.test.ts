/** `ipv6`: what its manual page promises. */
import { describe, expect, it } from 'vitest';
import { ownAddressesFact } from '../../src/cluster/facts.ts';
import { parseAddress } from '../../src/dns/address.ts';
import { Flag } from '../../src/dns/constants.ts';
import { leavesExistenceOpen } from '../../src/plugins/ipv6/existence.ts';
import { ipv6 } from '../../src/plugins/ipv6/ipv6.ts';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import { reply } from '../../src/plugins/answer.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { serving as serve } from '../rfc/asking.ts';
import { type Chained, chained } from './chained.ts';
import { summariesOf } from './problems.ts';
import { redo } from './replay.ts';
import { textOf } from './support.ts';
import { type World, world } from './world.ts';

const V4 = [192, 0, 2, 1] as const;
const V6 = [0x20, 0x01, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] as const;
const NAME = 'www.example.com.';
const FOUND = [`${NAME} 300 IN AAAA 2001:db8::1`];
const FILTERED = 'nodens_ipv6_filtered_total';

interface Serving extends Chained {
  readonly world: World;
}

async function serving(
  mode: string,
  { lines = 'kubernetes cluster.local', own = [] as readonly string[], synced = true } = {},
): Promise<Serving> {
  const upstream = world({ [NAME]: [V4, V6], 'gone.svc.cluster.local.': [V6] });
  const ownAddresses = own.map((text) => parseAddress(text) ?? new Uint8Array());
  const directives = lines === '' ? [ipv6] : [kubernetes, ipv6];
  const one = await chained(`ipv6 ${mode}\n${lines}`, directives, [upstream], { ownAddresses });
  if (synced) one.state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
  return { ...one, world: upstream };
}

/** Whether a question for AAAA reached the outside. */
async function reaches(one: Serving, name = NAME): Promise<boolean> {
  one.world.taken();
  await one.ask(name, 'AAAA');
  return one.world.taken().length > 0;
}

const ipv4 = makeService({ namespace: 'default', name: 'api', clusterIPs: ['10.96.0.2'] });
const both = makeService({ namespace: 'default', name: 'both', clusterIPs: ['10.96.0.3', 'fd00:96::3'] });
const ipv6Alone = makeService({ namespace: 'default', name: 'six', clusterIPs: ['fd00:96::4'] });

describe('ipv6 filter', () => {
  it('answers AAAA with NODATA and a SOA, without asking anybody', async () => {
    const one = await serving('filter', { lines: '' });
    const answer = await one.answer(one.query(NAME, 'AAAA'));
    expect(textOf(answer)).toEqual({
      rcode: 'NOERROR',
      aa: false,
      answers: [],
      authority: [`${NAME} 60 IN SOA filtered.invalid. hostmaster.filtered.invalid. 1 7200 1800 86400 60`],
      additional: [],
    });
    expect(answer).toMatchObject({ recursionAvailable: true, explanation: { code: 17, word: 'ipv6_filtered' } });
    expect(one.world.taken()).toEqual([]);
  });

  it('gives names that do not exist no NXDOMAIN', async () => {
    const one = await serving('filter', { lines: '' });
    expect(await one.ask('nothing.example.', 'AAAA')).toEqual([]);
    expect(await one.ask('nothing.example.', 'A')).toEqual(['NXDOMAIN']);
  });

  it.each(['A', 'MX', 'HTTPS', 'ANY', 'PTR', 'TXT'])('lets %s go on', async (type) => {
    const one = await serving('filter', { lines: '' });
    await one.ask(NAME, type);
    expect(one.world.taken()).toHaveLength(1);
  });

  it('lets AAAA of another class go on', async () => {
    const one = await serving('filter', { lines: '' });
    await one.ask(NAME, 'AAAA', { class: 'CH' });
    expect(one.world.taken()).toHaveLength(1);
  });

  it('lets those go on who check signatures themselves, and no others', async () => {
    const one = await serving('filter', { lines: '' });
    const dnssecOk = { edns: { dnssecOk: true } };
    expect(await one.ask(NAME, 'AAAA', { ...dnssecOk, flags: Flag.RD | Flag.CD })).toEqual(FOUND);
    expect(await one.ask(NAME, 'AAAA', { ...dnssecOk, flags: Flag.RD })).toEqual([]);
    expect(await one.ask(NAME, 'AAAA', { flags: Flag.RD | Flag.CD })).toEqual([]);
  });

  it('lets names of the cluster go on that are passed on by kubernetes', async () => {
    const one = await serving('filter', { lines: 'kubernetes cluster.local {\nfallthrough\n}' });
    expect(await one.ask('gone.svc.cluster.local.', 'AAAA')).toEqual([
      'gone.svc.cluster.local. 300 IN AAAA 2001:db8::1',
    ]);
    expect(await reaches(one)).toBe(false);
  });

  it('does filter beside a kubernetes of all names', async () => {
    const one = await serving('filter', { lines: 'kubernetes . {\nfallthrough\n}' });
    expect(await reaches(one)).toBe(false);
  });

  it('whatever families the cluster has', async () => {
    const one = await serving('filter');
    one.state.setService(both);
    expect(await reaches(one)).toBe(false);
  });

  it('counts, hits of the answer cache too', async () => {
    const one = await serving('filter', { lines: '' });
    const query = one.query(NAME, 'AAAA');
    await one.answer(query);
    await one.ask(NAME, 'A');
    expect(one.metric(FILTERED)).toBe(1);
    expect(query.replaying.allowed).toBe(true);
    redo(query);
    expect(one.metric(FILTERED)).toBe(2);
  });
});

describe('ipv6 keep', () => {
  it('filters nothing', async () => {
    const one = await serving('keep');
    one.state.setService(ipv4);
    expect(await one.ask(NAME, 'AAAA')).toEqual(FOUND);
    expect(one.metric(FILTERED)).toBeUndefined();
  });
});

describe('ipv6 auto', () => {
  it('filters where Services and endpoints have IPv4 alone', async () => {
    const one = await serving('auto');
    one.state.setService(ipv4);
    expect(await reaches(one)).toBe(false);
  });

  it.each([
    ['a Service has both families', both],
    ['a Service has IPv6 alone', ipv6Alone],
  ])('keeps where %s', async (_what, service) => {
    const one = await serving('auto');
    one.state.setService(ipv4);
    one.state.setService(service);
    expect(await reaches(one)).toBe(true);
  });

  it('keeps where an endpoint has an IPv6 address', async () => {
    const one = await serving('auto');
    one.state.setService(ipv4);
    one.state.setEndpointSlice(makeSlice({ service: 'api', addresses: ['fd00:244::1'] }));
    expect(await reaches(one)).toBe(true);
  });

  it('keeps in a cluster of IPv6 alone: A records stay too', async () => {
    const one = await serving('auto');
    one.state.setService(ipv6Alone);
    expect(await reaches(one)).toBe(true);
    expect(await one.ask(NAME, 'A')).toEqual([`${NAME} 300 IN A 192.0.2.1`]);
  });

  it('keeps while there are no addresses at all', async () => {
    expect(await reaches(await serving('auto'))).toBe(true);
  });

  it.each(['unknown', 'stale'] as const)('keeps while the state of the cluster is %s', async (standing) => {
    const one = await serving('auto');
    one.state.setService(ipv4);
    one.state.mark(['services'], standing);
    expect(await reaches(one)).toBe(true);
    one.state.markSynced(['services']);
    expect(await reaches(one)).toBe(false);
  });

  it('goes by Services alone where endpoints are not known', async () => {
    const one = await serving('auto', { lines: 'kubernetes cluster.local {\nnoendpoints\n}', synced: false });
    one.state.setService(ipv4);
    one.state.markSynced(['namespaces', 'services']);
    expect(await reaches(one)).toBe(false);
  });

  it.each([
    [['10.244.0.9', 'fe80::1'], false],
    [['10.244.0.9', 'fd00:244::9'], true],
    [['10.244.0.9', '2001:db8::9'], true],
    [['127.0.0.1', '::1'], false],
  ])('with Services of IPv4 and %s as addresses of this server, AAAA goes on: %s', async (own, expected) => {
    const one = await serving('auto', { own });
    one.state.setService(ipv4);
    expect(await reaches(one)).toBe(expected);
  });

  it('what was answered is out of date as soon as the cluster speaks IPv6, and the other way round', async () => {
    const one = await serving('auto');
    one.state.setService(ipv4);
    const filtered = one.query(NAME, 'AAAA');
    await one.answer(filtered);
    expect(filtered.replaying.allowed).toBe(true);
    one.state.setService(makeService({ namespace: 'default', name: 'other', clusterIPs: ['10.96.0.9'] }));
    expect(filtered.account.holds).toBe(true);
    one.state.setService(both);
    expect(filtered.account.holds).toBe(false);
    const kept = one.query(NAME, 'AAAA');
    await one.answer(kept);
    one.state.removeService('default', 'both');
    expect(kept.account.holds).toBe(false);
    expect(await reaches(one)).toBe(false);
  });

  it.each([
    ['filtered', []],
    ['not', ['fd00:244::9']],
  ])('so it is when addresses of this server come or go, whether it was %s', async (_what, own) => {
    const one = await serving('auto', { own });
    one.state.setService(ipv4);
    const asked = one.query(NAME, 'AAAA');
    await one.answer(asked);
    one.host.facts.changed(ownAddressesFact);
    expect(asked.account.holds).toBe(false);
  });

  it('so is what was answered before the state was known', async () => {
    const one = await serving('auto', { synced: false });
    one.state.setService(ipv4);
    const early = one.query(NAME, 'AAAA');
    await one.answer(early);
    one.state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
    expect(early.account.holds).toBe(false);
  });
});

describe('the existence of a filtered name', () => {
  it('is left open by the reply of ipv6, and by no other', async () => {
    const one = await serving('filter', { lines: '' });
    expect(leavesExistenceOpen(await one.answer(one.query(NAME, 'AAAA')))).toBe(true);
    expect(leavesExistenceOpen(await one.answer(one.query(NAME, 'A')))).toBe(false);
    expect(leavesExistenceOpen(await one.answer(one.query('nothing.example.', 'A')))).toBe(false);
    expect(leavesExistenceOpen(reply({}))).toBe(false);
    expect(leavesExistenceOpen({ kind: 'silence' })).toBe(false);
  });
});

const MANIFESTS = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: out, namespace: shop }
spec: { type: ExternalName, externalName: www.example.test }
`;

describe('ipv6 in a server', () => {
  const above =
    'hosts {\n2001:db8::7 six.test\n192.0.2.7 four.test\nfallthrough\n}\n' +
    'template IN AAAA made.test {\nanswer "{{ .Name }} 60 IN AAAA 2001:db8::8"\n}\nkubernetes cluster.local\nipv6 auto';
  const { ask } = serve({ corefile: `. {\n${above}\n}\n`, manifests: MANIFESTS });

  it.each([
    ['six.test.', '2001:db8::7'],
    ['a.made.test.', '2001:db8::8'],
  ])('stands below what has names of its own: %s', async (name, address) => {
    const { packet } = await ask({ ask: `${name} AAAA` });
    expect(packet.answers).toMatchObject([{ type: 'AAAA', data: address }]);
  });

  it('leaves the NODATA of others as it is', async () => {
    const { rcode, packet } = await ask({ ask: 'web.shop.svc.cluster.local. AAAA' });
    expect([rcode, packet.authorities[0]?.name]).toEqual(['NOERROR', 'cluster.local']);
  });

  it('RFC 2308 §2.2, RFC 8914 §4.18: on the wire NODATA with RA, without AA, with the EDE Filtered', async () => {
    const { rcode, packet, flags, opt } = await ask({ ask: 'WWW.example.test. AAAA', edns: { size: 1232 } });
    expect(rcode).toBe('NOERROR');
    expect(packet.answers).toEqual([]);
    expect(packet.authorities).toMatchObject([
      { type: 'SOA', name: 'WWW.example.test', ttl: 60, data: { mname: 'filtered.invalid', minimum: 60 } },
    ]);
    expect(flags & Flag.RA).not.toBe(0);
    expect(flags & Flag.AA).toBe(0);
    expect(opt?.options.find(({ code }) => code === 15)?.data.readUInt16BE(0)).toBe(17);
  });

  it('an ExternalName keeps its alias', async () => {
    const { rcode, packet } = await ask({ ask: 'out.shop.svc.cluster.local. AAAA' });
    expect(rcode).toBe('NOERROR');
    expect(packet.answers).toMatchObject([{ type: 'CNAME', data: 'www.example.test' }]);
  });

  const nat64 = serve({
    corefile:
      '. {\ndns64 {\nallow_ipv4\n}\ntemplate IN A {\nanswer "{{ .Name }} 60 IN A 192.0.2.9"\n}\nipv6 filter\n}\n',
    manifests: '',
  });

  it('dns64 goes on making IPv6 addresses of A records', async () => {
    const { packet } = await nat64.ask({ ask: 'www.example.test. AAAA' });
    expect(packet.answers).toMatchObject([{ type: 'AAAA', data: '64:ff9b::c000:209' }]);
  });
});

describe('errors of ipv6', () => {
  it.each([
    ['ipv6', "'ipv6' needs an argument | expected: ipv6 auto|keep|filter"],
    ['ipv6 keep filter', "'ipv6' takes at most 1 argument, not 2 | expected: ipv6 auto|keep|filter"],
    ['ipv6 fliter', "wrong value 'fliter' | expected: one of auto, keep, filter; did you mean 'filter'?"],
    ['ipv6 keep {\nx\n}', "'ipv6' takes no block | expected: no '{' on this line"],
    [
      'ipv6 keep\nipv6 auto\nkubernetes cluster.local',
      "'ipv6' can be used once per server block, and stands at Corefile:2:1 already | expected: one 'ipv6' in this block",
    ],
    [
      'ipv6 auto',
      "'ipv6 auto' needs a 'kubernetes' directive in the same server block | expected: kubernetes cluster.local beside it, " +
        "or 'ipv6 filter' where clients have no IPv6, or 'ipv6 keep'",
    ],
  ])('%j', (lines, expected) => {
    expect(summariesOf(ipv6, lines)).toEqual([expected]);
  });

  it.each(['ipv6 keep', 'ipv6 filter', 'ipv6 auto\nkubernetes cluster.local'])('none: %j', (lines) => {
    expect(summariesOf(ipv6, lines)).toEqual([]);
  });
});
