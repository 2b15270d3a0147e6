import { describe, expect, it } from 'vitest';
import { checkDirectiveNames } from '../../src/corefile/corefile.ts';
import { bounds } from '../../src/bounds.ts';
import { nearestWord } from '../../src/corefile/nearest.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { readText } from './reading.ts';

const directives = [
  'errors',
  'log',
  'health',
  'ready',
  'kubernetes',
  'k8s_external',
  'forward',
  'cache',
  'loop',
  'reload',
];

describe('an unknown directive', () => {
  it('is shown with its line, what was expected and the nearest known one', () => {
    const { corefile, problems } = readText('.:53 {\n    errors\n    kuberntes cluster.local {\n    }\n}\n');
    if (corefile !== undefined) checkDirectiveNames(corefile, directives, problems);
    expect(problems.list.map(renderProblem)).toEqual([
      [
        `Corefile:3:5: unknown directive 'kuberntes'`,
        '    kuberntes cluster.local {',
        '    ^^^^^^^^^',
        `  expected: ${directives.join(', ')}; did you mean 'kubernetes'?`,
      ].join('\n'),
    ]);
  });

  it('is reported each time', () => {
    const { corefile, problems } = readText('a {\n foo\n errors\n}\nb\nbar\n');
    if (corefile !== undefined) checkDirectiveNames(corefile, directives, problems);
    expect(problems.list.map(({ at, message }) => [at.line, message])).toEqual([
      [2, `unknown directive 'foo'`],
      [6, `unknown directive 'bar'`],
    ]);
  });

  it('that is near to none says what there is, and one that is near to one names that', () => {
    const { corefile, problems } = readText('a {\n records\n erors\n}\n');
    if (corefile !== undefined) checkDirectiveNames(corefile, directives, problems, 'one of ours');
    expect(problems.list.map(({ expected, suggestion }) => [expected, suggestion])).toEqual([
      ['one of ours', undefined],
      [directives.join(', '), 'errors'],
    ]);
  });

  it('a directive that slipped out of its block is pointed at', () => {
    const { corefile, problems } = readText('a {\n errors\n}\nforward . b\n');
    if (corefile !== undefined) checkDirectiveNames(corefile, directives, problems);
    expect(problems.list).toMatchObject([{ severity: 'warning', at: { line: 4, column: 1 } }]);
  });
});

describe('the nearest word', () => {
  it.each([
    ['kuberntes', 'kubernetes'],
    ['Errors', 'errors'],
    ['erros', 'errors'],
    ['hcae', undefined],
    ['records', undefined],
    ['lgo', 'log'],
    ['chace', 'cache'],
    ['relod', 'reload'],
    ['forwards', 'forward'],
    ['prometheus', undefined],
    ['', undefined],
    ['x'.repeat(70), undefined],
  ])('of %s is %s', (word, nearest) => {
    expect(nearestWord(word, directives)).toBe(nearest);
  });

  it('of many is not listed with all the others', () => {
    const problems = new Problems();
    const known = Array.from({ length: 40 }, (_, index) => `word${index}`);
    problems.unknownWord({ text: 'word7x', quoted: false, at: { file: 'f', line: 1, column: 1 } }, 'word', known);
    expect(problems.list[0]).toMatchObject({ suggestion: 'word7' });
    expect(problems.list[0]?.expected).toBeUndefined();
  });
});

describe('a rendered problem', () => {
  it.each([
    ['at a tab, keeps it above the caret', '\ta\tbc', 4, 2, '    a\tbc\n     \t^^'],
    ['drops a carriage return', 'ab\r', 1, 2, '    ab\n    ^^'],
    ['does not underline beyond the line', 'ab', 2, 9, '    ab\n     ^'],
    ['stands behind the end of the line', 'ab', 4, 1, '    ab\n       ^'],
    [
      'cuts a long line',
      `${'a'.repeat(100)}X${'b'.repeat(200)}`,
      101,
      1,
      `    …${'a'.repeat(20)}X${'b'.repeat(99)}…\n     ${' '.repeat(20)}^`,
    ],
    ['shows no control characters to the terminal', 'a\u001b[2J\u202eb', 1, 1, '    a\uFFFD[2J\uFFFDb\n    ^'],
  ])('%s', (_, text, column, width, expected) => {
    expect(render(text, 1, column, width)).toBe(`f:1:${column}: m\n${expected}`);
  });

  it('says that it is a warning, and does without a line', () => {
    const problems = new Problems();
    problems.warning({ file: 'f', line: 2, column: 3 }, 'm');
    expect(problems.list.map(renderProblem)).toEqual(['f:2:3: warning: m']);
    expect(problems.hasErrors).toBe(false);
  });

  it('has no line ends or escapes of the file in its message', () => {
    const problems = new Problems();
    problems.error({ file: 'f', line: 1, column: 1 }, 'a\nb\u001bc', { expected: 'x\ty', suggestion: 'y\r' });
    expect(problems.list.map(renderProblem)).toEqual([`f:1:1: a↵b\uFFFDc\n  expected: x y; did you mean 'y\uFFFD'?`]);
  });
});

describe('the list', () => {
  it('holds equal problems once', () => {
    const problems = new Problems();
    const at = { file: 'f', line: 1, column: 1 };
    problems.error(at, 'm');
    problems.error(at, 'm');
    problems.warning(at, 'm');
    expect(problems.list).toHaveLength(2);
  });

  it('is bounded, errors and warnings apart', () => {
    const problems = new Problems();
    for (let line = 1; line <= bounds.corefileProblems + 7; line++)
      problems.warning({ file: 'f', line, column: 1 }, 'm');
    expect(problems.hasErrors).toBe(false);
    problems.error({ file: 'f', line: 1, column: 1 }, 'm');
    expect(problems.hasErrors).toBe(true);
    expect(problems.list).toHaveLength(bounds.corefileProblems + 1);
    expect(problems.omitted).toBe(7);
  });
});

function render(text: string, line: number, column: number, width = 1): string {
  const problems = new Problems();
  problems.addSource('f', text);
  problems.error({ text: 'x'.repeat(width), quoted: false, at: { file: 'f', line, column } }, 'm');
  return problems.list.map(renderProblem).join('\n');
}
