/** The functions that look at the query, and which of them keep an answer from being given again. */
import { describe, expect, it } from 'vitest';
import { Flag } from '../../../src/dns/constants.ts';
import { isInCidr, parseCidr, parseClientAddress } from '../../../src/plugins/expressions/cidr.ts';
import { makeQuery } from '../support.ts';
import { evaluate } from './support.ts';

const QUERY = {
  client: { protocol: 'udp', clientAddress: '2001:db8::1', clientFamily: 6, clientPort: 4242 },
  edns: { udpSize: 1400, dnssecOk: true },
} as const;

describe('functions of the query', () => {
  it.each([
    ['type()', 'AAAA'],
    ['name()', 'www.example.org.'],
    ['class()', 'IN'],
    ['opcode()', 0],
    ['do()', true],
    ['proto()', 'udp'],
    ['server_port()', '53'],
    ["incidr('10.1.2.3', '10.0.0.0/8')", true],
  ])('%s is told by the question: the answer may be given again', (source, expected) => {
    const query = makeQuery('WWW.example.org.', 'AAAA', QUERY);
    expect(evaluate(source, query)).toBe(expected);
    expect(query.replaying.allowed).toBe(true);
  });

  it.each([
    ['id()', 58_857],
    ['size()', 44],
    ['bufsize()', 1400],
    ['client_ip()', '2001:db8::1'],
    ['port()', '4242'],
    ['server_ip()', '127.0.0.53'],
    ["incidr(client_ip(), '2001:db8::/32')", true],
    ["metadata('a/b')", ''],
  ])('%s is the client’s own: the answer is made anew for each', (source, expected) => {
    const query = makeQuery('WWW.example.org.', 'AAAA', QUERY);
    expect(evaluate(source, query)).toBe(expected);
    expect(query.replaying.allowed).toBe(false);
  });

  it('decides by what was looked at, not by what stands there', () => {
    const source = "type() == 'A' && incidr(client_ip(), '10.0.0.0/8')";
    const [other, same] = [makeQuery('a.', 'AAAA'), makeQuery('a.', 'A')];
    expect([evaluate(source, other), evaluate(source, same)]).toEqual([false, false]);
    expect([other.replaying.allowed, same.replaying.allowed]).toEqual([true, false]);
  });

  it('gives what CoreDNS gives where the client says nothing', () => {
    expect(evaluate('bufsize()', makeQuery('a.', 'A'))).toBe(512);
    expect(evaluate('bufsize()', makeQuery('a.', 'A', { edns: { udpSize: 100 } }))).toBe(512);
    expect(evaluate('bufsize()', makeQuery('a.', 'A', { client: { protocol: 'tcp' } }))).toBe(65_535);
    expect(evaluate('proto()', makeQuery('a.', 'A', { client: { protocol: 'tcp' } }))).toBe('tcp');
    expect(evaluate('do()', makeQuery('a.', 'A'))).toBe(false);
    expect(evaluate('type() + class()', makeQuery('a.', 'TYPE65280', { class: 'CH' }))).toBe('TYPE65280CH');
    // NOTIFY
    expect(evaluate('opcode()', makeQuery('a.', 'SOA', { flags: (4 << 11) | Flag.AA }))).toBe(4);
  });

  it('asks who offers metadata, and gives nothing where nobody does', () => {
    const metadata = new Map([['a/b', ({ name }: { readonly name: { toString(): string } }) => name.toString()]]);
    expect(evaluate("metadata('a/b')", makeQuery('x.', 'A'), metadata)).toBe('x.');
    expect(evaluate("metadata('a/c')", makeQuery('x.', 'A'), metadata)).toBe('');
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['192.168.4.0/22', '192.168.7.255', true],
    ['192.168.4.0/22', '192.168.8.0', false],
    ['192.0.2.1/32', '192.0.2.1', true],
    ['192.0.2.1/32', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '203.0.113.9', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['10.0.0.0/8', '64:ff9b::10.1.2.3', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:0:0/96', '203.0.113.9', true],
  ])('%s has %s: %s', (network, address, expected) => {
    const cidr = parseCidr(network);
    const octets = parseClientAddress(address);
    if (cidr === undefined || octets === undefined) throw new Error('no network or no address');
    expect(isInCidr(octets, cidr)).toBe(expected);
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0/8',
    '::/129',
    '::/1 ',
    '/8',
    'a/8',
    '1.2.3.4/8/8',
  ])('%s is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});
