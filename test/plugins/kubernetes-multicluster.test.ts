/** `multicluster` of `kubernetes`: what it needs, what it offers, and what it answers while that is not known. */
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/cluster/cluster.ts';
import { type Answer, reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { type TestCluster, cluster } from './cluster.ts';
import { answered, makeQuery, textOf } from './support.ts';

const NOT_LISTED = 'SERVFAIL the cluster has not been listed completely yet';
const OWN: readonly Resource[] = ['namespaces', 'services', 'endpointslices'];
const IMPORTS: readonly Resource[] = ['serviceimports', 'importedslices'];
const BELOW: Plugin = { name: 'below', answer: () => reply({ rcode: 5 }) };

async function clusterset(options = ''): Promise<TestCluster> {
  const lines = `kubernetes c.local in-addr.arpa cluster.local {\nmulticluster c.local\n${options}\n}`;
  const one = await cluster(lines, [BELOW]);
  const { state } = one;
  state.setNamespace({ name: 'default', labels: {} });
  state.setService(makeService({ clusterIPs: ['10.96.0.10'] }));
  state.imports.setService(makeService({ clusterIPs: ['10.112.0.10'] }));
  state.imports.setService(makeService({ name: 'db', kind: 'headless' }));
  const slice = makeSlice({ name: 'db-1', service: 'db', addresses: ['10.2.0.1'] });
  state.imports.setSlice({ ...slice, cluster: 'east' });
  return one;
}

const word = (answer: Answer): string | undefined =>
  answer.kind === 'transfer' || answer.kind === 'silence' ? undefined : answer.explanation?.word;

describe('zones of several clusters', () => {
  it('wait for their own resources alone, and others do not wait for them', async () => {
    const one = await clusterset();
    one.state.markSynced(OWN);
    expect(textOf(one.ask('web.default.svc.cluster.local'))).toEqual(
      answered('web.default.svc.cluster.local. 5 IN A 10.96.0.10'),
    );
    expect(textOf(one.ask('web.default.svc.c.local'))).toBe(NOT_LISTED);
    expect(textOf(one.ask('db.default.svc.c.local'))).toBe(NOT_LISTED);
    expect(word(one.ask('web.other.svc.c.local'))).toBe('no_such_namespace');
    one.state.markSynced(['serviceimports']);
    expect(textOf(one.ask('web.default.svc.c.local'))).toEqual(answered('web.default.svc.c.local. 5 IN A 10.112.0.10'));
    expect(textOf(one.ask('db.default.svc.c.local'))).toBe(NOT_LISTED);
    one.state.markSynced(['importedslices']);
    expect(textOf(one.ask('db.default.svc.c.local'))).toEqual(answered('db.default.svc.c.local. 5 IN A 10.2.0.1'));
  });

  it('need nothing of the Services of this cluster', async () => {
    const one = await clusterset();
    one.state.markSynced(['namespaces', ...IMPORTS]);
    expect(textOf(one.ask('db.default.svc.c.local'))).toEqual(answered('db.default.svc.c.local. 5 IN A 10.2.0.1'));
    expect(textOf(one.ask('web.default.svc.cluster.local'))).toBe(NOT_LISTED);
  });

  it('say where they are from a snapshot', async () => {
    const one = await clusterset('ttl 300');
    one.state.mark([...OWN, ...IMPORTS], 'stale');
    const answer = one.ask('web.default.svc.c.local');
    expect(word(answer)).toBe('stale_cluster');
    expect(textOf(answer)).toMatchObject({ answers: ['web.default.svc.c.local. 30 IN A 10.112.0.10'] });
    expect(word(one.ask('none.default.svc.c.local'))).toBe('stale_cluster_negative');
  });

  it('follow their imports without a wait, and an answer may be given again until then', async () => {
    const one = await clusterset();
    one.state.markSynced([...OWN, ...IMPORTS]);
    const query = makeQuery('web.default.svc.c.local', 'A', { facts: one.host.facts });
    void one.plugin.answer(query, { answer: () => reply({}) });
    expect([query.replaying.allowed, query.account.holds]).toEqual([true, true]);
    one.state.setService(makeService({ clusterIPs: ['10.96.0.11'] }));
    expect(query.account.holds).toBe(true);
    one.state.imports.setService(makeService({ clusterIPs: ['10.112.0.11'] }));
    expect(query.account.holds).toBe(false);
  });

  it('fall through as others do', async () => {
    const one = await clusterset('fallthrough c.local');
    one.state.markSynced([...OWN, ...IMPORTS]);
    expect(textOf(one.ask('none.default.svc.c.local'))).toMatchObject({ rcode: 'REFUSED' });
    expect(textOf(one.ask('none.default.svc.cluster.local'))).toMatchObject({ rcode: 'NXDOMAIN' });
  });

  it('show the namespaces that are shown', async () => {
    const one = await clusterset('namespace_labels shown=yes');
    one.state.markSynced([...OWN, ...IMPORTS]);
    expect(word(one.ask('web.default.svc.c.local'))).toBe('no_shown_namespace');
    one.state.setNamespace({ name: 'default', labels: { shown: 'yes' } });
    expect(textOf(one.ask('web.default.svc.c.local'))).toMatchObject({ rcode: 'NOERROR' });
  });

  it('have no Services that an ExternalName of this cluster would find without a look-up', async () => {
    const one = await clusterset();
    one.state.markSynced([...OWN, ...IMPORTS]);
    const externalName = 'web.default.svc.c.local';
    one.state.setService(makeService({ name: 'alias', kind: 'external-name', externalName }));
    expect(textOf(one.ask('alias.default.svc.cluster.local'))).toEqual(
      answered(
        'alias.default.svc.cluster.local. 5 IN CNAME web.default.svc.c.local.',
        'web.default.svc.c.local. 5 IN A 10.112.0.10',
      ),
    );
  });

  it('are neither where PTR records point, nor what other plugins take for a zone of this cluster', async () => {
    const one = await clusterset();
    one.state.markSynced([...OWN, ...IMPORTS]);
    expect(textOf(one.ask('10.0.96.10.in-addr.arpa', 'PTR'))).toEqual(
      answered('10.0.96.10.in-addr.arpa. 5 IN PTR web.default.svc.cluster.local.'),
    );
    const [neighbour] = one.host.neighbours.clusters;
    expect(neighbour?.zones.map(String)).toEqual(['cluster.local.']);
    expect(one.host.neighbours.zones.map(({ name }) => String(name))).toEqual(['cluster.local.']);
  });
});
