/** docs/directives.md names every directive, as the program has it; `node tools/directives.ts` writes it. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { directiveOrder } from '../src/plugins/order.ts';
import { directiveRows } from '../tools/directive-rows.ts';

const page = new URL('../docs/directives.md', import.meta.url);

function cellsOf(line: string): readonly string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll(String.raw`\|`, '|'));
}

const table = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map(cellsOf);

it('docs/directives.md has a row for each directive, as the program has it', () => {
  const rows = directiveRows().map(({ name, fate, about, further }) => [
    `\`${name}\``,
    fate,
    about,
    fate === 'refused' ? `use ${further}` : further,
  ]);
  expect(table).toEqual(rows);
});

it('names every directive that a Corefile may name', () => {
  expect(table.map(([name = '']) => name.replaceAll('`', ''))).toEqual(expect.arrayContaining([...directiveOrder]));
});

it('every manual page that it links to is there', () => {
  const links = table.flatMap(([, , , further = '']) => /\(([^)]+)\)/.exec(further)?.[1] ?? []);
  const pages = links.filter((link) => link.endsWith('README.md'));
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.filter((link) => !existsSync(new URL(link, page)))).toEqual([]);
});
