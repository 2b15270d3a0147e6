import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { parseRecord } from '../../src/dns/presentation.ts';
import { type Answer, type Outcome, failure, reply } from '../../src/plugins/answer.ts';
import type { Query, Resolver } from '../../src/plugins/query.ts';
import { template } from '../../src/plugins/template/template.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, answered, ask, configure, makeHost, makeQuery, problemsOf, serve, textOf } from './support.ts';
import { explain } from '../../src/plugins/reasons.ts';

const PASSED = textOf(PASSED_ON);

async function look(lines: string, name: string, type = 'A', options: Parameters<typeof makeQuery>[2] = {}) {
  const { plugin } = await serve(template, lines);
  return textOf(ask(plugin, makeQuery(name, type, options)));
}

/** What `template IN A . { answer "{{ … }}" }` makes of a name; `text` is the record's text. */
const rendered = (text: string, name = 'X.example.org.', match = '.*') =>
  look(`template ANY ANY example.org {\n  match ${match}\n  answer "${text.replaceAll('"', '\\"')}"\n}`, name, 'TXT');

const txt = (...texts: readonly string[]) =>
  answered(`x. 3600 IN TXT ${texts.map((text) => JSON.stringify(text)).join(' ')}`);

/** Whether what a record's text makes may be given to the next client. */
async function replayable(text: string): Promise<boolean> {
  const lines = `template IN TXT org {\n  answer "${text}"\n}`;
  const { plugin } = await serve(template, lines);
  const query = makeQuery('X.example.org.', 'TXT');
  expect(plugin.replayable).toBe(true);
  void ask(plugin, query);
  return query.replaying.allowed;
}

function resolver(outcome: Outcome): Resolver & { readonly asked: Query[] } {
  const asked: Query[] = [];
  return {
    asked,
    server: 'dns://:53',
    resolve(query) {
      asked.push(query);
      return outcome;
    },
  };
}

const block = (...options: readonly string[]): string =>
  `template IN A . {\n${options.map((line) => `  ${line}`).join('\n')}\n}`;

