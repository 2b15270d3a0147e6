/**
 * Writes the table of docs/directives.md: `node tools/directives.ts`. What stands before the table stays.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { directiveRows } from './directive-rows.ts';

const page = new URL('../docs/directives.md', import.meta.url);
const rows = directiveRows().map(
  ({ name, fate, about, further }) =>
    `| \`${name}\` | ${fate} | ${inCell(about)} | ${fate === 'refused' ? 'use ' : ''}${inCell(further)} |`,
);
const before = readFileSync(page, 'utf8').split(/\n\| /, 1)[0] ?? '';
writeFileSync(
  page,
  [before, '| directive | | what it does, or why it is refused | |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  ),
);

/** A bar would end the cell. */
function inCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
