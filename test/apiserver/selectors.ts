/**
 * Label and field selectors as the API takes them. Written anew rather than shared with the product, so that a mistake of
 * one is seen by the other.
 */
import { badRequest, Refusal } from './status.ts';

type Texts = Readonly<Record<string, string>>;
export type Matcher = (texts: Texts) => boolean;

const ANY: Matcher = () => true;
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^\s=!<>]+)\s*(==|=|!=)\s*(\S*)$/;
const ORDER = /^([^\s=!<>]+)\s*(>|<)\s*(-?\d+)$/;

/** Of labels: `a=b,c in (d,e),!f`. Throws a 400. */
export function labelMatcher(text: string): Matcher {
  const parts = splitOutsideBrackets(text);
  if (parts.length === 0) return ANY;
  const matchers = parts.map(requirement);
  return (labels) => matchers.every((matches) => matches(labels));
}

function splitOutsideBrackets(text: string): readonly string[] {
  if (text.trim() === '') return [];
  return text.split(/,(?![^(]*\))/).map((part) => part.trim());
}

function requirement(part: string): Matcher {
  const set = SET.exec(part);
  if (set !== null) {
    const key = keyOf(set[1] ?? '');
    const values = new Set((set[3] ?? '').split(',').map((value) => valueOf(value.trim())));
    const isIn = set[2] === 'in';
    return (labels) => (Object.hasOwn(labels, key) ? values.has(labels[key] ?? '') === isIn : !isIn);
  }
  const equality = EQUALITY.exec(part);
  if (equality !== null) {
    const key = keyOf(equality[1] ?? '');
    const value = valueOf(equality[3] ?? '');
    const isEqual = equality[2] !== '!=';
    return (labels) => (Object.hasOwn(labels, key) && labels[key] === value) === isEqual;
  }
  const order = ORDER.exec(part);
  if (order !== null) {
    const key = keyOf(order[1] ?? '');
    const bound = Number(order[3]);
    const isAbove = order[2] === '>';
    return (labels) =>
      Object.hasOwn(labels, key) && (isAbove ? Number(labels[key]) > bound : Number(labels[key]) < bound);
  }
  if (part.startsWith('!')) {
    const key = keyOf(part.slice(1).trim());
    return (labels) => !Object.hasOwn(labels, key);
  }
  const key = keyOf(part);
  return (labels) => Object.hasOwn(labels, key);
}

function keyOf(text: string): string {
  const [first = '', second, more] = text.split('/');
  const isKey = second === undefined ? NAME.test(first) : PREFIX.test(first) && NAME.test(second);
  if (!isKey || more !== undefined) {
    throw new Refusal(badRequest(`unable to parse requirement: <nil>: Invalid value: "${text}": not a label's key`));
  }
  return text;
}

function valueOf(text: string): string {
  if (text === '' || NAME.test(text)) return text;
  throw new Refusal(
    badRequest(`unable to parse requirement: values[0]: Invalid value: "${text}": not a label's value`),
  );
}

/** Of fields: `status.phase!=Failed,metadata.name=web`. Only the named fields may be asked for. Throws a 400. */
export function fieldMatcher(text: string, fields: readonly string[]): Matcher {
  if (text === '') return ANY;
  const matchers = text
    .split(/(?<!\\),/)
    .filter((part) => part !== '')
    .map((part) => term(part, text, fields));
  return (values) => matchers.every((matches) => matches(values));
}

function term(part: string, text: string, fields: readonly string[]): Matcher {
  const match = /^([^=!]+)(!=|==|=)((?:[^=]|\\=)*)$/.exec(part);
  if (match === null) {
    throw new Refusal(badRequest(`invalid selector: '${text}'; can't understand '${part}'`));
  }
  const [, field = '', operator, escaped = ''] = match;
  const value = escaped.replaceAll(/\\(.)/g, '$1');
  if (!fields.includes(field)) throw new Refusal(badRequest(`field label not supported: ${field}`));
  return (values) => (values[field] === value) === (operator !== '!=');
}