describe('template', () => {
  const aks =
    'template ANY ANY internal.cloudapp.net {\n' +
    '  match "^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$"\n' +
    '  rcode NXDOMAIN\n  fallthrough\n}\n' +
    'template ANY ANY reddog.microsoft.com {\n  rcode NXDOMAIN\n}';

  it.each([
    ['nginx.default.svc.cluster.local.internal.cloudapp.net.', { ...answered(), rcode: 'NXDOMAIN' }],
    ['a.b.c.d.INTERNAL.cloudapp.net.', { ...answered(), rcode: 'NXDOMAIN' }],
    ['vm1.abcdef.ax.internal.cloudapp.net.', PASSED],
    ['a.b.c.d.xinternal.cloudapp.net.', PASSED],
    ['x.reddog.microsoft.com.', { ...answered(), rcode: 'NXDOMAIN' }],
    ['example.org.', PASSED],
  ])("takes AKS's templates: %s", async (name, expected) => {
    expect(await look(aks, name, 'AAAA')).toEqual(expected);
  });

  it('writes addresses from the groups of a name', async () => {
    const lines =
      'template IN A example {\n  match ^ip0a(?P<b>[a-f0-9]{2})(?P<c>[a-f0-9]{2})(?P<d>[a-f0-9]{2})[.]example[.]$\n' +
      '  answer "{{ .Name }} 60 IN A 10.{{ parseInt .Group.b 16 8 }}.{{ parseInt .Group.c 16 8 }}.{{ parseInt .Group.d 16 8 }}"\n  fallthrough\n}';
    expect(await look(lines, 'IP0A60ff01.example.')).toEqual(answered('ip0a60ff01.example. 60 IN A 10.96.255.1'));
    expect(await look(lines, 'ip0a60ff0g.example.')).toEqual(PASSED);
    expect(await look(lines, 'ip0a60ff01.example.', 'AAAA')).toEqual(PASSED);
  });

  it('does what the example of its manual page says', async () => {
    const lines =
      'template IN A example.org {\n' +
      '  match "^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)-(?P<c>[0-9]+)-(?P<d>[0-9]+)\\.example\\.org\\.$"\n' +
      '  answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"\n  fallthrough\n}';
    expect(await look(lines, 'ip-10-96-0-1.example.org.')).toEqual(
      answered('ip-10-96-0-1.example.org. 60 IN A 10.96.0.1'),
    );
    expect(await look(lines, 'ip-10-96-0.example.org.')).toEqual(PASSED);
    expect(await look(lines, 'ip-300-0-0-1.example.org.')).toBe(
      "SERVFAIL the answer of a template for example.org. is no record: '300.0.0.1' is no IPv4 address; expected an IPv4 address",
    );
  });

  it('writes authority and additional, an rcode with answers, and an extended error', async () => {
    const lines =
      'template IN ANY example.org {\n  answer "{{ .Name }} MX 10 mail.{{ .Zone }}"\n  answer "a. TXT 1" "b. TXT 2"\n' +
      '  additional "mail.{{ .Zone }} 60 IN A 192.0.2.1"\n  authority "{{ .Zone }} 60 IN NS ns.{{ .Zone }}"\n  rcode NXDOMAIN\n  ederror 21 "Not Supported"\n}';
    expect(await look(lines, 'x.example.org.', 'MX')).toEqual({
      rcode: 'NXDOMAIN',
      aa: true,
      answers: ['x.example.org. 3600 IN MX 10 mail.example.org.', 'a. 3600 IN TXT "1"', 'b. 3600 IN TXT "2"'],
      authority: ['example.org. 60 IN NS ns.example.org.'],
      additional: ['mail.example.org. 60 IN A 192.0.2.1'],
    });
    const { plugin } = await serve(template, lines);
    expect(ask(plugin, makeQuery('x.example.org.', 'MX'))).toMatchObject({
      explanation: { code: 21, text: 'Not Supported' },
    });
  });

  it('says why an answer has no record, and nothing where it has one', async () => {
    const { plugin } = await serve(
      template,
      'template IN AAAA . {\n  rcode NOERROR\n}\ntemplate IN A . {\n  answer "x. A 192.0.2.1"\n}',
    );
    expect(ask(plugin, makeQuery('x.', 'AAAA'))).toMatchObject({ rcode: 0, explanation: { word: 'configured' } });
    expect(ask(plugin, makeQuery('x.', 'A'))).toMatchObject({ rcode: 0, explanation: undefined });
  });

  it.each([
    ['template IN A', 'A', 'IN', 'taken'],
    ['template IN A', 'AAAA', 'IN', 'passed'],
    ['template IN A', 'A', 'CH', 'passed'],
    ['template IN A', 'ANY', 'IN', 'taken'],
    ['template IN A', 'A', 'ANY', 'taken'],
    ['template ANY A', 'A', 'CH', 'taken'],
    ['template CH ANY', 'TYPE65280', 'CH', 'taken'],
  ])('%s asked for %s %s is %s', async (line, type, klass, expected) => {
    expect(await look(line, 'x.', type, { class: klass })).toEqual(expected === 'taken' ? answered() : PASSED);
  });

  it('tries its uses in order, in the file’s', async () => {
    const lines =
      'template IN TXT b.a {\n  match ^x\n  answer "{{ .Name }} TXT first"\n  fallthrough c.b.a\n}\n' +
      'template IN TXT a {\n  match ^y ^x\n  match z\n  answer "{{ .Name }} TXT second"\n}';
    expect(await look(lines, 'x.b.a.', 'TXT')).toEqual(answered('x.b.a. 3600 IN TXT "first"'));
    expect(await look(lines, 'x.a.', 'TXT')).toEqual(answered('x.a. 3600 IN TXT "second"'));
    expect(await look(lines, 'z.c.b.a.', 'TXT')).toEqual(answered('z.c.b.a. 3600 IN TXT "second"'));
    // No fallthrough outside of c.b.a.
    expect(await look(lines, 'z.b.a.', 'TXT')).toBe('SERVFAIL');
    expect(await look(lines, 'q.a.', 'TXT')).toBe('SERVFAIL');
    expect(await look(lines, 'ba.', 'TXT')).toEqual(PASSED);
  });

  it('fails without a record or an error text with rcode SERVFAIL', async () => {
    expect(await look('template IN A . {\n  rcode SERVFAIL\n  answer "x. A 192.0.2.1"\n}', 'x.')).toBe('SERVFAIL');
  });

  it('may be replayed unless it prints something of the client, the spelling of the name included', async () => {
    expect(await replayable('{{ .Name }} TXT {{ .Type }}{{ .Question.Qtype }}')).toBe(true);
    expect(await replayable('{{ .Name }} TXT {{ .Remote }}')).toBe(false);
    expect(await replayable('{{ .Name }} TXT {{ .Question.Name }}')).toBe(false);
    expect(await replayable('{{ .Name }} TXT {{ parseInt (parseInt .Remote 10 8) 10 8 }}')).toBe(false);
  });

  it('may be replayed where another template prints something of the client, or none is asked', async () => {
    const lines =
      'template IN TXT a {\n  answer "{{ .Name }} TXT {{ .Remote }}"\n}\n' +
      'template IN TXT b {\n  answer "{{ .Name }} TXT b"\n}';
    const { plugin } = await serve(template, lines);
    const allowed = (name: string): boolean => {
      const query = makeQuery(name, 'TXT');
      void ask(plugin, query);
      return query.replaying.allowed;
    };
    expect(['x.a.', 'x.b.', 'x.c.'].map(allowed)).toEqual([false, true, true]);
  });

  it('must not be replayed where a record cannot be made: each such query is counted', async () => {
    expect(await replayable('{{ .Name }} A {{ .Type }}')).toBe(false);
  });
});

