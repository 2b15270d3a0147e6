import { describe, expect, it } from 'vitest';
import {
  eachOption,
  expectArguments,
  forbidBlock,
  readChoice,
  readDuration,
  readInteger,
  wordsAsZones,
  zonesOfKeys,
} from '../../src/corefile/options.ts';
import type { Directive, Token } from '../../src/corefile/options.ts';
import { Problems } from '../../src/corefile/problems.ts';
import { readText } from './reading.ts';

/** Reads one line of a server block. */
function directive(line: string): Directive {
  const found = readText(`a {\n${line}\n}`).corefile?.blocks[0]?.directives[0];
  if (found === undefined) throw new Error(`no directive in ${line}`);
  return found;
}

function word(text: string): Token {
  return { text, quoted: false, at: { file: 'Corefile', line: 1, column: 1 } };
}

/** What a reader gives, or else what it reports. */
function outcome<T>(read: (problems: Problems) => T | undefined): T | string | undefined {
  const problems = new Problems();
  const value = read(problems);
  const [problem] = problems.list;
  if (problem === undefined) return value;
  expect(value).toBeUndefined();
  return `${problem.message} (${problem.expected ?? ''})`;
}

describe('zones', () => {
  it('are read as keys are, each once', () => {
    const problems = new Problems();
    const { args } = directive('x Cluster.Local 10.9.0.0/15 cluster.local. 2001:db8::/32 .');
    expect(wordsAsZones(args, ['a.'], problems)).toEqual([
      'cluster.local.',
      '8.10.in-addr.arpa.',
      '9.10.in-addr.arpa.',
      '8.b.d.0.1.0.0.2.ip6.arpa.',
      '.',
    ]);
    expect(problems.list).toEqual([]);
  });

  it('are the fallback where no words are', () => {
    expect(wordsAsZones([], ['a.', 'b.'], new Problems())).toEqual(['a.', 'b.']);
  });

  it('that are wrong are reported, and the fallback does not take their place', () => {
    const problems = new Problems();
    expect(wordsAsZones([word('a..b')], ['a.'], problems)).toEqual([]);
    expect(problems.hasErrors).toBe(true);
  });

  it('with a port are read without it, with a warning', () => {
    const problems = new Problems();
    expect(wordsAsZones([word('a.test:53')], [], problems)).toEqual(['a.test.']);
    expect(problems.list).toMatchObject([{ severity: 'warning', suggestion: 'a.test' }]);
  });

  it('of a block are those of its keys, each once', () => {
    expect(zonesOfKeys(readText('a:53 tls://a b {\n}').corefile?.blocks[0]?.keys ?? [])).toEqual(['a.', 'b.']);
  });
});

describe('durations', () => {
  it.each<[string, Parameters<typeof readDuration>[2], number | string]>([
    ['1h30m', {}, 5_400_000],
    ['30', {}, `'30' is not a duration (a duration such as 300ms, 5s or 1h30m)`],
    ['30', { bareNumber: 'seconds' }, 30_000],
    [
      'x',
      { bareNumber: 'seconds' },
      `'x' is not a duration (a duration such as 300ms, 5s or 1h30m, or a number of seconds)`,
    ],
    ['2s', { min: 2000 }, 2000],
    ['1s', { min: 2000 }, 'the duration 1s is out of range (of at least 2s)'],
    ['2m', { min: 1000, max: 60_000 }, 'the duration 2m is out of range (from 1s to 1m)'],
    ['-1s', {}, 'the duration -1s is out of range (of at least 0s)'],
    ['-1s', { min: -5000 }, -1000],
  ])('%s %j', (text, range, expected) => {
    expect(outcome((problems) => readDuration(word(text), problems, range))).toBe(expected);
  });

  it('a bare number suggests seconds', () => {
    const problems = new Problems();
    readDuration(word('30'), problems);
    expect(problems.list[0]?.suggestion).toBe('30s');
  });
});

