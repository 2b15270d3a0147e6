import { describe, expect, it } from 'vitest';
import { replaceVariables } from '../../src/corefile/environment.ts';
import { readText, withFiles } from './reading.ts';

const environment = { IP: '10.0.0.1', TWO: 'a b', BRACE: '{', SELF: 'x{$SELF}', EMPTY: '', IMPORT: 'import' };

describe('variables in a word', () => {
  it.each<[string, string, readonly string[], (readonly string[])?]>([
    ['{$IP}', '10.0.0.1', []],
    ['{%IP%}', '10.0.0.1', []],
    ['{$IP}:8080', '10.0.0.1:8080', []],
    ['a{$IP}b{%IP%}c', 'a10.0.0.1b10.0.0.1c', []],
    ['{$NONE}', '', ['NONE']],
    ['x{$EMPTY}y{%NONE%}', 'xy', ['NONE'], ['EMPTY']],
    ['{$}', '{$}', []],
    ['{%%}', '{%%}', []],
    ['{$IP', '{$IP', []],
    ['{%IP}', '{%IP}', []],
    ['{IP}', '{IP}', []],
    ['{{$x}}', '{}', ['x']],
    ['{{ $x }}', '{{ $x }}', []],
    ['{$SELF}', 'x{$SELF}', []],
    ['{$constructor}', '', ['constructor']],
  ])('%s', (text, expected, unset, empty = []) => {
    expect(replaceVariables(text, environment, 1000)).toMatchObject({ text: expected, unset, empty });
  });

  it('put in no more than the limit', () => {
    expect(replaceVariables('{$IP}{$IP}', environment, 15)).toMatchObject({ text: '{$IP}{$IP}', inserted: 16 });
  });
});

describe('variables are replaced', () => {
  it('in keys, names, arguments and options, quoted ones too', () => {
    const text = '{$IP}/32:{$PORT} {\n {$NAME} {$TWO} {\n  {%NAME%} "{$IP} x"\n }\n}';
    const reading = readText(text, { ...environment, PORT: '53', NAME: 'log' });
    expect(reading.keys).toEqual([['dns://1.0.0.10.in-addr.arpa.:53']]);
    expect(reading.directives).toEqual([[['log', 'a b', [['log', '10.0.0.1 x']]]]]);
  });

  it('in the path of an import', () => {
    withFiles({ 'sub/one': 'x' }, (folder) => {
      expect(readText('a {\n import {$DIR}/one\n}', { DIR: 'sub' }, folder).directives).toEqual([[['x']]]);
    });
  });

  it('in snippets when they are used', () => {
    expect(readText('(s) {\n x {$IP}\n}\na {\n import s\n}', environment).directives).toEqual([[['x', '10.0.0.1']]]);
  });

  it('after the words were made: a value is never a brace, an import or two words', () => {
    const reading = readText('a {\n x {$BRACE} {$TWO}\n {$IMPORT} s\n}', environment);
    expect(reading.errors).toEqual([]);
    expect(reading.directives).toEqual([
      [
        ['x', '{', 'a b'],
        ['import', 's'],
      ],
    ]);
  });
});

it('a place that others fill in is told, and stays', () => {
  const { directives, warnings } = readText('a {\n forward . __PILLAR__CLUSTER__DNS__:53\n}');
  expect(directives).toEqual([[['forward', '.', '__PILLAR__CLUSTER__DNS__:53']]]);
  expect(warnings).toEqual(["2:12 nothing fills in '__PILLAR__CLUSTER__DNS__' here: it stays as it is"]);
});

describe('a word as a shell has variables', () => {
  it.each([
    ['$UPSTREAM', '{$UPSTREAM}'],
    ['${UPSTREAM}', '{$UPSTREAM}'],
    ['${upstream_1}', '{$upstream_1}'],
  ])('%s stays, and %s is proposed', (word, suggestion) => {
    const { directives, warnings, problems } = readText(`a {\n forward . ${word}\n}`, { UPSTREAM: '10.0.0.1' });
    expect(directives).toEqual([[['forward', '.', word]]]);
    expect(warnings).toEqual([`2:12 '${word}' is no environment variable here, and stays as it is`]);
    expect(problems.list).toMatchObject([{ suggestion }]);
  });

  it.each(['"$UPSTREAM"', '^a$', '$', '$1', '${1}', '$upstream', '{$IP}', '(.*)$NAME', '$IP:53'])(
    '%s is none',
    (word) => {
      expect(readText(`a {\n x ${word}\n}`, environment).problems.list).toEqual([]);
    },
  );
});

it('an empty import path names the variable', () => {
  const [problem] = readText('a {\n import {$DIR}\n}').problems.list;
  expect(problem).toMatchObject({
    message: 'import requires a path that is not empty',
    note: `the environment variable 'DIR' is not set`,
  });
});

it.each([
  ['{$EMPTY}', `the environment variable 'EMPTY' is empty`],
  ['{$EMPTY}{$EMPTY}{%NIL%}', `the environment variables 'EMPTY', 'NIL' are empty`],
  ['{$EMPTY}{$NONE}', `the environment variable 'NONE' is not set; the environment variable 'EMPTY' is empty`],
])('a port of %s says which variables left nothing there, and why', (port, note) => {
  const { problems } = readText(`.:${port} {\n}\n`, { ...environment, NIL: '' });
  expect(problems.list).toMatchObject([{ message: 'expecting data after last colon: ".:"', note }]);
});
