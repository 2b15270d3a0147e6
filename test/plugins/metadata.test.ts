/** `metadata`, and what `kubernetes` tells of a query where it stands. */
import { describe, expect, it } from 'vitest';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { Name } from '../../src/dns/name.ts';
import { metadata } from '../../src/plugins/metadata/metadata.ts';
import { offerMetadata } from '../../src/plugins/metadata/offer.ts';
import type { Host } from '../../src/plugins/plugin.ts';
import type { Query } from '../../src/plugins/query.ts';
import { Rcode } from '../../src/dns/constants.ts';
import { forwardTo, forwarder, upstream } from '../rfc/forwarding.ts';
import { a, reply } from '../support/upstreams/octets.ts';
import { read } from './cluster.ts';
import { PASSED_ON, ask, makeHost, makeQuery, problemsOf, serve } from './support.ts';

describe('metadata', () => {
  it('passes every query on, and its answer may be given again', async () => {
    const { plugin } = await serve(metadata, 'metadata');
    const query = makeQuery('x.', 'A');
    expect(ask(plugin, query)).toBe(PASSED_ON);
    expect([plugin.replayable, query.replaying.allowed]).toEqual([true, true]);
  });

  it.each([
    ['metadata', ['.'], 'a.example.', 'a.example.'],
    ['metadata example', ['.'], 'a.example.', 'a.example.'],
    ['metadata example', ['.'], 'a.test.', ''],
    ['metadata', ['example.', 'test.'], 'a.test.', 'a.test.'],
    ['metadata test 10.0.0.0/8', ['.'], '1.2.3.10.in-addr.arpa.', '1.2.3.10.in-addr.arpa.'],
    ['metadata test 10.0.0.0/8', ['.'], '1.2.3.11.in-addr.arpa.', ''],
  ])('%s in a block for %s gives for %s: %s', async (lines, zones, name, value) => {
    const plain = makeHost();
    const host = makeHost({ block: { ...plain.block, zones } });
    await serve(metadata, lines, { host, zones });
    offerMetadata(host, 'test/name', (query) => query.name.toString());
    expect(host.neighbours.metadata.get('test/name')?.(makeQuery(name, 'A'))).toBe(value);
  });

  it('is not there without the directive', () => {
    const host = makeHost();
    offerMetadata(host, 'test/name', () => 'x');
    expect(host.neighbours.metadata.size).toBe(0);
  });

  it.each([
    ['metadata a..b', 'empty label'],
    ['metadata {\n  map {{.IP}} x {\n  }\n}', "'map' of 'metadata' is not served here"],
    ['metadata {\n  mop x\n}', "did you mean 'map'?"],
    ['metadata\nmetadata', "'metadata' can be used once per server block"],
  ])('%s is an error', (lines, message) => {
    expect(problemsOf(metadata, lines).join('\n')).toContain(message);
  });
});

/** What `kubernetes` offers in a block of its own. */
async function offered(options: string): Promise<{ readonly host: Host; readonly state: ClusterState }> {
  const facts = new FactCounters();
  const state = new ClusterState(facts, () => 0);
  state.markSynced(['services', 'endpointslices', 'namespaces', 'pods', 'serviceimports']);
  const done = Promise.resolve();
  const host = makeHost({
    facts,
    stores: { acquire: () => Promise.resolve({ state, known: done, flush: () => done, release: () => undefined }) },
  });
  host.neighbours.metadataZones = [Name.root];
  const { setup } = read(
    kubernetes,
    `kubernetes cluster.local sub.cluster.local clusterset.local in-addr.arpa {\nmulticluster clusterset.local\n${options}\n}`,
  );
  await setup?.create(host);
  return { host, state };
}

const labels = ['kind', 'namespace', 'service', 'endpoint', 'cluster', 'port-name', 'protocol', 'zone', 'parse-error'];

/** All values that there are, as `LABEL=VALUE`. */
function valuesOf({ neighbours }: Host, query: Query): readonly string[] {
  return labels.flatMap((label) => {
    const value = neighbours.metadata.get(`kubernetes/${label}`)?.(query) ?? 'no such label';
    return value === '' ? [] : [`${label}=${value}`];
  });
}

