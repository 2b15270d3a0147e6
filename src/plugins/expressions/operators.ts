/**
 * The operators between two values that are both always looked at: what each takes and gives, checked before any query comes,
 * and what it does. `and`, `or`, `??` and `matches` are in operations.ts, since they do not look at both.
 */
import { bounds } from '../../bounds.ts';
import type { Evaluation } from './evaluation.ts';
import { EvaluationFault } from './fault.ts';
import type { BinaryOperator } from './syntax.ts';
import {
  type Type,
  type Value,
  asArray,
  asInt,
  asNumber,
  asString,
  comparable,
  equal,
  mayBe,
  typeText,
  valueText,
} from './values.ts';

export type PlainOperator = Exclude<BinaryOperator, 'and' | 'or' | '??' | 'matches'>;

/** What an operator gives for two types, or why it gives nothing. */
export type OperatorType = { readonly gives: Type } | { readonly fault: string; readonly expected: string };

const gives = (type: Type): OperatorType => ({ gives: type });

export function typeOfOperator(operator: PlainOperator, left: Type, right: Type): OperatorType {
  const both = (wanted: 'string' | 'int' | 'number'): boolean => mayBe(left, wanted) && mayBe(right, wanted);
  const never = (expected: string): OperatorType => ({
    fault: `'${operator}' between ${typeText(left)} and ${typeText(right)}`,
    expected,
  });
  switch (operator) {
    case '==':
    case '!=':
      return comparable(left, right)
        ? gives('bool')
        : never('two values of one type: string(…) and int(…) make one of the other');
    case '<':
    case '<=':
    case '>':
    case '>=':
      return both('number') || both('string') ? gives('bool') : never('two numbers or two strings');
    case 'in':
      return typeOfIn(left, right, never);
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return both('string') ? gives('bool') : never('two strings');
    case '..':
      return both('int') ? gives({ elements: 'int' }) : never('two whole numbers');
    case '+':
      if (left === 'any' || right === 'any')
        return both('string') || both('number') ? gives('any') : never('two numbers or two strings');
      return both('string') ? gives('string') : typeOfNumbers(left, right, never, 'two numbers or two strings');
    case '-':
    case '*':
      return typeOfNumbers(left, right, never);
    case '/':
    case '**':
      return both('number') ? gives('float') : never('two numbers');
    case '%':
      return both('int') ? gives('int') : never('two whole numbers');
  }
}

type Never = (expected: string) => OperatorType;

function typeOfIn(left: Type, right: Type, never: Never): OperatorType {
  if (right === 'string') return never('a list behind it; for a part of a text: TEXT contains PART');
  if (!mayBe(right, 'array')) return never('a list behind it');
  const elements = typeof right === 'string' ? 'any' : right.elements;
  return comparable(left, elements) ? gives('bool') : never('a value of the type that the list has');
}

function typeOfNumbers(left: Type, right: Type, never: Never, expected = 'two numbers'): OperatorType {
  if (!mayBe(left, 'number') || !mayBe(right, 'number')) return never(expected);
  return gives(left === 'int' && right === 'int' ? 'int' : left === 'any' || right === 'any' ? 'any' : 'float');
}

export type Apply = (evaluation: Evaluation, left: Value, right: Value) => Value;

const compare =
  (holds: (order: number) => boolean): Apply =>
  (evaluation, left, right) => {
    if (typeof left !== 'string') return holds(asNumber(left) - asNumber(right));
    evaluation.read(left);
    const other = asString(right);
    return holds(left < other ? -1 : left > other ? 1 : 0);
  };

const arithmetic =
  (compute: (left: number, right: number) => number): Apply =>
  (_, left, right) =>
    whole(left, right, compute(asNumber(left), asNumber(right)));

const onTexts =
  (look: (text: string, part: string) => boolean): Apply =>
  (evaluation, left, right) => {
    const text = asString(left);
    evaluation.read(text);
    return look(text, asString(right));
  };

export const applied: Readonly<Record<PlainOperator, Apply>> = {
  '==': (evaluation, left, right) => equal(left, right, evaluation),
  '!=': (evaluation, left, right) => !equal(left, right, evaluation),
  '<': compare((order) => order < 0),
  '<=': compare((order) => order <= 0),
  '>': compare((order) => order > 0),
  '>=': compare((order) => order >= 0),
  in: (evaluation, left, right) => {
    const list = asArray(right);
    evaluation.spend(list.length);
    return list.some((element) => equal(left, element, evaluation));
  },
  contains: onTexts((text, part) => text.includes(part)),
  startsWith: onTexts((text, part) => text.startsWith(part)),
  endsWith: onTexts((text, part) => text.endsWith(part)),
  '..': (evaluation, left, right) => range(evaluation, asInt(left), asInt(right)),
  '+': (evaluation, left, right) =>
    typeof left === 'string'
      ? evaluation.made(left + asString(right))
      : whole(left, right, asNumber(left) + asNumber(right)),
  '-': arithmetic((left, right) => left - right),
  '*': arithmetic((left, right) => left * right),
  '/': (_, left, right) => asNumber(left) / asNumber(right),
  '**': (_, left, right) => asNumber(left) ** asNumber(right),
  '%': (_, left, right) => {
    if (asInt(right) === 0) throw new EvaluationFault(`${valueText(left)} % 0`);
    // Without the sign of a zero.
    return (asInt(left) % asInt(right)) + 0;
  },
};

/** A whole number beyond those that are exact would be another one. */
function whole(left: Value, right: Value, result: number): number {
  if (Number.isInteger(left) && Number.isInteger(right) && !Number.isSafeInteger(result)) {
    throw new EvaluationFault(`a whole number beyond ${Number.MAX_SAFE_INTEGER}`);
  }
  return result;
}

function range(evaluation: Evaluation, from: number, to: number): readonly Value[] {
  const length = Math.max(0, to - from + 1);
  if (length > bounds.expressionList) {
    throw new EvaluationFault(`a list of more than ${bounds.expressionList} elements`);
  }
  evaluation.spend(length);
  return Array.from({ length }, (_, i) => from + i);
}
