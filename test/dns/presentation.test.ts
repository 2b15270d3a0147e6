import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { formatRecord } from '../../src/dns/presentation-format.ts';
import { type RecordDefaults, parseRecord } from '../../src/dns/presentation.ts';
import type { RRset } from '../../src/dns/rrset.ts';

const defaults: RecordDefaults = { origin: Name.fromText('example.org.'), ttl: 3600 };

function parsed(text: string): RRset {
  const record = parseRecord(text, defaults);
  if (record.kind === 'error') throw new Error(`${record.message}; expected ${record.expected}`);
  return record.set;
}

function fault(text: string): { readonly message: string; readonly expected: string; readonly at: number } {
  const record = parseRecord(text, defaults);
  if (record.kind === 'record') throw new Error(`parsed: ${formatRecord(record.set, 0)}`);
  return { message: record.message, expected: record.expected, at: record.at };
}

const X = `"${'x'.repeat(255)}"`;
const Y = `"${'y'.repeat(255)}"`;
const LENGTHS = 'at most 65535 octets, each string of 255 with its length';

/** What a record reads as, written out again in the canonical form. */
const rewritten = (text: string): string | undefined => formatRecord(parsed(text), 0);

describe('a record as text (RFC 1035 §5.1)', () => {
  it.each([
    ['www.example.org. 60 IN A 192.0.2.1', 'www.example.org. 60 IN A 192.0.2.1'],
    ['www 60 IN A 192.0.2.1', 'www.example.org. 60 IN A 192.0.2.1'],
    ['@ A 192.0.2.1', 'example.org. 3600 IN A 192.0.2.1'],
    ['www IN 60 A 192.0.2.1', 'www.example.org. 60 IN A 192.0.2.1'],
    ['www in a 192.0.2.1', 'www.example.org. 3600 IN A 192.0.2.1'],
    ['www CH 0 TXT x', 'www.example.org. 0 CH TXT "x"'],
    ['www 1h30m A 192.0.2.1', 'www.example.org. 5400 IN A 192.0.2.1'],
    ['www AAAA 2001:DB8:0:0::1', 'www.example.org. 3600 IN AAAA 2001:db8::1'],
    ['www CNAME other', 'www.example.org. 3600 IN CNAME other.example.org.'],
    ['www CNAME .', 'www.example.org. 3600 IN CNAME .'],
    ['WwW CNAME Other.Test.', 'WwW.example.org. 3600 IN CNAME Other.Test.'],
    ['a\\.b NS ns', 'a\\.b.example.org. 3600 IN NS ns.example.org.'],
    ['a\\\\. NS ns', 'a\\\\. 3600 IN NS ns.example.org.'],
    ['a\\. NS ns', 'a\\..example.org. 3600 IN NS ns.example.org.'],
    ['a\\032b PTR x', 'a\\032b.example.org. 3600 IN PTR x.example.org.'],
    ['old DNAME new.test.', 'old.example.org. 3600 IN DNAME new.test.'],
    ['_http._tcp SRV 0 100 8080 Target', '_http._tcp.example.org. 3600 IN SRV 0 100 8080 Target.example.org.'],
    [
      'www TXT plain "two words" "a \\"b\\" \\\\ \\255"',
      'www.example.org. 3600 IN TXT "plain" "two words" "a \\"b\\" \\\\ \\255"',
    ],
    ['www TXT ""', 'www.example.org. 3600 IN TXT ""'],
    [`www TXT "" ${'x'.repeat(255)} ${'y'.repeat(510)}z`, `www.example.org. 3600 IN TXT "" ${X} ${Y} ${Y} "z"`],
    ['www TXT "a;b (c)" ; a comment', 'www.example.org. 3600 IN TXT "a;b (c)"'],
    ['www TXT é', 'www.example.org. 3600 IN TXT "\\195\\169"'],
    ['@ MX 10 mail', 'example.org. 3600 IN MX 10 mail.example.org.'],
    [
      '@ SOA ns hostmaster (\n  2024 ; serial\n  2h 900 1w\n  60 )',
      'example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. 2024 7200 900 604800 60',
    ],
    ['www HINFO "ANY obsoleted" "See RFC 8482"', 'www.example.org. 3600 IN HINFO "ANY obsoleted" "See RFC 8482"'],
    ['@ CAA 0 issue "ca.test; policy=ev"', 'example.org. 3600 IN CAA 0 issue "ca.test; policy=ev"'],
  ])('%s', (text, canonical) => {
    expect(rewritten(text)).toBe(canonical);
  });

  it('takes the generic form for every type (RFC 3597 §5)', () => {
    expect(rewritten('www TYPE65280 \\# 3 ab cdEF')).toBe('www.example.org. 3600 IN TYPE65280 \\# 3 abcdef');
    expect(rewritten('www CLASS32 TYPE731 \\# 0')).toBe('www.example.org. 3600 CLASS32 TYPE731 \\# 0');
    expect(rewritten('www A \\# 4 C0000201')).toBe('www.example.org. 3600 IN A 192.0.2.1');
    expect(rewritten('www TYPE1 192.0.2.1')).toBe('www.example.org. 3600 IN A 192.0.2.1');
    expect(rewritten('www TXT \\# 3 026869')).toBe('www.example.org. 3600 IN TXT "hi"');
  });
});

