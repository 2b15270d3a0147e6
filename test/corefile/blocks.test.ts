import { describe, expect, it } from 'vitest';
import { readText } from './reading.ts';
import type { Shape } from './reading.ts';

describe('blocks', () => {
  it.each<[string, string, readonly (readonly string[])[], readonly (readonly Shape[])[]]>([
    ['hold directives with arguments', 'a {\n x 1 "2 3"\n y\n}\n', [['dns://a.']], [[['x', '1', '2 3'], ['y']]]],
    [
      'hold directives with blocks',
      'a {\n x 1 {\n  p q\n  r\n }\n}\n',
      [['dns://a.']],
      [[['x', '1', [['p', 'q'], ['r']]]]],
    ],
    ['hold blocks within blocks', 'a {\n x {\n  p {\n   q\n  }\n }\n}\n', [['dns://a.']], [[['x', [['p', [['q']]]]]]]],
    ['may close on the line', 'a { x { p 1 } }\n', [['dns://a.']], [[['x', [['p', '1']]]]]],
    ['may be empty', 'a {\n}\nb {\n x {\n }\n}', [['dns://a.'], ['dns://b.']], [[], [['x', []]]]],
    ['have several keys', 'a b:53 {\n}\n', [['dns://a.', 'dns://b.:53']], [[]]],
    [
      'take keys from the next line after a comma',
      'a,\nb, c\t,\nd {\n}\n',
      [['dns://a.', 'dns://b.', 'dns://c.', 'dns://d.']],
      [[]],
    ],
    ['may follow each other on a line', 'a {\n} b {\n}\n', [['dns://a.'], ['dns://b.']], [[], []]],
    [
      'may stand once without braces',
      'a b\nx 1\ny {\n p\n}\n',
      [['dns://a.', 'dns://b.']],
      [
        [
          ['x', '1'],
          ['y', [['p']]],
        ],
      ],
    ],
    ['may be nothing but a key', 'a:53', [['dns://a.:53']], [[]]],
    ['may stand without braces behind others', 'a {\n x\n}\nb\ny\n', [['dns://a.'], ['dns://b.']], [[['x']], [['y']]]],
    ['keep a directive that occurs twice', 'a {\n x 1\n y\n x 2\n}', [['dns://a.']], [[['x', '1'], ['y'], ['x', '2']]]],
    ['keep braces in quotes as words', 'a {\n x "{" "}"\n}', [['dns://a.']], [[['x', '{', '}']]]],
    ['go on behind a quoted line end', 'a {\n x "1\n2" 3\n y\n}', [['dns://a.']], [[['x', '1\n2', '3'], ['y']]]],
    [
      'take names that objects have by nature',
      'constructor {\n __proto__ toString\n}',
      [['dns://constructor.']],
      [[['__proto__', 'toString']]],
    ],
  ])('%s', (_, text, keys, directives) => {
    const reading = readText(text);
    expect(reading.errors).toEqual([]);
    expect(reading.keys).toEqual(keys);
    expect(reading.directives).toEqual(directives);
  });
});

