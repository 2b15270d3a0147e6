/** Record data that is held as octets, from text: against octets written down by hand, and what is said of wrong words. */
import { describe, expect, it } from 'vitest';
import { Name } from '../../src/dns/name.ts';
import { parseRecord } from '../../src/dns/presentation.ts';

const defaults = { origin: Name.fromText('test.'), ttl: 60 };

/** The data of a record in hexadecimal, or what is wrong with it. */
function dataOf(text: string): string {
  const record = parseRecord(`x ${text}`, defaults);
  if (record.kind === 'error') return `${record.message}; expected ${record.expected}`;
  return record.set.kind === 'opaque' ? Buffer.from(record.set.data[0] ?? []).toString('hex') : record.set.kind;
}

describe('record data as text', () => {
  it.each([
    ['HINFO "a" "bc"', '0161 026263'],
    ['RP box.test. info', '03626f78047465737400 04696e666f047465737400'],
    ['AFSDB 1 db', '0001 026462047465737400'],
    ['KX 10 kx.', '000a 026b7800'],
    ['NAPTR 100 50 "s" "z3950+I2L" "" _z._tcp', '00640032 0173 097a333935302b49324c 00 025f7a045f746370047465737400'],
    ['LOC 42 21 54 N 71 06 18 W -24m 30m', '00331613 89172dd0 70be15f0 00988d20'],
    ['LOC 0 N 0 E 0', '00121613 80000000 80000000 00989680'],
    ['DS 12345 ECDSAP256SHA256 2 00ff 11', '30390d02 00ff11'],
    ['CDS 0 0 0 00', '00000000 00'],
    ['DNSKEY 257 3 13 AAEC AwQF', '0101030d 000102030405'],
    ['SSHFP 4 2 abCD', '0402 abcd'],
    ['CERT PKIX 1 8 AA==', '0001000108 00'],
    ['TLSA 3 1 1 00 ff', '030101 00ff'],
    ['SMIMEA 3 1 1 00', '030101 00'],
    ['DHCID AAEC', '000102'],
    ['OPENPGPKEY AAEC', '000102'],
    ['EUI48 00-00-5e-00-53-2A', '00005e00532a'],
    ['EUI64 00-00-5e-ef-10-00-00-2a', '00005eef1000002a'],
    ['URI 10 1 "http://x/"', '000a0001 687474703a2f2f782f'],
    ['CAA 128 issue "ca"', '80 056973737565 6361'],
    ['SPF "v=spf1" "-all"', '06763d73706631 042d616c6c'],
    [`SPF ${'-'.repeat(256)} ""`, `ff${'2d'.repeat(255)} 012d 00`],
    ['ZONEMD 2018031500 1 1 00ff', '7848 b78c 0101 00ff'],
    ['CSYNC 66 3 A NS AAAA', '00000042 0003 0004 60000008'],
    [
      'RRSIG A 13 2 300 20260101000000 1767139200 12345 @ AAEC',
      '0001 0d02 0000012c 6955b900 69546780 3039 047465737400 000102',
    ],
    [
      'NSEC next A MX RRSIG NSEC TYPE1234',
      '046e657874047465737400 0006400100000003 041b 0000000000000000000000000000000000000000000000000000 20',
    ],
    ['NSEC next', '046e657874047465737400'],
    [
      'NSEC3 1 1 12 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr A',
      '0101000c 02aabb 14174eb2409fe28bcb4887a1836f957f0a8425e27b 000140',
    ],
    ['NSEC3PARAM 1 0 0 -', '01000000 00'],
    ['SVCB 0 alias', '0000 05616c696173047465737400'],
    ['HTTPS 1 . alpn=h2,h3 port=8443', '0001 00 0001 0006 026832026833 0003 0002 20fb'],
    ['HTTPS 1 . port="53" no-default-alpn alpn="h2"', '000100 00010003026832 00020000 000300020035'],
    [
      'SVCB 16 foo. mandatory=ipv4hint,alpn alpn=h2 ipv4hint=192.0.2.1',
      '0010 03666f6f00 0000000400010004 00010003026832 00040004c0000201',
    ],
    [
      'SVCB 1 foo. ipv6hint=2001:db8::1 key667="a\\210b" ech=AAEC',
      '0001 03666f6f00 00050003000102 000600102001 0db8 0000000000000000000000 01 029b000361d262',
    ],
    [String.raw`SVCB 1 foo. alpn=f\\,oo,h2`, '0001 03666f6f00 00010008 04662c6f6f 026832'],
  ])('%s', (text, octets) => {
    expect(dataOf(text)).toBe(octets.replaceAll(' ', ''));
  });

  it.each([
    ['DS 1 2 3 0f0', "'0f0' is not hexadecimal; expected a digest in hexadecimal"],
    ['DS 1 FOO 3 00', "'FOO' is not an algorithm; expected an algorithm"],
    ['DS 1 2 3', 'the record ends too early; expected a digest in hexadecimal'],
    ['DNSKEY 257 3 13 A===', "'A===' is not base64; expected a key in base64"],
    [
      'RRSIG A 13 2 300 20261301000000 0 1 @ AA==',
      "'20261301000000' is no moment; expected an expiration: YYYYMMDDHHmmSS",
    ],
    ['RRSIG FOO 13 2 300 0 0 1 @ AA==', "'FOO' is no type of record; expected a record type"],
    ['NSEC3 1 0 0 0 AA', "'0' is no salt; expected hexadecimal, or -"],
    ['NSEC3 1 0 0 - ww', "'ww' is not base32hex; expected a hash"],
    ['NSEC a ANY', "'ANY' is no type of record; expected a record type"],
    ['EUI48 00-00-5e', "'00-00-5e' is no such address; expected 6 octets: 00-00-5e-…"],
    ['LOC 91 N 0 E 0', 'more than 90 degrees; expected LATITUDE'],
    ['LOC 1 60 N 0 E 0', "'60' is no angle; expected LATITUDE"],
    ['LOC 1 N 0 E high', "'high' are no metres; expected LATITUDE"],
    ['HTTPS 1 . alpn=h2 alpn=h3', "'alpn' stands there twice; expected each key once"],
    ['HTTPS 1 . foo=1', "'foo=1' is no service parameter; expected KEY=VALUE"],
    ['HTTPS 1 . port=70000', "'70000' is no port; expected a number from 0 to 65535"],
    ['HTTPS 1 . ipv4hint=::1', "'::1' are no IPv4 addresses; expected IPv4 addresses with commas between them"],
    ['HTTPS 1 . mandatory=port', 'key3 is mandatory and not there; expected all mandatory keys'],
    ['HTTPS 1 . mandatory=mandatory', "'mandatory' is no list of keys; expected keys with commas between them"],
    ['HTTPS 1 . alpn=', "'' is no list of protocols; expected protocols with commas between them"],
    ['CAA 0 is-sue x', "'is-sue' is no property; expected letters and digits"],
    [
      'APL 1:192.0.2.0/24',
      String.raw`data of type APL in words; expected \# LENGTH HEX, the generic form of record data`,
    ],
  ])('%s', (text, message) => {
    expect(dataOf(text)).toContain(message);
  });
});
