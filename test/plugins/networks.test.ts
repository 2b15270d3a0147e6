import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Network, NetworkSet, clientOctets, parseNetwork } from '../../src/plugins/networks.ts';

const set = (...texts: readonly string[]): NetworkSet =>
  new NetworkSet(texts.flatMap((text) => parseNetwork(text) ?? []));
const has = (networks: NetworkSet, address: string): boolean =>
  networks.has(clientOctets(address) ?? new Uint8Array(0));

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.0.0.0', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '10.0.0.1', false],
    ['::/0', 'ffff::', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:db8::1', '2001:db8::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
  ])('%s, %s: %s', (network, address, expected) => {
    expect(has(set(network), address)).toBe(expected);
  });

  it.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::1%eth0',
    'example.org',
    '010.0.0.1',
  ])("'%s' is none", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it('an address is in the set where it is in one of the networks, whatever they are', () => {
    /** Few different octets, so that networks meet. */
    const octet = fc.constantFrom(0, 1, 127, 128, 255);
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.array(octet, { minLength: 4, maxLength: 4 }).map((list) => Uint8Array.from(list)),
      fc.array(octet, { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
    );
    const network = fc
      .tuple(octets, fc.nat(1000))
      .map(([address, bits]): Network => ({ octets: address, bits: bits % (address.length * 8 + 1) }));
    const bitsOf = (address: Uint8Array): string =>
      Array.from(address, (one) => one.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(fc.array(network, { maxLength: 12 }), octets, (networks, address) => {
        const expected = networks.some(
          (one) =>
            one.octets.length === address.length &&
            bitsOf(one.octets).slice(0, one.bits) === bitsOf(address).slice(0, one.bits),
        );
        expect(new NetworkSet(networks).has(address)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('10,000 networks cost about as much as their bits', () => {
    const texts = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 0xff}.0/24`);
    const networks = set(...texts);
    const inside = clientOctets('10.20.3.4') ?? new Uint8Array(0);
    const outside = clientOctets('11.0.0.1') ?? new Uint8Array(0);
    const start = performance.now();
    let found = 0;
    for (let i = 0; i < 100_000; i++) {
      if (networks.has(inside)) found++;
      if (networks.has(outside)) found++;
    }
    // One after the other would be a billion comparisons for each.
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(found).toBe(100_000);
  });
});
