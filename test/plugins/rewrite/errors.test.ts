/** Everything that the manual page of `rewrite` lists as an error, and what is said of it. */
import { describe, expect, it } from 'vitest';
import { rewrite } from '../../../src/plugins/rewrite/rewrite.ts';
import { summariesOf } from '../problems.ts';

const KINDS = '[exact|prefix|suffix|substring|regex]';
const NAME = `expected: name ${KINDS} FROM TO [answer auto|name RE TO|value RE TO]…`;

describe('errors', () => {
  it.each([
    // Rules
    ['rewrite', `there is no rule | expected: rewrite [continue|stop] name|type|class|ttl|rcode|cname|edns0 …`],
    ['rewrite stop', `there is no rule | expected: rewrite [continue|stop] name|type|class|ttl|rcode|cname|edns0 …`],
    [
      'rewrite nmae a b',
      `unknown field of a rule 'nmae' | expected: name, type, class, ttl, rcode, cname, edns0; did you mean 'name'?`,
    ],
    [
      'rewrite answer name a b',
      `'answer' stands behind a name rule | expected: name … TO answer …, in the same rewrite`,
    ],
    ['rewrite {\nname a b {\nx\n}\n}', `'name' takes no block | expected: no '{' on this line`],
    // Words
    ['rewrite name a', `there are words missing | ${NAME}`],
    ['rewrite name', `there are words missing | ${NAME}`],
    ['rewrite name exact a b c', `there is no place for 'c' | ${NAME}`],
    ['rewrite ttl a', `there are words missing | expected: ttl ${KINDS} NAME SECONDS|MIN-MAX|-MAX|MIN-`],
    ['rewrite rcode a NXDOMAIN', `there are words missing | expected: rcode ${KINDS} NAME FROM TO`],
    ['rewrite cname exact a b c', `there is no place for 'c' | expected: cname ${KINDS} FROM TO`],
    ['rewrite type A', 'there are words missing | expected: type FROM TO'],
    ['rewrite class IN CH HS', "there is no place for 'HS' | expected: class FROM TO"],
    [
      'rewrite name sufix a b',
      `unknown way to match names 'sufix' | expected: exact, prefix, suffix, substring, regex; did you mean 'suffix'?`,
    ],
    [
      'rewrite ttl sufix a 5',
      `unknown way to match names 'sufix' | expected: exact, prefix, suffix, substring, regex; did you mean 'suffix'?`,
    ],
    // Names
    [
      'rewrite name a..b c',
      `'a..b' is no domain name | expected: labels of at most 63 characters with dots between them, 253 in all`,
    ],
    [
      'rewrite name a c..d',
      `'c..d' is no domain name | expected: labels of at most 63 characters with dots between them, 253 in all`,
    ],
    [
      'rewrite name regex a c..d',
      `'c..d' is no domain name | expected: labels of at most 63 characters with dots between them, 253 in all`,
    ],
    ['rewrite name prefix "" b', `an empty text stands in every name | expected: the text that names are to have`],
    [
      'rewrite name bücher.test b',
      String.raw`'ü' stands in no name | expected: names as they are on the wire: xn--… for letters beyond ASCII, \032 for a space`,
    ],
    [
      'rewrite name suffix a "b c"',
      String.raw`' ' stands in no name | expected: names as they are on the wire: xn--… for letters beyond ASCII, \032 for a space`,
    ],
    [
      'rewrite name regex (a b',
      `'(a' is no regular expression: missing closing ): \`(a\` | expected: RE2 syntax, which has no look-around and no back-references`,
    ],
    ['rewrite name regex (a)b {2}', `the expression has no group {2} | expected: {0} to {1}`],
    [
      'rewrite name regex ab {1}',
      `the expression has no group {1} | expected: {0}, all that matched, or (…) in the expression`,
    ],
    // Answers
    ['rewrite name exact a b answer', `there are words missing | ${NAME}`],
    [
      'rewrite name exact a b answer nme x y',
      `unknown rule for answers 'nme' | expected: auto, name, value; did you mean 'name'?`,
    ],
    ['rewrite name exact a b answer value x', 'there are words missing | expected: answer value RE TO'],
    [
      'rewrite name suffix .a .b answer name auto',
      `there are words missing | expected: answer name RE TO; did you mean 'answer auto'?`,
    ],
    [
      'rewrite name suffix .a .b answer auto answer name x y',
      `'answer name' and 'answer auto' both say what becomes of owner names | expected: one of the two`,
    ],
    // Types, classes, times, codes
    ['rewrite type AA A', expect.stringMatching(/^unknown type 'AA' \| .*did you mean 'A'\?$/)],
    [
      'rewrite type A AXFR',
      'AXFR is no type that a question is rewritten from or to | expected: a type of records, or ANY',
    ],
    [
      'rewrite type OPT A',
      'OPT is no type that a question is rewritten from or to | expected: a type of records, or ANY',
    ],
    ['rewrite class IM IN', "unknown class 'IM' | expected: IN, CH, HS, NONE, ANY; did you mean 'IN'?"],
    ['rewrite ttl a 5s', `'5s' is no time to live | expected: seconds such as 30, or a range: 5-30, -30, 5-`],
    ['rewrite ttl a -', `'-' is no time to live | expected: seconds such as 30, or a range: 5-30, -30, 5-`],
    [
      'rewrite ttl a 30-5',
      'the time to live 30-5 is out of range | expected: the lower number first, and at most 2147483647',
    ],
    [
      'rewrite ttl a 2147483648',
      'the time to live 2147483648 is out of range | expected: the lower number first, and at most 2147483647',
    ],
    ['rewrite rcode a NXDOMIAN NOERROR', expect.stringMatching(/^unknown response code .*did you mean 'NXDOMAIN'\?$/)],
    ['rewrite rcode a NOERROR 24', expect.stringMatching(/^unknown response code '24'/)],
    // EDNS
    ['rewrite edns0', 'there are words missing | expected: edns0 local|nsid|subnet ACTION …'],
    ['rewrite edns0 locl set 1 a', `unknown EDNS option 'locl' | expected: local, nsid, subnet; did you mean 'local'?`],
    [
      'rewrite edns0 local sett 1 a',
      `unknown action 'sett' | expected: set, append, replace, unset; did you mean 'set'?`,
    ],
    [
      'rewrite edns0 local set 1',
      'there are words missing | expected: edns0 local set|append|replace CODE DATA [revert], or edns0 local unset CODE [revert]',
    ],
    [
      'rewrite edns0 local set 1 a b',
      `there is no place for 'b' | expected: edns0 local set|append|replace CODE DATA [revert], or edns0 local unset CODE [revert]`,
    ],
    ['rewrite edns0 nsid set x', `there is no place for 'x' | expected: edns0 nsid set|append|replace|unset [revert]`],
    [
      'rewrite edns0 subnet set 24',
      'there are words missing | expected: edns0 subnet set|append|replace BITS4 BITS6 [revert], or edns0 subnet unset [revert]',
    ],
    [
      'rewrite edns0 local set 65536 a',
      `'65536' is no code of an option | expected: a number up to 65535 or 0xffff; for local use from 65001 (0xfde9) to 65534 (0xfffe)`,
    ],
    [
      'rewrite edns0 local set 1 0xabc',
      `'0xabc' is no data in hexadecimal | expected: 0x and two digits for each octet`,
    ],
    [
      'rewrite edns0 local set 1 {client_pi}',
      `unknown variable '{client_pi}' | expected: {qname}, {qtype}, {client_ip}, {client_port}, {protocol}, {server_ip}, {server_port}; did you mean '{client_ip}'?`,
    ],
    [
      'rewrite edns0 subnet set 33 56',
      'IPv4 prefix length must be in range [0, 32]: 33 | expected: a whole number from 0 to 32',
    ],
    [
      'rewrite edns0 subnet set 24 129',
      'IPv6 prefix length must be in range [0, 128]: 129 | expected: a whole number from 0 to 128',
    ],
  ])('%s', (lines, expected) => {
    expect(summariesOf(rewrite, lines)).toEqual([expected]);
  });

  it('all of them are told in one go', () => {
    expect(summariesOf(rewrite, 'rewrite nmae a\nrewrite name a..b c..d\nrewrite name regex ( c..d')).toHaveLength(4);
  });
});