describe('whole numbers', () => {
  it.each<[string, Parameters<typeof readInteger>[2], number | string]>([
    ['30', {}, 30],
    ['-0', {}, 0],
    ['+5', {}, 5],
    ['0', { min: 0, max: 3600, what: 'ttl' }, 0],
    [
      '3601',
      { min: 0, max: 3600, what: 'ttl' },
      'ttl must be in range [0, 3600]: 3601 (a whole number from 0 to 3600)',
    ],
    ['0', { min: 1 }, 'number is out of range: 0 (a whole number of at least 1)'],
    ['9', { max: 8 }, 'number is out of range: 9 (a whole number of at most 8)'],
    ['1.5', {}, `'1.5' is not a whole number (a whole number)`],
    ['', {}, `'' is not a whole number (a whole number)`],
    ['0x10', {}, `'0x10' is not a whole number (a whole number)`],
    ['99999999999999999999', {}, 'number is out of range: 99999999999999999999 (a whole number)'],
  ])('%s %j', (text, range, expected) => {
    expect(outcome((problems) => readInteger(word(text), problems, range))).toBe(expected);
  });
});

it('a choice is one of its words, and a wrong one names the nearest', () => {
  const problems = new Problems();
  const choices = ['disabled', 'insecure', 'verified'] as const;
  expect(readChoice(word('insecure'), problems, choices)).toBe('insecure');
  expect(readChoice(word('insecur'), problems, choices)).toBeUndefined();
  expect(problems.list).toMatchObject([
    { message: `wrong value 'insecur'`, expected: 'one of disabled, insecure, verified', suggestion: 'insecure' },
  ]);
});

describe('arguments', () => {
  it.each<[string, { min?: number; max?: number }, string | undefined]>([
    ['x', {}, undefined],
    ['x 1 2', { min: 1, max: 2 }, undefined],
    ['x', { min: 1 }, `1 'x' needs an argument`],
    ['x 1', { min: 2 }, `1 'x' needs at least 2 arguments, not 1`],
    ['x 1', { min: 3, max: 3 }, `1 'x' needs 3 arguments, not 1`],
    ['x 1', { max: 0 }, `3 'x' takes no arguments`],
    ['x 1 2', { max: 1 }, `5 'x' takes at most 1 argument, not 2`],
  ])('%s %j', (line, count, expected) => {
    const problems = new Problems();
    expect(expectArguments(directive(line), problems, { ...count, usage: 'x [WORD]' })).toBe(expected === undefined);
    const [problem] = problems.list;
    expect(problem && `${problem.at.column} ${problem.message}`).toBe(expected);
    if (problem !== undefined) expect(problem.expected).toBe('x [WORD]');
  });
});

it('a block where none belongs is reported', () => {
  const problems = new Problems();
  expect(forbidBlock(directive('x'), problems)).toBe(true);
  expect(forbidBlock(directive('x {\n}'), problems)).toBe(false);
  expect(problems.list).toMatchObject([{ message: `'x' takes no block` }]);
});

it('options go to their handlers in order, and unknown ones name the nearest', () => {
  const problems = new Problems();
  const seen: string[] = [];
  const note = ({ name, args }: Directive): void => {
    seen.push([name, ...args].map(({ text }) => text).join(' '));
  };
  eachOption(directive('x {\n ttl 5\n pods insecure\n tll 6\n ttl 7\n toString\n}'), problems, {
    ttl: note,
    pods: note,
  });
  expect(seen).toEqual(['ttl 5', 'pods insecure', 'ttl 7']);
  expect(problems.list).toMatchObject([
    { message: `unknown option of 'x' 'tll'`, expected: 'ttl, pods', suggestion: 'ttl' },
    { message: `unknown option of 'x' 'toString'` },
  ]);
});

it('an option that is no more says what to do', () => {
  const problems = new Problems();
  const gone = new Map([['upstream', 'this line deleted']]);
  eachOption(directive('x {\n upstream 10.0.0.1\n ttl\n}'), problems, { ttl: () => undefined }, gone);
  expect(problems.list).toMatchObject([
    { message: `'x' has no option 'upstream' any more`, expected: 'this line deleted', severity: 'error' },
  ]);
});
