import { describe, expect, it } from 'vitest';
import { readTokens } from '../../src/corefile/lexer.ts';
import { Problems } from '../../src/corefile/problems.ts';
import { readText } from './reading.ts';

const source = { name: 'Corefile', path: undefined, folder: '/' };

function words(text: string): readonly string[] {
  return readTokens(source, text, new Problems(), 1000).map((token) => token.text);
}

describe('words', () => {
  it.each<[string, string, readonly string[]]>([
    ['are separated by white space', 'a  b\tc\nd\u00a0e\u0085f\u2003g', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    ['drop a carriage return wherever it stands', 'a\r\nb\rc\r\n"x\r\ny"', ['a', 'bc', 'x\ny']],
    ['in quotes run to the next quote, across lines', '"a b" "c\nd"', ['a b', 'c\nd']],
    ['in quotes may be empty', 'a "" b', ['a', '', 'b']],
    [
      'in quotes know no escape but that of the quote',
      String.raw`"\." "a\"b" "\n" "\\" x`,
      ['\\.', 'a"b', '\\n', '\\\\', 'x'],
    ],
    ['keep a quote in their middle', 'a"b c" d', ['a"b', 'c"', 'd']],
    ['end with a closing quote, whatever follows', '"a"b', ['a', 'b']],
    ['end at a comment in their middle', 'a#b c\nd', ['a', 'd']],
    ['do not come from comments', '# a "b\n  #c\nd', ['d']],
    ['keep # in quotes', '"a#b"#c', ['a#b']],
    ['keep a brace that is a part of them', 'foo{ }bar {$x} { }', ['foo{', '}bar', '{$x}', '{', '}']],
    ['keep a byte order mark that is not at the start', 'a\uFEFFb', ['a\uFEFFb']],
  ])('%s', (_, text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it('know their line, their column, and whether they begin a line', () => {
    const tokens = readTokens(source, 'a b\n\t"c\nd" e\n f', new Problems(), 1000);
    expect(tokens.map(({ text, at, startsLine, quoted }) => [text, at.line, at.column, startsLine, quoted])).toEqual([
      ['a', 1, 1, true, false],
      ['b', 1, 3, false, false],
      ['c\nd', 2, 2, true, true],
      ['e', 3, 4, false, false],
      ['f', 4, 2, true, false],
    ]);
  });

  it('stop at the limit', () => {
    expect(readTokens(source, 'a b c d', new Problems(), 3)).toHaveLength(3);
  });
});

describe('a comment within a word is told', () => {
  it.each<[string, string, string | undefined]>([
    ['10.0.0.1#5353', "2:3 '#5353' behind it is a comment", '10.0.0.1:5353'],
    ['fd00::1#53', "2:3 '#53' behind it is a comment", '[fd00::1]:53'],
    ['a#5353', "2:3 '#5353' behind it is a comment", undefined],
    ['10.0.0.1#b', "2:3 '#b' behind it is a comment", undefined],
    ['a#', "2:3 '#' behind it is a comment", undefined],
  ])('%s: %s', (word, warning, suggestion) => {
    const { warnings, problems } = readText(`. {\nx ${word} y\n}\n`);
    expect(warnings).toEqual([warning]);
    expect(problems.list.map((problem) => problem.suggestion)).toEqual([suggestion]);
  });

  it('and behind a brace, a quote or a space it is not', () => {
    expect(readText('. {#a\nx "b"#c #d\n#e\n}#f\n').problems.list).toEqual([]);
  });
});

it('a byte order mark at the start is skipped', () => {
  const reading = readText('\uFEFF.:53 {\n}\n');
  expect(reading.keys).toEqual([['dns://.:53']]);
  expect(reading.corefile?.blocks[0]?.keys[0]?.token.at).toEqual({ file: 'Corefile', line: 1, column: 1 });
});

it('a quote that is never closed is an error where it was opened, and the next line is read', () => {
  const reading = readText('. {\n  log . "{type}\n  errors\n}\n');
  expect(reading.errors).toEqual(['2:9 this quote is never closed']);
  expect(reading.directives).toEqual([[['log', '.', '{type}'], ['errors']]]);
});
