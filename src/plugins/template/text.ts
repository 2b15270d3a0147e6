/**
 * The part of Go's text/template that records need. In: a text with `{{ … }}`, compiled once. Out: the text for one
 * matched query.
 *
 *     {{ .Name }} {{ .Zone }} {{ .Class }} {{ .Type }} {{ .Remote }} {{ .Question.Name }}
 *     {{ .Var.name }} {{ .Meta `kubernetes/namespace` }}
 *     {{ index .Match 1 }} {{ .Group.name }} {{ index .Group "name" }} {{ parseInt .Group.b 16 8 }}
 *     {{ "a string" }} {{- trimmed -}} {{/* a comment *\/}}
 *
 * Everything else of the language is an error when it is compiled, never when a query comes.
 */
import { bounds } from '../../bounds.ts';
import { type Value, printable, valueText } from '../expressions/expressions.ts';
import type { Question } from '../../dns/question.ts';
import type { MetadataProvider } from '../neighbours.ts';
import type { Query } from '../query.ts';
import { type Expression, type Field, TemplateFault, parseAction } from './expression.ts';
import { className, typeName } from '../../dns/constants.ts';

/** What a template can print of a query that matched. */
export interface TemplateData {
  readonly question: Question;
  /** The zone that the name was found in, presentation form, lower case. */
  readonly zone: string;
  /** The client's address. */
  readonly remote: string;
  /** The match and its groups by number; a group that took no part is empty. */
  readonly match: readonly string[];
  /** Groups by name. */
  readonly groups: Readonly<Record<string, string>>;
  /** What `var` lines gave, by name. */
  readonly variables: Readonly<Record<string, Value>>;
  /** As `Neighbours.metadata` has it, and whom it is asked for. */
  readonly metadata: ReadonlyMap<string, MetadataProvider>;
  readonly query: Query;
}

export interface TextTemplate {
  /** All text where nothing depends on the query. */
  readonly constant: string | undefined;
  /** The text for some name, where nothing but the first word depends on the query, and that on names alone. */
  readonly sample: string | undefined;
  /** What it prints, for checks against the regular expressions and for the question of replaying. */
  readonly expressions: readonly Expression[];
  /** The text, or what kept it from being made. */
  render(data: TemplateData): { readonly text: string } | { readonly fault: string };
}

export type CompiledText =
  | { readonly kind: 'template'; readonly template: TextTemplate }
  | { readonly kind: 'error'; readonly message: string; readonly expected: string };

export function compileText(source: string): CompiledText {
  try {
    const parts = split(source);
    return { kind: 'template', template: templateOf(parts) };
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    return { kind: 'error', message: error.message, expected: error.expected };
  }
}

type Part = string | Expression;

