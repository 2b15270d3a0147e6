/** Rules that change the question: its name, with what is to be changed back in the answer, its type, and its class. */
import type { Name } from '../../dns/name.ts';
import { type NameChange, changeName } from './match.ts';
import { Renaming } from './renaming.ts';
import type { Revision, Rule, Turn } from './turn.ts';

/** What is done with names in the answer. */
export interface AnswerNames {
  /** What the rule made of the name becomes the name again. */
  readonly auto: boolean;
  /** In the order in which they are done. */
  readonly revisions: readonly Revision[];
}

export class NameRule implements Rule {
  readonly #change: NameChange;
  readonly #auto: boolean;
  /** From the last that is done to the first: revisions are done in reverse. */
  readonly #revisions: readonly Revision[];
  /** The reverse of a suffix is the same for all names. */
  readonly #suffixBack: Revision | undefined;

  constructor(change: NameChange, { auto, revisions }: AnswerNames) {
    this.#change = change;
    this.#auto = auto;
    this.#revisions = revisions.toReversed();
    this.#suffixBack =
      change.kind === 'suffix' ? new Renaming('auto', { kind: 'suffix', text: change.to, to: change.text }) : undefined;
  }

  apply(turn: Turn): boolean {
    const before = turn.name;
    const changed = changeName(this.#change, turn.subject);
    if (changed === undefined) return false;
    if (changed === 'illegal') turn.nameIsIllegal();
    else {
      turn.name = changed;
      if (this.#auto) turn.revise(this.#suffixBack ?? back(changed, before));
      for (const revision of this.#revisions) turn.revise(revision);
    }
    return true;
  }
}

/** In lower case: where a name must not point to the question, the answer would be in the spelling of who asked first. */
function back(from: Name, to: Name): Revision {
  return new Renaming('auto', { kind: 'exact', name: from, to: to.folded });
}

/** Puts one type in the place of another, or one class. */
export class NumberRule implements Rule {
  readonly #field: 'type' | 'class';
  readonly #from: number;
  readonly #to: number;

  constructor(field: 'type' | 'class', from: number, to: number) {
    this.#field = field;
    this.#from = from;
    this.#to = to;
  }

  apply(turn: Turn): boolean {
    if (turn[this.#field] !== this.#from) return false;
    turn[this.#field] = this.#to;
    return true;
  }
}
