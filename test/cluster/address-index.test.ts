/** The index behind reverse names. */
import { describe, expect, it } from 'vitest';
import { AddressIndex } from '../../src/cluster/address-index.ts';
import { AddressPrefixes } from '../../src/cluster/prefixes.ts';

describe('an address index', () => {
  const ip = Uint8Array.of(10, 0, 0, 1);

  it('gives the holders in the order in which they came, each once', () => {
    const index = new AddressIndex<{ readonly id: number }>();
    const [a, b, c] = [{ id: 1 }, { id: 2 }, { id: 3 }];
    for (const holder of [a, b, a, c, b]) index.add(ip, holder);
    expect(index.at(ip)).toEqual([a, b, c]);
    index.remove(ip, b);
    index.remove(ip, b);
    expect(index.at(ip)).toEqual([a, c]);
    index.remove(ip, a);
    expect(index.at(ip)).toEqual([c]);
    index.remove(ip, c);
    expect(index.at(ip)).toEqual([]);
  });

  it.each([4, 16])('puts a holder in the place of another that has the address (%i octets)', (width) => {
    const index = new AddressIndex<{ readonly id: number }>();
    const octets = new Uint8Array(width);
    const [a, b, c, d] = [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }];
    expect(index.add(octets, a, 0, width, d)).toBe(true);
    expect(index.add(octets, b, 0, width, a)).toBe(false);
    expect(index.at(octets)).toEqual([b]);
    expect(index.remove(octets, a)).toBe(false);
    for (const holder of [c, a]) index.add(octets, holder);
    index.add(octets, d, 0, width, c);
    expect(index.at(octets)).toEqual([b, d, a]);
    // One that has it already stays where it is, and the other too.
    index.add(octets, a, 0, width, b);
    expect(index.at(octets)).toEqual([b, d, a]);
    index.remove(octets, c);
    expect(index.at(octets)).toEqual([b, d, a]);
  });

  it('tells addresses apart that begin alike, and families', () => {
    const index = new AddressIndex<{ readonly id: string }>();
    const addresses = [
      Uint8Array.of(0, 0, 0, 0),
      Uint8Array.of(255, 255, 255, 255),
      Uint8Array.of(128, 0, 0, 0),
      Uint8Array.of(0, 0, 0, 128),
      new Uint8Array(16),
      new Uint8Array(16).fill(255),
    ];
    addresses.forEach((octets, id) => index.add(octets, { id: String(id) }));
    addresses.forEach((octets, id) => expect(index.at(octets)).toEqual([{ id: String(id) }]));
  });
});

describe('prefixes in use', () => {
  it('are those of addresses that are, down to none at all', () => {
    const prefixes = new AddressPrefixes();
    const [first, second] = [Uint8Array.of(10, 0, 0, 1), Uint8Array.of(10, 0, 0, 2)];
    prefixes.add(first);
    prefixes.add(second);
    prefixes.remove(first);
    expect([[], [10], [10, 0], [10, 0, 0]].map((digits) => prefixes.has(4, digits))).toEqual([true, true, true, true]);
    expect(prefixes.has(4, [10, 0, 1])).toBe(false);
    expect(prefixes.has(6, [])).toBe(false);
    prefixes.remove(second);
    expect([[], [10], [10, 0], [10, 0, 0]].some((digits) => prefixes.has(4, digits))).toBe(false);
  });

  it('of IPv6 go by nibbles', () => {
    const prefixes = new AddressPrefixes();
    prefixes.add(Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0xfd : i)));
    expect(prefixes.has(6, [0xf])).toBe(true);
    expect(prefixes.has(6, [0xf, 0xd, 0])).toBe(true);
    expect(prefixes.has(6, [0xf, 0xd, 1])).toBe(false);
    expect(prefixes.has(4, [0xf])).toBe(false);
  });
});