describe('a text that is no record says what was expected, and where', () => {
  it.each([
    ['', 'the record ends too early', 'a record: NAME [TTL] [CLASS] TYPE DATA', 0],
    ['www 60 IN', 'the record ends too early', 'a record type', 9],
    ['www 60 IN B 1', "'B' is no type of record", 'a TTL, a class or a record type', 10],
    ['www 60 60 A 192.0.2.1', "'60' is no type of record", 'a TTL, a class or a record type', 7],
    ['www OPT \\# 0', "'OPT' is no type of record", 'a TTL, a class or a record type', 4],
    ['www ANY ANY x', "'ANY' is no type of record", 'a TTL, a class or a record type', 8],
    ['www A 192.0.2', "'192.0.2' is no IPv4 address", 'an IPv4 address', 6],
    ['www A 2001:db8::1', "'2001:db8::1' is no IPv4 address", 'an IPv4 address', 6],
    ['www AAAA fe80::1%eth0', "'fe80::1%eth0' is no IPv6 address", 'an IPv6 address', 9],
    ['www A 192.0.2.1 192.0.2.2', "'192.0.2.2' is one word too many", 'the end of the record', 16],
    ['www CNAME a..b', "'a..b' is no domain name", 'the name that the record points to', 10],
    ['www SRV 0 0 65536 x', "'65536' is no number from 0 to 65535", 'a port, from 0 to 65535', 12],
    ['www 4294967296 A 192.0.2.1', 'a TTL of 4294967296', 'a TTL of at most 2147483647 seconds', 4],
    ['www TXT "open', 'a quote that is never closed', `a second '"'`, 8],
    ['www TXT \\256', "the escape '\\256' stands for no octet", '\\000 to \\255, or a character that is no digit', 8],
    [`www HINFO ${'x'.repeat(256)} y`, 'a string of 256 octets', 'at most 255 octets', 10],
    [`www TXT ${'x'.repeat(65_536)}`, 'a string of 65536 octets', 'at most 65535 octets', 8],
    [`www TXT ${'x'.repeat(65_300)}`, 'strings of more than 65535 octets', LENGTHS, 8],
    [`www SPF ${`${'x'.repeat(255)} `.repeat(256)}`, 'strings of more than 65535 octets', LENGTHS, 8],
    ['www A (192.0.2.1', "a '(' without its ')'", "a ')' at the end", 16],
    ['www A 192.0.2.1)', "a ')' without its '('", "a '(' before it", 15],
    ['www TLSB 3 1 1 00', "'TLSB' is no type of record", 'a TTL, a class or a record type', 4],
    ['www IPSECKEY 1 2 x', 'data of type IPSECKEY in words', '\\# LENGTH HEX, the generic form of record data', 13],
    ['www A \\# 0', 'octets that are no A record', 'valid data', 6],
    ['www A \\# 3 c00002', 'octets that are no A record', 'valid data', 6],
    ['www TYPE731 \\# 3 c000', 'data that is not 3 octets in hexadecimal', '6 hexadecimal digits', 12],
    ['@ CAA 0 is-sue x', "'is-sue' is no property", 'letters and digits', 8],
    ['www A \u0007', "'\\007' is no IPv4 address", 'an IPv4 address', 6],
  ])('%j', (text, message, expected, at) => {
    expect(fault(text)).toEqual({ message, expected, at });
  });

  it('never throws, whatever the text is', () => {
    const word = fc.constantFrom(
      'www',
      '@',
      'IN',
      'A',
      'TXT',
      'SOA',
      '60',
      '"',
      '\\',
      '\\#',
      '(',
      ')',
      ';',
      '\n',
      '.',
      'é',
      '\\9',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 12 }), fc.constantFrom(' ', ''), (words, gap) => {
        parseRecord(words.join(gap), defaults);
      }),
      { numRuns: 3000 },
    );
  });
});