describe('template, the language', () => {
  it.each([
    ['x. TXT {{ .Name }} {{.Zone}} {{ .Class }} {{ .Type }}', txt('x.example.org.', 'example.org.', 'IN', 'TXT')],
    ['x. TXT {{ .Remote }}', txt('127.0.0.1')],
    ['x. TXT {{ .Question.Name }} {{ .Question.Qtype }} {{ .Question.Qclass }}', txt('X.example.org.', '16', '1')],
    ['x. TXT {{ index .Match 0 }}', txt('x.example.org.')],
    ['x. TXT a {{- .Zone -}} b', txt('aexample.org.b')],
    ['x. TXT a{{- /* gone */ -}} b', txt('ab')],
    ['x. TXT a{{/* }} */}}b', txt('ab')],
    ['x. TXT {{ "a}}" }}', txt('a}}')],
    ['x. TXT {{ `{{` }}{{ "\\n" }}y', txt('{{', 'y')],
    ['x. TXT {{ `"a b"` }}', txt('a b')],
    [
      'x. TXT {{ parseInt "ff" 16 8 }} {{ parseInt `0x10` 0 64 }} {{ parseInt "017" 0 0 }} {{ parseInt "0" 0 8 }}',
      txt('255', '16', '15', '0'),
    ],
    ['x. TXT {{ parseInt "18446744073709551615" 10 64 }}', txt('18446744073709551615')],
    ['x. TXT {{ (index .Match 0) }}', txt('x.example.org.')],
  ])('%s', async (text, expected) => {
    expect(await rendered(text)).toEqual(expected);
  });

  it.each([
    ['{{ index .Match 1 }} {{ index .Match 2 }} .{{ index .Match 3 }}', ['ab', '12', '.']],
    ['{{ .Group.first }} {{ index .Group "number" }}', ['ab', '12']],
    ['{{ index .Group "1" }} {{ index .Group `2` }} .{{ index .Group "3" }}', ['ab', '12', '.']],
    ['{{ parseInt (index .Match 2) 10 8 }}', ['12']],
  ])('has the groups of the expression that matched, by number and by name: %s', async (text, expected) => {
    const match = '^(?P<first>[a-z]+)-(?P<number>[0-9]+)(z)?\\.';
    expect(await rendered(`x. TXT ${text}`, 'ab-12.example.org.', match)).toEqual(txt(...expected));
  });

  it.each([
    [
      '{{ parseInt .Group.b 16 8 }}',
      "the answer of a template for example.org. is no record: 'fff' does not fit in 8 bits",
    ],
    [
      '{{ parseInt .Group.b 10 8 }}',
      "the answer of a template for example.org. is no record: 'fff' is no number to the base 10",
    ],
    [
      '{{ parseInt "" 10 8 }}',
      "the answer of a template for example.org. is no record: '' is no number to the base 10",
    ],
  ])('%s fails for a name that does not fit', async (text, error) => {
    expect(await rendered(`x. TXT ${text}`, 'fff.example.org.', '^(?P<b>[a-f]+)')).toBe(`SERVFAIL ${error}`);
  });

  it('fails where the outcome is no record, and says why', async () => {
    expect(await rendered('{{ .Name }} A {{ .Zone }}')).toBe(
      "SERVFAIL the answer of a template for example.org. is no record: 'example.org.' is no IPv4 address; expected an IPv4 address",
    );
    expect(await rendered('{{ "" }}{{ .Class }}')).toMatch(/^SERVFAIL .* the record ends too early/);
    const two = 'template ANY ANY . {\n  match ^(?P<a>a) ^b\n  answer "x. TXT {{ .Group.a }}"\n}';
    expect(await look(two, 'b.')).toMatch(/^SERVFAIL .*the regular expression that matched has no group a$/);
    expect(await look(two.replace('.Group.a', 'index .Match 1'), 'b.')).toMatch(/has no group 1$/);
  });

  it('lets no name write records of its own', async () => {
    expect(await rendered('{{ .Name }} TXT x', 'a\\032b\\;\\".example.org.')).toEqual(
      answered('a\\032b\\;\\".example.org. 3600 IN TXT "x"'),
    );
  });

  it('bounds what is written', async () => {
    const text = `x. TXT ${'{{ .Name }}'.repeat(300)}`;
    const name = `${`${'a'.repeat(60)}.`.repeat(3)}example.org.`;
    const long = await rendered(text.repeat(2), name);
    expect(long).toBe(
      'SERVFAIL the answer of a template for example.org. is no record: a record of more than 65535 characters',
    );
  });

  it('takes linear time, whatever the expression', async () => {
    const lines = 'template ANY ANY . {\n  match ^(a+)+$\n  fallthrough\n}';
    expect(await look(lines, `${'a'.repeat(60)}.`.repeat(4))).toEqual(PASSED);
  });
});

