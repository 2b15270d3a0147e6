/**
 * Writes the table of docs/limits.md from src/bounds.ts: `node tools/limits.ts`. Each bound's comment is its line; what
 * stands before the table stays.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { bounds } from '../src/bounds.ts';

const source = readFileSync(new URL('../src/bounds.ts', import.meta.url), 'utf8');
const page = new URL('../docs/limits.md', import.meta.url);

const about = new Map(
  [...source.matchAll(/^ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(\w+):/gm)].map(([, comment = '', name = '']) => [
    name,
    comment.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim(),
  ]),
);
const rows = Object.entries(bounds).map(
  ([name, value]) => `| \`${name}\` | ${spaced(value)} | ${about.get(name) ?? ''} |`,
);
const before = readFileSync(page, 'utf8').split(/\n\| /, 1)[0] ?? '';
writeFileSync(page, [before, '| bound | value | |', '| --- | --- | --- |', ...rows, ''].join('\n'));

/** `1 048 576`; numbers of four digits stand as they are. */
function spaced(value: number): string {
  const text = String(value);
  return text.length < 5 ? text : text.replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}
