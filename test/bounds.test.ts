/** The table of bounds in docs/limits.md is the one that the program has. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bounds } from '../src/bounds.ts';
import { version } from '../src/version.ts';

const readText = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

it('docs/limits.md has a row for each bound, with its value', () => {
  const rows = [...readText('docs/limits.md').matchAll(/^\| `(\w+)`\s+\| ([\d ]+?)\s+\|/gm)];
  const table = rows.map(([, name, value]) => [name, Number(value?.replaceAll(' ', ''))]);
  expect(Object.fromEntries(table)).toEqual(bounds);
});

it('the version is the one of package.json', () => {
  expect(JSON.parse(readText('package.json'))).toMatchObject({ version });
});
