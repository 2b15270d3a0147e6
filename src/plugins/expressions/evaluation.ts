/**
 * One evaluation: the query that it looks at, what the caller gives beside it, and what may still be spent. Compiled
 * expressions are functions of this.
 */
import { bounds } from '../../bounds.ts';
import type { MetadataProvider } from '../neighbours.ts';
import type { Query } from '../query.ts';
import { EvaluationFault } from './fault.ts';
import type { Value } from './values.ts';

/** Groups of a regular expression that matched; a group that took no part is empty. */
export interface Groups {
  readonly byNumber: readonly string[];
  readonly byName: Readonly<Record<string, string>>;
}

const NO_GROUPS: Groups = { byNumber: [], byName: {} };

export class Evaluation {
  readonly query: Query;
  readonly metadata: ReadonlyMap<string, MetadataProvider>;
  readonly groups: Groups;
  /** Values of variables, in the order in which they were defined. */
  readonly variables: Value[] = [];
  /** What `#` stands for in the innermost predicate. */
  element: Value = null;
  #stepsLeft: number = bounds.expressionSteps;

  /** @param metadata as `Neighbours.metadata` has it */
  constructor(query: Query, metadata: ReadonlyMap<string, MetadataProvider>, groups: Groups = NO_GROUPS) {
    this.query = query;
    this.metadata = metadata;
    this.groups = groups;
  }

  /** Takes steps off the budget. @throws EvaluationFault where nothing is left */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new EvaluationFault(`more than ${bounds.expressionSteps} steps`);
  }

  /** Takes what looking at a text costs off the budget. */
  read(text: string): void {
    this.spend(1 + (text.length >> 2));
  }

  /** A text that was made. @throws EvaluationFault where it is too long */
  made(text: string): string {
    if (text.length > bounds.expressionText) {
      throw new EvaluationFault(`text of more than ${bounds.expressionText} characters`);
    }
    this.read(text);
    return text;
  }

  /** A list that was made. @throws EvaluationFault where it is too long */
  listed(list: readonly Value[]): readonly Value[] {
    if (list.length > bounds.expressionList) throw tooLong();
    this.spend(list.length);
    return list;
  }

  /** The answer is for this client, or this moment, alone. */
  looksAtClient(): void {
    this.query.replaying.forbid();
  }
}

/** A list is, or would be, longer than is allowed. */
export function tooLong(): EvaluationFault {
  return new EvaluationFault(`a list of more than ${bounds.expressionList} elements`);
}
