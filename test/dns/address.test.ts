import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, parseReverseName, reverseName } from '../../src/dns/address.ts';
import { Name } from '../../src/dns/name.ts';

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** With more zeros than chance would give. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const anyAddress = fc.oneof(ipv4, ipv6);

describe('text of an address', () => {
  it.each([
    ['10.96.0.1', '10.96.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['fd00:10:96::a', 'fd00:10:96::a'],
    // RFC 5952 §4.2: the longest run, the first of two, and never a single group
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
  ])('%s is read and written as %s', (text, written) => {
    const octets = parseAddress(text);
    expect(octets && formatAddress(octets)).toBe(written);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    'fe80::1%eth0',
    'g::',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '[::1]',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('takes for IPv4 what Node takes for it, and nothing else', () => {
    const digits = fc.oneof(
      fc.nat(300).map(String),
      fc.constantFrom('', '0', '00', '01', '255', '256', '1e1', '+1', ' 1', '１'),
    );
    const almost = fc.array(digits, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.oneof(almost, fc.string({ maxLength: 16 })), (text) => {
        const octets = parseAddress(text);
        expect(octets?.length === 4).toBe(isIPv4(text));
        if (octets?.length === 4) expect(octets.join('.')).toBe(text);
      }),
      { numRuns: 5_000 },
    );
  });

  it('comes back as the same octets, in a form that Node takes too', () => {
    fc.assert(
      fc.property(anyAddress, (octets) => {
        const text = formatAddress(octets);
        expect(octets.length === 4 ? isIPv4(text) : isIPv6(text)).toBe(true);
        expect(parseAddress(text)).toEqual(octets);
      }),
    );
  });

  it('is the canonical one: as URL writes it', () => {
    fc.assert(
      fc.property(ipv6, (octets) => {
        expect(`[${formatAddress(octets)}]`).toBe(new URL(`http://[${formatAddress(octets)}]/`).hostname);
      }),
    );
  });
});

describe('reverse names', () => {
  it.each([
    ['10.96.0.1', '1.0.96.10.in-addr.arpa.'],
    ['2001:db8::567:89ab', 'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.'],
  ])('%s is %s', (text, name) => {
    expect(reverseName(parseAddress(text) ?? new Uint8Array(4)).toString()).toBe(name);
  });

  it('lead back to the address, in either case', () => {
    fc.assert(
      fc.property(anyAddress, (octets) => {
        const name = reverseName(octets);
        expect(parseReverseName(name)).toEqual({ kind: 'address', octets });
        expect(parseReverseName(Name.fromText(name.toString().toUpperCase()))).toEqual({ kind: 'address', octets });
      }),
    );
  });

  it.each([
    ['in-addr.arpa', 4, []],
    ['10.in-addr.arpa', 4, [10]],
    ['0.96.10.in-addr.arpa', 4, [10, 96, 0]],
    ['ip6.arpa', 6, []],
    ['8.B.d.0.1.0.0.2.ip6.arpa', 6, [2, 0, 0, 1, 0, 13, 11, 8]],
  ] as const)('%s is a prefix', (text, family, digits) => {
    expect(parseReverseName(Name.fromText(text))).toEqual({ kind: 'prefix', family, digits });
  });

  it.each([
    'arpa',
    '.',
    'example',
    'xin-addr.arpa',
    '1.2.3.4.in-addr.arpa.example',
    '5.1.2.3.4.in-addr.arpa',
    '256.in-addr.arpa',
    '01.in-addr.arpa',
    '1a.in-addr.arpa',
    '-1.in-addr.arpa',
    '10.ip6.arpa',
    'g.ip6.arpa',
    `${'0.'.repeat(33)}ip6.arpa`,
  ])('%s stands for no address', (text) => {
    expect(parseReverseName(Name.fromText(text))).toBeUndefined();
  });
});
