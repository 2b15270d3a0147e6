/** A snapshot's octets: what goes in comes out, and nothing comes out of octets that are not as they were written. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '../../../../src/cluster/objects.ts';
import { decodeSnapshot } from '../../../../src/cluster/watch/snapshot/decode.ts';
import { encodeSnapshot } from '../../../../src/cluster/watch/snapshot/encode.ts';
import {
  MAGIC,
  type SnapshotHeader,
  TRAILER_SIZE,
  VERSION,
  VERSION_WITH_IMPORTS,
} from '../../../../src/cluster/watch/snapshot/snapshot.ts';
import { makeService, makeSlice } from '../../objects.ts';
import { HEADER, NO_OBJECTS, type Objects, anyHeader, anyObjects, decoded, encoded } from './arbitrary.ts';

/** A bit of everything. */
const SAMPLE: Objects = {
  ...NO_OBJECTS,
  namespaces: [{ name: 'shop', labels: { team: 'blue', tier: 'gold' } }],
  services: [
    makeService({
      namespace: 'shop',
      clusterIPs: ['10.96.0.7', 'fd00::7'],
      ports: [{ name: 'http', protocol: 'tcp', number: 80 }],
      externalAddresses: ['192.0.2.1', 'lb.example'],
    }),
    makeService({ name: 'out', kind: 'external-name', externalName: 'www.example' }),
  ],
  endpointSlices: [
    makeSlice({
      namespace: 'shop',
      ports: [{ name: 'http', protocol: 'tcp', number: 80 }],
      addresses: ['10.1.0.1', '10.1.0.2'],
      hostnames: ['web-0', 'web-1'],
      targets: ['pod-0', 'pod-1'],
      zones: ['a', 'b'],
    }),
    makeSlice({ namespace: 'shop', name: 'web-2', addresses: ['fd00::1', 'FD00::2'] }),
  ],
  pods: [
    { namespace: 'shop', name: 'web-7d4b9c6f5-x2k9p', ip: '10.1.0.1' },
    { namespace: 'shop', name: 'web-名', ip: 'fd00::1' },
  ],
};

/** The octets with a trailer that fits them, whatever they are: what a program with a fault could write. */
function sealed(octets: Uint8Array): Buffer {
  const whole = Buffer.concat([octets, Buffer.alloc(TRAILER_SIZE)]);
  whole.writeUIntBE(whole.length, octets.length, 6);
  whole.writeUInt32BE(crc32(whole.subarray(0, -4)), whole.length - 4);
  return whole;
}

describe('a snapshot', () => {
  it('gives back any state of a cluster', () => {
    fc.assert(
      fc.property(anyHeader, anyObjects, (header, objects) => {
        expect(decoded(encoded(header, objects))).toEqual({ header, objects });
      }),
      { numRuns: 200 },
    );
  });

  it('of nothing is nothing', () => {
    expect(decoded(encoded(HEADER, NO_OBJECTS))).toEqual({ header: HEADER, objects: NO_OBJECTS });
  });

  it('may lie anywhere in a larger buffer', () => {
    const octets = encoded(HEADER, SAMPLE);
    const within = Buffer.concat([Buffer.alloc(3, 1), octets, Buffer.alloc(5, 1)]).subarray(3, 3 + octets.length);
    expect(decoded(within)).toEqual({ header: HEADER, objects: SAMPLE });
    expect(decoded(Uint8Array.from(octets))).toEqual({ header: HEADER, objects: SAMPLE });
  });

  it('comes in chunks of at most 64 KiB, also where an object is larger', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `pod-with-a-rather-long-name-${i}`);
    const large: EndpointSlice = { ...makeSlice({}), addresses: new Uint8Array(40_000), targets: names.join('\n') };
    const small = Array.from({ length: 5_000 }, (_, i) => makeSlice({ name: `web-${i}`, addresses: ['10.0.0.1'] }));
    const objects = { ...NO_OBJECTS, endpointSlices: [small, large, small].flat() };
    const sizes = [...encodeSnapshot(HEADER, objects)].map((chunk) => chunk.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
    expect(sizes.length).toBeGreaterThan(8);
    expect(decoded(encoded(HEADER, objects))?.objects).toEqual(objects);
  });

  it('shares texts and lists of ports that come again', () => {
    const ports = [{ name: 'http', protocol: 'tcp', number: 80 }];
    const services = Array.from({ length: 100 }, (_, i) => makeService({ name: `web-${i}`, ports: [...ports] }));
    const octets = encoded(HEADER, { ...NO_OBJECTS, services });
    expect(octets.length).toBeLessThan(100 * 20);
    const [first, second] = decoded(octets)?.objects.services ?? [];
    expect(second?.ports).toEqual(ports);
    expect(second?.ports).toBe(first?.ports);
  });

  it('is let go of by the addresses that were read from it', () => {
    const endpointSlices = Array.from({ length: 10_000 }, (_, i) =>
      makeSlice({ name: `web-${i}`, addresses: ['10.0.0.1', '10.0.0.2'] }),
    );
    const octets = encoded(HEADER, { ...NO_OBJECTS, endpointSlices });
    const buffers = new Set(decoded(octets)?.objects.endpointSlices.map(({ addresses }) => addresses.buffer));
    expect(buffers.has(octets.buffer)).toBe(false);
    expect(Math.max(...[...buffers].map((buffer) => buffer.byteLength))).toBeLessThanOrEqual(8_192);
  });

  // Where this fails, the format has become another one: raise VERSION, then put the new hash here.
  it('has a version for this format', () => {
    const hash = createHash('sha256').update(encoded(HEADER, SAMPLE)).digest('hex');
    expect([VERSION, hash.slice(0, 16)]).toEqual([1, '832e78dbc8bb8a9c']);
  });

  it('has the first version where Services of several clusters are not watched, and the second where they are', () => {
    const versionOf = (header: SnapshotHeader): number | undefined => encoded(header, NO_OBJECTS)[MAGIC.length];
    expect(versionOf(HEADER)).toBe(VERSION);
    const header: SnapshotHeader = { ...HEADER, resources: [...HEADER.resources, 'serviceimports', 'importedslices'] };
    expect(versionOf(header)).toBe(VERSION_WITH_IMPORTS);
    const objects: Objects = {
      ...SAMPLE,
      serviceImports: [makeService({ name: 'db', kind: 'headless' })],
      importedSlices: [{ ...makeSlice({ service: 'db', addresses: ['10.2.0.1'] }), cluster: 'east' }],
    };
    const hash = createHash('sha256').update(encoded(header, objects)).digest('hex');
    expect([VERSION_WITH_IMPORTS, hash.slice(0, 16)]).toEqual([2, 'bd75f9e102ce9f13']);
  });
});

