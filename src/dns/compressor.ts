/**
 * Name compression (RFC 1035 §4.1.4): for each name of a message, how much of it has to be written out and where the
 * pointer behind that leads: to the longest suffix that stands in the message already.
 *
 *     question   3 w e b 3 s v c 0                 at offset 12
 *     name       1 a 3 w e b 3 s v c 0    ──►      { octets: 2, pointer: 0xc00c }
 *
 * What a name shares with the question's is compared with it directly and never remembered: in most replies every name
 * ends like the question's, and the map stays empty.
 *
 * Names point to others of any case, and so come back in that of the first. In a zone transfer each keeps its own.
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
  #keepsCase = false;
  /**
   * Where each suffix, by its key or as it is written, stands in the message. Each message that needs one has a map of its
   * own: one that is cleared chains its discarded tables to each other, and once the engine takes one for old, all that
   * follow stay.
   */
  #offsets: Map<string, number> | undefined;

  /** Begins a message whose question, if it has one, stands behind the header. */
  begin(question: Name | undefined): void {
    this.#question = question;
    this.#keepsCase = false;
    this.#offsets = undefined;
  }

  /** The same for a message in which names point only to those that are written alike to the letter (RFC 5936 §3.4). */
  beginKeepingCase(question: Name | undefined): void {
    this.begin(undefined);
    this.#keepsCase = true;
    if (question !== undefined) this.place(question, HEADER_OCTETS);
  }

  /**
   * Takes `name` as written in full at offset `at`, as the target of an SRV record must be, so that the same name and those
   * below it may point there: the addresses of that target have two octets for their owner.
   */
  remember(name: Name, at: number): void {
    if (at > MAX_POINTER_TARGET || this.#sharedLabels(name) === name.labelCount) return;
    const offsets = (this.#offsets ??= new Map());
    const whole = this.#suffix(name, 0);
    if (!offsets.has(whole)) offsets.set(whole, at);
  }

  /** Says how to write `name` at offset `at`, and takes it as written there so. */
  place(name: Name, at: number): Placement {
    if (name.labelCount === 0) return ROOT;
    if (name === this.#question) return AT_QUESTION;
    const shared = this.#sharedLabels(name);
    const own = name.labelCount - shared;
    for (let i = 0; i < own; i++) {
      const start = name.starts[i] ?? 0;
      const suffix = this.#suffix(name, i);
      const offsets = (this.#offsets ??= new Map());
      const known = offsets.get(suffix);
      if (known !== undefined) return { octets: start, pointer: POINTER | known };
      if (at + start <= MAX_POINTER_TARGET) offsets.set(suffix, at + start);
    }
    if (this.#question === undefined || shared === 0) return { octets: name.octetLength, pointer: undefined };
    const offset = this.#question.starts[this.#question.labelCount - shared] ?? 0;
    return { octets: name.starts[own] ?? 0, pointer: QUESTION_POINTER + offset };
  }

  /** With the question. */
  #sharedLabels(name: Name): number {
    return this.#question?.sharedLabels(name) ?? 0;
  }

  /** What the name without its first labels is known by. */
  #suffix(name: Name, labels: number): string {
    return this.#keepsCase ? name.written.slice(name.starts[labels]) : name.suffixKey(labels);
  }
}
