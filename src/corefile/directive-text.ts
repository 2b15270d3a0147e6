/**
 * A directive as one text, the same for two that say the same word for word, whatever their layout and place in the file.
 */
import type { Directive } from './tokens.ts';

export function directiveText(directive: Directive): string {
  return JSON.stringify(wordsOf(directive));
}

type Words = readonly (string | readonly Words[])[];

function wordsOf({ name, args, block }: Directive): Words {
  const words = [name.text, ...args.map(({ text }) => text)];
  return block === undefined ? words : [...words, block.map(wordsOf)];
}
