/**
 * Comparisons that are well formed and hold for no query: `name() == 'www.example.org'`, which lacks the final dot, and
 * `type() == 'a'`. In: a node of the tree. Out: what is wrong, for a warning; an expression that is false for everybody would
 * not be noticed otherwise.
 */
import { classMnemonics, classOf, typeMnemonics, typeOf } from '../../dns/constants.ts';
import { nearestWord } from '../../corefile/nearest.ts';
import { type Doubt, doubtOfNameExpression } from '../name-expressions.ts';
import type { Span } from './lexer.ts';
import type { BinaryOperator, Node, Of } from './syntax.ts';

export interface PlacedDoubt extends Doubt {
  readonly at: Span;
}

/** What is wrong with comparing what a function of the query gives with this text. */
type Look = (operator: BinaryOperator, text: string) => Doubt | undefined;

const looks: ReadonlyMap<string, Look> = new Map<string, Look>([
  ['name', doubtOfName],
  ['type', doubtOfWord('type', (text) => typeOf(text) !== undefined, typeMnemonics)],
  ['class', doubtOfWord('class', (text) => classOf(text) !== undefined, classMnemonics)],
  ['proto', doubtOfWord('protocol', (text) => text === 'udp' || text === 'tcp', ['udp', 'tcp'])],
]);

/** Each text of a comparison that is never what it is compared with. */
export function doubtsOf({ operator, left, right }: Of<'binary'>): readonly PlacedDoubt[] {
  const look = lookFor(left) ?? (SYMMETRIC.has(operator) ? lookFor(right) : undefined);
  if (look === undefined) return [];
  const other = lookFor(left) === undefined ? left : right;
  const texts = other.kind === 'array' ? other.elements : [other];
  return texts.flatMap((node) => {
    if (node.kind !== 'literal' || typeof node.value !== 'string') return [];
    const doubt = look(operator, node.value);
    return doubt === undefined ? [] : { ...doubt, at: node };
  });
}

const SYMMETRIC: ReadonlySet<BinaryOperator> = new Set(['==', '!=']);
/** Operators of which the text must be all of the value. */
const WHOLE: ReadonlySet<BinaryOperator> = new Set(['==', '!=', 'in']);

function lookFor(node: Node): Look | undefined {
  return node.kind === 'call' && node.args.length === 0 ? looks.get(node.name) : undefined;
}

function doubtOfName(operator: BinaryOperator, text: string): Doubt | undefined {
  if (operator === 'matches') return doubtOfNameExpression(text);
  const isAtEnd = WHOLE.has(operator) || operator === 'endsWith';
  if (isAtEnd && !text.endsWith('.')) {
    return { message: `name() ends with a dot, and '${text}' does not`, expected: `'${text.toLowerCase()}.'` };
  }
  const isText = isAtEnd || operator === 'startsWith' || operator === 'contains';
  if (!isText || !/[A-Z]/.test(text)) return undefined;
  return { message: `name() is in lower case, and '${text}' is not`, expected: `'${text.toLowerCase()}'` };
}

function doubtOfWord(what: string, isOne: (text: string) => boolean, words: readonly string[]): Look {
  return (operator, text) => {
    if (!WHOLE.has(operator) || isOne(text)) return undefined;
    const other = words.find((word) => word.toLowerCase() === text.toLowerCase()) ?? nearestWord(text, words);
    const expected = other === undefined ? `a ${what} such as '${words[0] ?? ''}'` : `'${other}'`;
    return { message: `no ${what} is called '${text}'`, expected };
  };
}
