/**
 * Name compression (RFC 1035 §4.1.4): for each name of a message, how much of it has to be written out and where the
 * pointer behind that leads: to the longest suffix that stands in the message already.
 *
 *     question   3 w e b 3 s v c 0                 at offset 12
 *     name       1 a 3 w e b 3 s v c 0    ──►      { octets: 2, pointer: 0xc00c }
 *
 * What a name shares with the question's is compared with it directly and never remembered: in most replies every name
 * ends like the question's, and the map stays empty. A name that must not be compressed itself, as the target of an SRV record, is
 * remembered too: the addresses of it behind it have two octets for their owner.
 */
import { HEADER_OCTETS } from './message.ts';
import type { Name } from './name.ts';

/** The two highest bits of a pointer. */
const POINTER = 0xc000;
/** A pointer has fourteen bits for its target. */
const MAX_POINTER_TARGET = 0x3fff;
/** The question's name always stands here. */
const QUESTION_POINTER = POINTER | HEADER_OCTETS;

export interface Placement {
  /** How many octets of the name's uncompressed form are written. */
  readonly octets: number;
  /** The two octets that follow; undefined where the whole name is written. */
  readonly pointer: number | undefined;
}

const AT_QUESTION: Placement = { octets: 0, pointer: QUESTION_POINTER };
const ROOT: Placement = { octets: 1, pointer: undefined };

export class NameCompressor {
  #question: Name | undefined;
  /**
   * Where each suffix, by its key, stands in the message. Each message that needs one has a map of its own: one that is
   * cleared chains its discarded tables to each other, and once the engine takes one for old, all that follow stay.
   */
  #offsets: Map<string, number> | undefined;

  /** Begins a message whose question, if it has one, stands behind the header. */
  begin(question: Name | undefined): void {
    this.#question = question;
    this.#offsets = undefined;
  }

  /** Says how to write `name` at offset `at`, and takes it as written there, in this way or in full. */
  place(name: Name, at: number): Placement {
    if (name.labelCount === 0) return ROOT;
    if (name === this.#question) return AT_QUESTION;
    const shared = this.#question?.sharedLabels(name) ?? 0;
    const own = name.labelCount - shared;
    for (let i = 0; i < own; i++) {
      const start = name.starts[i] ?? 0;
      const suffix = name.suffixKey(i);
      const offsets = (this.#offsets ??= new Map());
      const known = offsets.get(suffix);
      if (known !== undefined) return { octets: start, pointer: POINTER | known };
      if (at + start <= MAX_POINTER_TARGET) offsets.set(suffix, at + start);
    }
    if (this.#question === undefined || shared === 0) return { octets: name.octetLength, pointer: undefined };
    const offset = this.#question.starts[this.#question.labelCount - shared] ?? 0;
    return { octets: name.starts[own] ?? 0, pointer: QUESTION_POINTER + offset };
  }
}
