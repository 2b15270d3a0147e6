/**
 * Whatever the text, reading it ends, throws nothing, and is bounded.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDirectiveNames, loadCorefile } from '../../src/corefile/corefile.ts';
import type { Directive } from '../../src/corefile/corefile.ts';
import { bounds } from '../../src/bounds.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { readPath, readText, withFiles } from './reading.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'corefile-'));
  writeFileSync(join(folder, 'one.x'), 'x { import two.x\n}\nimport (s)');
  writeFileSync(join(folder, 'two.x'), 'y }\nimport one.x');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Reads a text, checks what holds for any text, and gives the number of errors. */
function holds(text: string): void {
  const problems = new Problems();
  const environment = { A: '{$B}', B: '} {', C: 'a,' };
  const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder }, environment, problems);
  if (corefile === undefined) throw new Error('a text can always be read');
  checkDirectiveNames(corefile, ['errors', 'import', 'x'], problems);
  for (const { keys, directives } of corefile.blocks) {
    if (!problems.hasErrors) expect(keys).not.toHaveLength(0);
    for (const { zone, port } of keys) {
      expect(zone).toMatch(/\.$/);
      if (port !== undefined) expect(port > 0 && port < 65_536).toBe(true);
    }
    for (const directive of directives) expect(depth(directive)).toBeLessThanOrEqual(bounds.corefileNesting);
  }
  const lines = text.split('\n');
  for (const problem of problems.list) {
    expect(renderProblem(problem)).toContain(problem.message);
    const { file, line, column } = problem.at;
    if (file === 'Corefile') expect(column - 1).toBeLessThanOrEqual(lines[line - 1]?.length ?? -1);
  }
}

function depth({ block = [] }: Directive): number {
  return 1 + block.reduce((most, option) => Math.max(most, depth(option)), 0);
}

describe('reading ends and throws nothing', () => {
  const words = ['{', '}', '\n', '\n', ' ', 'a', 'b:53', 'x', '(s)', '(t)', 'import', 's', 't', '"', '\\"', '#', ','];
  const odd = [
    '\r',
    '\uFEFF',
    '{$A}',
    '{%B%}',
    '{$C}',
    '{$NONE}',
    '*.x',
    'one.x',
    '.:',
    '10.0.0.0/25',
    'tls://a',
    '::/33',
  ];

  it('for words of the language in any order', () => {
    const soup = fc
      .array(fc.tuple(fc.constantFrom(...words, ...odd), fc.constantFrom('', ' ', ' ', '\n')), { maxLength: 80 })
      .map((parts) => parts.flat().join(''));
    fc.assert(fc.property(soup, holds), { numRuns: 3000 });
  });

  it('for any characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), holds), { numRuns: 1000 });
  });

  it('for any octets in a file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        const path = join(folder, 'octets');
        writeFileSync(path, octets);
        expect(readPath(path).corefile).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });

  it('and gives the same again for the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...words, ...odd), maxLength: 60 }), (text) => {
        expect(readText(text, {}, folder)).toEqual(readText(text, {}, folder));
      }),
    );
  });
});

