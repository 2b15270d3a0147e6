/** Why a name of the cluster gave nothing (RFC 8914), case by case as the manual page of `kubernetes` lists them. */
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { type Answer, failure, reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { type ReasonName, explain, reasons } from '../../src/plugins/reasons.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { type TestCluster, cluster } from './cluster.ts';

async function serving(options = '', below: readonly Plugin[] = []): Promise<TestCluster> {
  const one = await cluster(`kubernetes cluster.local in-addr.arpa {\n${options}\n}`, below);
  const { state } = one;
  const ports = [{ name: 'http', protocol: 'tcp', number: 80 }];
  for (const name of ['default', 'hidden'])
    state.setNamespace({ name, labels: { visible: String(name === 'default') } });
  state.setService(makeService({ clusterIPs: ['10.96.0.10'], ports }));
  state.setService(makeService({ namespace: 'hidden', clusterIPs: ['10.96.0.11'] }));
  state.setService(makeService({ name: 'idle', kind: 'headless', ports }));
  state.setService(makeService({ name: 'db', kind: 'headless', ports }));
  state.setEndpointSlice(makeSlice({ name: 'db-1', service: 'db', ports, addresses: ['10.244.0.1'] }));
  const aliases = [
    ['inside', 'nobody.default.svc.cluster.local'],
    ['circle', 'circle.default.svc.cluster.local'],
    ['there', 'back.default.svc.cluster.local'],
    ['back', 'there.default.svc.cluster.local'],
    ['outside', 'www.example.org'],
    ['address', '192.0.2.1'],
    ['url', 'https://www.example.org/'],
  ] as const;
  for (const [name, externalName] of aliases)
    state.setService(makeService({ name, kind: 'external-name', externalName }));
  state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
  return one;
}

function whyOf(answer: Answer): readonly [rcode: number, why: unknown] {
  return answer.kind === 'silence' ? [0, 'silence'] : [answer.rcode, answer.explanation];
}

const { NOERROR, NXDOMAIN, REFUSED, SERVFAIL } = Rcode;

type Case = [name: string, type: string, rcode: number, why: ReasonName, options?: string];

const cases: Case[] = [
  ['web.nowhere.svc', 'A', NXDOMAIN, 'noSuchNamespace'],
  ['nowhere.svc', 'A', NXDOMAIN, 'noSuchNamespace'],
  ['web.hidden.svc', 'A', NXDOMAIN, 'noShownNamespace', 'namespaces default'],
  ['web.nowhere.svc', 'A', NXDOMAIN, 'noShownNamespace', 'namespaces default'],
  ['hidden.svc', 'A', NXDOMAIN, 'noShownNamespace', 'namespace_labels visible=true'],
  ['nowhere.svc', 'A', NXDOMAIN, 'noShownNamespace', 'namespace_labels visible=true'],
  ['nobody.default.svc', 'A', NXDOMAIN, 'noSelectedService', 'labels app=web'],
  ['10-244-0-1.nowhere.pod', 'A', NXDOMAIN, 'noSuchNamespace', 'pods insecure'],
  ['nobody.default.svc', 'A', NXDOMAIN, 'noSuchService'],
  ['_http._tcp.nobody.default.svc', 'SRV', NXDOMAIN, 'noSuchService'],
  ['idle.default.svc', 'A', NXDOMAIN, 'noReadyEndpoints'],
  ['_http._tcp.idle.default.svc', 'SRV', NXDOMAIN, 'noReadyEndpoints'],
  ['web.default.svc', 'A', NXDOMAIN, 'emptyService', 'ignore empty_service'],
  ['db.default.svc', 'A', NXDOMAIN, 'endpointsNotServed', 'noendpoints'],
  ['10-244-0-1.web.default.svc', 'A', NXDOMAIN, 'endpointsNotServed', 'noendpoints'],
  ['_https._tcp.web.default.svc', 'SRV', NXDOMAIN, 'noSuchPort'],
  ['_http._udp.db.default.svc', 'SRV', NXDOMAIN, 'noSuchPort'],
  ['_http._tcp.outside.default.svc', 'SRV', NXDOMAIN, 'noSuchPort'],
  ['10-244-0-2.db.default.svc', 'A', NXDOMAIN, 'noSuchEndpoint'],
  ['x.outside.default.svc', 'A', NXDOMAIN, 'noSuchEndpoint'],
  ['address.default.svc', 'A', NXDOMAIN, 'badExternalName'],
  ['url.default.svc', 'A', NXDOMAIN, 'badExternalName'],
  ['10-244-0-1.default.pod', 'A', NXDOMAIN, 'podsNotServed'],
  ['default.pod', 'A', NXDOMAIN, 'podsNotServed'],
  ['10-244-0-1.default.pod', 'A', NXDOMAIN, 'noSuchPod', 'pods verified'],
  ['nonsense.default.pod', 'A', NXDOMAIN, 'noSuchPod', 'pods insecure'],
  ['a.b.c.web.default.svc', 'A', NXDOMAIN, 'noSuchName'],
  ['foo', 'A', NXDOMAIN, 'noSuchName'],
  ['web.default.svc', 'AAAA', NOERROR, 'noSuchType'],
  ['web.default.svc', 'TXT', NOERROR, 'noSuchType'],
  ['_tcp.web.default.svc', 'A', NOERROR, 'noSuchType'],
  ['svc', 'A', NOERROR, 'noSuchType'],
  ['ns.dns', 'AAAA', NOERROR, 'noSuchType'],
  ['web.default.svc', 'SOA', NOERROR, 'noSoaBelowApex'],
  ['inside.default.svc', 'A', NOERROR, 'noSuchTarget'],
  ['circle.default.svc', 'A', NOERROR, 'endlessAlias'],
  ['there.default.svc', 'A', NOERROR, 'endlessAlias'],
  ['web.default.svc', 'AXFR', REFUSED, 'transferNotServed'],
];

describe('a name that gives nothing says why', () => {
  it.each<Case>(cases)('%s.cluster.local %s: %i, %s %s', async (name, type, rcode, why, options) => {
    const one = await serving(options);
    expect(whyOf(one.ask(`${name}.cluster.local.`, type))).toEqual([rcode, explain(why)]);
  });

  it.each<Case>([
    ['9.0.96.10.in-addr.arpa.', 'PTR', NXDOMAIN, 'noSuchAddress'],
    ['192.in-addr.arpa.', 'PTR', NXDOMAIN, 'noSuchAddress'],
    ['11.0.96.10.in-addr.arpa.', 'PTR', NXDOMAIN, 'noSuchAddress', 'namespaces default'],
    ['10.0.96.10.in-addr.arpa.', 'TXT', NOERROR, 'noSuchType'],
    ['10.in-addr.arpa.', 'PTR', NOERROR, 'noSuchType'],
    ['in-addr.arpa.', 'A', NOERROR, 'noSuchType'],
    ['cluster.local.', 'A', NOERROR, 'noSuchType'],
  ])('%s %s: %i, %s %s', async (name, type, rcode, why, options) => {
    const one = await serving(options);
    expect(whyOf(one.ask(name, type))).toEqual([rcode, explain(why)]);
  });

  it('before everything is listed', async () => {
    const one = await cluster('kubernetes cluster.local');
    expect(whyOf(one.ask('web.default.svc.cluster.local.'))).toEqual([SERVFAIL, explain('notReady')]);
  });

  it('with the one object of the table, so that nothing is made for it', async () => {
    const one = await serving();
    expect(whyOf(one.ask('nobody.default.svc.cluster.local.'))[1]).toBe(reasons.noSuchService);
  });

  it('and one that gives something says nothing', async () => {
    const one = await serving();
    for (const name of ['web', 'db']) {
      expect(whyOf(one.ask(`${name}.default.svc.cluster.local.`))).toEqual([NOERROR, undefined]);
    }
  });
});

describe('an ExternalName that leads out of the cluster keeps the reason of its target', () => {
  const silent = explain('upstreamsSilent', '192.0.2.53:53');

  it.each<[string, Answer]>([
    ['failed', failure(SERVFAIL, silent, 'no answer')],
    ['does not exist', reply({ rcode: NXDOMAIN, explanation: silent })],
  ])('that %s', async (_, answer) => {
    const one = await serving('', [{ name: 'below', answer: () => answer }]);
    expect(one.ask('outside.default.svc.cluster.local.')).toMatchObject({
      kind: 'reply',
      rcode: NOERROR,
      answers: { length: 1 },
      explanation: silent,
    });
  });

  it('that was answered with silence has none', async () => {
    const one = await serving('', [{ name: 'below', answer: () => ({ kind: 'silence' }) }]);
    expect(whyOf(one.ask('outside.default.svc.cluster.local.'))).toEqual([NOERROR, undefined]);
  });
});
