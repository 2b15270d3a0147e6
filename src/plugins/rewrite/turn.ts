/**
 * One query on its way through the rules: what the rest of the chain will be asked, and what is to be done with the answer.
 */
import { bounds } from '../../bounds.ts';
import { type EdnsOption, MIN_UDP_PAYLOAD, isHopByHop, optRecordSize } from '../../dns/edns.ts';
import type { Message } from '../../dns/message.ts';
import type { Name } from '../../dns/name.ts';
import type { Failure, Outcome, Reply } from '../answer.ts';
import type { Query } from '../query.ts';
import { Subject } from './match.ts';

/** Changes an answer on its way back. */
export interface Revision {
  revise(answer: Reply | Failure, turn: Turn): Outcome;
}

export interface Rule {
  /** Does what the rule says; false where it does not fit the query. */
  apply(turn: Turn): boolean;
}

/** Upstreams are asked with it. */
const isPassedOn = (option: EdnsOption): boolean => !isHopByHop(option);

const NO_REVISIONS: readonly Revision[] = [];
const NO_OPTIONS: readonly EdnsOption[] = [];

export class Turn {
  /** The client's. */
  readonly query: Query;
  #subject: Subject;
  #type: number;
  #class: number;
  #request: Message;
  #asked: Query | undefined;
  #revisions: Revision[] | undefined;
  #illegalFrom: Name | undefined;
  #optionsMade: EdnsOption[] | undefined;

  constructor(query: Query) {
    const { name, type, class: klass } = query.question;
    this.query = query;
    this.#subject = new Subject(name);
    this.#type = type;
    this.#class = klass;
    this.#request = query.request;
  }

  /** The name as the rules have left it so far. */
  get subject(): Subject {
    return this.#subject;
  }

  get name(): Name {
    return this.#subject.name;
  }

  set name(name: Name) {
    this.#subject = new Subject(name);
  }

  get type(): number {
    return this.#type;
  }

  set type(type: number) {
    this.#type = type;
  }

  get class(): number {
    return this.#class;
  }

  set class(value: number) {
    this.#class = value;
  }

  /** EDNS options of the request as the rules have left them so far. */
  get options(): readonly EdnsOption[] {
    return this.#request.edns?.options ?? NO_OPTIONS;
  }

  /** A request without EDNS gets some, with the UDP size that counts where none is given. */
  set options(options: readonly EdnsOption[]) {
    const request = this.#request;
    const edns = request.edns ?? { udpSize: MIN_UDP_PAYLOAD, version: 0, extendedRcode: 0, dnssecOk: false };
    const additionals = request.additionals + (request.edns === undefined ? 1 : 0);
    this.#request = { ...request, additionals, edns: { ...edns, options } };
  }

  /** Says of an option that a rule has put it into the request. */
  madeOption(option: EdnsOption): void {
    (this.#optionsMade ??= []).push(option);
  }

  /** The name of which a rule has made what is none. */
  get illegalFrom(): Name | undefined {
    return this.#illegalFrom;
  }

  nameIsIllegal(): void {
    this.#illegalFrom = this.name;
  }

  /** What is to be done with the answer, in the order of the rules: it is undone from the last to the first. */
  get revisions(): readonly Revision[] {
    return this.#revisions ?? NO_REVISIONS;
  }

  revise(revision: Revision): void {
    (this.#revisions ??= []).push(revision);
  }

  get changesQuestion(): boolean {
    const { name, type, class: klass } = this.query.question;
    return this.name !== name || this.#type !== type || this.#class !== klass;
  }

  /** What the rest of the chain is asked; to be looked at when no further rule follows. */
  get asked(): Query {
    return (this.#asked ??= this.#asking());
  }

  #asking(): Query {
    if (!this.changesQuestion && this.#request === this.query.request) return this.query;
    this.#makeRoom();
    return this.query.asking({ name: this.name, type: this.#type, class: this.#class }, this.#request);
  }

  /**
   * Upstreams are asked without any options where there are too many of them. The client's own go where there is no room for all,
   * so that nobody can do away with what a rule says of him; then the longest of the rules' own, such as a name of nothing but escapes.
   */
  #makeRoom(): void {
    const { options } = this;
    const made = this.#optionsMade;
    if (made === undefined) return;
    if (optRecordSize(options.filter(isPassedOn)) <= bounds.upstreamOptions) return;
    const passed = options.filter((option) => isPassedOn(option) && made.includes(option));
    const longestLast = passed.toSorted((a, b) => a.data.length - b.data.length);
    while (optRecordSize(longestLast) > bounds.upstreamOptions) longestLast.pop();
    this.options = options.filter((option) => !isPassedOn(option) || longestLast.includes(option));
  }
}