describe('warnings', () => {
  it.each([
    ['rewrite name prefix a', `warning: 'prefix' is read as a name here, since a word is missing behind it | ${NAME}`],
    [
      'rewrite cname a b\nrewrite name a b',
      `warning: a rule for 'cname' applies to every query, so that no rule behind it is ever looked at | expected: rewrite continue cname …`,
    ],
    [
      'rewrite stop cname a b\nrewrite name a b',
      `warning: a rule for 'cname' applies to every query, so that no rule behind it is ever looked at | expected: rewrite continue cname …`,
    ],
    [
      'rewrite edns0 nsid set',
      'warning: option 3 is for the next hop alone: upstreams are asked without it | expected: a rule without effect, or an option from 65001 to 65534',
    ],
    [
      'rewrite edns0 local set 10 abcd',
      'warning: option 10 is for the next hop alone: upstreams are asked without it | expected: a rule without effect, or an option from 65001 to 65534',
    ],
    [
      'rewrite edns0 local set 0xffee {kubernetes/namespace}',
      `warning: '{kubernetes/namespace}' says nothing without metadata | expected: 'metadata' in the same server block`,
    ],
    [
      String.raw`rewrite name regex ^(.*)\.a\.test$ {1}.b.test`,
      String.raw`warning: names end with a dot, so that the end of this expression matches none | expected: \.$ at its end`,
    ],
    [
      String.raw`rewrite name regex (.*)\.a\.test {1}.b.test answer name (.*)\.B\.test {1}.a.test`,
      'warning: names are matched in lower case, so that a capital matches none | expected: small letters',
    ],
  ])('%s', (lines, expected) => {
    expect(summariesOf(rewrite, lines)).toEqual([expected]);
  });

  it.each([
    'rewrite continue cname a b\nrewrite name a b',
    'rewrite cname a b',
    'metadata\nrewrite edns0 local set 1 {a/b}',
  ])('none: %s', (lines) => {
    expect(summariesOf(rewrite, lines)).toEqual([]);
  });
});
