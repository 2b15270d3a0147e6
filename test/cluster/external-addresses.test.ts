/** External addresses of Services: found by address and by prefix, as a naive model finds them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FactCounters, NOBODY, addressFact, prefixesFact } from '../../src/cluster/facts.ts';
import type { Service } from '../../src/cluster/objects.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { makeService, makeSlice } from './objects.ts';

const ADDRESSES = ['192.0.2.1', '192.0.3.1', '2001:db8::1'];

const octets = (text: string): Uint8Array => makeSlice({ addresses: [text] }).addresses;

const service = fc
  .record({
    name: fc.constantFrom('a', 'b'),
    clusterIPs: fc.subarray(['10.0.0.1', '192.0.2.1']),
    // One may be given twice, and a host name is none.
    externalAddresses: fc.array(fc.constantFrom(...ADDRESSES, 'lb.example.net'), { maxLength: 4 }),
  })
  .map(makeService);

describe('external addresses', () => {
  it('are found after any changes, apart from cluster IPs', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(service, fc.constantFrom('a', 'b')), { maxLength: 20 }), (changes) => {
        const state = new ClusterState(new FactCounters(), () => 5_000);
        const model = new Map<string, Service>();
        for (const change of changes) {
          if (typeof change === 'string') {
            state.removeService('default', change);
            model.delete(change);
          } else {
            state.setService(change);
            model.set(change.name, change);
          }
        }
        const having = (text: string): readonly Service[] =>
          [...model.values()].filter(({ externalAddresses }) => externalAddresses.includes(text));
        for (const text of ADDRESSES) {
          const found = state.externalServicesAt(NOBODY, octets(text));
          expect(new Set(found)).toEqual(new Set(having(text)));
          expect(found).toHaveLength(having(text).length);
        }
        const isUsed = (text: string): boolean => having(text).length > 0;
        expect(state.hasExternalPrefix(NOBODY, 4, [192, 0])).toBe(isUsed('192.0.2.1') || isUsed('192.0.3.1'));
        expect(state.hasExternalPrefix(NOBODY, 4, [192, 0, 3])).toBe(isUsed('192.0.3.1'));
        expect(state.hasExternalPrefix(NOBODY, 6, [2, 0, 0, 1])).toBe(isUsed('2001:db8::1'));
        expect(state.hasExternalPrefix(NOBODY, 4, [10])).toBe(false);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('raise the facts of what came and went, and of prefixes only where these come or go', () => {
    const facts = new FactCounters();
    const state = new ClusterState(facts, () => 5_000);
    const versions = (): readonly number[] =>
      [...ADDRESSES.map((text) => addressFact(octets(text))), prefixesFact].map((fact) => facts.version(fact));
    const raised = (externalAddresses: readonly string[]): readonly boolean[] => {
      const before = versions();
      state.setService(makeService({ externalAddresses }));
      return versions().map((version, i) => version !== before[i]);
    };
    expect(raised(['192.0.2.1'])).toEqual([true, false, false, true]);
    expect(raised(['192.0.2.1', 'lb.example.net'])).toEqual([true, false, false, false]);
    expect(raised(['192.0.3.1'])).toEqual([true, true, false, true]);
  });
});
