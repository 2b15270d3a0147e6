/** The question of a message (RFC 1035 §4.1.2). */
import { Class } from './constants.ts';
import type { Name } from './name.ts';

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

/** True where records of class IN are wanted (RFC 1035 §3.2.5). */
export function isOfInternet(question: Question): boolean {
  return question.class === Class.IN || question.class === Class.ANY;
}
