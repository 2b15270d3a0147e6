/**
 * The rest of a client's walk along its search path, gone in its place: this server is asked for one candidate after the
 * other, until one exists. Each is asked from the top, on the client's behalf, as if the client had come with it: the server
 * block that serves the name answers, under its own policy.
 *
 *     candidate ─► exists ──────────► CNAME from the question to it, and what it gives; NODATA where it gives nothing
 *          │       └─ anything else ► that, and no further: of those behind it nothing can be said
 *          └─────► no such name ────► the next one; behind the last the question's own NXDOMAIN
 *
 * Everything that a candidate's answer rests on is noted on the client's query. A path that is longer than the look-ups of a
 * query are many, or that leads to a name which no server block serves, is left to the client: that the question's own name does
 * not exist is true in any case.
 */
import { Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { type Answer, type Outcome, type Reply, whenAnswered } from '../answer.ts';
import { leavesExistenceOpen } from '../ipv6/existence.ts';
import type { Query } from '../query.ts';
import { reasons } from '../reasons.ts';
import { replyThrough } from '../searchpath/alias.ts';
import { endsHere, isNameError, noData } from '../searchpath/candidate-answer.ts';
import { type Lifetime, lifetimeOfDenial, shorter } from '../searchpath/lifetime.ts';
import type { SearchPath } from './paths.ts';

export interface WalkParts {
  readonly query: Query;
  readonly path: SearchPath;
  /** The question's own NXDOMAIN. */
  readonly missing: Reply;
  /** Called where a candidate exists. */
  readonly found: (query: Query) => void;
}

export class Walk {
  readonly #parts: WalkParts;
  readonly #base: readonly string[];

  constructor(parts: WalkParts) {
    this.#parts = parts;
    const { query, path } = parts;
    this.#base = Array.from({ length: path.baseLabels }, (_, i) => query.name.label(i));
  }

  /** In this tick for as long as the answers are there. */
  go(): Outcome {
    return this.#from(0, lifetimeOfDenial(this.#parts.missing));
  }

  /** @param known how long what is known of the candidates before `index` lives */
  #from(index: number, known: Lifetime): Outcome {
    const { path, missing } = this.#parts;
    let lifetime = known;
    for (let at = index; at <= path.further.length; at++) {
      // One that would be too long is asked for by no client.
      const name = Name.fromLabels(this.#base, path.further[at] ?? Name.root);
      if (name === undefined) continue;
      const outcome = this.#look(name);
      if (outcome instanceof Promise) return outcome.then((answer) => this.#goOn(at, name, answer, lifetime));
      if (!isNameError(outcome)) return this.#end(name, outcome, lifetime);
      lifetime = shorter(lifetime, lifetimeOfDenial(outcome));
    }
    return missing;
  }

  /** The rest, after a candidate that had to be waited for. */
  #goOn(index: number, name: Name, answer: Answer, known: Lifetime): Outcome {
    if (!isNameError(answer)) return this.#end(name, answer, known);
    return this.#from(index + 1, shorter(known, lifetimeOfDenial(answer)));
  }

  /** What a candidate gives for the type of the query, or what its A records tell where that does not tell whether it exists. */
  #look(name: Name): Outcome {
    const { query } = this.#parts;
    const outcome = query.lookup(name, query.type);
    if (!(outcome instanceof Promise)) return leavesExistenceOpen(outcome) ? this.#lookAgain(name, outcome) : outcome;
    return outcome.then((answer) => (leavesExistenceOpen(answer) ? this.#lookAgain(name, answer) : answer));
  }

  #lookAgain(name: Name, before: Answer): Outcome {
    const outcome = this.#parts.query.lookup(name, Type.A);
    return whenAnswered(outcome, (answer) => (exists(answer) ? before : answer));
  }

  #end(name: Name, answer: Answer, known: Lifetime): Answer {
    const { query, missing, found } = this.#parts;
    if (isLeftToClient(answer)) return missing;
    if (answer.kind !== 'reply' || !exists(answer)) return answer;
    found(query);
    return endsHere(query, answer) ? replyThrough(query, name, answer, known) : noData(missing, answer);
  }
}

function exists(answer: Answer): boolean {
  return answer.kind === 'reply' && answer.rcode === Rcode.NOERROR;
}

/** What this server does not serve at all, or cannot come to for want of look-ups: clients may still find it by themselves. */
const LEFT_TO_CLIENTS: ReadonlySet<string> = new Set(
  [reasons.tooManyLookups, reasons.noServerBlock, reasons.nothingAnswers].map(({ word }) => word),
);

function isLeftToClient(answer: Answer): boolean {
  return answer.kind === 'failure' && LEFT_TO_CLIENTS.has(answer.explanation.word);
}
