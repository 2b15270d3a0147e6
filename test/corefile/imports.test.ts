import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPath, readText, withFiles } from './reading.ts';
import type { Shape } from './reading.ts';

describe('snippets', () => {
  it.each<[string, string, readonly (readonly Shape[])[]]>([
    [
      'are inserted as directives',
      '(s) {\n x 1\n y\n}\na {\n w\n import s\n z\n}',
      [[['w'], ['x', '1'], ['y'], ['z']]],
    ],
    ['are inserted within a directive', '(s) {\n p\n}\na {\n x {\n  import s\n  q\n }\n}', [[['x', [['p'], ['q']]]]]],
    ['are inserted where a key would be', '(s) {\n b {\n  x\n }\n}\nimport s\na {\n}', [[['x']], []]],
    ['may give keys', '(s) {\n b,\n}\nimport s\na {\n x\n}', [[['x']]]],
    ['may be used twice', '(s) {\n x\n}\na {\n import s\n import s\n}', [[['x'], ['x']]]],
    ['may import others', '(s) {\n x\n}\n(t) {\n import s\n y\n}\na {\n import t\n}', [[['x'], ['y']]]],
    [
      'may import what is defined before they are used',
      '(t) {\n import s\n y\n}\n(s) {\n x\n}\na {\n import t\n}',
      [[['x'], ['y']]],
    ],
    ['may be empty', '(s) {\n}\na {\n import s\n x\n}', [[['x']]]],
    ['hold blocks', '(s) {\n x {\n  p\n }\n}\na {\n import s\n}', [[['x', [['p']]]]]],
    ['may stand on one line', '(s) { x 1 }\na { import s }', [[['x', '1']]]],
    ['are not inserted as an argument', '(s) {\n x\n}\na {\n y import s\n}', [[['y', 'import', 's']]]],
    [
      'are no arguments of the line before',
      '(s) {\n x\n}\n(t) {\n import s\n y\n}\na {\n w 1\n import t\n}',
      [[['w', '1'], ['x'], ['y']]],
    ],
    ['serve a block without braces', '(s) {\n x\n}\na\nimport s\ny', [[['x'], ['y']]]],
  ])('%s', (_, text, directives) => {
    const reading = readText(text);
    expect(reading.errors).toEqual([]);
    expect(reading.directives).toEqual(directives);
  });

  it.each<[string, string, readonly string[]]>([
    [
      'defined twice',
      '(s) {\n x\n}\n(s) {\n y\n}\na {\n import s\n}',
      [`4:1 snippet 's' is already defined at Corefile:1:1`],
    ],
    ['without braces', '(s)\nx\n', [`1:1 snippet 's' has no body`]],
    ['without a name', '() {\n x\n}\na {\n}', ['1:1 a snippet has no name']],
    ['never closed', '(s) {\n x\n', [`1:5 this '{' is never closed`]],
    [
      'with its brace on the next line',
      '(s)\n{\n x\n}\na {\n import s\n}',
      [`2:1 '{' must stand on the line of the last key`],
    ],
    ['that imports itself', '(s) {\n import s\n}\na {\n}', [`2:9 snippet 's' imports itself`]],
    ['that imports itself on one line', '(s) { import s }\na {\n}', [`1:14 snippet 's' imports itself`]],
    [
      'that imports itself through another',
      '(s) {\n import t\n}\n(t) {\n import s\n}\na {\n import s\n}',
      [`5:9 snippet 's' imports itself`],
    ],
    [
      'given arguments',
      '(s) {\n x\n}\na {\n import s foo\n}',
      ['5:11 Import takes only one argument (glob pattern or file)'],
    ],
    ['imported with a block', '(s) {\n x\n}\na {\n import s {\n  p\n }\n y\n}', ['5:11 import takes no block']],
    ['imported without a name', 'a {\n import\n}', ['2:2 import needs an argument']],
    ['imported by an empty name', 'a {\n import ""\n}', ['2:9 import requires a path that is not empty']],
    ['used before it is defined', 'a {\n import later\n}\n(later) {\n x\n}', ['2:9 File to import not found: later']],
  ])('wrong: %s', (_, text, errors) => {
    expect(readText(text).errors).toEqual(errors);
  });

  it('one that stands below its import is told where', () => {
    const [problem] = readText('a {\n import common\n}\n(command) {\n y\n}\n(common) {\n x\n}').problems.list;
    expect(problem?.expected).toBe('the snippet (common) above this line: it is defined at Corefile:7:1');
    expect(problem?.suggestion).toBeUndefined();
  });

  it('a misspelt one names the nearest', () => {
    expect(readText('(common) {\n}\na {\n import comon\n}').problems.list[0]?.suggestion).toBe('common');
  });

  it('an error in one that is used often is listed once', () => {
    expect(readText('(s) {\n x {\n } y\n}\na {\n import s\n}\nb {\n import s\n}').errors).toHaveLength(1);
  });

  it('that double at each step end at the bound of 10,000 expansions', () => {
    const doubling = Array.from(
      { length: 40 },
      (_, index) => `(s${index + 1}) {\n import s${index}\n import s${index}\n}\n`,
    );
    const reading = readText(`(s0) {\n x\n}\n${doubling.join('')}a {\n import s40\n}`);
    expect(new Set(reading.errors.map((error) => error.replace(/^\S+ /, '')))).toEqual(
      new Set(['more than 10000 imports of snippets']),
    );
  });
});

