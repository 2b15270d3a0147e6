/**
 * What a resolver did on a number of walks: which names it asked for, in which order, and what it came to. In a file it has one line
 * for each walk, behind a line with the resolver and the seed: the places of the names on the search path, and the outcome.
 *
 *     go 1
 *     0123 192.0.2.4 2001:db8::4
 *     01234 none
 */
import type { Outcome } from '../stub.ts';
import { Scenarios, conf } from './scenarios.ts';

export interface Walked {
  readonly name: string;
  /** Full names without their final dot, each once. */
  readonly asked: readonly string[];
  readonly outcome: Outcome;
}

export interface Transcript {
  readonly resolver: string;
  readonly seed: number;
  readonly walks: readonly Walked[];
}

/** The outcome of a line of `lookups.c` or `lookups.go`: the name, then addresses or a word. */
export function readLine(line: string): { readonly name: string; readonly outcome: Outcome } {
  const [name = '', ...words] = line.split(' ');
  return { name, outcome: outcomeOf(words) };
}

function outcomeOf(words: readonly string[]): Outcome {
  switch (words[0]) {
    case 'EAI_NONAME':
    case 'EAI_NODATA':
    case 'notfound':
    case 'none':
      return { kind: 'none' };
    case undefined:
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_SYSTEM':
    case 'EAI_OTHER':
    case 'failed':
      return { kind: 'failed' };
    default:
      return { kind: 'addresses', addresses: words.toSorted() };
  }
}

export function writeTranscript({ resolver, seed, walks }: Transcript): string {
  const lines = walks.map(({ name, asked, outcome }) => {
    const places = asked.map((full) => candidatesOf(name).indexOf(full)).join('');
    return `${places} ${outcome.kind === 'addresses' ? outcome.addresses.join(' ') : outcome.kind}`;
  });
  return `${[`${resolver} ${seed}`, ...lines].join('\n')}\n`;
}

export function readTranscript(text: string): Transcript {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const [resolver = '', seed = ''] = head.split(' ');
  const { names } = new Scenarios(Number(seed), lines.length);
  const walks = names.map((name, i): Walked => {
    const [places = '', ...words] = (lines[i] ?? '').split(' ');
    const asked = places.split('').map((place) => candidatesOf(name)[Number(place)] ?? '');
    return { name, asked, outcome: outcomeOf(words) };
  });
  return { resolver, seed: Number(seed), walks };
}

function candidatesOf(name: string): readonly string[] {
  return [...conf.search.map((domain) => `${name}.${domain}`), name];
}