describe('template, CNAME', () => {
  const lines =
    'template IN ANY a.test {\n  answer "{{ .Name }} 60 IN CNAME www.other.test."\n  answer "{{ .Name }} 60 IN TXT after"\n}';
  const parsed = parseRecord('www.other.test. 5 IN A 192.0.2.1', { origin: Name.root, ttl: 0 });
  const found = reply({ answers: parsed.kind === 'record' ? [parsed.set] : [] });
  const alias = 'x.a.test. 60 IN CNAME www.other.test.';
  const after = 'x.a.test. 60 IN TXT "after"';
  const address = 'www.other.test. 5 IN A 192.0.2.1';

  it('is chased through the server for A and AAAA, in the same tick where it can be', async () => {
    const below = resolver(found);
    expect(await look(lines, 'x.a.test.', 'A', { resolver: below })).toEqual(answered(alias, address, after));
    expect(below.asked.map((query) => `${query.name.toString()} ${query.type}`)).toEqual(['www.other.test. 1']);
  });

  it('is chased when the target takes its time', async () => {
    const { plugin } = await serve(template, lines);
    const query = makeQuery('x.a.test.', 'A', { resolver: resolver(Promise.resolve<Answer>(found)) });
    const outcome = plugin.answer(query, { answer: () => PASSED_ON });
    expect(outcome).toBeInstanceOf(Promise);
    expect(textOf(await outcome)).toEqual(answered(alias, address, after));
  });

  it('is not chased for other types', async () => {
    const below = resolver(found);
    expect(await look(lines, 'x.a.test.', 'TXT', { resolver: below })).toEqual(answered(alias, after));
    expect(below.asked).toEqual([]);
  });

  it('stands alone where its target has no answer', async () => {
    const below = resolver(failure(Rcode.SERVFAIL, explain('internalError'), 'unreachable'));
    expect(await look(lines, 'x.a.test.', 'AAAA', { resolver: below })).toEqual(answered(alias, after));
  });

  it('that leads to itself ends with the budget of the query', async () => {
    const { plugin } = await serve(
      template,
      'template IN A a.test {\n  answer "{{ .Name }} 60 IN CNAME {{ .Name }}"\n}',
    );
    const itself: Resolver = {
      server: 'dns://:53',
      resolve: (query) => plugin.answer(query, { answer: () => PASSED_ON }),
    };
    const answer = ask(plugin, makeQuery('a.test.', 'A', { resolver: itself, lookups: 16 }));
    expect(answer).toMatchObject({ kind: 'reply', answers: { length: 17 } });
  });
});

