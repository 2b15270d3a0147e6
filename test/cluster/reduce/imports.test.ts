/** ServiceImports and the slices that belong to them, reduced; whatever comes in. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImportedSlice } from '../../../src/cluster/objects.ts';
import type { Reduction } from '../../../src/cluster/reduce/reading.ts';
import { reduceEndpointSlice, reduceImportedSlice, reduceServiceImport } from '../../../src/cluster/reduce/reduce.ts';
import { formatAddress } from '../../../src/dns/address.ts';

function reduced<T>(reduction: Reduction<T>): T {
  if (reduction.outcome !== 'object') throw new Error(JSON.stringify(reduction));
  return reduction.object;
}

function complaints(reduction: Reduction<unknown>): readonly string[] {
  return reduction.outcome === 'object' ? reduction.complaints.map(({ message }) => message) : [];
}

const metadata = { name: 'web', namespace: 'shop' };

describe('a ServiceImport', () => {
  it.each(['multicluster.x-k8s.io/v1beta1', 'multicluster.x-k8s.io/v1alpha1'])('of %s has its IPs', (apiVersion) => {
    const ports = [{ name: 'HTTP', port: 80, protocol: 'TCP' }];
    const spec = { type: 'ClusterSetIP', ips: ['10.112.0.1', 'fd00::1'], ports };
    const service = reduced(reduceServiceImport({ apiVersion, kind: 'ServiceImport', metadata, spec }));
    expect(service).toMatchObject({
      ...metadata,
      kind: 'cluster-ip',
      externalName: '',
      externalAddresses: [],
      ports: [{ name: 'http', protocol: 'tcp', number: 80 }],
    });
    expect(service.clusterIPs.map(formatAddress)).toEqual(['10.112.0.1', 'fd00::1']);
  });

  it('that is headless has none, whatever it says', () => {
    const spec = { type: 'Headless', ips: ['10.112.0.1'] };
    expect(reduced(reduceServiceImport({ metadata, spec }))).toMatchObject({
      kind: 'headless',
      clusterIPs: [],
      ports: [],
    });
  });

  it('keeps the IPs that are some, and says which are not', () => {
    const reduction = reduceServiceImport({
      metadata,
      spec: { type: 'ClusterSetIP', ips: ['10.0.0', '10.112.0.1', 7] },
    });
    expect(reduced(reduction).clusterIPs.map(formatAddress)).toEqual(['10.112.0.1']);
    expect(complaints(reduction).join('\n')).toMatch(/"10\.0\.0" is no IP address/);
    expect(complaints(reduction)).toHaveLength(2);
  });

  it('without a name is rejected', () => {
    expect(reduceServiceImport({ metadata: {}, spec: {} })).toMatchObject({
      outcome: 'rejected',
      path: ['metadata', 'name'],
    });
  });
});

function slice(labels: unknown): unknown {
  return {
    metadata: { name: 'web-east', namespace: 'shop', labels },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.1.0.1'], hostname: 'w-0' },
      { addresses: ['10.1.0.2'], conditions: { ready: false } },
    ],
    ports: [{ name: 'http', port: 8080 }],
  };
}

const IMPORTED = 'multicluster.kubernetes.io/service-name';
const SOURCE = 'multicluster.kubernetes.io/source-cluster';
const OWN = 'kubernetes.io/service-name';

describe('a slice of an import', () => {
  it('belongs to it, and comes from a cluster', () => {
    const reduction = reduceImportedSlice(slice({ [IMPORTED]: 'web', [SOURCE]: 'East' }));
    expect(reduced<ImportedSlice>(reduction)).toMatchObject({
      name: 'web-east',
      namespace: 'shop',
      service: 'web',
      cluster: 'east',
      addresses: Uint8Array.of(10, 1, 0, 1),
      notReady: 1,
      hostnames: 'w-0',
    });
    expect(complaints(reduction)).toEqual([]);
    expect(reduceEndpointSlice(slice({ [IMPORTED]: 'web', [SOURCE]: 'east' })).outcome).toBe('passed-over');
  });

  it('may belong to a Service of this cluster as well', () => {
    const both = slice({ [IMPORTED]: 'web', [SOURCE]: 'east', [OWN]: 'derived-web' });
    expect(reduced(reduceImportedSlice(both)).service).toBe('web');
    expect(reduced(reduceEndpointSlice(both))).toMatchObject({ service: 'derived-web' });
    expect(reduced(reduceEndpointSlice(both))).not.toHaveProperty('cluster');
  });

  it.each([
    [{ [IMPORTED]: 'web' }, /source-cluster is missing/],
    [{ [IMPORTED]: 'web', [SOURCE]: 'a.b' }, /"a\.b" is no label of DNS/],
  ])('of which cluster nobody can say keeps its addresses: %j', (labels, message) => {
    const reduction = reduceImportedSlice(slice(labels));
    expect(reduced(reduction)).toMatchObject({ cluster: '', addresses: Uint8Array.of(10, 1, 0, 1) });
    expect(complaints(reduction)).toEqual([expect.stringMatching(message)]);
  });

  it('is none where it says nothing of an import', () => {
    expect(reduceImportedSlice(slice({ [OWN]: 'web' })).outcome).toBe('passed-over');
    expect(reduceImportedSlice(slice(undefined)).outcome).toBe('passed-over');
  });
});

it('nothing that comes in makes them throw', () => {
  const leaf = fc.oneof(fc.anything(), fc.constantFrom('Headless', '10.0.0.1', '::1', null, 0, []));
  const value = fc.record({
    metadata: fc.record({
      name: fc.constant('a'),
      labels: fc.oneof(leaf, fc.record({ [IMPORTED]: leaf, [SOURCE]: leaf })),
    }),
    spec: fc.oneof(leaf, fc.record({ type: leaf, ips: fc.oneof(leaf, fc.array(leaf)), ports: fc.array(leaf) })),
    addressType: leaf,
    endpoints: fc.array(fc.oneof(leaf, fc.record({ addresses: leaf, conditions: leaf }))),
  });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), value), (object) => {
      for (const reduce of [reduceServiceImport, reduceImportedSlice]) {
        expect(['object', 'rejected', 'passed-over']).toContain(reduce(object).outcome);
      }
    }),
  );
});
