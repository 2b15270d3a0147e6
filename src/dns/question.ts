/** The question of a message (RFC 1035 §4.1.2). */
import type { Name } from './name.ts';

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}
