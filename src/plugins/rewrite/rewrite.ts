/**
 * `rewrite`: asks the rest of the chain something else than the client asked, and makes the answer fit again.
 *
 *     client's question ──rule 1──rule 2──…──► question, request ──► chain below
 *                           │       │                                     │
 *     client ◄──────────revision◄─revision◄───────────────────────────────┘
 *
 * Rules are looked at in the order of the file until one applies that says `stop`; what they want done with the answer is done
 * from the last of them to the first. The server writes the client's own question over every reply. Zone transfers pass as
 * they are: their content is of the zone that was asked for.
 */
import { isTransfer } from '../../dns/message.ts';
import type { Answer, Outcome } from '../answer.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { illegalName } from './illegal-name.ts';
import { readRules } from './read.ts';
import { type Rule, Turn } from './turn.ts';

export const rewrite: PluginDirective = {
  kind: 'plugin',
  name: 'rewrite',
  configure(uses, context) {
    const definitions = readRules(uses, context);
    return {
      create: (host) => ({
        plugin: new Rewrite(definitions.map(({ stops, create }) => ({ stops, rule: create(host.neighbours) }))),
      }),
    };
  },
};

interface PlacedRule {
  readonly rule: Rule;
  /** No rule behind it is looked at where it applied. */
  readonly stops: boolean;
}

class Rewrite implements Plugin {
  readonly name = 'rewrite';
  /** What a rule makes depends on the question alone; the rules of which that is not true take this back. */
  readonly replayable = true;
  readonly #rules: readonly PlacedRule[];

  constructor(rules: readonly PlacedRule[]) {
    this.#rules = rules;
  }

  answer(query: Query, next: Next): Outcome {
    if (isTransfer(query.type)) return next.answer(query);
    const turn = new Turn(query);
    for (const { rule, stops } of this.#rules) {
      if (!rule.apply(turn)) continue;
      if (turn.illegalFrom !== undefined) return illegalName('the question', turn.illegalFrom);
      if (stops) break;
    }
    const outcome = next.answer(turn.asked);
    if (turn.revisions.length === 0 && !turn.changesQuestion) return outcome;
    if (!(outcome instanceof Promise)) return finish(outcome, turn);
    return outcome.then((answer) => finish(answer, turn));
  }
}

/** Who checks signatures checked them for another question (RFC 4035 §3.1.6). */
function finish(answer: Answer, turn: Turn): Outcome {
  const honest =
    answer.kind === 'reply' && answer.authenticData && turn.changesQuestion
      ? { ...answer, authenticData: false }
      : answer;
  return revise(honest, turn, turn.revisions.length - 1);
}

/** Does the revisions from `last` down to the first. */
function revise(made: Answer, turn: Turn, last: number): Outcome {
  let answer = made;
  for (let i = last; i >= 0; i--) {
    if (answer.kind !== 'reply' && answer.kind !== 'failure') return answer;
    const outcome: Outcome = turn.revisions[i]?.revise(answer, turn) ?? answer;
    if (outcome instanceof Promise) return outcome.then((later) => revise(later, turn, i - 1));
    answer = outcome;
  }
  return answer;
}
