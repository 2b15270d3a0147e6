import { describe, expect, it } from 'vitest';
import { renderProblem } from '../../src/corefile/problems.ts';
import { readText } from './reading.ts';

describe('keys', () => {
  const label = 'a'.repeat(63);
  const longest = `${label}.${label}.${label}.${'a'.repeat(61)}`;
  it.each<[string, readonly string[]]>([
    ['.', ['dns://.']],
    ['.:53', ['dns://.:53']],
    ['Example.ORG', ['dns://example.org.']],
    ['example.org.:1053', ['dns://example.org.:1053']],
    ['a:1', ['dns://a.:1']],
    ['a:65535', ['dns://a.:65535']],
    ['a:0053', ['dns://a.:53']],
    ['dns://a', ['dns://a.']],
    ['tls://a', ['tls://a.:853']],
    ['quic://a', ['quic://a.:853']],
    ['grpc://a', ['grpc://a.:443']],
    ['https://a', ['https://a.:443']],
    ['https3://a', ['https3://a.:443']],
    ['tls://.:8853', ['tls://.:8853']],
    ['10.0.0.0/24', ['dns://0.0.10.in-addr.arpa.']],
    ['10.1.2.3/24', ['dns://2.1.10.in-addr.arpa.']],
    ['10.0.0.0/24:53', ['dns://0.0.10.in-addr.arpa.:53']],
    ['10.9.0.0/15', ['dns://8.10.in-addr.arpa.', 'dns://9.10.in-addr.arpa.']],
    ['10.1.2.3/32', ['dns://3.2.1.10.in-addr.arpa.']],
    ['10.0.0.0/8', ['dns://10.in-addr.arpa.']],
    ['0.0.0.0/0', ['dns://in-addr.arpa.']],
    ['172.20.0.0/14', ['20', '21', '22', '23'].map((octet) => `dns://${octet}.172.in-addr.arpa.`)],
    ['2001:db8::/32', ['dns://8.b.d.0.1.0.0.2.ip6.arpa.']],
    ['2001:DB8::/32:53', ['dns://8.b.d.0.1.0.0.2.ip6.arpa.:53']],
    ['2001:db8:8000::/34', ['8', '9', 'a', 'b'].map((digit) => `dns://${digit}.8.b.d.0.1.0.0.2.ip6.arpa.`)],
    ['fd00:10:96::/112', ['dns://0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa.']],
    ['::1/128', [`dns://1.${'0.'.repeat(31)}ip6.arpa.`]],
    ['64:ff9b::192.0.2.1/128', ['dns://1.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.']],
    ['::/0', ['dns://ip6.arpa.']],
    ['0/25.2.0.192.in-addr.arpa', ['dns://0/25.2.0.192.in-addr.arpa.']],
    ['10.0.0/24', ['dns://10.0.0/24.']],
    [String.raw`a\.b.c`, [String.raw`dns://a\.b.c.`]],
    [String.raw`a\.`, [String.raw`dns://a\..`]],
    [String.raw`a\\.`, [String.raw`dns://a\\.`]],
    [String.raw`\065.c`, [String.raw`dns://\065.c.`]],
    [longest, [`dns://${longest}.`]],
  ])('%s', (key, expected) => {
    const reading = readText(`${key} {\n}\n`);
    expect(reading.errors).toEqual([]);
    expect(reading.warnings).toEqual([]);
    expect(reading.keys).toEqual([expected]);
  });

  it('a /25 is 128 zones', () => {
    const expected = Array.from({ length: 128 }, (_, octet) => `dns://${octet}.1.168.192.in-addr.arpa.`);
    expect(readText('192.168.1.0/25 {\n}').keys).toEqual([expected]);
  });

  it('a word that is all variables without a value is no key', () => {
    expect(readText('{$MORE} . {\n}').keys).toEqual([['dns://.']]);
  });
});

describe('doubtful keys are served as they are written, with a warning', () => {
  it.each([
    [
      '10.1.2.3',
      'dns://10.1.2.3.',
      `1:1 '10.1.2.3' without a mask is the literal zone '10.1.2.3.', not a reverse zone`,
    ],
    [
      'a.test:53,b.test:53',
      'dns://a.test:53,b.test.:53',
      `1:1 'a.test:53,b.test' is one zone with a colon in its name`,
    ],
    ['a:dns', 'dns://a:dns.', `1:1 'a:dns' is one zone with a colon in its name`],
    ['53', 'dns://53.', `1:1 '53' is a zone of that very name, and no port`],
    ['*.Corp:53', 'dns://*.corp.:53', `1:1 '*.Corp' is one zone of that very name, and no pattern`],
    ['^foo', 'dns://^foo.', `1:1 '^foo' is one zone of that very name, and no pattern`],
    ['(a|b).c', 'dns://(a|b).c.', `1:1 '(a|b).c' is one zone of that very name, and no pattern`],
    ['a.[a-z]+.b', 'dns://a.[a-z]+.b.', `1:1 'a.[a-z]+.b' is one zone of that very name, and no pattern`],
  ])('%s', (key, expected, warning) => {
    const reading = readText(`${key} {\n}`);
    expect(reading.keys).toEqual([[expected]]);
    expect(reading.errors).toEqual([]);
    expect(reading.warnings).toEqual([warning]);
  });
});