const octets = (min: number, max: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: min, maxLength: max });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const name = fc.array(octets(1, 15), { maxLength: 8 }).map(
  (labels) =>
    Name.fromLabels(
      labels.map((label) => Buffer.from(label).toString('latin1')),
      Name.root,
    ) ?? Name.root,
);
/** An RRset without its header, for every kind. */
type RecordData = RRset extends infer Set ? (Set extends RRset ? Omit<Set, 'owner' | 'class' | 'ttl'> : never) : never;
const header = fc.record({
  owner: name,
  class: fc.constantFrom(1, 3, 4, 254, 255, 32, 0xffff),
  ttl: fc.integer({ min: 0, max: 0x7fff_ffff }),
});
const data: fc.Arbitrary<RecordData> = fc.oneof(
  octets(4, 4).map((address) => ({ kind: 'address' as const, type: Type.A, octets: address })),
  octets(16, 16).map((address) => ({ kind: 'address' as const, type: Type.AAAA, octets: address })),
  fc.record({
    kind: fc.constant('name' as const),
    type: fc.constantFrom(Type.NS, Type.CNAME, Type.PTR, Type.DNAME),
    targets: fc.tuple(name),
  }),
  fc.record({
    kind: fc.constant('srv' as const),
    type: fc.constant(Type.SRV),
    services: fc.tuple(fc.record({ priority: uint16, weight: uint16, port: uint16, target: name })),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    type: fc.constant(Type.TXT),
    texts: fc.tuple(fc.array(octets(0, 255), { minLength: 1, maxLength: 4 })),
  }),
  fc.record({
    kind: fc.constant('mx' as const),
    type: fc.constant(Type.MX),
    exchanges: fc.tuple(fc.record({ preference: uint16, exchange: name })),
  }),
  fc.record({
    kind: fc.constant('soa' as const),
    type: fc.constant(Type.SOA),
    soa: fc.record({
      primary: name,
      mailbox: name,
      serial: uint32,
      refresh: uint32,
      retry: uint32,
      expire: uint32,
      minimum: uint32,
    }),
  }),
  fc.record({
    kind: fc.constant('opaque' as const),
    type: fc.constantFrom(Type.HINFO, Type.CAA, Type.DS, 44, 731, 0xffff),
    data: fc.tuple(octets(0, 300)),
  }),
  fc.tuple(octets(0, 255), octets(0, 255)).map(([cpu, os]) => ({
    kind: 'opaque' as const,
    type: Type.HINFO,
    data: [Uint8Array.from([cpu.length, ...cpu, os.length, ...os])],
  })),
  fc.tuple(fc.nat(255), octets(0, 300)).map(([flags, value]) => ({
    kind: 'opaque' as const,
    type: Type.CAA,
    data: [Uint8Array.from([flags, 5, ...Buffer.from('issue'), ...value])],
  })),
);

describe('formatRecord', () => {
  it('writes what parseRecord reads as the same record', () => {
    fc.assert(
      fc.property(header, data, (head, rest) => {
        const set: RRset = { ...head, ...rest };
        const text = formatRecord(set, 0) ?? '';
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(parsed(text)).toEqual(set);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes each record of a set, and nothing beyond the last', () => {
    const set = parsed('www A 192.0.2.1');
    if (set.kind !== 'address') throw new Error(set.kind);
    const two: RRset = { ...set, octets: Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 2) };
    expect(formatRecord(two, 1)).toBe('www.example.org. 3600 IN A 192.0.2.2');
    expect(formatRecord(two, 2)).toBeUndefined();
    expect(formatRecord(parsed('@ SOA a b 1 2 3 4 5'), 1)).toBeUndefined();
  });
});
