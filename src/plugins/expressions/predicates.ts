/**
 * The functions that ask a predicate of each element of a list: `any(['10.0.0.0/8', '192.168.0.0/16'], incidr(client_ip(), #))`.
 * Each element costs as many steps as the predicate has parts, so that lists within lists end as well.
 */
import type { Evaluation } from './evaluation.ts';
import { type Type, type Value, type Wanted, asBool } from './values.ts';

export type Evaluate = (evaluation: Evaluation) => Value;

/** A predicate, and the steps that asking it costs. */
export interface Predicate {
  readonly run: Evaluate;
  readonly steps: number;
}

export interface PredicateFunction {
  /** What the predicate has to give. */
  readonly gives: Wanted;
  readonly returns: (element: Type, given: Type) => Type;
  readonly run: (evaluation: Evaluation, list: readonly Value[], predicate: Predicate) => Value;
}

/** What the predicate gives for an element. */
function ask(evaluation: Evaluation, { run, steps }: Predicate, element: Value): Value {
  evaluation.spend(steps);
  const outer = evaluation.element;
  evaluation.element = element;
  const given = run(evaluation);
  evaluation.element = outer;
  return given;
}

const holds = (evaluation: Evaluation, predicate: Predicate, element: Value): boolean =>
  asBool(ask(evaluation, predicate, element));

function count(evaluation: Evaluation, list: readonly Value[], predicate: Predicate): number {
  let found = 0;
  for (const element of list) if (holds(evaluation, predicate, element)) found++;
  return found;
}

const BOOL = (): Type => 'bool';
const INT = (): Type => 'int';

export const predicates: ReadonlyMap<string, PredicateFunction> = new Map<string, PredicateFunction>([
  [
    'all',
    { gives: 'bool', returns: BOOL, run: (on, list, predicate) => list.every((one) => holds(on, predicate, one)) },
  ],
  [
    'any',
    { gives: 'bool', returns: BOOL, run: (on, list, predicate) => list.some((one) => holds(on, predicate, one)) },
  ],
  [
    'none',
    { gives: 'bool', returns: BOOL, run: (on, list, predicate) => !list.some((one) => holds(on, predicate, one)) },
  ],
  ['one', { gives: 'bool', returns: BOOL, run: (on, list, predicate) => count(on, list, predicate) === 1 }],
  ['count', { gives: 'bool', returns: INT, run: count }],
  [
    'filter',
    {
      gives: 'bool',
      returns: (element) => ({ elements: element }),
      run: (on, list, predicate) => list.filter((one) => holds(on, predicate, one)),
    },
  ],
  [
    'map',
    {
      gives: 'any',
      returns: (_, given) => ({ elements: given }),
      run: (on, list, predicate) => list.map((one) => ask(on, predicate, one)),
    },
  ],
  [
    'find',
    {
      gives: 'bool',
      returns: (element) => element,
      run: (on, list, predicate) => list.find((one) => holds(on, predicate, one)) ?? null,
    },
  ],
  [
    'findIndex',
    { gives: 'bool', returns: INT, run: (on, list, predicate) => list.findIndex((one) => holds(on, predicate, one)) },
  ],
]);
