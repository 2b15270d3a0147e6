/**
 * What a function of the language is, and those that every expression may call: texts, numbers and lists. The functions that
 * look at the query are in query-functions.ts, those that look at each element of a list in predicates.ts.
 */
import type { Evaluation } from './evaluation.ts';
import { EvaluationFault } from './fault.ts';
import type { Literal } from './syntax.ts';
import {
  type Type,
  type Value,
  type Wanted,
  asArray,
  asInt,
  asNumber,
  asString,
  isArray,
  printable,
  valueText,
} from './values.ts';

export interface FunctionDefinition {
  /** How it is called, for a person: `incidr(IP, CIDR)`. */
  readonly usage: string;
  readonly params: readonly Wanted[];
  /** How many of the last arguments may be left out. */
  readonly optional?: number;
  /** What it gives, where that depends on what it is given. */
  readonly returns: Type | ((args: readonly Type[]) => Type);
  /** What is wrong with an argument that stands in the expression as it is; undefined for nothing. */
  readonly check?: (literal: Literal, index: number) => string | undefined;
  readonly run: (evaluation: Evaluation, args: readonly Value[]) => Value;
}

const NOTHING: Value = null;

/** An argument that was left out is nil. */
function at(args: readonly Value[], index: number): Value {
  return args[index] ?? NOTHING;
}

type TextFunction = (evaluation: Evaluation, text: string, other: string) => Value;

/** A function of one text, or two. */
function ofTexts(usage: string, params: 1 | 2, returns: Type, run: TextFunction): FunctionDefinition {
  return {
    usage,
    params: params === 1 ? ['string'] : ['string', 'string'],
    returns,
    run(evaluation, args) {
      const text = asString(at(args, 0));
      evaluation.read(text);
      return run(evaluation, text, params === 1 ? '' : asString(at(args, 1)));
    },
  };
}

const elementType = (args: readonly Type[]): Type => {
  const [list = 'any'] = args;
  return typeof list === 'string' ? 'any' : list.elements;
};