describe('errors', () => {
  it.each<[string, string, readonly string[], readonly (readonly Shape[])[]]>([
    ['a surplus } at the end', 'a {\n x\n}\n}\n', [`4:1 surplus '}': no '{' is open here`], [[['x']]]],
    ['a surplus } between blocks', 'a {\n}\n}\nb {\n y\n}', [`3:1 surplus '}': no '{' is open here`], [[], [['y']]]],
    ['a surplus } among keys', 'a } b {\n y\n}', [`1:3 surplus '}': no '{' is open here`], [[['y']]]],
    ['a surplus } in the form without braces', 'a\nx\n}\n', [`3:1 surplus '}': no '{' is open here`], [[['x']]]],
    ['a { that is never closed', 'a {\n x\n', [`1:3 this '{' is never closed`], [[['x']]]],
    [
      'two { that are never closed',
      'a {\n x {\n  p\n',
      [`1:3 this '{' is never closed`, `2:4 this '{' is never closed`],
      [[['x', [['p']]]]],
    ],
    ['a { on the line after the key', 'a\n{\n x\n}', [`2:1 '{' must stand on the line of the last key`], [[['x']]]],
    [
      'a { on the line after the directive',
      'a {\n x 1\n {\n  p\n }\n y\n}',
      [`3:2 '{' must stand on the line of 'x'`],
      [[['x', '1', [['p']]], ['y']]],
    ],
    ['a block without a key', '{\n x\n}\nb {\n}', [`1:1 a server block has no key before its '{'`], [[]]],
    ['a block without a directive', 'a {\n {\n  p\n }\n y\n}', [`2:2 a '{' without a directive before it`], [[['y']]]],
    [
      'words behind a block',
      'a {\n x {\n } y z\n w\n}',
      [`3:4 'y' stands behind the block of 'x'`],
      [[['x', []], ['w']]],
    ],
    ['a comma before the brace', 'a, {\n x\n}', [`1:1 another key must follow the comma of 'a,'`], [[['x']]]],
    ['a comma at the end', 'a,\n', [`1:1 another key must follow the comma of 'a,'`], [[]]],
    [
      'braces nested too deep',
      `a {\n${'x {\n'.repeat(16)}${'}\n'.repeat(16)}y\n}`,
      ['17:3 braces are nested more than 16 deep'],
      [[nested(16), ['y']]],
    ],
  ])('%s', (_, text, errors, directives) => {
    const reading = readText(text);
    expect(reading.errors).toEqual(errors);
    expect(reading.directives).toEqual(directives);
  });

  it('braces nested sixteen deep are none', () => {
    expect(readText(`a {\n${'x {\n'.repeat(15)}${'}\n'.repeat(16)}`).errors).toEqual([]);
  });

  it('all are listed in one go, by line', () => {
    const reading = readText('foo://a {\n x {\n } y\n}\na:0 {\n import\n}\n}\n');
    expect(reading.errors).toEqual([
      `1:1 unknown scheme 'foo'`,
      `3:4 'y' stands behind the block of 'x'`,
      `5:1 port 0 is out of range`,
      `6:2 import needs an argument`,
      `8:1 surplus '}': no '{' is open here`,
    ]);
  });
});

it.each(['', '\n# nothing\n'])('a Corefile without a block is wrong: %j', (text) => {
  const reading = readText(text);
  expect(reading.keys).toEqual([]);
  expect(reading.errors).toEqual(['1:1 the Corefile has no server blocks']);
  expect(reading.warnings).toEqual([]);
});

describe('a manifest in place of a Corefile', () => {
  const configMap = 'metadata:\n  name: coredns\ndata:\n  Corefile: |\n    .:53 {\n        errors\n    }\n';

  it.each([
    ['that begins with its version', `apiVersion: v1\nkind: ConfigMap\n${configMap}`, '1:1'],
    ['that begins with its kind', `kind: ConfigMap\napiVersion: v1\n${configMap}`, '1:1'],
    ['behind comments', `# of kubeadm\n\napiVersion: v1\nkind: ConfigMap\n${configMap}`, '3:1'],
    ['behind a line of dashes', `---\napiVersion: v1\n${configMap}`, '2:1'],
  ])('%s is told once', (_, text, place) => {
    const reading = readText(text);
    expect(reading.errors).toEqual([`${place} this is a Kubernetes manifest, and not a Corefile`]);
    expect(reading.problems.list[0]?.expected).toContain("below 'data:' and 'Corefile:'");
    expect(reading.keys).toEqual([]);
  });

  it.each(['kind: {\n x\n}\n', 'kind: v1 {\n x\n}\n', 'kind:\nx\n', 'kind {\n x\n}\n'])('is not %j', (text) => {
    expect(readText(text).errors.join()).not.toContain('manifest');
  });
});

/** `x { x { … } }`, the innermost empty. */
function nested(depth: number): Shape {
  return depth === 1 ? ['x', []] : ['x', [nested(depth - 1)]];
}