describe('template in a Corefile', () => {
  it.each([
    ['template IN', "'template' needs at least 2 arguments"],
    ['template in A', 'a class is written in capitals'],
    ['template IN a', "did you mean 'A'?"],
    ['template IN AA', "unknown type 'AA'"],
    ['template XX A', "unknown class 'XX'"],
    [block('rcode nxdomain'), "did you mean 'NXDOMAIN'?"],
    [block('rcode NXDOMIAN'), "did you mean 'NXDOMAIN'?"],
    [block('match'), "'match' needs an argument"],
    [block('match "(a"'), "Corefile:3:9: '(a' is no regular expression: missing closing )"],
    [block('match "a(?!b)"'), 'expected: RE2 syntax, which has no look-around'],
    [block('answer'), "'answer' needs an argument"],
    [block('answer "{{ .Name }"'), "a '{{' that is never closed"],
    [block('answer "{{ }} A"'), "there is nothing between '{{' and '}}'"],
    [block('answer "x. A {{ .Remote | printf }}"'), "'|' is no part of the template language"],
    [block('answer "x. A {{ range .Match }}"'), "'range' is no part of the template language"],
    [block('answer "x. A {{ .Message.Id }}"'), 'expected: .Name, .Zone, .Class, .Type, .Remote'],
    [block('answer "x. A {{ .Var.x }}"'), "no 'var' of this template is called 'x'"],
    [block('answer "x. A {{ .Var }}"'), "'.Var' stands for several texts"],
    [block('var x [1]', 'answer "x. A {{ .Var.x }}"'), "'.Var.x' is array of int, which is no text"],
    [block('var x nil', 'answer "x. A {{ .Var.x }}"'), "'.Var.x' is nil, which is no text"],
    [block('answer "x. A {{ .Meta }}"'), "'.Meta' needs a label in quotes"],
    [block('answer "x. A {{ .Meta `x` }}"'), "'x' is no label of metadata: it has no /"],
    [block('answer "x. A {{ .Meta `kubernetes/client-label/x` }}"'), 'labels of pods are not kept'],
    [block('answer "x. A {{ .Meta `a/b` }}"'), "warning: nothing gives a value for 'a/b'"],
    [block('answer "x. A {{ parseInt .Meta 16 8 }}"'), "'.Meta' within another command"],
    [block('answer "x. A {{ .Match }}"'), 'expected: index .Match N'],
    [block('answer "x. A {{ index .Match x }}"'), "'index .Match' needs a number, not 'x'"],
    [block('answer "x. A {{ index .Match 1 }}"'), "no 'match' of this template has a group 1"],
    [block('answer "x. A {{ index .Group `1` }}"'), "no 'match' of this template has a group 1"],
    [block('match "^(?P<a>.)"', 'answer "x. A {{ .Group.b }}"'), "no 'match' of this template has a group 'b'"],
    [block('match "^(?P<a>.)"', 'answer "x. A {{ parseInt .Group.b 16 8 }}"'), "has a group 'b'"],
    [block('answer "x. A {{ parseInt .Name 16 }}"'), "'parseInt' needs a value, a base and a number of bits"],
    [block('answer "x. A {{ parseInt .Name 1 8 }}"'), 'BASE 0 or 2 to 36'],
    [block('answer "x. A {{ (index .Match 0 }}"'), "a '(' without its ')'"],
    [block('answer "x. A 192.0.2"'), "Corefile:3:10: '192.0.2' is no IPv4 address"],
    [block('var x'), "'var' needs at least 2 arguments, not 1"],
    [block('var x {', '  y', '}'), "'var' takes no block"],
    [block('var 5x 1'), "'5x' is no name for a variable"],
    [block('var in 1'), "'in' is no name for a variable"],
    [block('var name 1'), "'name' is no name for a variable"],
    [block('var group 1'), "'group' is no name for a variable"],
    [block('var x 1', 'var x 2'), "'x' is a variable of this template already"],
    [block('var x y'), "Corefile:3:9: nothing is called 'y'"],
    [block('var x group(1)'), "Corefile:3:15: no 'match' of this template has a group 1"],
    [block('match "^(?P<a>.)"', "var x group('b')"), "no 'match' of this template has a group 'b'"],
    [block('expr'), "'expr' needs an argument"],
    [block('expr 5'), 'Corefile:3:8: the whole expression is int'],
    [block('expr x', 'var x true'), "Corefile:3:8: nothing is called 'x'"],
    [block("expr metadata('a/b') == 'c'"), "warning: nothing gives a value for 'a/b'"],
    [block('ederror x'), "'x' is not a whole number"],
    [block('ederror 65536'), 'extended error code must be in range [0, 65535]'],
    [block('anwser "x"'), "did you mean 'answer'?"],
    [block('fallthrough a..b'), 'Corefile:3:15: '],
  ])('%s', (lines, message) => {
    expectProblem(problemsOf(template, lines), message);
  });

  const ALL = 'template ANY ANY {\n  rcode NXDOMAIN\n}';

  it.each([
    [ALL],
    ['template IN ANY test . {\n  rcode NXDOMAIN\n}'],
    ['template ANY ANY {\n  match ^a\n}'],
    ["template ANY ANY {\n  expr name() != 'a.'\n}"],
    ['template ANY ANY {\n  fallthrough\n}'],
  ])('one that leaves nothing to a template behind it: %s', (lines) => {
    const { problems, setup } = configure(template, `${lines}\ntemplate IN A`);
    expectProblem(
      problems,
      "1: warning: no query comes as far as the 'template' behind this one, which answers all of them",
      "expected: zones or a type, or a 'match' and 'fallthrough' in its block",
    );
    expect(setup?.takesAll?.use.name.at.line).toBe(2);
    expect(problemsOf(template, lines)).toEqual([]);
  });

  it.each([
    ['template ANY ANY example.org'],
    ['template CH ANY'],
    ['template ANY AAAA'],
    ['template ANY ANY {\n  match ^a\n  fallthrough\n}'],
    ["template ANY ANY {\n  expr name() != 'a.'\n  fallthrough\n}"],
  ])('not one that leaves something: %s', (lines) => {
    const { problems, setup } = configure(template, `${lines}\ntemplate IN A`);
    expect(problems).toEqual([]);
    expect(setup?.takesAll).toBeUndefined();
  });

  it.each([
    ['{{ .Name }} 60 IN A 192.0.2', "'192.0.2' is no IPv4 address"],
    ['{{ .Name }} 60 IN AAAA 192.0.2.1', "'192.0.2.1' is no IPv6 address"],
    ['a.{{ .Zone }} 60 IN AAAAA ::1', "'AAAAA' is no type of record"],
  ])('warns of a record that none can come of, whatever is asked: %s', (record, message) => {
    expectProblem(problemsOf(template, block(`answer "${record}"`)), `Corefile:3:10: warning: ${message}`);
  });

  it.each([
    ['{{ .Name }} 60 IN A {{ index .Match 0 }}'],
    ['{{ .Name }} 60 IN {{ .Type }} 192.0.2.1'],
    ['{{ .Name }} 60 IN MX 10 {{ .Zone }}'],
    ['{{ .Name }}'],
    ['{{ .Name }} 60 IN CNAME a.{{ .Zone }}'],
    ['x.{{ .Zone }} 60 IN TXT {{ .Name }}'],
  ])('and not of one that may be some: %s', (record) => {
    expect(problemsOf(template, block(`answer "${record}"`))).toEqual([]);
  });

  it.each(['ANY AAAA', 'IN A'])('warns of NXDOMAIN where others of the name may be asked for: %s', (words) => {
    expectProblem(
      problemsOf(template, `template ${words} {\n  rcode NXDOMAIN\n}`),
      'Corefile:3:9: warning: NXDOMAIN says that the name has no record of any type',
      'expected: rcode NOERROR',
    );
    expect(problemsOf(template, `template ${words} {\n  rcode NOERROR\n}`)).toEqual([]);
  });

  it('asks for quotes around a record', () => {
    expect(problemsOf(template, block('answer x. 60 IN A 192.0.2.1'))[0]).toContain(
      `did you mean 'answer "x. 60 IN A 192.0.2.1"'?`,
    );
  });

  it("reads over the old 'upstream' line, with a warning", async () => {
    const { setup, problems } = configure(template, block('upstream', 'answer "x. A 192.0.2.1"'));
    expectProblem(problems, "warning: 'upstream' has no effect");
    const running = await setup?.create(makeHost());
    expect(running?.plugin && textOf(ask(running.plugin, makeQuery('x.', 'A')))).toEqual(
      answered('x. 3600 IN A 192.0.2.1'),
    );
  });
});
