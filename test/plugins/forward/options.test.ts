/** The words of a `forward` line: every option, and everything that can be wrong with one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { forward } from '../../../src/plugins/forward/forward.ts';
import { keyPairs } from '../../support/upstreams/certificates.ts';
import { expectProblem } from '../problems.ts';
import { problemsOf } from '../support.ts';

const folder = mkdtempSync(join(tmpdir(), 'forward-options-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'resolv.conf'), 'search example\nnameserver 192.0.2.7\nnameserver fe80::1%eth0 # near\n');
writeFileSync(join(folder, 'nobody.conf'), 'search example\nnameserver somebody\n');
writeFileSync(join(folder, 'crowd.conf'), Array.from({ length: 16 }, (_, i) => `nameserver 192.0.2.${i}\n`).join(''));
writeFileSync(join(folder, 'large.conf'), '#'.repeat(bounds.resolvConfText + 1));
writeFileSync(join(folder, 'large.pem'), '#'.repeat(bounds.certificateText + 1));
writeFileSync(join(folder, 'cert.pem'), keyPairs.server.cert);
writeFileSync(join(folder, 'key.pem'), keyPairs.server.key);
writeFileSync(join(folder, 'empty.pem'), '');

/** Problems of a line, or of one with a block. */
function problems(args: string, ...options: readonly string[]): string {
  const block = options.length === 0 ? '' : ` {\n${options.join('\n')}\n}`;
  return problemsOf(forward, `forward ${args}${block}`, { folder }).join('\n');
}

/** Of an option of an otherwise right line. */
function wrong(...options: readonly string[]): string {
  return problems('. 192.0.2.1', ...options);
}

describe('what is right', () => {
  it.each([
    '. 192.0.2.1',
    '. 192.0.2.1:5353 [2001:db8::1]:53 2001:db8::2 fe80::1%eth0 dns://192.0.2.2',
    '. tls://192.0.2.1%dns.example:853 tls://[2001:db8::1%dns.example]:853 tls://2001:db8::2%dns.example',
    '. https://192.0.2.1 https://192.0.2.2%dns.example:8443 DNS://192.0.2.3',
    '. dns.example dns.example:5353 tls://dns.example.',
    '. resolv.conf ./resolv.conf',
    'example.org 192.0.2.1',
    '10.0.0.0/8 192.0.2.1',
  ])('forward %s', (args) => {
    expect(problems(args)).toBe('');
  });

  it.each([
    ['except a.example b.example', 'except c.example'],
    ['force_tcp'],
    ['prefer_udp'],
    ['expire 1m', 'max_age 2m'],
    ['max_age 0s'],
    ['max_idle_conns 10', 'max_fails 0', 'max_connect_attempts 0', 'max_concurrent 1000'],
    ['read_timeout 500ms'],
    ['health_check 5s no_rec domain example.org'],
    ['health_check 10ms'],
    ['policy sequential'],
    ['policy round_robin'],
    ['next SERVFAIL REFUSED', 'next nxdomain', 'next_on_nodata'],
    ['failover SERVFAIL REFUSED'],
    ['failfast_all_unhealthy_upstreams'],
    ['source_address 127.0.0.1'],
    ['resolver 192.0.2.9 192.0.2.9:5353 [2001:db8::9]:53', 'resolver 2001:db8::9'],
    ['mix_case'],
  ])('%s', (...options: readonly string[]) => {
    expect(wrong(...options)).toBe('');
  });

  it.each([
    ['tls://192.0.2.1', 'tls', 'tls_servername dns.example'],
    ['192.0.2.1 tls://dns.example', 'tls cert.pem'],
    ['https://192.0.2.1', 'tls cert.pem key.pem'],
    ['tls://192.0.2.1', 'tls cert.pem key.pem cert.pem'],
    ['https://192.0.2.1', 'doh_method GET'],
  ])('%s with %s', (to, ...options: readonly string[]) => {
    expect(problems(`. ${to}`, ...options)).toBe('');
  });
});

