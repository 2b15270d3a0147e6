/** What is reported when a Corefile is read, and where in the expression it stands. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Evaluation } from '../../../src/plugins/expressions/expressions.ts';
import { makeQuery } from '../support.ts';
import { compileLine } from './support.ts';

/** Column, message, and what was expected. */
function problem(line: string): string {
  const { expression, problems } = compileLine(line);
  const [first = ''] = problems;
  if (expression !== undefined || problems.length !== 1) throw new Error(`not one problem: ${problems.join('\n')}`);
  const [, column, message] = /^Corefile:2:(\d+): (.*)/.exec(first) ?? [];
  return `${column} ${message} | ${/expected: (.*)/.exec(first)?.[1] ?? ''}`;
}

describe('what is wrong is shown where it stands', () => {
  it.each([
    ["expr typ() == 'A'", "8 there is no function 'typ' | type(…)"],
    ["expr type() == 'A' && nme() == 'x.'", "25 there is no function 'nme' | name(…)"],
    ["expr xyzzyx() == 'x.'", "8 there is no function 'xyzzyx' | abs, "],
    ["expr type == 'A'", "8 'type' is a function | type(…)"],
    ['expr type() == "A"', "19 nothing is called 'A' | 'A', if it is text: the Corefile takes double quotes away"],
    ['expr type() == 1', "8 '==' between string and int | two values of one type"],
    [
      "expr type() in 'A, AAAA'",
      "8 'in' between string and string | a list behind it; for a part of a text: TEXT contains PART",
    ],
    ['expr type() in [1, 2]', "8 'in' between string and array of int | a value of the type that the list has"],
    ['expr type() in 5', "8 'in' between string and int | a list behind it"],
    ["expr size() < '5'", "8 '<' between int and string | two numbers or two strings"],
    ["expr size() contains '5'", "8 'contains' between int and string | two strings"],
    ['expr name() + 5', "8 '+' between string and int | two numbers or two strings"],
    ['expr name() * 5', "8 '*' between string and int | two numbers"],
    ['expr name() / 5', "8 '/' between string and int | two numbers"],
    ['expr 1.5 % 5', "8 '%' between float and int | two whole numbers"],
    ["expr 'a'..5", "8 '..' between string and int | two whole numbers"],
    [
      "expr not name() matches 'x'",
      "12 what stands behind 'not' is string | true or false; more than one value stands in parentheses",
    ],
    ['expr -name()', "9 what stands behind '-' is string | a number"],
    ['expr name() && true', "8 what stands before 'and' is string | true or false"],
    ['expr true or name()', "16 what stands behind 'or' is string | true or false"],
    ['expr name() ? 1 : 2', "8 what stands before '?' is string | true or false"],
    ["expr size() matches 'x'", "8 what stands before 'matches' is int | a string"],
    [
      'expr name() matches name()',
      '23 a regular expression that is not known before a query comes | text in single quotes',
    ],
    ["expr name() matches '(a'", "23 '(a' is no regular expression: missing closing ): `(a` | RE2 syntax"],
    ["expr name() matches '^a(?=b)'", "23 '^a(?=b)' is no regular expression"],
    ["expr name() matches '^a\\.b'", "26 '\\.' is no escape | \\\\ for a backslash"],
    ['expr incidr(client_ip())', "8 'incidr' with one argument | incidr(IP, CIDR)"],
    ["expr incidr(client_ip(), '10.0.0.0')", "28 '10.0.0.0' is no network, such as 10.0.0.0/8 | incidr(IP, CIDR)"],
    ["expr incidr(client_ip(), '10.0.0.0/33')", "28 '10.0.0.0/33' is no network"],
    ["expr incidr('x', '10.0.0.0/8')", "15 'x' is no address | incidr(IP, CIDR)"],
    ["expr incidr(size(), '10.0.0.0/8')", "15 argument 1 of 'incidr' is int | a string"],
    ["expr type('x')", "8 'type' with one argument | type()"],
    ["expr metadata('x')", "17 'x' is no label of metadata: it has no / | metadata(LABEL)"],
    [
      "expr metadata('kubernetes/client-label/app')",
      "17 labels of pods are not kept, so that 'kubernetes/client-label/app' has no value",
    ],
    ['expr any([1], 2)', "17 the predicate of 'any' is int | true or false"],
    ["expr any('a', true)", "12 argument 1 of 'any' is string | a list"],
    ['expr any([1])', "8 'any' with one argument | any(LIST, PREDICATE)"],
    ['expr any', "8 'any' is a function | any(…)"],
    ['expr "# == 1"', "9 '#' outside of a predicate"],
    ['expr "any([1], #index == 1)"', "18 '#index' is not known here | # for the element"],
    ['expr any([1],  #)', '16 the expression ends too early | a value; an expression with a # stands in double quotes'],
    ['expr (1', "10 the expression ends too early | ')' for the ( before it"],
    ['expr 1 2', '10 a number where none can stand | an operator, or the end; addresses stand in single quotes'],
    ["expr 1 'a'", '10 text where none can stand | an operator, or the end'],
    ['expr 1 not 2', "10 'not' where it cannot stand | an operator, or the end"],
    ['expr 1 +', '11 the expression ends too early | a value'],
    ['expr 1 ? 2', "13 the expression ends too early | ':' and the value for false"],
    ['expr name().x', '14 no value has members here | a function, or [index]'],
    ['expr name()[0]', '8 what stands before [ is string | a list'],
    ['expr 5[0:1]', '8 what stands before [ is int | a list or a string'],
    ["expr [1]['a']", '12 the index is string | a whole number'],
    ['expr {a: 1}', '8 maps are not known here | a list: [a, b, c]'],
    ['expr let x = 1; x', "8 'let' is not known here"],
    ['expr $env', "8 '$env' is not known here"],
    ["expr repeat('a', 1000000)", "8 there is no function 'repeat' | abs, all, any, bufsize"],
    ["expr 'abc", "8 a ' that is never closed | another ' behind the text"],
    ['expr 1 ~ 2', "10 '~' means nothing here | an operator, a name, a number or text in quotes"],
    ['expr 99999999999999999999', '8 the number 99999999999999999999 is too large | at most 9007199254740991'],
    ['expr name() | 5', '17 a number where none can stand | a function behind the |; addresses stand in single quotes'],
    ['expr and', "8 'and' where it cannot stand | a value"],
  ])('%s', (line, expected) => {
    expect(problem(line)).toContain(expected);
  });

  it('underlines that part', () => {
    expect(compileLine("expr type() == 'A' && incidr(client_ip(), '10.0.0.0')").problems).toEqual([
      "Corefile:2:45: '10.0.0.0' is no network, such as 10.0.0.0/8\n" +
        "    expr type() == 'A' && incidr(client_ip(), '10.0.0.0')\n" +
        '                                              ^^^^^^^^^^\n' +
        '  expected: incidr(IP, CIDR)',
    ]);
  });

  it('names the whole word where its characters moved', () => {
    expect(problem(String.raw`expr "name() == \"x\" && nme()"`)).toBe("8 there is no function 'nme' | name(…)");
  });
});

