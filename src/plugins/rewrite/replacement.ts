/**
 * The text that takes the place of what a regular expression matched: `{1}.service.{2}.consul`. In: a word of the Corefile, once.
 * Out: for each match the text, with the groups put in; `{0}` is all that matched.
 */
import type { RE2JS } from 're2js';
import { bounds } from '../../bounds.ts';

type Part = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'group'; readonly group: number };

/** What has just matched, as the engine holds it. */
export type Groups = Pick<ReturnType<RE2JS['matcher']>, 'group'>;

export class Replacement {
  readonly #parts: readonly Part[];

  /** @param text in lower case, as names are compared */
  constructor(text: string) {
    this.#parts = text
      .split(/(\{\d{1,3}\})/)
      .filter((part) => part !== '')
      .map((part) => {
        const group = /^\{(\d+)\}$/.exec(part)?.[1];
        return group === undefined ? { kind: 'text', text: part } : { kind: 'group', group: Number(group) };
      });
  }

  /** The highest group that is asked for; undefined where there is none, so that the text is always the same. */
  get highestGroup(): number | undefined {
    const groups = this.#parts.flatMap((part) => (part.kind === 'group' ? part.group : []));
    return groups.length === 0 ? undefined : Math.max(...groups);
  }

  /** A group that took no part in the match is empty. Undefined where the text is longer than any name. */
  render(groups: Groups): string | undefined {
    let text = '';
    for (const part of this.#parts) {
      text += part.kind === 'text' ? part.text : (groups.group(part.group) ?? '');
      if (text.length > bounds.rewriteText) return undefined;
    }
    return text;
  }
}
