/**
 * Label selectors: what `kubectl -l` takes (`app=web,tier in (front,back),!canary`), and the two forms that objects have,
 * a plain mapping (`spec.selector` of a Service) and `matchLabels` with `matchExpressions`.
 */
import { type FieldReader, type Json, type Path, pathText } from './reduce/reading.ts';
import { isSubdomain } from './reduce/identity.ts';

export type Labels = Readonly<Record<string, string>>;

/** One condition; labels match a selector if they meet all its requirements. */
export type Requirement =
  | { readonly operator: 'in' | 'not-in'; readonly key: string; readonly values: readonly string[] }
  | { readonly operator: 'exists' | 'absent'; readonly key: string }
  | { readonly operator: 'above' | 'below'; readonly key: string; readonly bound: number };

/** Plain values, so that a selector can be sent to another process. */
export interface Selector {
  /** As it was written. */
  readonly text: string;
  readonly requirements: readonly Requirement[];
}

export type SelectorReading =
  | { readonly outcome: 'selector'; readonly selector: Selector }
  /** `position` is the offset within the text of what was not understood. */
  | { readonly outcome: 'error'; readonly position: number; readonly reason: string };

/** True if labels meet every requirement; an empty list of requirements is met by all. `not-in` is met by an absent key. */
export function matches(requirements: readonly Requirement[], labels: Labels): boolean {
  return requirements.every((requirement) => meets(requirement, labels));
}

function meets(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'not-in':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'above':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > requirement.bound;
    case 'below':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < requirement.bound;
  }
}

/** A selector of equalities, as Services have. */
export function requirementsOf(labels: Labels): readonly Requirement[] {
  return Object.entries(labels).map(([key, value]) => ({ operator: 'in', key, values: [value] }));
}

/** `matchLabels` and `matchExpressions` of `holder[field]`. */
export function readLabelSelector(holder: Json, field: string, path: Path, read: FieldReader): readonly Requirement[] {
  const selector = read.record(holder, field, path);
  const at = [...path, field];
  const requirements = [...requirementsOf(read.textMap(selector, 'matchLabels', at))];
  for (const [expression, i] of read.records(selector, 'matchExpressions', at)) {
    const here = [...at, 'matchExpressions', i];
    const key = read.text(expression, 'key', here) ?? '';
    const operator = read.text(expression, 'operator', here) ?? '';
    const values = read.texts(expression, 'values', here);
    switch (operator) {
      case 'In':
      case 'NotIn':
        requirements.push({ operator: operator === 'In' ? 'in' : 'not-in', key, values });
        break;
      case 'Exists':
      case 'DoesNotExist':
        requirements.push({ operator: operator === 'Exists' ? 'exists' : 'absent', key });
        break;
      default:
        read.complain(here, `${pathText(here)} has no operator among In, NotIn, Exists and DoesNotExist; left out`);
    }
  }
  return requirements;
}

/** Parses kubectl's syntax; an empty text selects everything. */
export function parseSelector(text: string): SelectorReading {
  return new SelectorParser(text).parse();
}

const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const PART_LENGTH = 63;

function isKey(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  const prefixed = slash < 0 || isSubdomain(text.slice(0, slash));
  return prefixed && name !== '' && isValue(name);
}

function isValue(text: string): boolean {
  return text.length <= PART_LENGTH && VALUE.test(text);
}

class SelectorError extends Error {
  readonly position: number;

  constructor(position: number, reason: string) {
    super(reason);
    this.position = position;
  }
}

interface Token {
  /** A word, or one of `,` `(` `)` `!` `=` `==` `!=` `<` `>`; empty at the end of the text. */
  readonly text: string;
  readonly position: number;
}

const TOKEN = /\s*(==|!=|[,()!=<>]|[^\s,()!=<>]+|$)/y;
const SYMBOLS = new Set(['', ',', '(', ')', '!', '=', '==', '!=', '<', '>']);

class SelectorParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): SelectorReading {
    try {
      return { outcome: 'selector', selector: { text: this.#text, requirements: this.#requirements() } };
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      return { outcome: 'error', position: error.position, reason: error.message };
    }
  }

  #requirements(): readonly Requirement[] {
    const requirements: Requirement[] = [];
    if (this.#peek().text === '') return requirements;
    for (;;) {
      requirements.push(this.#requirement());
      const separator = this.#next();
      if (separator.text === '') return requirements;
      if (separator.text !== ',') {
        throw new SelectorError(separator.position, `expected a comma or the end, found "${separator.text}"`);
      }
    }
  }

  #requirement(): Requirement {
    if (this.#peek().text === '!') {
      this.#next();
      return { operator: 'absent', key: this.#key() };
    }
    const key = this.#key();
    const operator = this.#peek();
    if (operator.text === '' || operator.text === ',') return { operator: 'exists', key };
    this.#next();
    switch (operator.text) {
      case '=':
      case '==':
        return { operator: 'in', key, values: [this.#value()] };
      case '!=':
        return { operator: 'not-in', key, values: [this.#value()] };
      case 'in':
        return { operator: 'in', key, values: this.#values() };
      case 'notin':
        return { operator: 'not-in', key, values: this.#values() };
      case '>':
      case '<':
        return { operator: operator.text === '>' ? 'above' : 'below', key, bound: this.#bound() };
      default:
        throw new SelectorError(
          operator.position,
          `expected one of = == != in notin < > after "${key}", found "${operator.text}"`,
        );
    }
  }

  #key(): string {
    const token = this.#next();
    if (!SYMBOLS.has(token.text) && isKey(token.text)) return token.text;
    throw new SelectorError(token.position, `expected a label's key, found ${found(token)}`);
  }

  /** The value after an operator; none at all is the empty value. */
  #value(): string {
    const token = this.#peek();
    if (token.text === '' || token.text === ',' || token.text === ')') return '';
    this.#next();
    if (!SYMBOLS.has(token.text) && isValue(token.text)) return token.text;
    throw new SelectorError(token.position, `expected a label's value, found ${found(token)}`);
  }

  #values(): readonly string[] {
    const open = this.#next();
    if (open.text !== '(') throw new SelectorError(open.position, `expected "(", found ${found(open)}`);
    const values: string[] = [];
    for (;;) {
      values.push(this.#value());
      const token = this.#next();
      if (token.text === ')') return values;
      if (token.text !== ',') throw new SelectorError(token.position, `expected a comma or ")", found ${found(token)}`);
    }
  }

  #bound(): number {
    const token = this.#next();
    if (/^-?\d{1,15}$/.test(token.text)) return Number(token.text);
    throw new SelectorError(token.position, `expected a whole number, found ${found(token)}`);
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { text: '', position: this.#text.length };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }
}

function found(token: Token): string {
  return token.text === '' ? 'the end' : `"${token.text}"`;
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const match = TOKEN.exec(text);
    const token = match?.[1] ?? '';
    if (match === null || token === '') return tokens;
    tokens.push({ text: token, position: TOKEN.lastIndex - token.length });
  }
}