describe('metadata of kubernetes', () => {
  it.each([
    ['web.shop.svc.cluster.local.', ['kind=svc', 'namespace=shop', 'service=web']],
    ['WEB.Shop.SVC.cluster.local.', ['kind=svc', 'namespace=shop', 'service=web']],
    ['a.web.shop.svc.cluster.local.', ['kind=svc', 'namespace=shop', 'service=web', 'endpoint=a']],
    [
      '_http._tcp.web.shop.svc.cluster.local.',
      ['kind=svc', 'namespace=shop', 'service=web', 'port-name=http', 'protocol=tcp'],
    ],
    ['eu-1.pin._zone.web.shop.svc.cluster.local.', ['kind=svc', 'namespace=shop', 'service=web', 'zone=eu-1']],
    ['10-1-2-3.shop.pod.cluster.local.', ['kind=pod', 'namespace=shop', 'service=10-1-2-3']],
    ['shop.pod.cluster.local.', ['kind=pod', 'namespace=shop']],
    ['svc.cluster.local.', ['kind=svc']],
    ['cluster.local.', []],
    ['web.shop.svc.sub.cluster.local.', ['kind=svc', 'namespace=shop', 'service=web']],
    [
      'a.east.web.shop.svc.clusterset.local.',
      ['kind=svc', 'namespace=shop', 'service=web', 'endpoint=a', 'cluster=east'],
    ],
    [
      '_http._tcp.web.shop.svc.clusterset.local.',
      ['kind=svc', 'namespace=shop', 'service=web', 'port-name=http', 'protocol=tcp'],
    ],
    ['10-1-2-3.shop.pod.clusterset.local.', ['kind=pod', 'parse-error=invalid query name']],
    ['nothing.cluster.local.', ['parse-error=invalid query name']],
    ['www.example.org.', []],
    ['1.0.0.10.in-addr.arpa.', []],
    // What no object is called is escaped.
    [String.raw`a\010b\"c.shop.svc.cluster.local.`, ['kind=svc', 'namespace=shop', String.raw`service=a\010b\"c`]],
  ])('%s: %s', async (name, expected) => {
    const { host } = await offered('zonal');
    const query = makeQuery(name, 'A');
    expect(valuesOf(host, query)).toEqual(expected);
    expect(query.replaying.allowed).toBe(true);
  });

  const client = (address: string): Query => makeQuery('www.example.org.', 'A', { client: { clientAddress: address } });

  it('knows the pod that asks by its own address, with pods verified, for names of all zones', async () => {
    const { host, state } = await offered('pods verified');
    const [namespace, podName] = ['client-namespace', 'client-pod-name'].map((label) =>
      host.neighbours.metadata.get(`kubernetes/${label}`),
    );
    state.setPod({ namespace: 'shop', name: 'web-1', ip: '10.1.0.1' });
    const query = client('10.1.0.1');
    expect([namespace?.(query), podName?.(query)]).toEqual(['shop', 'web-1']);
    expect(query.replaying.allowed).toBe(false);
    expect(query.account.holds).toBe(true);
    state.setPod({ namespace: 'ops', name: 'node-agent', ip: '10.1.0.1' });
    // Two pods on their node's network: nobody can tell which of them asked.
    expect([namespace?.(client('10.1.0.1')), podName?.(client('10.1.0.9'))]).toEqual(['', '']);
  });

  it.each(['pods insecure', 'pods disabled', ''])('knows no clients with %s', async (pods) => {
    const { host } = await offered(pods);
    expect([...host.neighbours.metadata.keys()].filter((label) => label.includes('client'))).toEqual([]);
  });
});

describe('what `forward` offers', () => {
  it('is who sent the answer, and nothing for what was kept', async () => {
    const refusing = await upstream((query) => query.send(reply(query.octets, { rcode: Rcode.REFUSED })));
    const world = await upstream((query) => query.send(reply(query.octets, { answers: [a('192.0.2.1', 300)] })));
    const { ask: askServer, log } = await forwarder(
      `metadata\nlog . "{name} {/forward/upstream}"\ncache 30\n${forwardTo([refusing, world], 'policy sequential', 'failover REFUSED')}`,
    );
    await askServer({ ask: 'a.test. A' });
    await askServer({ ask: 'a.test. A' });
    await askServer({ ask: 'b.test. A' });
    log.writer.flush();
    const from = `${world.address}:${world.port}`;
    expect(log.lines.filter((line) => line.includes('.test.'))).toEqual([
      `[INFO] a.test. ${from}`,
      '[INFO] a.test. -',
      `[INFO] b.test. ${from}`,
    ]);
  });
});