/** Text and actions in turn. `{{- ` takes the white space before it away, ` -}}` that behind it. */
function split(source: string): readonly Part[] {
  const parts: Part[] = [];
  // Quotes within an action may hold braces.
  const action =
    /\{\{(-(?=\s))?(\s*\/\*[^]*?\*\/\s*|(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!-?\}\})[^"`]|-(?!\}\}))*?)((?<=\s)-)?\}\}/y;
  let at = 0;
  let trim = false;
  for (;;) {
    const open = source.indexOf('{{', at);
    const text = source.slice(at, open < 0 ? source.length : open);
    const kept = trim ? text.trimStart() : text;
    if (open < 0) {
      parts.push(kept);
      return parts;
    }
    action.lastIndex = open;
    const match = action.exec(source);
    if (match === null) throw new TemplateFault(`a '{{' that is never closed`, `'}}' behind it`);
    const [whole, trimBefore, body = '', trimAfter] = match;
    parts.push(trimBefore === undefined ? kept : kept.trimEnd());
    if (!/^\s*\/\*/.test(body)) parts.push(parseAction(body));
    trim = trimAfter !== undefined;
    at = open + whole.length;
  }
}

function templateOf(parts: readonly Part[]): TextTemplate {
  const constants = parts.map((part) =>
    typeof part === 'string' ? part : part.kind === 'text' ? part.value : undefined,
  );
  const firstWord = constants.findIndex((part) => part !== undefined && /\s/.test(part));
  const samples = parts.map((part, i) => (isName(part) && i < firstWord ? SAMPLE : constants[i]));
  return {
    constant: wholeOf(constants),
    sample: wholeOf(samples),
    expressions: parts.filter((part) => typeof part !== 'string'),
    render(data) {
      try {
        let text = '';
        for (const part of parts) text += typeof part === 'string' ? part : evaluate(part, data);
        return text.length <= bounds.templateRecord
          ? { text }
          : { fault: `a record of more than ${bounds.templateRecord} characters` };
      } catch (error) {
        if (!(error instanceof TemplateFault)) throw error;
        return { fault: error.message };
      }
    },
  };
}

function wholeOf(parts: readonly (string | undefined)[]): string | undefined {
  return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
}

function isName(part: Part): boolean {
  return typeof part !== 'string' && part.kind === 'field' && NAMES.has(part.field);
}

const NAMES: ReadonlySet<Field> = new Set(['.Name', '.Zone', '.Question.Name']);
const SAMPLE = 'example.';

function evaluate(expression: Expression, data: TemplateData): string {
  switch (expression.kind) {
    case 'text':
      return expression.value;
    case 'field':
      return fieldOf(expression.field, data);
    case 'match': {
      const group = data.match[expression.index];
      if (group === undefined)
        throw new TemplateFault(`the regular expression that matched has no group ${expression.index}`);
      return group;
    }
    case 'group': {
      const group = Object.hasOwn(data.groups, expression.name) ? data.groups[expression.name] : undefined;
      if (group === undefined)
        throw new TemplateFault(`the regular expression that matched has no group ${expression.name}`);
      return group;
    }
    case 'variable': {
      const value = Object.hasOwn(data.variables, expression.name) ? data.variables[expression.name] : undefined;
      const text = value === undefined ? undefined : printable(value);
      if (text === undefined)
        throw new TemplateFault(`.Var.${expression.name}, ${valueText(value ?? null)}, is no text`);
      return text;
    }
    case 'metadata':
      return data.metadata.get(expression.label)?.(data.query) ?? '';
    case 'parseInt':
      return parseUnsigned(evaluate(expression.value, data), expression.base, expression.bits);
  }
}

function fieldOf(field: Field, { question, zone, remote }: TemplateData): string {
  switch (field) {
    case '.Name':
      return question.name.toLowerCase();
    case '.Zone':
      return zone;
    case '.Class':
      return className(question.class);
    case '.Type':
      return typeName(question.type);
    case '.Remote':
      return remote;
    case '.Question.Name':
      return question.name.toString();
    case '.Question.Qtype':
      return String(question.type);
    case '.Question.Qclass':
      return String(question.class);
  }
}

/** Go's strconv.ParseUint, without underscores; printed in decimal digits. */
function parseUnsigned(text: string, base: number, bits: number): string {
  const prefix = base === 0 ? /^0([xob]?)/i.exec(text)?.[1]?.toLowerCase() : undefined;
  const radix = base !== 0 ? base : prefix === undefined ? 10 : prefix === 'x' ? 16 : prefix === 'b' ? 2 : 8;
  const digits = prefix === undefined || text === '0' ? text : text.slice(1 + prefix.length);
  const limit = 2n ** BigInt(bits === 0 ? 64 : bits);
  let value = 0n;
  for (const digit of digits) {
    const worth = /^[0-9a-z]$/i.test(digit) ? Number.parseInt(digit, 36) : radix;
    if (worth >= radix) throw new TemplateFault(`'${text}' is no number to the base ${radix}`);
    value = value * BigInt(radix) + BigInt(worth);
    if (value >= limit) throw new TemplateFault(`'${text}' does not fit in ${bits === 0 ? 64 : bits} bits`);
  }
  if (digits === '') throw new TemplateFault(`'${text}' is no number to the base ${radix}`);
  return value.toString();
}