describe('files', () => {
  it('are found relative to the file that imports them, and positions name them', () => {
    withFiles({ Corefile: 'a {\n import sub/one\n}', 'sub/one': 'x\nimport two', 'sub/two': 'y {' }, (folder) => {
      const reading = readPath(join(folder, 'Corefile'));
      expect(reading.directives).toEqual([[['x'], ['y', []]]]);
      expect(reading.errors).toEqual([`${join(folder, 'sub/two')}:1:3 this '{' is never closed`]);
      expect(reading.corefile?.inputs).toEqual(['Corefile', 'sub/one', 'sub/two'].map((name) => join(folder, name)));
    });
  });

  it('of a text are found relative to its folder, and named so', () => {
    withFiles({ 'sub/one': '}' }, (folder) => {
      const reading = readText('a {\n import sub/one\n x\n}', {}, folder);
      expect(reading.errors).toEqual([`sub/one:1:1 surplus '}': no '{' is open here`]);
      expect(reading.directives).toEqual([[['x']]]);
    });
  });

  it('a snippet of one file finds its files beside that file', () => {
    withFiles({ 'sub/snippets': '(s) {\n import beside\n}', 'sub/beside': 'x' }, (folder) => {
      expect(readText('import sub/snippets\na {\n import s\n}', {}, folder).directives).toEqual([[['x']]]);
    });
  });

  it('may be named by an absolute path, and may define blocks and snippets', () => {
    withFiles({ more: 'b {\n y\n}\n(s) {\n x\n}' }, (folder) => {
      const reading = readText(`import ${join(folder, 'more')}\na {\n import s\n}`);
      expect(reading.keys).toEqual([['dns://b.'], ['dns://a.']]);
      expect(reading.directives).toEqual([[['y']], [['x']]]);
    });
  });

  it('a byte order mark in one is skipped', () => {
    withFiles({ one: '\uFEFFx' }, (folder) => {
      expect(readText('a {\n import one\n}', {}, folder).directives).toEqual([[['x']]]);
    });
  });

  it('a block without braces ends with its file', () => {
    withFiles({ '1.server': 'b\ny', '2.server': 'c {\n z\n}' }, (folder) => {
      const reading = readText('import *.server\na {\n x\n}', {}, folder);
      expect(reading.keys).toEqual([['dns://b.'], ['dns://c.'], ['dns://a.']]);
      expect(reading.directives).toEqual([[['y']], [['z']], [['x']]]);
    });
  });

  it('what is opened in one is not closed in another', () => {
    withFiles({ '1.override': 'x {\n p', '2.override': 'y' }, (folder) => {
      const reading = readText('a {\n import *.override\n z\n}', {}, folder);
      expect(reading.errors).toEqual([`1.override:1:3 this '{' is never closed`]);
      expect(reading.directives).toEqual([[['x', [['p']]], ['y'], ['z']]]);
    });
  });

  it('that import themselves are an error', () => {
    withFiles({ Corefile: 'import one', one: 'b {\n}\nimport Corefile' }, (folder) => {
      const path = join(folder, 'Corefile');
      expect(readPath(path).errors).toEqual([`${join(folder, 'one')}:3:8 file '${path}' imports itself`]);
    });
  });

  it('may be imported twice', () => {
    withFiles({ one: 'x' }, (folder) => {
      expect(readText('a {\n import one\n import one\n}', {}, folder).directives).toEqual([[['x'], ['x']]]);
    });
  });

  it('that do not exist, or are a folder, are errors', () => {
    withFiles({ 'sub/one': '' }, (folder) => {
      const reading = readText('a {\n import none\n import sub\n x\n}', {}, folder);
      expect(reading.errors).toEqual([
        '2:9 File to import not found: none',
        '3:9 could not import sub: it is a directory',
      ]);
      expect(reading.directives).toEqual([[['x']]]);
      expect(reading.corefile?.inputs).toEqual([join(folder, 'none'), join(folder, 'sub')]);
    });
  });

  it('that are neither file nor folder are errors, and not waited for', () => {
    expect(readText('a {\n import /dev/zero\n}').errors).toEqual([
      '2:9 could not import /dev/zero: it is not a regular file',
    ]);
  });
});