it.each([
  ['*.corp', 'corp'],
  ['*.*.corp', undefined],
  ['a.*', undefined],
])('of the pattern %s %s is proposed', (key, suggestion) => {
  const { problems } = readText(`${key} {\n}`);
  expect(problems.list.map((problem) => problem.suggestion)).toEqual([suggestion]);
});

describe('wrong keys', () => {
  it.each([
    ['.:', 'expecting data after last colon: ".:"'],
    ['a:0', 'port 0 is out of range'],
    ['a:65536', 'port 65536 is out of range'],
    ['a:-1', 'port -1 is out of range'],
    [':53', 'zone is not a valid domain name: it is empty'],
    ['.:dns', `'dns' is no port number`],
    ['tls://.:5x', `'5x' is no port number`],
    ['a..b:dns', 'zone is not a valid domain name: it has an empty label'],
    ['.:53,.:54', 'zone is not a valid domain name: it has an empty label'],
    ['tls://', 'zone is not a valid domain name: it is empty'],
    ['a..b', 'zone is not a valid domain name: it has an empty label'],
    ['.a', 'zone is not a valid domain name: it has an empty label'],
    ['"a b"', 'zone is not a valid domain name: it has white space or a control character'],
    ['a\\', `zone is not a valid domain name: a '\\' escapes nothing`],
    ['\\256.a', `zone is not a valid domain name: '\\256' is no octet`],
    ['a'.repeat(64), 'zone is not a valid domain name: a label is longer than 63 characters'],
    ['ü'.repeat(32), 'zone is not a valid domain name: a label is longer than 63 characters'],
    ['a.'.repeat(128), 'specified zone is too long: 256 > 255'],
    [`${'a.'.repeat(126)}aaa`, 'zone is not a valid domain name: it takes 257 octets, more than 255'],
    ['10.0.0.0/33', 'a mask of 33 bits is longer than the address'],
    ['2001:db8::/129', 'a mask of 129 bits is longer than the address'],
    ['http://a', `unknown scheme 'http'`],
  ])('%s', (key, message) => {
    const reading = readText(`${key} {\n x\n}`);
    expect(reading.errors).toEqual([`1:1 ${message}`]);
    expect(reading.keys).toEqual([[]]);
    expect(reading.directives).toEqual([[['x']]]);
  });

  it('an unknown scheme names the nearest', () => {
    expect(readText('htps://a:443 {\n}').problems.list[0]?.suggestion).toBe('https://a:443');
  });

  it('a port that an unset variable should have given names the variable', () => {
    const [problem] = readText('.:{$PORT} {\n}\n').problems.list;
    expect(problem && renderProblem(problem)).toBe(
      [
        'Corefile:1:1: expecting data after last colon: ".:"',
        '    .:{$PORT} {',
        '    ^^^^^^^^^',
        `  expected: a port from 1 to 65535; the environment variable 'PORT' is not set`,
      ].join('\n'),
    );
  });

  it('a block of which variables left no key names them', () => {
    const [problem] = readText('{$ZONES} {\n}\n').problems.list;
    expect(problem).toMatchObject({
      message: 'a server block has no key',
      note: `the environment variable 'ZONES' is not set`,
    });
  });
});

describe('the same key twice', () => {
  it.each([
    [
      'in two blocks',
      'a:53 {\n}\nA.:53 {\n}\n',
      ['3:1 cannot serve dns://a.:53 - it is already defined at Corefile:1:1'],
    ],
    ['in one block', 'a b a {\n}\n', ['1:5 cannot serve dns://a. - it is already defined at Corefile:1:1']],
    [
      'as a CIDR and as its zone',
      '10.0.0.0/15 {\n}\n1.10.in-addr.arpa {\n}',
      ['3:1 cannot serve dns://1.10.in-addr.arpa. - it is already defined at Corefile:1:1'],
    ],
    [
      'as a CIDR of many zones, once',
      '10.0.0.0/25 10.0.0.0/25 {\n}',
      ['1:13 cannot serve dns://0.0.0.10.in-addr.arpa. - it is already defined at Corefile:1:1'],
    ],
    [
      'with the default port of its scheme',
      'tls://a {\n}\ntls://a:853 {\n}',
      ['3:1 cannot serve tls://a.:853 - it is already defined at Corefile:1:1'],
    ],
    ['of two schemes is none', 'a:853 {\n}\ntls://a {\n}', []],
    ['of two ports is none', 'a:53 {\n}\na:54 {\n}', []],
    ['is left to the caller with bind', 'a {\n bind 127.0.0.1\n}\na {\n bind ::1\n}\na {\n}', []],
    ['is left to the caller with view', 'a {\n view x {\n  expr true\n }\n}\na {\n}', []],
  ])('%s', (_, text, errors) => {
    expect(readText(text).errors).toEqual(errors);
  });
});

describe('a brace without a space before it', () => {
  it('is named as what is wrong', () => {
    const { problems } = readText('.:2053{\n    whoami\n}\n');
    expect(problems.list.map(renderProblem)[0]).toMatch(/expected: a space before '\{': \.:2053 \{/);
  });
});
