/**
 * What becomes of each directive that a Corefile may name: the rows of docs/directives.md. In: src/plugins/order.ts and
 * refused.ts, and the NAME line of each manual page. Out: one row for each directive, in the order of the alphabet.
 */
import { readFileSync } from 'node:fs';
import type { DirectiveDefinition } from '../src/plugins/plugin.ts';
import { directiveOrder, directives } from '../src/plugins/order.ts';
import { refused } from '../src/plugins/refused.ts';

export interface DirectiveRow {
  readonly name: string;
  /** `served`: in the chain or beside it; `setting`: of the server block. */
  readonly fate: 'served' | 'setting' | 'refused';
  /** For a person, in Markdown: what it does, or why it is refused. */
  readonly about: string;
  /** Where its manual page is, as seen from docs/, or what to use in its place. */
  readonly further: string;
}

/** @throws where a directive is neither served nor refused, or both, or has no manual page */
export function directiveRows(): readonly DirectiveRow[] {
  const definitions = new Map(directives.map((one) => [one.name, one]));
  const names = new Set([...directiveOrder, ...definitions.keys(), ...Object.keys(refused)]);
  return [...names].toSorted().map((name) => rowOf(name, definitions.get(name)));
}

function rowOf(name: string, definition: DirectiveDefinition | undefined): DirectiveRow {
  const refusal = refused[name];
  if ((definition === undefined) === (refusal === undefined)) {
    throw new Error(`'${name}' must be either in 'directives' or in 'refused'`);
  }
  if (definition === undefined) {
    return { name, fate: 'refused', about: refusal?.reason ?? '', further: refusal?.instead ?? '' };
  }
  const fate = definition.kind === 'setting' ? 'setting' : 'served';
  const page = `src/plugins/${name}/README.md`;
  return { name, fate, about: summaryOf(page), further: `[manual page](../${page})` };
}

/** What stands behind the name in the section NAME. */
function summaryOf(page: string): string {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
  const [, summary] = /^## NAME\s+`[^`]+` – ([^]*?)\n\n/m.exec(text) ?? [];
  if (summary === undefined) throw new Error(`${page} has no line NAME`);
  return summary.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '');
}