describe('patterns', () => {
  const files = { 'd/b.x': 'b', 'd/a.x': 'a', 'd/B.x': 'B', 'd/a.y': 'y', 'd/.x': 'dot', 'e/a.x': 'e' };
  it.each<[string, readonly string[]]>([
    ['d/*.x', ['dot', 'B', 'a', 'b']],
    ['d/*', ['dot', 'B', 'a', 'y', 'b']],
    ['d/?.x', ['B', 'a', 'b']],
    ['d/a*', ['a', 'y']],
    ['d/a*y', ['y']],
    ['d/a.x*x', []],
    ['*/a.x', ['a', 'e']],
    ['?/a.*', ['a', 'y', 'e']],
    ['*/b.x', ['b']],
    ['none/*', []],
  ])('%s', (pattern, names) => {
    withFiles(files, (folder) => {
      const reading = readText(`a {\n import ${pattern}\n}`, {}, folder);
      expect(reading.directives).toEqual([names.map((name) => [name])]);
      expect(reading.errors).toEqual([]);
      expect(reading.warnings).toEqual([]);
      expect(reading.notes).toEqual(names.length > 0 ? [] : [`2:9 no files match import pattern '${pattern}'`]);
    });
  });

  it.each(['*/*', '??', 'a[bc]', '[', '[a-z]*'])('%s is refused', (pattern) => {
    expect(readText(`a {\n import ${pattern}\n}`).errors).toEqual([`2:9 import pattern '${pattern}' cannot be read`]);
  });

  it('a folder among the matches is an error', () => {
    withFiles({ 'd/one': 'x' }, (folder) => {
      mkdirSync(join(folder, 'd/sub'));
      const reading = readText('a {\n import d/*\n}', {}, folder);
      expect(reading.errors).toEqual([`2:9 could not import d/sub (by 'd/*'): it is a directory`]);
      expect(reading.directives).toEqual([[['x']]]);
    });
  });

  it('give the folders that they looked into, to be watched', () => {
    withFiles({ 'd/one.x': 'x' }, (folder) => {
      const reading = readText('a {\n import d/*.x\n import none/*.x\n}', {}, folder);
      expect(reading.corefile?.inputs).toEqual(['d', 'd/one.x', 'none'].map((name) => join(folder, name)));
    });
  });

  it('take wildcards in the name of the importing folder for what they are', () => {
    withFiles({ 'odd*[x]?/one.x': 'x' }, (folder) => {
      expect(readText('a {\n import *.x\n}', {}, join(folder, 'odd*[x]?')).directives).toEqual([[['x']]]);
    });
  });
});

it('a Corefile that cannot be read gives nothing', () => {
  withFiles({ 'sub/one': '' }, (folder) => {
    for (const [path, message] of [
      [join(folder, 'none'), 'the Corefile cannot be read: there is no such file'],
      [join(folder, 'sub'), 'the Corefile cannot be read: it is a directory'],
    ] as const) {
      const reading = readPath(path);
      expect(reading.corefile).toBeUndefined();
      expect(reading.errors).toEqual([`${path}:1:1 ${message}`]);
    }
  });
});
