/** The table of bounds: docs/limits.md prints it as the program has it, and each bound has a test that reaches it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bounds } from '../src/bounds.ts';
import { version } from '../src/version.ts';
import { reached } from './bounds/reached.ts';
import { hasTest } from './bounds/titles.ts';

const readText = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

it('docs/limits.md has a row for each bound, with its value', () => {
  const rows = [...readText('docs/limits.md').matchAll(/^\| `(\w+)`\s+\| ([\d ]+?)\s+\|/gm)];
  const table = rows.map(([, name, value]) => [name, Number(value?.replaceAll(' ', ''))]);
  expect(Object.fromEntries(table)).toEqual(bounds);
});

it('each bound has a test that reaches it', () => {
  expect(Object.keys(reached).toSorted()).toEqual(Object.keys(bounds).toSorted());
});

it.each(Object.entries(reached))('the test that reaches %s is there', (_, { file, title }) => {
  expect(hasTest(file, title), `'${title}' in ${file}`).toBe(true);
});

it('the version is the one of package.json', () => {
  expect(JSON.parse(readText('package.json'))).toMatchObject({ version });
});
