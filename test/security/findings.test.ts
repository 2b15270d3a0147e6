/** The table in README.md: each finding has the test that it names, or a reason why there is none. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { hasTest } from '../bounds/titles.ts';

const rows = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, finding = '', , test = '']) => ({ finding, test }))
  .filter(({ finding }) => finding !== 'finding' && !finding.startsWith('---'));

it('the table has a row for each finding, once', () => {
  const findings = rows.map(({ finding }) => finding);
  expect(new Set(findings).size).toBe(findings.length);
  expect(findings.length).toBeGreaterThanOrEqual(25);
});

it.each(rows)('$finding', ({ test }) => {
  if (test.startsWith('none: ')) return;
  const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
  expect(hasTest(file, title), `'${title}' in ${file}`).toBe(true);
});