describe('octets that are no snapshot', () => {
  it('are unusable where any of them has changed', () => {
    const octets = encoded(HEADER, SAMPLE);
    for (let at = 0; at < octets.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = Buffer.from(octets);
        damaged[at] = (octets[at] ?? 0) ^ flip;
        expect(decodeSnapshot(damaged).outcome, `octet ${at}`).toBe('unusable');
      }
    }
  });

  it('are unusable where they end early', () => {
    const octets = encoded(HEADER, SAMPLE);
    for (let length = 0; length < octets.length; length++) {
      expect(decodeSnapshot(octets.subarray(0, length)).outcome, `${length} octets`).toBe('unusable');
    }
  });

  it('are unusable or the same after any change', () => {
    const octets = encoded(HEADER, SAMPLE);
    const change = fc.record({
      at: fc.nat({ max: octets.length }),
      gone: fc.nat({ max: 40 }),
      put: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let changed: Buffer = octets;
        for (const { at, gone, put } of changes) {
          changed = Buffer.concat([changed.subarray(0, at), put, changed.subarray(at + gone)]);
        }
        const result = decoded(changed);
        if (result !== undefined) expect(changed.equals(octets)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        expect(decodeSnapshot(octets).outcome).toBe('unusable');
      }),
    );
  });

  it('end where they cannot be understood, though length and checksum fit', () => {
    const octets = encoded(HEADER, SAMPLE);
    const body = octets.subarray(0, -TRAILER_SIZE);
    const change = fc.record({ at: fc.nat({ max: body.length }), put: fc.uint8Array({ minLength: 1, maxLength: 9 }) });
    fc.assert(
      fc.property(change, fc.boolean(), ({ at, put }, replaces) => {
        const rest = body.subarray(replaces ? at + put.length : at);
        decoded(sealed(Buffer.concat([body.subarray(0, at), put, rest])));
      }),
      { numRuns: 2_000 },
    );
  });

  it('make no room for what a length claims', () => {
    const header = encoded(HEADER, NO_OBJECTS).subarray(0, -TRAILER_SIZE - 1);
    // 2⁵³ − 1: as the number of labels, as the length of a text, as the number of octets.
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const record of [
      [1, 0, 2, 0x61, ...huge],
      [1, 0, ...huge],
      [3, 0, 0, 0, 0, 0, 0, 0, 0, ...huge],
    ]) {
      const decoding = decodeSnapshot(sealed(Buffer.concat([header, Buffer.from(record)])));
      expect(decoding.outcome).toBe('snapshot');
      if (decoding.outcome === 'snapshot') expect(decoding.objects.next()).toEqual({ done: true, value: false });
    }
  });

  it.each([
    ['are of another kind', Buffer.from('apiVersion: v1\n'), 'it is no snapshot'],
    ['are none', Buffer.alloc(0), 'it is no snapshot'],
    [
      'are of another version',
      Buffer.from('nodens\0\u0003...', 'latin1'),
      `its format is version 3, and this program has version ${VERSION_WITH_IMPORTS}`,
    ],
    ['are only a beginning', encoded(HEADER, SAMPLE).subarray(0, 8), 'it is cut short or damaged'],
    ['have another end', Buffer.concat([encoded(HEADER, SAMPLE), Buffer.of(0)]), 'it is cut short or damaged'],
    [
      'name no resource',
      sealed(Buffer.from('nodens\0\u0001\0\0' + '\0'.repeat(16) + '\u0001\u0004no\0', 'latin1')),
      'its content cannot be understood',
    ],
  ])('say so where they %s', (_, octets, reason) => {
    expect(decodeSnapshot(octets)).toEqual({ outcome: 'unusable', reason });
  });
});
