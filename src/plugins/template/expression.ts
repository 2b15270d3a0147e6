/**
 * What stands between `{{` and `}}`. In: its text. Out: an expression, or a `TemplateFault` that says what there is.
 */
import { faultOfLabel } from '../metadata/labels.ts';

export const fields = [
  '.Name',
  '.Zone',
  '.Class',
  '.Type',
  '.Remote',
  '.Question.Name',
  '.Question.Qtype',
  '.Question.Qclass',
] as const;
export type Field = (typeof fields)[number];

export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'field'; readonly field: Field }
  /** `index .Match N` */
  | { readonly kind: 'match'; readonly index: number }
  /** `.Group.NAME` */
  | { readonly kind: 'group'; readonly name: string }
  /** `.Var.NAME` */
  | { readonly kind: 'variable'; readonly name: string }
  /** `.Meta "LABEL"` */
  | { readonly kind: 'metadata'; readonly label: string }
  /** `parseInt VALUE BASE BITS` */
  | { readonly kind: 'parseInt'; readonly value: Expression; readonly base: number; readonly bits: number };

const META = '.Meta `LABEL`, such as .Meta `kubernetes/namespace`';

const SUPPORTED = `${fields.join(', ')}, .Group.NAME, .Var.NAME, .Meta "LABEL", index .Match N, index .Group "NAME", parseInt VALUE BASE BITS, "text"`;

/** Ends the compiling or the rendering of one template; it does not leave this folder. */
export class TemplateFault extends Error {
  readonly expected: string;

  constructor(message: string, expected: string = SUPPORTED) {
    super(message);
    this.expected = expected;
  }
}

export function parseAction(text: string): Expression {
  const words = splitWords(text);
  const expression = parseCommand(words);
  const [surplus] = words;
  if (surplus !== undefined) throw unsupported(surplus);
  return expression;
}

/** Words of an action, and parentheses as words of their own. */
function splitWords(text: string): string[] {
  return Array.from(text.matchAll(/[()|]|"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s()|"`]+|["`]/g), ([word]) => word);
}

/** Takes the words of one command, up to a closing parenthesis or the end. */
function parseCommand(words: string[]): Expression {
  const [first] = words;
  if (first === 'index' || first === 'parseInt') {
    words.shift();
    return first === 'index' ? parseIndex(words) : parseParseInt(words);
  }
  if (first === '.Meta') {
    words.shift();
    return parseMetadata(words.shift() ?? '');
  }
  return parseOperand(words);
}

function parseIndex(words: string[]): Expression {
  const list = words.shift();
  const key = words.shift() ?? '';
  if (list === '.Match') {
    const index = parseNumber(key);
    if (index !== undefined) return { kind: 'match', index };
    throw new TemplateFault(`'index .Match' needs a number, not '${key}'`, 'index .Match N');
  }
  if (list === '.Group' && isString(key)) return groupOf(readString(key));
  if (list === '.Var' && isString(key)) return { kind: 'variable', name: readString(key) };
  throw new TemplateFault(`'index' is known for .Match, .Group and .Var`, 'index .Match N, index .Group "NAME"');
}

/** A group by its name, or by its number. */
function groupOf(name: string): Expression {
  return /^\d{1,5}$/.test(name) ? { kind: 'match', index: Number(name) } : { kind: 'group', name };
}

function parseMetadata(word: string): Expression {
  if (!isString(word)) throw new TemplateFault(`'.Meta' needs a label in quotes`, META);
  const label = readString(word);
  const fault = faultOfLabel(label);
  if (fault !== undefined) throw new TemplateFault(fault, META);
  return { kind: 'metadata', label };
}

function parseParseInt(words: string[]): Expression {
  const usage = 'parseInt VALUE BASE BITS, BASE 0 or 2 to 36, BITS 0 to 64';
  if (words.length === 0) throw new TemplateFault(`'parseInt' without a value`, usage);
  const value = parseOperand(words);
  const base = parseNumber(words.shift() ?? '');
  const bits = parseNumber(words.shift() ?? '');
  if (base === undefined || base === 1 || base > 36 || bits === undefined || bits > 64) {
    throw new TemplateFault(`'parseInt' needs a value, a base and a number of bits`, usage);
  }
  return { kind: 'parseInt', value, base, bits };
}

/** A field, a string, or a command in parentheses. */
function parseOperand(words: string[]): Expression {
  const word = words.shift();
  if (word === undefined) throw new TemplateFault(`there is nothing between '{{' and '}}'`);
  if (word === '(') {
    const inner = parseCommand(words);
    if (words.shift() !== ')') throw new TemplateFault(`a '(' without its ')'`, `')'`);
    return inner;
  }
  if (isString(word)) return { kind: 'text', value: readString(word) };
  const field = fields.find((name) => name === word);
  if (field !== undefined) return { kind: 'field', field };
  const [, list, name = ''] = /^\.(Group|Var)\.(\w+)$/.exec(word) ?? [];
  if (list === 'Group') return { kind: 'group', name };
  if (list === 'Var') return { kind: 'variable', name };
  throw unsupported(word);
}

function unsupported(word: string): TemplateFault {
  if (word === '.Meta') return new TemplateFault(`'.Meta' within another command`, `(${META})`);
  if (word === '.Match' || word === '.Group' || word === '.Var') {
    return new TemplateFault(`'${word}' stands for several texts`, 'index .Match N, .Group.NAME, .Var.NAME');
  }
  return new TemplateFault(`'${word}' is no part of the template language that is supported here`);
}

function isString(word: string): boolean {
  return word.length > 1 && /^["`]/.test(word);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** A Go string: raw in backquotes, with escapes in double quotes. */
function readString(word: string): string {
  const inner = word.slice(1, -1);
  if (word.startsWith('`')) return inner;
  return inner.replace(/\\(.)/g, (_, character: string) => {
    const plain = /^["\\]$/.test(character) ? character : escapes[character];
    if (plain === undefined)
      throw new TemplateFault(`the escape '\\${character}' in ${word}`, String.raw`\", \\, \n, \r, \t`);
    return plain;
  });
}

function parseNumber(word: string): number | undefined {
  return /^(?:\d{1,5}|0x[0-9a-f]{1,4})$/i.test(word) ? Number(word) : undefined;
}
