import * as fc from 'fast-check';
import { SocketAddress } from 'node:net';
import { networkInterfaces } from 'node:os';
import { beforeAll, expect, it } from 'vitest';
import { AddressTexts } from '../../../src/transport/udp-batch/address-texts.ts';
import { nativeSupport } from '../../../src/native/native.ts';
import { describeBatches } from '../fixtures.ts';

describeBatches('addresses as text', () => {
  let texts: AddressTexts;
  beforeAll(() => {
    const support = nativeSupport();
    if (support.kind === 'absent') throw new Error(support.why);
    texts = new AddressTexts(support.native);
  });

  const octet = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));

  function words(octets: readonly number[]): readonly number[] {
    const view = new DataView(Uint8Array.from(octets).buffer);
    return Array.from({ length: octets.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  }

  function ipv6(octets: readonly number[], scope = 0): string {
    const [first = 0, second = 0, third = 0, fourth = 0] = words(octets);
    return texts.ipv6(first, second, third, fourth, scope);
  }

  it('are those of IPv4, however often they are asked for', () => {
    fc.assert(
      fc.property(fc.array(octet, { minLength: 4, maxLength: 4 }), (octets) => {
        const [word = 0] = words(octets);
        expect(texts.ipv4(word)).toBe(octets.join('.'));
        expect(texts.ipv4(word)).toBe(octets.join('.'));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are those that Node.js writes for IPv6', () => {
    fc.assert(
      fc.property(fc.array(octet, { minLength: 16, maxLength: 16 }), (octets) => {
        const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0));
        const address = groups.map((group) => group.toString(16)).join(':');
        const text = new SocketAddress({ address, family: 'ipv6' }).address;
        expect(ipv6(octets)).toBe(text);
        expect(ipv6(octets)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('have the interface where they are link-local, by its name or else its number', () => {
    const linkLocal = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(ipv6(linkLocal)).toBe('fe80::1');
    expect(ipv6(linkLocal, 999_999)).toBe('fe80::1%999999');
    expect(ipv6([0xfd, ...linkLocal.slice(1)], 1)).toBe('fd80::1');
    const name = Object.keys(networkInterfaces()).find((candidate) => candidate.startsWith('lo'));
    // The loopback interface is the first of every network namespace.
    expect(ipv6(linkLocal, 1)).toBe(`fe80::1%${name}`);
  });
});