describe('bounds', () => {
  it('refuses an expression that is too long', () => {
    expect(problem(`expr "${'1+'.repeat(bounds.expressionLength / 2)}1"`)).toBe(
      `9 an expression of ${bounds.expressionLength + 1} characters | at most ${bounds.expressionLength} characters`,
    );
  });

  it.each([
    ['parentheses', (n: number) => `${'('.repeat(n)}1${')'.repeat(n)}`],
    ['lists', (n: number) => `${'['.repeat(n)}1${']'.repeat(n)}`],
    ['signs', (n: number) => `${'-'.repeat(n)}1`],
    ['calls', (n: number) => `${'abs('.repeat(n)}1${')'.repeat(n)}`],
  ])('refuses %s that are nested too deeply', (_, nested) => {
    expect(problem(`expr "${nested(bounds.expressionDepth + 1)}"`)).toContain('the expression is nested too deeply');
    expect(compileLine(`expr "${nested(bounds.expressionDepth - 1)}"`).problems).toEqual([]);
  });

  /** A text of almost the longest length, which a client could choose a part of. */
  const long = `'${'x'.repeat(1000)}'`;

  it.each([
    [
      'steps of a list in a list',
      'count(1..1000, count(1..1000, # > 0) > 0)',
      `more than ${bounds.expressionSteps} steps`,
    ],
    ['steps of reading', `count(1..1000, name() + ${long} contains 'y')`, `more than ${bounds.expressionSteps} steps`],
    ['steps of replacing', `replace(${long}, 'x', ${long})`, `more than ${bounds.expressionSteps} steps`],
    [
      'a long text',
      `join([${`${long}, `.repeat(3)}'y'], join([${long}]))`,
      `text of more than ${bounds.expressionText} characters`,
    ],
    ['a long range', '1..1001', `a list of more than ${bounds.expressionList} elements`],
    [
      'a range beyond all numbers',
      '-9007199254740991..9007199254740991',
      `a list of more than ${bounds.expressionList} elements`,
    ],
    ['parts', `split(${long} + 'x', '')`, `a list of more than ${bounds.expressionList} elements`],
  ])('ends an evaluation that takes too much: %s', (_, source, fault) => {
    const { expression, problems } = compileLine(`expr "${source}"`);
    expect(problems).toEqual([]);
    const started = performance.now();
    expect(expression?.evaluate(new Evaluation(makeQuery('www.example.org.', 'A'), new Map()))).toEqual({ fault });
    // A hundredth of this is usual; without the bound it would be minutes.
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('matches regular expressions in linear time', () => {
    const { expression } = compileLine(`expr "name() matches '^(a+)+$'"`);
    const started = performance.now();
    const query = makeQuery(`${'a'.repeat(60)}.${'a'.repeat(60)}!.`, 'A');
    expect(expression?.evaluate(new Evaluation(query, new Map()))).toEqual({ value: false });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('whatever stands in an expression', () => {
  const WORDS =
    "1 2.5 'a' true nil [1] name() size() any( split( ) ( [ ] # , | + - * / % ** .. == < in not and or matches contains " +
    "?? ? : incidr( client_ip() '10.0.0.0/8' len( first( map( { } . ` ' \\ x";
  const word = fc.constantFrom(...WORDS.split(' '));

  it('is compiled or reported, and gives a value or says why not', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const source = words.join(' ').replaceAll('"', '');
        const { expression, problems } = compileLine(`expr "${source} "`);
        expect(problems.length).toBe(expression === undefined ? 1 : 0);
        if (expression === undefined) return;
        const evaluated = expression.evaluate(new Evaluation(makeQuery('www.example.org.', 'A'), new Map()));
        expect('fault' in evaluated ? typeof evaluated.fault : typeof evaluated.value).not.toBe('undefined');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a comparison that never holds is worth a warning', () => {
  it.each([
    [
      "expr name() == 'www.example.org'",
      "18 name() ends with a dot, and 'www.example.org' does not | 'www.example.org.'",
    ],
    ["expr 'Example.org' != name()", "8 name() ends with a dot, and 'Example.org' does not | 'example.org.'"],
    ["expr name() in ['a.', 'b', 'c.']", "25 name() ends with a dot, and 'b' does not | 'b.'"],
    ["expr name() endsWith '.example.org'", "24 name() ends with a dot, and '.example.org' does not | '.example.org.'"],
    ["expr name() startsWith 'WWW'", "26 name() is in lower case, and 'WWW' is not | 'www'"],
    ["expr name() == 'A.'", "18 name() is in lower case, and 'A.' is not | 'a.'"],
    [
      "expr name() matches 'org$'",
      '23 names end with a dot, so that the end of this expression matches none | \\.$ at its end',
    ],
    [
      "expr name() matches '^WWW'",
      '23 names are matched in lower case, so that a capital matches none | small letters',
    ],
    ["expr type() == 'a'", "18 no type is called 'a' | 'A'"],
    ["expr type() in ['A', 'AAAAA']", "24 no type is called 'AAAAA' | 'AAAA'"],
    ["expr class() == 'in'", "19 no class is called 'in' | 'IN'"],
    ["expr proto() == 'UDP'", "19 no protocol is called 'UDP' | 'udp'"],
  ])('%s', (line, expected) => {
    const { expression, problems } = compileLine(line);
    expect(expression).toBeDefined();
    const [, column, message] = /^Corefile:2:(\d+): warning: (.*)/.exec(problems.join('\n')) ?? [];
    expect(`${column} ${message} | ${/expected: (.*)/.exec(problems.join('\n'))?.[1] ?? ''}`).toBe(expected);
  });

  it.each([
    "expr name() == 'www.example.org.' && type() in ['A', 'TYPE65280'] && class() == 'IN' && proto() == 'tcp'",
    "expr name() contains 'example' || name() startsWith 'www' || 'A' == type()",
    "expr name() matches '\\\\.org\\\\.$' || name() matches '(?i)WWW' || name() matches '^[^A-Z]\\\\S(?P<Name>a)'",
    "expr metadata('a/B') == 'x' || lower(name()) == 'x' || type() startsWith 'A'",
  ])('%s is fine', (line) => {
    expect(compileLine(line).problems).toEqual([]);
  });
});
