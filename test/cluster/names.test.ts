/** The grammar of names in a cluster's zone. */
import { describe, expect, it } from 'vitest';
import { type ClusterName, parseClusterName, podAddressText } from '../../src/cluster/names.ts';
import { Name } from '../../src/dns/name.ts';

const ZONE = Name.fromText('cluster.local');

function read(base: string, topology = false): ClusterName {
  return parseClusterName(Name.fromText(base === '' ? 'cluster.local' : `${base}.cluster.local`), ZONE, topology);
}

const web = { namespace: 'ns', service: 'web' };

describe('a name means', () => {
  it.each<[string, ClusterName]>([
    ['', { kind: 'apex' }],
    ['svc', { kind: 'tree' }],
    ['pod', { kind: 'tree' }],
    ['SVC', { kind: 'tree' }],
    ['ns.svc', { kind: 'namespace', tree: 'svc', namespace: 'ns' }],
    ['ns.pod', { kind: 'namespace', tree: 'pod', namespace: 'ns' }],
    ['web.ns.svc', { kind: 'service', ...web }],
    ['WEB.Ns.sVC', { kind: 'service', ...web }],
    ['ep.web.ns.svc', { kind: 'endpoint', label: 'ep', ...web }],
    ['_tcp.web.ns.svc', { kind: 'endpoint', label: '_tcp', ...web }],
    ['_http._tcp.web.ns.svc', { kind: 'port', port: 'http', protocol: 'tcp', ...web }],
    ['http.tcp.web.ns.svc', { kind: 'port', port: 'http', protocol: 'tcp', ...web }],
    ['_HTTP._TCP.web.ns.svc', { kind: 'port', port: 'http', protocol: 'tcp', ...web }],
    ['__http._tcp.web.ns.svc', { kind: 'port', port: '_http', protocol: 'tcp', ...web }],
    ['a.b.c.web.ns.svc', { kind: 'none' }],
    ['10-0-0-1.ns.pod', { kind: 'pod', namespace: 'ns', address: '10-0-0-1' }],
    ['x.10-0-0-1.ns.pod', { kind: 'pod', namespace: 'ns', address: '10-0-0-1' }],
    ['y.x.10-0-0-1.ns.pod', { kind: 'pod', namespace: 'ns', address: '10-0-0-1' }],
    ['z.y.x.10-0-0-1.ns.pod', { kind: 'none' }],
    ['dns-version', { kind: 'version' }],
    ['x.dns-version', { kind: 'none' }],
    ['dns', { kind: 'dns' }],
    ['ns.dns', { kind: 'name-server' }],
    ['x.dns', { kind: 'none' }],
    ['x.ns.dns', { kind: 'none' }],
    ['other', { kind: 'none' }],
    ['web.ns.other', { kind: 'none' }],
    ['svc.svc.svc', { kind: 'service', namespace: 'svc', service: 'svc' }],
    [String.raw`a\.b.ns.svc`, { kind: 'service', namespace: 'ns', service: 'a.b' }],
    [String.raw`web\.ns.svc`, { kind: 'namespace', tree: 'svc', namespace: 'web.ns' }],
    ['*.ns.svc', { kind: 'service', namespace: 'ns', service: '*' }],
  ])('%s', (base, meaning) => {
    expect(read(base)).toEqual(meaning);
  });

  it('bug: a port without a name had the name `_`', () => {
    expect(read('_._tcp.web.ns.svc')).toEqual({ kind: 'none' });
    expect(read('_http._.web.ns.svc')).toEqual({ kind: 'none' });
    expect(read('_._.web.ns.svc')).toEqual({ kind: 'none' });
    expect(read('_.web.ns.svc')).toEqual({ kind: 'endpoint', label: '_', ...web });
  });

  it('in the root zone as in any other', () => {
    expect(parseClusterName(Name.fromText('web.ns.svc'), Name.root, false)).toEqual({ kind: 'service', ...web });
    expect(parseClusterName(Name.root, Name.root, false)).toEqual({ kind: 'apex' });
  });

  it('of the largest length without harm', () => {
    const labels = Array.from({ length: 120 }, () => 'a');
    expect(read([...labels.slice(0, 110), 'ns', 'svc'].join('.'))).toEqual({ kind: 'none' });
    expect(read([...labels.slice(0, 110), 'ns', 'pod'].join('.'))).toEqual({ kind: 'none' });
    expect(read([...labels.slice(0, 100), 'pin', '_zone', 'web', 'ns', 'svc'].join('.'), true)).toEqual({
      kind: 'topology',
      mode: 'pin',
      zone: labels.slice(0, 100).join('.'),
      ...web,
    });
  });
});

describe('names of topology zones', () => {
  it.each<[string, ClusterName]>([
    ['eu-1.pin._zone.web.ns.svc', { kind: 'topology', mode: 'pin', zone: 'eu-1', ...web }],
    ['EU-1.prefer._zone.web.ns.svc', { kind: 'topology', mode: 'prefer', zone: 'eu-1', ...web }],
    ['eu.1.pin._zone.web.ns.svc', { kind: 'topology', mode: 'pin', zone: 'eu.1', ...web }],
    ['pin._zone.web.ns.svc', { kind: 'topology', mode: 'pin', zone: undefined, ...web }],
    ['prefer._zone.web.ns.svc', { kind: 'topology', mode: 'prefer', zone: undefined, ...web }],
    ['_zone.web.ns.svc', { kind: 'topology', mode: 'pin', zone: undefined, ...web }],
    ['x._zone.web.ns.svc', { kind: 'none' }],
    ['eu-1.x._zone.web.ns.svc', { kind: 'none' }],
  ])('%s', (base, meaning) => {
    expect(read(base, true)).toEqual(meaning);
  });

  it('are ordinary names where nobody asked for them', () => {
    expect(read('_zone.web.ns.svc')).toEqual({ kind: 'endpoint', label: '_zone', ...web });
    expect(read('eu-1.pin._zone.web.ns.svc')).toEqual({ kind: 'none' });
  });
});

describe('the address in the name of a pod', () => {
  it.each([
    ['10-0-0-1', '10.0.0.1'],
    ['fd00--1', 'fd00::1'],
    ['--1', '::1'],
    ['1-2-3-4-5-6-7-8', '1:2:3:4:5:6:7:8'],
    ['1--2-3', '1::2:3'],
    ['10-0-0', '10:0:0'],
    ['nginx', 'nginx'],
  ])('%s is %s', (label, text) => {
    expect(podAddressText(label)).toBe(text);
  });
});