describe('what has no effect', () => {
  it.each([
    ['192.0.2.1', 'tls', "'tls' has no effect: no TO begins with tls:// or https://", 'tls://192.0.2.1'],
    ['192.0.2.1:53 tls', 'tls_servername dns.example', "'tls_servername' has no effect", 'tls://192.0.2.1'],
    ['[2001:db8::1]:5353', 'tls cert.pem', "'tls' has no effect", 'tls://[2001:db8::1]:5353'],
    ['resolv.conf dns://dns.example:8530', 'tls cert.pem', "'tls' has no effect", 'tls://dns.example:8530'],
    [
      'tls://192.0.2.1',
      'doh_method GET',
      "'doh_method' has no effect: no TO begins with https://",
      'https://192.0.2.1',
    ],
  ])('forward . %s with %s', (to, option, message, suggestion) => {
    const text = problems(`. ${to}`, option);
    expect(text).toContain(`Corefile:3:1: warning: ${message}`);
    expect(text).toContain(`did you mean '${suggestion}'?`);
  });

  it('has no suggestion where only files are asked', () => {
    expect(problems('. resolv.conf', 'tls')).toMatch(
      /'tls' has no effect.*\n.*\n.*\n.*expected: a TO with tls:\/\/ or https:\/\/$/,
    );
  });
});

describe('what was meant otherwise', () => {
  it.each([
    ['. 127.0.0.1:abc', 'the port abc is not from 1 to 65535', '127.0.0.1'],
    ['. tls://127.0.0.1:', "no port follows the ':'", 'tls://127.0.0.1'],
    ['. [::1]:99999', 'the port 99999 is not from 1 to 65535', '[::1]'],
    ['. dns.example:-1', 'the port -1 is not from 1 to 65535', 'dns.example'],
    ['. 2001:db8:1:2:3:4:5:6:5353', 'is no IP address', '[2001:db8:1:2:3:4:5:6]:5353'],
    ['. 127.0.0.1:5301, 127.0.0.1', 'upstreams are separated by spaces', '127.0.0.1:5301'],
    ['. 192.0.2.1;192.0.2.2', 'upstreams are separated by spaces', '192.0.2.1 192.0.2.2'],
    ['. 192.0.2.1{', "a space must stand before '{'", '192.0.2.1 {'],
    ['. https://127.0.0.1:8443/my-query', 'the path is always /dns-query; leave it out', 'https://127.0.0.1:8443'],
    ['. https://127.0.0.1/dns-query', 'the path is always /dns-query; leave it out', 'https://127.0.0.1'],
    ['. tls://127.0.0.1/', "no path such as '/' belongs to an upstream", 'tls://127.0.0.1'],
    ['127.0.0.1:5301', "FROM is missing: '127.0.0.1:5301' is an upstream", 'forward . 127.0.0.1:5301'],
    ['::1', "FROM is missing: '::1' is an upstream", 'forward . ::1'],
    ['[::1]:53 ::1', "warning: '[::1]:53' is read as the zone", 'forward . [::1]:53 ::1'],
    ['tls://192.0.2.1', "FROM is missing: 'tls://192.0.2.1' is an upstream", 'forward . tls://192.0.2.1'],
    ['/etc/resolv.conf', "FROM is missing: '/etc/resolv.conf' is an upstream", 'forward . /etc/resolv.conf'],
    ['192.0.2.1 192.0.2.2', "warning: '192.0.2.1' is read as the zone 192.0.2.1.", 'forward . 192.0.2.1 192.0.2.2'],
    ['. ::1:5301', "warning: '::1:5301' is an address without a port", '[::1]:5301'],
    ['. tls://2001:db8::1:853', "warning: '2001:db8::1:853' is an address without a port", 'tls://[2001:db8::1]:853'],
  ])('forward %s', (args, message, suggestion) => {
    const told = problemsOf(forward, `forward ${args}`, { folder }).filter((text) => !text.includes("surplus '}'"));
    expectProblem(told, message, `did you mean '${suggestion}'?`);
  });

  it.each(['. 2001:db8::53', '. 2001:db8::1:25', '. [::1:5301]', '. fe80::1:2'])('not in forward %s', (args) => {
    expect(problems(args)).toBe('');
  });

  it("a '{' that options are stuck to", () => {
    const text = problems('. 192.0.2.1 {max_fails 2');
    expect(text).toContain("Corefile:2:21: '{' must end the line, and 'max_fails' stands behind it");
    expect(text).not.toContain('not an IP address');
  });

  it('a line of a file of nameservers: with its place, and five at most', () => {
    const lines = [
      'nameserver',
      'nameserver 10.0.0.300',
      'namserver 1.1.1.1',
      ' nameserver 192.0.2.1 192.0.2.2',
      'sarch x',
    ];
    const path = join(folder, 'mistaken.conf');
    writeFileSync(path, `${lines.join('\r\n')}\nnameserver 192.0.2.9:53\nnameserver x\n`);
    const found = problemsOf(forward, 'forward . mistaken.conf', { folder });
    expect(found.map((text) => text.split('\n')[0])).toEqual([
      `${path}:1:1: warning: no address follows 'nameserver'`,
      `${path}:2:12: warning: '10.0.0.300' is no IP address`,
      `${path}:3:1: warning: unknown word 'namserver'`,
      `${path}:4:23: warning: '192.0.2.2' is passed over: a line names one address`,
      `${path}:6:12: warning: '192.0.2.9:53' is no IP address`,
    ]);
    expect(found[2]).toContain("did you mean 'nameserver'?");
  });
});

