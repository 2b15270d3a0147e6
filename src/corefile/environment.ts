/**
 * Environment variables in words. In: a word with `{$NAME}` or `{%NAME%}`. Out: the word with their values, and which
 * of them had none. A value is text: it is not looked through again, and its spaces and braces separate nothing.
 */

export interface Replacement {
  readonly text: string;
  /** Variables that are not set. */
  readonly unset: readonly string[];
  /** Variables that are set to nothing. */
  readonly empty: readonly string[];
  /** Characters that values put in; counted even where the text was too long to be made. */
  readonly inserted: number;
}

const openings = [
  { open: '{$', close: '}' },
  { open: '{%', close: '%}' },
] as const;

/**
 * Replaces each reference once, from left to right. `{$}` has no name and stays.
 *
 * @param limit characters that values may put in; beyond it references stay as they are, and `inserted` says so
 */
export function replaceVariables(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  limit: number,
): Replacement {
  const parts: string[] = [];
  const unset = new Set<string>();
  const empty = new Set<string>();
  let inserted = 0;
  let copied = 0;
  // A closing that was not found once is not looked for again, or a long word of openings would take quadratic time.
  const sought = openings.map(({ open, close }) => ({ open, close, possible: true }));
  let index = text.indexOf('{');
  while (index !== -1) {
    const form = sought.find(({ open, possible }) => possible && text.startsWith(open, index));
    let next = index + 1;
    if (form !== undefined) {
      const end = text.indexOf(form.close, index + form.open.length);
      if (end === -1) {
        form.possible = false;
      } else if (end > index + form.open.length) {
        const name = text.slice(index + form.open.length, end);
        const set = Object.hasOwn(environment, name) ? environment[name] : undefined;
        const value = set ?? '';
        if (value === '') (set === undefined ? unset : empty).add(name);
        inserted += value.length;
        if (inserted > limit) return { text, unset: [], empty: [], inserted };
        parts.push(text.slice(copied, index), value);
        copied = end + form.close.length;
        next = copied;
      }
    }
    index = text.indexOf('{', next);
  }
  if (copied === 0) return { text, unset: [], empty: [], inserted: 0 };
  return { text: parts.join('') + text.slice(copied), unset: [...unset], empty: [...empty], inserted };
}
