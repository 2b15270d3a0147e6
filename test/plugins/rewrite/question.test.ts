/** What the rest of the chain is asked: names by each kind of match, types, classes, and the order of rules. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Class } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { reply } from '../../../src/plugins/answer.ts';
import { rewrite } from '../../../src/plugins/rewrite/rewrite.ts';
import { ask, makeQuery, problemsOf, serve } from '../support.ts';
import { question, through } from './support.ts';

describe('names', () => {
  it.each([
    // exact, which is what is meant where nothing is said
    ['name red.test blue.test', 'red.test.', 'blue.test.'],
    ['name red.test. Blue.test.', 'RED.test.', 'blue.test.'],
    ['name red.test blue.test', 'a.red.test.', 'a.red.test.'],
    ['name exact red.test blue.test', 'red.test.', 'blue.test.'],
    ['NAME Exact red.test blue.test', 'red.test.', 'blue.test.'],
    ['name red.test blue.test answer auto', 'red.test.', 'blue.test.'],
    // prefix: text at the beginning, and no dot behind it
    ['name prefix foo bar', 'foobaz.test.', 'barbaz.test.'],
    ['name prefix foo bar', 'a.foo.test.', 'a.foo.test.'],
    ['name prefix foo. bar.', 'foo.test.', 'bar.test.'],
    ['name prefix foo. bar.', 'foobaz.test.', 'foobaz.test.'],
    ['name prefix web- web.', 'web-1.test.', 'web.1.test.'],
    ['name prefix foo. ""', 'foo.test.', 'test.'],
    // suffix: text at the end, with the final dot
    ['name suffix .schmoogle.test. .google.test.', 'www.schmoogle.test.', 'www.google.test.'],
    ['name suffix .schmoogle.test .google.test', 'www.Schmoogle.test.', 'www.google.test.'],
    ['name suffix .schmoogle.test .google.test', 'schmoogle.test.', 'schmoogle.test.'],
    ['name suffix goose.test duck.test', 'mongoose.test.', 'monduck.test.'],
    ['name suffix .goose.test .', 'a.b.goose.test.', 'a.b.'],
    // substring: text anywhere, each time
    ['name substring mid xyz', 'amidb.test.', 'axyzb.test.'],
    ['name substring mid xyz', 'amidb.mid.test.', 'axyzb.xyz.test.'],
    [
      'name substring service.us-west-1.example.org service.us-west-1.consul',
      'ftp.service.us-west-1.example.org.',
      'ftp.service.us-west-1.consul.',
    ],
    // regex: what comes out is the replacement alone
    [
      String.raw`name regex (.*)-(us-west-1)\.example\.org {1}.service.{2}.consul`,
      'ftp-us-west-1.example.org.',
      'ftp.service.us-west-1.consul.',
    ],
    ['name regex ^a b.test', 'abc.test.', 'b.test.'],
    ['name regex ^(a)|(b) x{1}y{2}z.{0}.test', 'b.', 'xybz.b.test.'],
    [String.raw`name regex ^a\.$ b.test`, 'abc.test.', 'abc.test.'],
  ])('%s: %s becomes %s', async (rule, name, expected) => {
    expect(await question(`rewrite ${rule}`, name)).toBe(`${expected} A`);
  });

  it('keep the spelling of the client where no rule applies', async () => {
    expect(await question('rewrite name red.test blue.test', 'GReen.test.')).toBe('GReen.test. A');
  });

  it('between braces the words of a rule stand on lines', async () => {
    const lines = 'rewrite stop {\nname suffix .a.test .b.test\nanswer auto\n}';
    expect(await question(lines, 'x.a.test.')).toBe('x.b.test. A');
  });

  it('with dots of their own within a label are not taken for names with more labels', async () => {
    expect(await question('rewrite name suffix .example.org .internal', String.raw`a\.example.org.`)).toBe(
      String.raw`a\.example.org. A`,
    );
    expect(await question('rewrite name suffix .example.org .internal', String.raw`a\046.example.org.`)).toBe(
      String.raw`a\..internal. A`,
    );
    expect(await question('rewrite name substring 32a x', String.raw`\032a.32a.`)).toBe(String.raw`\032a.x. A`);
  });

  it('that come out illegal are SERVFAIL with the reason, and nothing further is asked', async () => {
    const lines = `rewrite name suffix .test ..test`;
    expect(await question(lines, 'a.test.')).toBe(
      '2 a rule of rewrite makes of a.test., the question, what is no domain name',
    );
    const { plugin } = await serve(rewrite, lines);
    expect(ask(plugin, makeQuery('a.test', 'A'))).toMatchObject({ explanation: { word: 'illegal_name' } });
  });

  it('of nothing but escapes cost no more than others, however often a text stands in them', async () => {
    const rules = Array.from(
      { length: 500 },
      (_, i) => `rewrite name substring ${['001', '0', '10'][i % 3]}${'0'.repeat(i % 2)} x`,
    );
    const { plugin } = await serve(rewrite, rules.join('\n'));
    const label = '\\001'.repeat(63);
    const query = makeQuery(`${label}.${label}.${label}.${'\\001'.repeat(61)}.`, 'A');
    const start = performance.now();
    ask(plugin, query, { answer: () => reply({}) });
    // Some milliseconds; a second and more where each place that a text is found at costs a look at all before it.
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('of 255 octets do not grow', async () => {
    const label = 'a'.repeat(63);
    const longest = `${label}.${label}.${label}.${'a'.repeat(61)}.`;
    expect(await question('rewrite name prefix a bb', longest)).toMatch(/^2 a rule of rewrite makes/);
    expect(await question('rewrite name prefix a b', longest)).toBe(`b${longest.slice(1)} A`);
  });

  it('rewriteText: what a rule makes ends at this many characters', async () => {
    const long = `${'x'.repeat(60)}.`.repeat(16);
    expect(problemsOf(rewrite, `rewrite name substring a ${long}`)).toEqual([]);
    expect(await question(`rewrite name substring a ${long}`, `${'a'.repeat(63)}.`)).toMatch(/^2 a rule of rewrite/);
    const groups = '{0}'.repeat(bounds.rewriteText / 3);
    expect(await question(`rewrite name regex .* ${groups}`, `${'a'.repeat(63)}.`)).toMatch(/^2 a rule of rewrite/);
    expect(problemsOf(rewrite, `rewrite name substring a ${'b'.repeat(bounds.rewriteText + 1)}`)[0]).toContain(
      'a word of 1021 characters',
    );
  });

  it('a property: whatever is made is a legal name or SERVFAIL, and labels keep their octets', async () => {
    const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
    const label = fc.array(fc.oneof(octet, fc.constantFrom('a', 'b', '.', '\\', '0')), { minLength: 1, maxLength: 8 });
    const labels = fc.array(
      label.map((octets) => octets.join('')),
      { maxLength: 5 },
    );
    const { plugin } = await serve(rewrite, 'rewrite name suffix .a.b .c.d');
    fc.assert(
      fc.property(labels, (front) => {
        const name = Name.fromLabels([...front, 'a', 'b'], Name.root);
        const expected = Name.fromLabels(front, Name.fromText('c.d'));
        if (name === undefined || expected === undefined) throw new Error('these fit');
        let asked: Name | undefined;
        ask(plugin, makeQuery(name.toString(), 'A'), {
          answer(query) {
            asked = query.name;
            return reply({});
          },
        });
        // The suffix begins with a dot, so that there is a label in front of it.
        expect(asked?.key).toBe(front.length === 0 ? name.key : expected.key);
      }),
    );
  });
});

describe('types and classes', () => {
  it('are rewritten where they are the ones of the rule', async () => {
    expect(await question('rewrite type ANY HINFO', 'a.test.', 'ANY')).toBe('a.test. HINFO');
    expect(await question('rewrite type any hinfo', 'a.test.', 'ANY')).toBe('a.test. HINFO');
    expect(await question('rewrite type TYPE65 A', 'a.test.', 'HTTPS')).toBe('a.test. A');
    expect(await question('rewrite type ANY HINFO', 'a.test.', 'A')).toBe('a.test. A');
    const chaos = await through('rewrite class CH IN', 'a.test.', 'TXT', { class: 'CH' });
    expect([chaos.asked.question.class, chaos.query.question.class]).toEqual([Class.IN, Class.CH]);
  });
});

describe('several rules', () => {
  it('the first that applies is the last, unless it says continue', async () => {
    const stop = 'rewrite name a.test b.test\nrewrite name b.test c.test\nrewrite type A AAAA';
    expect(await question(stop, 'a.test.')).toBe('b.test. A');
    expect(await question(stop.replace('rewrite name', 'rewrite stop name'), 'a.test.')).toBe('b.test. A');
    expect(await question(stop, 'x.test.')).toBe('x.test. AAAA');
    const on = stop.replaceAll('rewrite', 'rewrite continue');
    expect(await question(on, 'a.test.')).toBe('c.test. AAAA');
  });

  it('zone transfers pass as they are', async () => {
    expect(await question('rewrite name a.test b.test', 'a.test.', 'AXFR')).toBe('a.test. AXFR');
    expect(await question('rewrite name a.test b.test', 'a.test.', 'IXFR')).toBe('a.test. IXFR');
  });

  it('rewriteRules: more rules than this are an error', () => {
    const lines = Array.from({ length: bounds.rewriteRules + 1 }, (_, i) => `rewrite name a${i}.test b.test`);
    expect(problemsOf(rewrite, lines.join('\n'))).toEqual([
      expect.stringContaining(`there are more than ${bounds.rewriteRules} rules in this block`),
    ]);
    expect(problemsOf(rewrite, lines.slice(1).join('\n'))).toEqual([]);
  });

  it('rewriteExpressions: more expressions than this are an error', () => {
    const lines = Array.from({ length: bounds.rewriteExpressions }, () => 'rewrite ttl regex a 5').join('\n');
    expect(problemsOf(rewrite, lines)).toEqual([]);
    expect(problemsOf(rewrite, `${lines}\nrewrite name exact a b answer value a b`)).toEqual([
      expect.stringContaining(`there are more than ${bounds.rewriteExpressions} expressions`),
    ]);
  });
});