describe('what is wrong with the line', () => {
  it.each([
    ['', "'forward' needs at least 2 arguments"],
    ['.', "'forward' needs at least 2 arguments"],
    ['a..b 192.0.2.1', 'zone is not a valid domain name'],
    ['10.0.0.0/7 192.0.2.1', 'covers 2 zones: only 10.in-addr.arpa. is forwarded'],
    ['. 192.0.2.1:0', 'the port 0 is not from 1 to 65535'],
    ['. 192.0.2.1:65536', 'the port 65536 is not from 1 to 65535'],
    ['. 192.0.2.300', "not an IP address or file: '192.0.2.300'"],
    ['. [192.0.2.1', "not an IP address or file: '[192.0.2.1'"],
    [`. ${'x'.repeat(10_000)}`, 'not an IP address or file'],
    ['. tls://192.0.2.1%', "'' is no server name"],
    ['. -dns.example', "not an IP address or file: '-dns.example'"],
    ['. quic://192.0.2.1', 'upstreams cannot be asked over quic://'],
    ['. quic://192.0.2.1', "did you mean 'tls://192.0.2.1'"],
    ['. grpc://192.0.2.1', "did you mean 'tls://192.0.2.1'"],
    ['. https3://192.0.2.1', "did you mean 'https://192.0.2.1'"],
    ['. tsl://192.0.2.1', "unknown scheme 'tsl'"],
    ['. tsl://192.0.2.1', "did you mean 'tls://192.0.2.1'"],
    ['. ./missing.conf', 'missing.conf does not exist'],
    ['. /dev/null', 'is no regular file'],
    ['. nobody.conf', 'names no nameserver'],
    ['. crowd.conf', 'names more than 15 nameservers'],
    ['. large.conf', `has more than ${bounds.resolvConfText} octets`],
    [`. ${Array.from({ length: 16 }, (_, i) => `192.0.2.${i}`).join(' ')}`, 'more than 15 TOs configured: 16'],
    [
      `. resolv.conf ${Array.from({ length: 14 }, (_, i) => `192.0.2.${i}`).join(' ')}`,
      'more than 15 TOs configured: 16',
    ],
  ])('forward %s', (args, message) => {
    expect(problems(args)).toContain(message);
  });
});