export const builtins: ReadonlyMap<string, FunctionDefinition> = new Map<string, FunctionDefinition>([
  ['lower', ofTexts('lower(TEXT)', 1, 'string', (evaluation, text) => evaluation.made(text.toLowerCase()))],
  ['upper', ofTexts('upper(TEXT)', 1, 'string', (evaluation, text) => evaluation.made(text.toUpperCase()))],
  ['hasPrefix', ofTexts('hasPrefix(TEXT, PREFIX)', 2, 'bool', (_, text, other) => text.startsWith(other))],
  ['hasSuffix', ofTexts('hasSuffix(TEXT, SUFFIX)', 2, 'bool', (_, text, other) => text.endsWith(other))],
  ['indexOf', ofTexts('indexOf(TEXT, PART)', 2, 'int', (_, text, other) => text.indexOf(other))],
  ['lastIndexOf', ofTexts('lastIndexOf(TEXT, PART)', 2, 'int', (_, text, other) => text.lastIndexOf(other))],
  [
    'trimPrefix',
    ofTexts('trimPrefix(TEXT, PREFIX)', 2, 'string', (_, text, other) =>
      text.startsWith(other) ? text.slice(other.length) : text,
    ),
  ],
  [
    'trimSuffix',
    ofTexts('trimSuffix(TEXT, SUFFIX)', 2, 'string', (_, text, other) =>
      text.endsWith(other) ? text.slice(0, text.length - other.length) : text,
    ),
  ],
  [
    'trim',
    {
      usage: 'trim(TEXT, CHARACTERS)',
      params: ['string', 'string'],
      optional: 1,
      returns: 'string',
      run(evaluation, args) {
        const text = asString(at(args, 0));
        evaluation.read(text);
        return args.length < 2 ? text.trim() : trimmed(text, asString(at(args, 1)));
      },
    },
  ],
  [
    'replace',
    {
      usage: 'replace(TEXT, OLD, NEW)',
      params: ['string', 'string', 'string'],
      returns: 'string',
      run(evaluation, args) {
        const [text, old, replacement] = [asString(at(args, 0)), asString(at(args, 1)), asString(at(args, 2))];
        // Before it is made: each octet of a text may become a whole text.
        evaluation.spend((text.length + 1) * (replacement.length + 1));
        // A function, because in a text `$&` would stand for what was found.
        return evaluation.made(text.replaceAll(old, () => replacement));
      },
    },
  ],
  [
    'split',
    {
      usage: 'split(TEXT, SEPARATOR, MOST)',
      params: ['string', 'string', 'int'],
      optional: 1,
      returns: { elements: 'string' },
      run(evaluation, args) {
        const text = asString(at(args, 0));
        evaluation.read(text);
        const most = args.length < 3 ? -1 : asInt(at(args, 2));
        return evaluation.listed(split(text, asString(at(args, 1)), most));
      },
    },
  ],
  [
    'join',
    {
      usage: 'join(LIST, SEPARATOR)',
      params: ['array', 'string'],
      optional: 1,
      returns: 'string',
      run(evaluation, args) {
        const texts = asArray(at(args, 0)).map(asString);
        const separator = args.length < 2 ? '' : asString(at(args, 1));
        evaluation.spend(texts.reduce((sum, text) => sum + text.length + separator.length, 0) >> 2);
        return evaluation.made(texts.join(separator));
      },
    },
  ],
  [
    'len',
    {
      usage: 'len(TEXT) or len(LIST)',
      params: ['any'],
      returns: 'int',
      run(_, args) {
        const value = at(args, 0);
        return isArray(value) ? value.length : asString(value).length;
      },
    },
  ],
  [
    'first',
    { usage: 'first(LIST)', params: ['array'], returns: elementType, run: (_, args) => at(asArray(at(args, 0)), 0) },
  ],
  [
    'last',
    {
      usage: 'last(LIST)',
      params: ['array'],
      returns: elementType,
      run: (_, args) => asArray(at(args, 0)).at(-1) ?? NOTHING,
    },
  ],
  ['int', { usage: 'int(NUMBER or TEXT)', params: ['any'], returns: 'int', run: (_, args) => toInt(at(args, 0)) }],
  [
    'float',
    { usage: 'float(NUMBER or TEXT)', params: ['any'], returns: 'float', run: (_, args) => toFloat(at(args, 0)) },
  ],
  [
    'string',
    {
      usage: 'string(VALUE)',
      params: ['any'],
      returns: 'string',
      run: (_, args) => toText(at(args, 0)),
    },
  ],
  [
    'abs',
    {
      usage: 'abs(NUMBER)',
      params: ['number'],
      returns: numberType,
      run: (_, args) => Math.abs(asNumber(at(args, 0))),
    },
  ],
  [
    'min',
    {
      usage: 'min(A, B)',
      params: ['number', 'number'],
      returns: numberType,
      run: (_, args) => Math.min(...args.map(asNumber)),
    },
  ],
  [
    'max',
    {
      usage: 'max(A, B)',
      params: ['number', 'number'],
      returns: numberType,
      run: (_, args) => Math.max(...args.map(asNumber)),
    },
  ],
]);

function numberType(args: readonly Type[]): Type {
  return args.every((type) => type === 'int') ? 'int' : 'float';
}

function toText(value: Value): string {
  const text = printable(value);
  if (text === undefined) throw new EvaluationFault(`${valueText(value)} is no text, and has none`);
  return text;
}

/** Without the characters of the set at both ends. */
function trimmed(text: string, characters: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text.charAt(start))) start++;
  while (end > start && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** At most so many parts, the last of which is all that is left; all parts where `most` is negative, none where it is 0. */
function split(text: string, separator: string, most: number): readonly string[] {
  if (most === 0) return [];
  const parts = text.split(separator);
  if (most < 0 || parts.length <= most) return parts;
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

function toInt(value: Value): number {
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(Math.trunc(number))) return Math.trunc(number);
  throw new EvaluationFault(`${valueText(value)} is no whole number`);
}

function toFloat(value: Value): number {
  const number =
    typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  if (typeof number === 'number') return number;
  throw new EvaluationFault(`${valueText(value)} is no number`);
}
