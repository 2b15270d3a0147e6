import { bounds } from '../../../src/bounds.ts';
import { isIPv4 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressCount, columnTexts, type EndpointSlice } from '../../../src/cluster/objects.ts';
import { pathText, type Reduction } from '../../../src/cluster/reduce/reading.ts';
import { reduceEndpointSlice, reduceNamespace, reducePod, reduceService } from '../../../src/cluster/reduce/reduce.ts';
import { formatAddress } from '../../../src/dns/address.ts';

const NUL = String.fromCharCode(0);

function objectOf<T>(reduction: Reduction<T>): T {
  if (reduction.outcome !== 'object') throw new Error(JSON.stringify(reduction));
  return reduction.object;
}

function complaintsOf(reduction: Reduction<unknown>): readonly string[] {
  if (reduction.outcome !== 'object') throw new Error(JSON.stringify(reduction));
  return reduction.complaints.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

function service(spec: object, metadata: object = {}): unknown {
  return { kind: 'Service', metadata: { name: 'web', namespace: 'shop', ...metadata }, spec };
}

describe('a Service', () => {
  it('has its clusterIPs in their order', () => {
    const { kind, clusterIPs } = objectOf(
      reduceService(service({ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'] })),
    );
    expect(kind).toBe('cluster-ip');
    expect(clusterIPs.map(formatAddress)).toEqual(['10.96.0.1', 'fd00::1']);
  });

  it('has its clusterIP where the list is empty', () => {
    const { clusterIPs } = objectOf(reduceService(service({ clusterIP: '10.96.0.1', clusterIPs: [] })));
    expect(clusterIPs.map(formatAddress)).toEqual(['10.96.0.1']);
  });

  it.each([{ clusterIP: 'None' }, { clusterIPs: ['None'] }])('is headless with None first: %j', (spec) => {
    expect(objectOf(reduceService(service(spec)))).toMatchObject({ kind: 'headless', clusterIPs: [] });
  });

  it('without a clusterIP is not headless and has no address', () => {
    expect(objectOf(reduceService(service({ clusterIP: '' })))).toMatchObject({ kind: 'cluster-ip', clusterIPs: [] });
  });

  it('is external by its type alone, whatever its clusterIP says', () => {
    const spec = { type: 'ExternalName', externalName: 'Example.com.', clusterIP: '10.96.0.1' };
    expect(objectOf(reduceService(service(spec)))).toMatchObject({
      kind: 'external-name',
      externalName: 'Example.com.',
      clusterIPs: [],
    });
    expect(objectOf(reduceService(service({ externalName: 'example.com' })))).toMatchObject({ externalName: '' });
  });

  it('of type ExternalName without a name is rejected', () => {
    expect(reduceService(service({ type: 'ExternalName' }))).toMatchObject({ outcome: 'rejected', path: ['spec'] });
  });

  it.each([
    ['https://example.com/foo', 'example.com'],
    ['db.example.com:5432', 'db.example.com'],
    ['http://user@', undefined],
    ['db.example.com and more', undefined],
    ['a..b', undefined],
    ['-a.example', undefined],
    ['.', undefined],
    [`${'a.'.repeat(130)}b`, undefined],
  ])('whose external name is %j is complained of', (externalName, instead) => {
    const spec = { type: 'ExternalName', externalName, ports: [{ name: 'x', port: 1 }] };
    const reduction = reduceService(service(spec));
    expect(objectOf(reduction)).toMatchObject({ kind: 'external-name', externalName });
    expect(complaintsOf(reduction)).toEqual([expect.stringMatching(/^spec\.externalName: ".*" is no host name;/)]);
    const written = /write "(.*?)"/.exec(complaintsOf(reduction)[0] ?? '')?.[1];
    expect(written).toBe(instead);
  });

  it.each(['example.com', 'example.com.', 'Example.COM', '_sip._tcp.example', 'a_b.example', '10.0.0.1', 'localhost'])(
    'may have the external name %j',
    (externalName) => {
      const reduction = reduceService(service({ type: 'ExternalName', externalName }));
      expect(objectOf(reduction)).toMatchObject({ kind: 'external-name', externalName });
      expect(complaintsOf(reduction)).toEqual([]);
    },
  );

  it('of a type nobody knows is served by its clusterIP', () => {
    const spec = { type: 'Teleport', clusterIP: '10.96.0.1' };
    expect(objectOf(reduceService(service(spec))).clusterIPs).toHaveLength(1);
  });

  it('has ports in lower case, TCP where it does not say', () => {
    const ports = [
      { name: 'HTTP', port: 80 },
      { port: 53, protocol: 'UDP' },
    ];
    expect(objectOf(reduceService(service({ ports }))).ports).toEqual([
      { name: 'http', protocol: 'tcp', number: 80 },
      { name: '', protocol: 'udp', number: 53 },
    ]);
  });

  it.each([0, 99_999, -1, 1.5, '80', {}, true])('leaves the port %j out, with a complaint', (port) => {
    const reduction = reduceService(service({ ports: [{ port }, { port: 443 }] }));
    expect(objectOf(reduction).ports).toEqual([{ name: '', protocol: 'tcp', number: 443 }]);
    expect(complaintsOf(reduction)).toHaveLength(1);
    expect(complaintsOf(reduction)[0]).toContain('spec.ports[0].port');
  });

  it('leaves a port out whose protocol is none, with a complaint', () => {
    const ports = [
      { port: 80, protocol: 'HTTP' },
      { port: 81, protocol: 'SCTP' },
      { port: 82, protocol: '' },
    ];
    const reduction = reduceService(service({ ports }));
    expect(objectOf(reduction).ports).toEqual([
      { name: '', protocol: 'sctp', number: 81 },
      { name: '', protocol: 'tcp', number: 82 },
    ]);
    expect(complaintsOf(reduction)).toEqual([
      'spec.ports[0].protocol: "HTTP" is none of TCP, UDP and SCTP; the port is left out',
    ]);
  });

  it('leaves an invalid address out among good ones', () => {
    const reduction = reduceService(service({ clusterIPs: ['10.96.0.1', '10.96.0.999', 'fe80::1%eth0'] }));
    expect(objectOf(reduction).clusterIPs.map(formatAddress)).toEqual(['10.96.0.1']);
    expect(complaintsOf(reduction)).toHaveLength(2);
  });

  it('says how None is written', () => {
    expect(complaintsOf(reduceService(service({ clusterIP: 'none' })))[0]).toContain('"None"');
  });

  it('has external addresses: externalIPs, then ip or else hostname of each ingress', () => {
    const value = {
      metadata: { name: 'web' },
      spec: { externalIPs: ['192.0.2.1', 'nonsense'] },
      status: {
        loadBalancer: {
          ingress: [{ ip: '192.0.2.2', hostname: 'not.this' }, { hostname: 'lb.example.com' }, {}, { ip: 'x' }],
        },
      },
    };
    const reduction = reduceService(value);
    expect(objectOf(reduction).externalAddresses).toEqual(['192.0.2.1', '192.0.2.2', 'lb.example.com']);
    expect(complaintsOf(reduction)).toHaveLength(2);
  });

  it('without a namespace is in default', () => {
    expect(objectOf(reduceService({ metadata: { name: 'web' } })).namespace).toBe('default');
  });

  it.each([
    'a.b',
    'Web',
    '-web',
    'web-',
    'x'.repeat(64),
    'we_b',
    '',
    undefined,
    null,
    7,
    true,
    ['web'],
    'b\n',
    'ü',
    `a${NUL}`,
  ])('named %j is rejected with a reason', (name) => {
    const reduction = reduceService({ metadata: { name } });
    expect(reduction).toMatchObject({ outcome: 'rejected', path: ['metadata', 'name'] });
    expect(reduction.outcome === 'rejected' && reduction.reason).toMatch(/name/);
  });

  it('in a namespace that can be none is rejected', () => {
    expect(reduceService(service({}, { namespace: 'a.b' }))).toMatchObject({ path: ['metadata', 'namespace'] });
  });

  it('may have a name of 63 characters, or of digits', () => {
    expect(reduceService({ metadata: { name: 'x'.repeat(63) } }).outcome).toBe('object');
    expect(reduceService({ metadata: { name: '7' } }).outcome).toBe('object');
  });
});

function slice(fields: object): unknown {
  return {
    kind: 'EndpointSlice',
    metadata: { name: 'web-abc', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ...fields,
  };
}

function addressesOf(one: EndpointSlice): readonly string[] {
  const width = one.family === 4 ? 4 : 16;
  return Array.from({ length: addressCount(one) }, (_, i) =>
    formatAddress(one.addresses.subarray(i * width, (i + 1) * width)),
  );
}

describe('an EndpointSlice', () => {
  it('has the addresses of endpoints that are ready, or do not say', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'], conditions: { ready: true } },
      { addresses: ['10.0.0.2'], conditions: {} },
      { addresses: ['10.0.0.3'] },
      { addresses: ['10.0.0.4'], conditions: { ready: null } },
      { addresses: ['10.0.0.5', '10.0.0.6'], conditions: { ready: false, serving: true } },
      { addresses: ['10.0.0.7'], conditions: { ready: true, serving: false, terminating: true } },
    ];
    const found = objectOf(reduceEndpointSlice(slice({ endpoints })));
    expect(addressesOf(found)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.7']);
    expect(found.notReady).toBe(2);
    expect(found.service).toBe('web');
  });

  it('has hostname, zone and target of each address', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'] },
      {
        addresses: ['10.0.0.2', '10.0.0.3'],
        hostname: 'Web-0',
        nodeName: 'node-1',
        zone: 'Zone-A',
        targetRef: { kind: 'Pod', name: 'web-0' },
      },
      { addresses: ['10.0.0.4'], targetRef: { name: 'x'.repeat(64) } },
    ];
    const found = objectOf(reduceEndpointSlice(slice({ endpoints })));
    expect(columnTexts(found.hostnames, 4)).toEqual(['', 'Web-0', 'Web-0', '']);
    expect(columnTexts(found.zones, 4)).toEqual(['', 'zone-a', 'zone-a', '']);
    expect(columnTexts(found.targets, 4)).toEqual(['', 'web-0', 'web-0', '']);
  });

  it('keeps how an address was written', () => {
    const endpoints = [{ addresses: ['fd00::1', 'FD00:0::2'] }];
    const found = objectOf(reduceEndpointSlice(slice({ addressType: 'IPv6', endpoints })));
    expect(addressesOf(found)).toEqual(['fd00::1', 'fd00::2']);
    expect(columnTexts(found.texts, 2)).toEqual(['', 'FD00:0::2']);
  });

  it('may have ports without number, and none at all', () => {
    const ports = [{ name: 'Http', port: 80, protocol: 'TCP' }, { name: 'any' }, { port: null }, { port: 70_000 }];
    const reduction = reduceEndpointSlice(slice({ ports }));
    expect(objectOf(reduction).ports).toEqual([
      { name: 'http', protocol: 'tcp', number: 80 },
      { name: 'any', protocol: 'tcp', number: 0 },
      { name: '', protocol: 'tcp', number: 0 },
    ]);
    expect(complaintsOf(reduction)).toHaveLength(1);
    expect(objectOf(reduceEndpointSlice(slice({ ports: [] }))).ports).toEqual([]);
  });

  it('leaves addresses out that are none, or of the other family', () => {
    const reduction = reduceEndpointSlice(slice({ endpoints: [{ addresses: ['10.0.0.1', 'fd00::1', 'x', 7] }] }));
    expect(addressesOf(objectOf(reduction))).toEqual(['10.0.0.1']);
    expect(complaintsOf(reduction)).toHaveLength(3);
  });

  it('takes of IPv4 addresses exactly those that Node takes', () => {
    const part = fc.oneof(
      fc.nat(300).map(String),
      fc.constantFrom('', '0', '00', '01', '255', '256', '-1', '1e1', ' 1', 'x'),
    );
    const text = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(text, (address) => {
        const found = addressesOf(objectOf(reduceEndpointSlice(slice({ endpoints: [{ addresses: [address] }] }))));
        expect(found).toEqual(isIPv4(address) ? [address] : []);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of names is passed over', () => {
    expect(reduceEndpointSlice(slice({ addressType: 'FQDN' })).outcome).toBe('passed-over');
  });

  it('of no known type, or of no Service, is rejected', () => {
    expect(reduceEndpointSlice(slice({ addressType: 'IPv5' })).outcome).toBe('rejected');
    expect(reduceEndpointSlice(slice({ addressType: 'constructor' })).outcome).toBe('rejected');
    expect(reduceEndpointSlice(slice({ metadata: { name: 'x' } })).outcome).toBe('rejected');
  });

  it('may have a name with dots', () => {
    const metadata = { name: 'a.b', labels: { 'kubernetes.io/service-name': 'web' } };
    expect(reduceEndpointSlice(slice({ metadata })).outcome).toBe('object');
  });

  it('whose endpoints are no list says so once', () => {
    expect(reduceEndpointSlice(slice({ endpoints: 'many' }))).toMatchObject({
      complaints: [{ path: ['endpoints'], message: expect.stringContaining('expected a list') }],
    });
  });

  it('has no more endpoints than its bound, and says so', () => {
    const endpoints = Array.from({ length: bounds.sliceEndpoints + 1 }, (_, i) => ({
      addresses: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`],
    }));
    const reduced = reduceEndpointSlice(slice({ endpoints }));
    expect(addressCount(objectOf(reduced))).toBe(bounds.sliceEndpoints);
    expect(reduced).toMatchObject({
      complaints: [{ path: ['endpoints'], message: expect.stringContaining('left out') }],
    });
  });

  it('may have ten thousand endpoints', () => {
    const endpoints = Array.from({ length: 10_000 }, (_, i) => ({ addresses: [`10.0.${i >> 8}.${i & 255}`] }));
    expect(addressCount(objectOf(reduceEndpointSlice(slice({ endpoints }))))).toBe(10_000);
  });
});

describe('a Namespace', () => {
  it('has its labels', () => {
    const value = { metadata: { name: 'shop', labels: { team: 'a' } } };
    expect(objectOf(reduceNamespace(value))).toEqual({ name: 'shop', labels: { team: 'a' } });
  });

  it('with labels that are no texts keeps what can be read', () => {
    const reduction = reduceNamespace({ metadata: { name: 'shop', labels: { a: 1, b: true, c: null, d: {} } } });
    expect(objectOf(reduction).labels).toEqual({ a: '1', b: 'true', c: '' });
    expect(complaintsOf(reduction)).toHaveLength(3);
  });
});

function pod(status: unknown, metadata: object = {}): unknown {
  return { metadata: { name: 'p', ...metadata }, status };
}

describe('a Pod', () => {
  it('has its address as it was written', () => {
    expect(objectOf(reducePod(pod({ podIP: 'FD00::1' })))).toEqual({ namespace: 'default', name: 'p', ip: 'FD00::1' });
  });

  it.each([
    pod({}),
    pod({ podIP: '10.0.0.1', phase: 'Succeeded' }),
    pod({ podIP: '10.0.0.1', phase: 'Failed' }),
    pod({ podIP: '10.0.0.1', phase: 'Unknown' }),
    pod({ podIP: '10.0.0.1' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  ])('is passed over: %j', (value) => {
    expect(reducePod(value).outcome).toBe('passed-over');
  });

  it('with an address that is none is rejected', () => {
    expect(reducePod(pod({ podIP: '10.0.0' })).outcome).toBe('rejected');
  });
});

describe('whatever comes in', () => {
  const reducers = [reduceService, reduceEndpointSlice, reduceNamespace, reducePod];

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        for (const reduce of reducers) expect(['object', 'rejected', 'passed-over']).toContain(reduce(value).outcome);
      }),
    );
  });

  it('never throws where it has the right fields with the wrong values', () => {
    const leaf = fc.oneof(fc.anything(), fc.constantFrom('None', '10.0.0.1', '::1', null, 0, 99_999, []));
    const value = fc.record({
      metadata: fc.record({ name: fc.constant('a'), labels: fc.oneof(leaf, fc.dictionary(fc.string(), leaf)) }),
      spec: fc.oneof(
        leaf,
        fc.record({ clusterIP: leaf, clusterIPs: fc.array(leaf), ports: fc.array(leaf), type: leaf }),
      ),
      status: fc.oneof(leaf, fc.record({ podIP: leaf, loadBalancer: fc.oneof(leaf, fc.record({ ingress: leaf })) })),
      addressType: leaf,
      endpoints: fc.array(fc.oneof(leaf, fc.record({ addresses: leaf, conditions: leaf, targetRef: leaf }))),
      ports: fc.array(fc.oneof(leaf, fc.record({ port: leaf, name: leaf, protocol: leaf }))),
    });
    fc.assert(
      fc.property(value, (object) => {
        for (const reduce of reducers) expect(['object', 'rejected', 'passed-over']).toContain(reduce(object).outcome);
      }),
    );
  });
});