describe('what is wrong with an option', () => {
  it.each([
    ['max_fail 2', "unknown option of 'forward' 'max_fail'"],
    ['max_fail 2', "did you mean 'max_fails'"],
    ['except', "'except' needs an argument"],
    ['except a..b', 'zone is not a valid domain name'],
    ['force_tcp yes', "'force_tcp' takes no arguments"],
    ['prefer_udp yes', "'prefer_udp' takes no arguments"],
    ['next_on_nodata yes', "'next_on_nodata' takes no arguments"],
    ['failfast_all_unhealthy_upstreams 1', "'failfast_all_unhealthy_upstreams' takes no arguments"],
    ['mix_case yes', "'mix_case' takes no arguments"],
    ['force_tcp {\n}', "'force_tcp' takes no block"],
    ['expire', "'expire' needs an argument"],
    ['expire 10', "did you mean '10s'"],
    ['expire 10s 20s', "'expire' takes at most 1 argument"],
    ['expire 2h', 'the duration 2h is out of range'],
    ['expire -1s', 'the duration -1s is out of range'],
    ['max_age soon', "'soon' is not a duration"],
    ['max_age 5s', 'max_age cannot be less than expire'],
    ['read_timeout 0s', 'the duration 0s is out of range'],
    ['read_timeout', "'read_timeout' needs an argument"],
    ['max_idle_conns -1', 'max_idle_conns must be in range [0, 1000000]'],
    ['max_idle_conns many', "'many' is not a whole number"],
    ['max_fails -1', 'max_fails must be in range [0, 1000000]'],
    ['max_fails', "'max_fails' needs an argument"],
    ['max_connect_attempts -1', 'max_connect_attempts must be in range [0, 1000000]'],
    ['max_concurrent 1000001', 'max_concurrent must be in range [0, 1000000]'],
    ['health_check', "'health_check' needs an argument"],
    ['health_check 9ms', 'the duration 9ms is out of range'],
    ['health_check 1s domain', "no name follows 'domain'"],
    ['health_check 1s domain a..b', "'a..b' is no domain name"],
    ['health_check 1s no_recursion', "unknown option of 'health_check' 'no_recursion'"],
    ['policy', "'policy' needs an argument"],
    ['policy first', "wrong value 'first'"],
    ['policy randon', "did you mean 'random'"],
    ['next', "'next' needs an argument"],
    ['next SERVFALL', "unknown response code 'SERVFALL'"],
    ['failover', "'failover' needs an argument"],
    ['failover NOERROR', "'NOERROR' cannot be used with 'failover'"],
    ['failover SERVFALL', "did you mean 'SERVFAIL'"],
    ['tls a b c d', "'tls' takes at most 3 arguments"],
    ['tls missing.pem', 'missing.pem does not exist'],
    ['tls empty.pem', 'empty.pem holds no certificate'],
    ['tls cert.pem empty.pem', 'empty.pem holds no key'],
    ['tls large.pem', `has more than ${bounds.certificateText} octets`],
    ['tls_servername', "'tls_servername' needs an argument"],
    ['tls_servername a b', "'tls_servername' takes at most 1 argument"],
    ['tls_servername a..b', "'a..b' is no server name"],
    ['doh_method PUT', "wrong value 'PUT'"],
    ['doh_method', "'doh_method' needs an argument"],
    ['source_address here', "'here' is no IP address"],
    ['source_address 2001:db8::1', '192.0.2.1 cannot be reached from 2001:db8::1'],
    ['resolver', "'resolver' needs an argument"],
    ['resolver dns.example', "'dns.example' is no IP address"],
    ['resolver 192.0.2.1:0', "'192.0.2.1:0' is no IP address"],
    ['expire 20s\nexpire 30s', "'expire' is given twice: this one holds"],
    ['force_tcp\nprefer_udp', "'force_tcp' and 'prefer_udp' exclude each other: 'force_tcp' holds"],
    ['prefer_udp\nforce_tcp', "'force_tcp' and 'prefer_udp' exclude each other: 'force_tcp' holds"],
  ])('%s', (option, message) => {
    expect(wrong(option)).toContain(message);
  });

  it('tls_servername beside %NAME', () => {
    expect(problems('. tls://192.0.2.1%dns.example', 'tls_servername other.example')).toContain(
      "'tls_servername' and 'tls://192.0.2.1%dns.example' exclude each other",
    );
  });
});

describe('a line that no query comes to', () => {
  const TAKEN = "warning: no query comes so far: the 'forward' at Corefile:2:1 takes all of them";
  const lines = (first: string, second: string, zones = ['.']): readonly string[] =>
    problemsOf(forward, `forward ${first}\nforward ${second}`, { folder, zones });

  it.each([
    ['. 192.0.2.1', '. 192.0.2.2'],
    ['. 192.0.2.1', 'example.org 192.0.2.2'],
    ['example.org 192.0.2.1', 'a.EXAMPLE.org 192.0.2.2'],
    ['. 192.0.2.1 {\nexcept example.com\n}', 'example.org 192.0.2.2'],
  ])('forward %s, forward %s', (first, second) => {
    expectProblem(lines(first, second), TAKEN, "or 'next' in the block");
  });

  it.each([
    ['example.org 192.0.2.1', '. 192.0.2.2'],
    ['example.org 192.0.2.1', 'example.com 192.0.2.2'],
    ['. 192.0.2.1 {\nnext SERVFAIL\n}', '. 192.0.2.2'],
    ['. 192.0.2.1 {\nnext_on_nodata\n}', '. 192.0.2.2'],
    ['. 192.0.2.1 {\nexcept example.org\n}', '. 192.0.2.2'],
    ['. 192.0.2.1 {\nexcept example.org\n}', 'a.example.org 192.0.2.2'],
  ])('is not the second of forward %s, forward %s', (first, second) => {
    expect(lines(first, second)).toEqual([]);
  });

  it('is the third where the second takes what the first passes on', () => {
    const [told, ...more] = lines('. 192.0.2.1 {\nnext SERVFAIL\n}', '. 192.0.2.2\nforward . 192.0.2.3');
    expect(told).toContain("Corefile:6:1: warning: no query comes so far: the 'forward' at Corefile:5:1 takes");
    expect(more).toEqual([]);
  });

  it('is one for a zone outside of those of the block', () => {
    const outside = problemsOf(forward, 'forward other.org 192.0.2.1', { folder, zones: ['example.org'] });
    expectProblem(outside, "2:9: warning: no query comes so far: 'other.org' is outside of 'example.org'");
  });
});