describe('a megabyte of the same is read in bounded time', () => {
  it.each([
    '{',
    '{ ',
    'a { ',
    '} ',
    'x\n',
    '" ',
    '"',
    '\\',
    '#',
    '{$',
    '{%',
    '{$A}',
    ':',
    '/',
    '(s) { ',
    'import s\n',
    'a, ',
    '10.0.0.0/25 ',
    '10.0.0.0/25 {\n}\n',
    '.',
    '\r',
  ])('%j', (unit) => {
    const before = process.cpuUsage();
    const text = unit.repeat(Math.floor(1_000_000 / unit.length));
    const { problems } = readText(text, { A: 'x'.repeat(10_000) });
    expect(problems.list.map(renderProblem).join('\n').length).toBeLessThan(1_000_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(5_000);
  });
});

describe('bounds are errors that say so', () => {
  it('words', () => {
    expect(messages(`a\n${'x\n'.repeat(bounds.corefileTokens)}`)).toContain(
      `the Corefile has more than ${bounds.corefileTokens} words with all that it imports`,
    );
  });

  it('words of snippets, each time that they are inserted', () => {
    const text = `(s) {\n${'x\n'.repeat(10_000)}}\na {\n${'import s\n'.repeat(200)}}`;
    expect(messages(text)).toEqual([
      `the Corefile has more than ${bounds.corefileTokens} words with all that it imports`,
    ]);
  });

  it('octets', () => {
    expect(messages('#'.repeat(bounds.corefileText + 1))).toContain(
      `the Corefile is larger than ${bounds.corefileText} octets with all that it imports`,
    );
  });

  it('octets of a file that never ends', () => {
    expect(readPath('/dev/zero').errors).toEqual([
      `/dev/zero:1:1 the Corefile is larger than ${bounds.corefileText} octets with all that it imports`,
    ]);
  });

  it('imports of files', () => {
    const text = `a {\n${'import *.none\n'.repeat(bounds.corefileFiles + 1)}}`;
    expect(messages(text)).toContain(`more than ${bounds.corefileFiles} imports of files`);
  });

  it('a glob of many files is one import', () => {
    withFiles(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}.x`, 'x'])), (many) => {
      expect(readText('a {\n import *.x\n}', {}, many).directives[0]).toHaveLength(50);
    });
  });

  it('zones', () => {
    const text = `${Array.from({ length: 1000 }, (_, index) => `10.${index % 250}.${Math.floor(index / 250)}.0/25`).join(' ')} {\n}`;
    expect(messages(text)).toEqual([`the server blocks have more than ${bounds.corefileZones} zones`]);
  });

  it('characters of variables', () => {
    const text = `a {\n${'x {$LONG}\n'.repeat(100)}}`;
    expect(messages(text, { LONG: 'x'.repeat(1_000_000) })).toContain(
      `environment variables put in more than ${bounds.corefileVariables} characters`,
    );
  });
});

describe('the fingerprint', () => {
  const text = 'a {\n x 1\n}\n';

  it.each<[string, string]>([
    ['a comment behind a line', 'a { # yes\n x 1\n}\n'],
    ['a comment at the end', 'a {\n x 1\n}\n# yes\n'],
    ['white space at the end of a line', 'a {  \n x 1\r\n}\n\n\n'],
  ])('stays for %s', (_, changed) => {
    expect(fingerprint(changed)).toBe(fingerprint(text));
  });

  it.each<[string, string]>([
    ['another word', 'a {\n x 2\n}\n'],
    ['a word more', 'a {\n x 1 2\n}\n'],
    ['a comment that moves lines', '# yes\na {\n x 1\n}\n'],
    ['quotes', 'a {\n x "1"\n}\n'],
    ['words run together', 'a {\n x1\n}\n'],
  ])('changes for %s', (_, changed) => {
    expect(fingerprint(changed)).not.toBe(fingerprint(text));
  });

  it('changes with an imported file, and with a variable', () => {
    withFiles({ one: 'x' }, (own) => {
      const before = readText('a {\n import one\n}', {}, own).corefile?.fingerprint;
      writeFileSync(join(own, 'one'), 'y');
      expect(readText('a {\n import one\n}', {}, own).corefile?.fingerprint).not.toBe(before);
    });
    expect(fingerprint('a {\n x {$V}\n}', { V: '1' })).not.toBe(fingerprint('a {\n x {$V}\n}', { V: '2' }));
  });
});

function messages(text: string, environment = {}): readonly string[] {
  return readText(text, environment, folder).problems.list.map(({ message }) => message);
}

function fingerprint(text: string, environment = {}): string | undefined {
  return readText(text, environment, folder).corefile?.fingerprint;
}
