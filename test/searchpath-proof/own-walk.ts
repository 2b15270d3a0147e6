/**
 * What a client's own walk, without completion, comes to through some states: each standing still, or all of them in any order.
 */
import type { Replica } from './replica.ts';
import type { Family, Outcome, Reaction, ResolvConf, StubResolver, Wire } from './stub.ts';
import type { Upstream } from './world.ts';

/** A state of what answers: the cluster as a replica knows it, and the upstream. */
export interface State {
  readonly content: number;
  readonly upstream: Upstream;
}

export interface Lookup {
  readonly resolver: StubResolver;
  readonly name: string;
  readonly conf: ResolvConf;
}

/** Walks through moving states that are tried at most; far more than any lookup had. */
const MAX_WALKS = 4096;

const ORDERS: readonly Family[] = [4, 6];

export class OwnWalk {
  readonly #plain: Replica;
  /** Queries that were sent since the last look. */
  queries = 0;

  /** @param plain a replica that never completes */
  constructor(plain: Replica) {
    this.#plain = plain;
  }

  /** Through each state by itself. @param first of two queries under way, the one whose reply comes first */
  still({ resolver, name, conf }: Lookup, states: readonly State[], first: Family): readonly Outcome[] {
    return states.map((state) => {
      this.#plain.moveTo(state.content, state.upstream);
      const ask: Wire['ask'] = (full, family) => {
        this.queries++;
        return this.#plain.ask(full, family);
      };
      return resolver(name, conf, { ask, first: () => first });
    });
  }

  /**
   * Through all of them in any order: each walk is gone that differs in what some query brings. A query that is sent again brings
   * the same, since a failure that passes is the same to a resolver as none.
   */
  moving({ resolver, name, conf }: Lookup, states: readonly State[]): readonly Outcome[] {
    const known = new Map<string, readonly Reaction[]>();
    const reactions = (full: string, family: Family): readonly Reaction[] => {
      const key = `${full} ${family}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const all = new Map<string, Reaction>();
      for (const { content, upstream } of states) {
        this.#plain.moveTo(content, upstream);
        const reaction = this.#plain.ask(full, family);
        all.set(JSON.stringify(reaction), reaction);
      }
      const distinct = [...all.values()];
      known.set(key, distinct);
      return distinct;
    };
    const outcomes: Outcome[] = [];
    const choices = new Choices();
    do {
      choices.restart();
      const brought = new Map<string, Reaction>();
      const ask = (full: string, family: Family): Reaction => {
        const key = `${full} ${family}`;
        const reaction = brought.get(key) ?? choices.among(reactions(full, family));
        brought.set(key, reaction);
        return reaction;
      };
      outcomes.push(resolver(name, conf, { ask, first: () => choices.among(ORDERS) }));
    } while (outcomes.length < MAX_WALKS && choices.advance());
    return outcomes;
  }
}

/** All ways through a sequence of choices, one after another. */
class Choices {
  readonly #chosen: number[] = [];
  readonly #counts: number[] = [];
  #at = 0;

  restart(): void {
    this.#at = 0;
  }

  among<T>(options: readonly T[]): T {
    const at = this.#at++;
    this.#chosen[at] ??= 0;
    this.#counts[at] = options.length;
    const chosen = options[this.#chosen[at] ?? 0];
    if (chosen === undefined) throw new Error('the same choices lead to the same questions');
    return chosen;
  }

  /** The next way; false where there is none. */
  advance(): boolean {
    this.#chosen.length = this.#at;
    this.#counts.length = this.#at;
    for (let last = this.#chosen.length - 1; last >= 0; last--) {
      const next = (this.#chosen[last] ?? 0) + 1;
      if (next < (this.#counts[last] ?? 0)) {
        this.#chosen[last] = next;
        this.#chosen.length = last + 1;
        return true;
      }
    }
    return false;
  }
}
