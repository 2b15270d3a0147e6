/** What expressions give: literals, operators and functions, as the manual page of the language lists them. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { evaluate } from './support.ts';

describe('literals', () => {
  it.each([
    ['42', 42],
    ['1_000', 1000],
    ['0x2A', 42],
    ['0o52', 42],
    ['0b101010', 42],
    ['0x1e', 30],
    ['.5', 0.5],
    ['1.5e3', 1500],
    ['true', true],
    ['nil', null],
    ["'it''s'", 'fault'],
    [String.raw`'a\tb\'c\\d\x41\u00e9\101'`, "a\tb'c\\dAéA"],
    ['`a\\d`', String.raw`a\d`],
    ["['a', 1, [true]]", ['a', 1, [true]]],
    ['[1, 2,]', [1, 2]],
    ['[]', []],
    ['1 /* one */ + 2 // three', 3],
  ])('%s', (source, expected) => {
    if (expected === 'fault') expect(() => evaluate(source)).toThrow('text where none can stand');
    else expect(evaluate(source)).toEqual(expected);
  });

  it('takes double quotes within those of the Corefile', () => {
    expect(evaluate('"a" + "b"')).toBe('ab');
  });
});

describe('operators', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 / 2', 3.5],
    ['-7 % 3', -1],
    ['2 ** 3 ** 2', 512],
    ['2 ^ 3', 8],
    ['-2 ** 2', -4],
    ['10 - 2 - 3', 5],
    ["'a' + 'b'", 'ab'],
    ['1 < 2 && 2 <= 2 and 3 > 2', true],
    ['1 >= 2 || 2 != 2 or 1 == 1.0', true],
    ["'a' < 'b'", true],
    ["not ('a' in ['b'])", true],
    ["'a' not in ['a', 'b']", false],
    ['!true', false],
    ["'abc' contains 'b'", true],
    ["'abc' not contains 'b'", false],
    ["'abc' startsWith 'ab' && 'abc' endsWith 'bc'", true],
    [String.raw`'www.example.' matches '^w+\\.'`, true],
    ["'www' not matches '^v'", true],
    ['1..4', [1, 2, 3, 4]],
    ['4..1', []],
    ['2 in 1..3', true],
    ["nil ?? 'x'", 'x'],
    ["'y' ?? 'x'", 'y'],
    ["1 > 2 ? 'a' : 2 > 1 ? 'b' : 'c'", 'b'],
    ['[1, 2, 3][0] + [1, 2, 3][-1]', 4],
    ['[1, 2, 3, 4][1:3]', [2, 3]],
    ['[1, 2, 3, 4][:-1]', [1, 2, 3]],
    ["'abcdef'[2:]", 'cdef'],
    ['[1, [2]] == [1, [2]]', true],
    ['nil == nil', true],
    ["'A.B' | lower() | split('.')", ['a', 'b']],
    ["'a' + 'B' | lower() | len() == 2 ? 'yes' : 'NO' | lower()", 'yes'],
    ["true ? 'a' : 'b' | upper()", 'a'],
    ["false ? 'a' : 'b' | upper()", 'B'],
    ["'a' == 'b' | string() + '!'", 'false!'],
    // As in expr-lang, `not` binds more tightly than what compares.
    ['not true == false', true],
    // What stands behind is not looked at.
    ["false && int('x') == 1", false],
    ["true || int('x') == 1", true],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });
});

describe('functions', () => {
  it.each([
    ["len('abc') + len([1, 2])", 5],
    ["lower('aBc') + upper('aBc')", 'abcABC'],
    ["trim('  a ')", 'a'],
    ["trim('--a-', '-')", 'a'],
    ["trimPrefix('www.a', 'www.') + trimPrefix('a', 'b')", 'aa'],
    ["trimSuffix('a.', '.') + trimSuffix('a', '.')", 'aa'],
    ["split('a.b.c', '.')", ['a', 'b', 'c']],
    ["split('a.b.c', '.', 2)", ['a', 'b.c']],
    ["split('a.b.c', '.', 0)", []],
    ["join(['a', 'b'], '.') + join(['a', 'b'])", 'a.bab'],
    ["replace('10-0-0-1', '-', '.')", '10.0.0.1'],
    ["replace('a', 'a', '$&$&')", '$&$&'],
    ["indexOf('abcb', 'b')", 1],
    ["lastIndexOf('abcb', 'b')", 3],
    ["indexOf('abc', 'x')", -1],
    ["hasPrefix('abc', 'ab') && hasSuffix('abc', 'bc')", true],
    ["int('42') + int(1.9) + int('-3')", 40],
    ["float('1.5')", 1.5],
    ['string(42) + string(true)', '42true'],
    ['first([1, 2]) + last([1, 2])', 3],
    ['first([])', null],
    ['abs(-2) + min(1, 2) + max(1, 2)', 5],
    ['all([1, 2], # > 0) && all([], false)', true],
    ['any([1, 2], {# > 1})', true],
    ['none([1, 2], # > 2)', true],
    ['one([1, 2], # > 1)', true],
    ['count([1, 2, 3], # > 1)', 2],
    ['filter(1..5, # % 2 == 0)', [2, 4]],
    ['map([1, 2], # * 2)', [2, 4]],
    ['find([1, 2, 3], # > 1)', 2],
    ['findIndex([1, 2, 3], # > 5)', -1],
    // Each # is the innermost predicate's.
    ['map([[1, 2], [3]], len(filter(#, # > 1)) + len(#))', [3, 2]],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });
});

describe('what only a query shows to be wrong', () => {
  it.each([
    ["int('x')", "'x' is no whole number"],
    ["float('x')", "'x' is no number"],
    ['string(first([]))', 'nil is no text, and has none'],
    ['1 % 0', '1 % 0'],
    ['[1][2]', 'a list of 1 elements has none at 2'],
    ["['a', 1][1] + 'x'", "'x' is not a number"],
    ["[1, 'a'][1] ? 1 : 2", "'a' is not true or false"],
    ["incidr(name(), '10.0.0.0/8')", "'www.example.org.' is no address"],
    ["incidr('10.0.0.1', name())", "'www.example.org.' is no network"],
    ['9007199254740991 + 1', 'a whole number beyond 9007199254740991'],
  ])('%s', (source, fault) => {
    expect(evaluate(source)).toBe(`fault: ${fault}`);
  });
});

describe('lists within lists that are one and the same many times over', () => {
  // Each level has the one below it twice: 2⁶⁰ elements, of which there are 60.
  const deep = `${'map('.repeat(60)}[1]${', [#, #])'.repeat(60)}`;

  it.each([`${deep} == ${deep}`, `${deep} != ${deep}`, `${deep}[0] in ${deep}`])(
    'expressionSteps: comparing them ends soon (%#)',
    (source) => {
      expect(evaluate(source)).toBe(`fault: more than ${bounds.expressionSteps} steps`);
    },
  );
});
