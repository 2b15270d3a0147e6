/**
 * Names in answers, changed back or into others: owner names (`answer name`), names in the data of records (`answer value`), or
 * both (`answer auto`). All three sections are gone through. What is not changed stays the same object.
 */
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Answer, type Failure, type Reply } from '../answer.ts';
import { illegalName } from './illegal-name.ts';
import { type NameChange, Subject, changeName } from './match.ts';
import { mapValues } from './record-names.ts';
import { mapMembers } from './sections.ts';
import type { Revision } from './turn.ts';

/** Which names of records are changed; `auto` is both, and a name of which nothing legal can be made stays. */
export type Part = 'name' | 'value' | 'auto';

export class Renaming implements Revision {
  readonly #part: Part;
  readonly #change: NameChange;

  constructor(part: Part, change: NameChange) {
    this.#part = part;
    this.#change = change;
  }

  revise(answer: Reply | Failure): Answer {
    if (answer.kind === 'failure') return answer;
    const pass = new Pass(this.#change);
    const section = (sets: readonly RRset[]): readonly RRset[] => mapMembers(sets, (set) => this.#set(set, pass));
    const answers = section(answer.answers);
    const authority = section(answer.authority);
    const additional = section(answer.additional);
    if (pass.illegal !== undefined && this.#part !== 'auto') return illegalName('a name in the answer', pass.illegal);
    if (!pass.changed) return answer;
    // A signature is of the names that it was made for.
    const drawn = answers === answer.answers ? answer.drawn : undefined;
    return { ...answer, answers, authority, additional, drawn, authenticData: false };
  }

  #set(set: RRset, pass: Pass): RRset {
    const named = this.#part === 'name' ? set : mapValues(set, (name) => pass.map(name));
    if (this.#part === 'value') return named;
    const owner = pass.map(set.owner);
    return owner === set.owner ? named : { ...named, owner };
  }
}

/** One answer gone through: each name is looked at once, however many records have it. */
class Pass {
  readonly #change: NameChange;
  readonly #made = new Map<string, Name>();
  changed = false;
  /** A name of which something was made that is none. */
  illegal: Name | undefined;

  constructor(change: NameChange) {
    this.#change = change;
  }

  /** The same object where the name stays. */
  map(name: Name): Name {
    const known = this.#made.get(name.key);
    // Names that differ in case alone are changed alike, and stay as they are each.
    if (known !== undefined) return known.key === name.key ? name : known;
    const changed = changeName(this.#change, new Subject(name));
    if (changed === 'illegal') this.illegal = name;
    const made = changed === undefined || changed === 'illegal' ? name : changed;
    this.#made.set(name.key, made);
    if (made.key === name.key) return name;
    this.changed = true;
    return made;
  }
}
