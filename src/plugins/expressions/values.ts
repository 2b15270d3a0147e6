/**
 * What an expression computes with: values, the types that are known of them before any query comes, and how a value that is
 * of no known type is looked at when it is there.
 */
import { EvaluationFault } from './fault.ts';

export type Value = string | number | boolean | null | readonly Value[];

/** `any` is what is known only when a query is there: the elements of a mixed list, or two branches that differ. */
export type Type = 'string' | 'int' | 'float' | 'bool' | 'nil' | 'any' | ArrayType;

export interface ArrayType {
  readonly elements: Type;
}

/** What an operator or a function takes. */
export type Wanted = 'string' | 'int' | 'number' | 'bool' | 'array' | 'any';

/** A type in the words of the language's own manual. */
export function typeText(type: Type): string {
  return typeof type === 'string' ? type : type.elements === 'any' ? 'array' : `array of ${typeText(type.elements)}`;
}

/** What is wanted, for a person. */
export const wantedText: Readonly<Record<Wanted, string>> = {
  string: 'a string',
  int: 'a whole number',
  number: 'a number',
  bool: 'true or false',
  array: 'a list',
  any: 'a value',
};

/** False where a value of this type never is what is wanted. */
export function mayBe(type: Type, wanted: Wanted): boolean {
  if (wanted === 'any' || type === 'any') return true;
  if (typeof type !== 'string') return wanted === 'array';
  return type === wanted || (wanted === 'number' && (type === 'int' || type === 'float'));
}

/** False where two values of these types are never equal, and comparing them is a mistake. */
export function comparable(a: Type, b: Type): boolean {
  if (a === 'any' || b === 'any' || a === 'nil' || b === 'nil') return true;
  if (typeof a !== 'string' || typeof b !== 'string') {
    return typeof a !== 'string' && typeof b !== 'string' && comparable(a.elements, b.elements);
  }
  return a === b || (mayBe(a, 'number') && mayBe(b, 'number'));
}

/** The type of what is one or the other. */
export function either(a: Type, b: Type): Type {
  if (typeof a !== 'string' && typeof b !== 'string') return { elements: either(a.elements, b.elements) };
  if (a === b) return a;
  return mayBe(a, 'number') && mayBe(b, 'number') && a !== 'any' && b !== 'any' ? 'float' : 'any';
}

export function asString(value: Value): string {
  if (typeof value === 'string') return value;
  throw notA('string', value);
}

export function asNumber(value: Value): number {
  if (typeof value === 'number') return value;
  throw notA('number', value);
}

export function asInt(value: Value): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw notA('int', value);
}

export function asBool(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw notA('bool', value);
}

export function asArray(value: Value): readonly Value[] {
  if (isArray(value)) return value;
  throw notA('array', value);
}

/** Narrows a readonly array, which `Array.isArray` does not. */
export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function notA(wanted: Wanted, value: Value): EvaluationFault {
  return new EvaluationFault(`${valueText(value)} is not ${wantedText[wanted]}`);
}

/** A value for a person: shortened, in quotes where it is text. */
export function valueText(value: Value): string {
  if (value === null) return 'nil';
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`;
  return isArray(value) ? 'a list' : String(value);
}

/** A text, a number, true or false as text; undefined for lists and nil, which have none. */
export function printable(value: Value): string | undefined {
  return value === null || isArray(value) ? undefined : String(value);
}

/** What an evaluation may still spend. */
export interface Budget {
  spend(steps: number): void;
}

/**
 * Equality of values: lists by their elements.
 *
 * @param budget lists cost steps: lists within lists may be one and the same many times over, so that they cost more than they took
 */
export function equal(a: Value, b: Value, budget: Budget): boolean {
  if (!isArray(a) || !isArray(b)) return a === b;
  if (a.length !== b.length) return false;
  budget.spend(a.length);
  return a.every((element, i) => equal(element, b[i] ?? null, budget));
}
