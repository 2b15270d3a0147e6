/**
 * `complete`: answers the first question of a walk along a search path as the last one would be answered, so that a client
 * that looks a name up asks once for each type.
 *
 *     question ─► chain ─► not NXDOMAIN ───────────────────────────────► as it is
 *                   └────► NXDOMAIN, and the walk is certain: no rival exists
 *                              └─► candidates in turn ─► exists ───────► CNAME to it, and what it gives; NODATA where it gives nothing
 *                                         │             └─ fails ──────► SERVFAIL, with the reason; not where another type
 *                                         │                              is answered, and says that there is no such name
 *                                         └─► none exists ─────────────► the question's own NXDOMAIN
 *
 * Existence is the name's, not the type's (RFC 2308 §2, RFC 8020): a candidate without data of the type ends the walk, so that
 * the answers for A and AAAA lead to the same name. Everything that a candidate's answer rests on is noted on the client's query.
 */
import { Class, Rcode, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { neededByView } from '../../cluster/needs.ts';
import { type Answer, type Failure, type Outcome, type Reply, failure, whenAnswered } from '../answer.ts';
import { leavesExistenceOpen } from '../ipv6/existence.ts';
import type { NeighbourCluster } from '../neighbours.ts';
import type { Host, Next } from '../plugin.ts';
import type { Query } from '../query.ts';
import { type Explanation, explain, explainAs } from '../reasons.ts';
import { replyThrough } from './alias.ts';
import { endsHere, isNameError, noData } from './candidate-answer.ts';
import { type Lifetime, lifetimeOfDenial, shorter } from './lifetime.ts';
import { type Base, type ServiceTree, baseOf, candidate, rival, treeOf, treesOf } from './candidates.ts';
import { CompletionCounts } from './counts.ts';

export interface CompletionOptions {
  /** Domains that nodes add to the search path of their pods, in their order. */
  readonly search: readonly Name[];
  /** Namespaces that have one of these names are left alone. */
  readonly topLevelDomains: ReadonlySet<string>;
}

/** A walk under way. */
interface Walk {
  readonly query: Query;
  readonly tree: ServiceTree;
  readonly base: Base;
  /** The question's own NXDOMAIN. */
  readonly missing: Reply;
}

/** Reasons of failures without a reply from anybody. */
const UNANSWERED: ReadonlySet<string> = new Set(
  (['upstreamsSilent', 'upstreamsUnreachable', 'upstreamsUnhealthy', 'tooManyLookups', 'cancelled'] as const).map(
    (reason) => explain(reason).word,
  ),
);

export class Completion {
  readonly #clusters: readonly NeighbourCluster[];
  readonly #options: CompletionOptions;
  readonly #counts: CompletionCounts;
  /** Drawn up with the first question: the other directives of the block are there by then. */
  #trees: readonly ServiceTree[] | undefined;

  constructor(options: CompletionOptions, host: Host) {
    this.#options = options;
    this.#clusters = host.neighbours.clusters;
    this.#counts = new CompletionCounts(host.metrics);
  }

  /** What the rest of the chain says of the question, unless it is the first of a walk that can be gone to its end. */
  answer(query: Query, next: Next): Outcome {
    const outcome = next.answer(query);
    const tree = treeOf((this.#trees ??= treesOf(this.#clusters, this.#options.search)), query.name);
    if (tree === undefined || query.question.class !== Class.IN) return outcome;
    return outcome instanceof Promise
      ? outcome.then((answer) => this.#complete(query, tree, answer))
      : this.#complete(query, tree, outcome);
  }

  #complete(query: Query, tree: ServiceTree, answer: Answer): Outcome {
    if (!isNameError(answer)) return answer;
    const base = baseOf(query, tree);
    if (!this.#isCertain(query, tree, base)) return answer;
    return this.#walk({ query, tree, base, missing: answer }, 0, lifetimeOfDenial(answer));
  }

  /**
   * True where nobody but a client in this namespace, at the start of its walk, is likely to ask this. Below a Service that
   * exists, an endpoint is asked for that is not ready; a namespace that is called like a top-level domain may be the end of a
   * name of the Internet, of which this is the second question.
   */
  #isCertain(query: Query, { view }: ServiceTree, { labels, namespace }: Base): boolean {
    if (this.#options.topLevelDomains.has(namespace)) return false;
    if (view.state.standing(query, neededByView(view.options)) !== 'in-step') return false;
    if (!view.shows(query, namespace)) return false;
    const service = labels.at(-1) ?? '';
    return view.state.service(query, namespace, service) === undefined;
  }

  /**
   * Asks for the candidates from `index` on, in this tick for as long as the answers are there.
   *
   * @param known how long what is known of those before lives
   */
  #walk(walk: Walk, index: number, known: Lifetime): Outcome {
    const { query, tree, base } = walk;
    let lifetime = known;
    for (let at = index; at <= tree.suffixes.length; at++) {
      const name = candidate(base, tree, at);
      if (name === undefined) continue;
      const outcome = this.#look(query, name);
      if (outcome instanceof Promise) return outcome.then((answer) => this.#goOn(walk, at, name, answer, lifetime));
      if (!isNameError(outcome)) return this.#end(walk, name, outcome, lifetime);
      lifetime = shorter(lifetime, lifetimeOfDenial(outcome));
    }
    this.#counts.count(query, 'missing');
    return walk.missing;
  }

  /** The rest of a walk, after one that had to be waited for. */
  #goOn(walk: Walk, index: number, name: Name, answer: Answer, known: Lifetime): Outcome {
    if (!isNameError(answer)) return this.#end(walk, name, answer, known);
    return this.#walk(walk, index + 1, shorter(known, lifetimeOfDenial(answer)));
  }

  /** What a candidate gives for the type of the query. */
  #look(query: Query, name: Name): Outcome {
    const outcome = query.lookup(name, query.type);
    if (!(outcome instanceof Promise)) return tellsExistence(outcome) ? outcome : this.#lookAgain(query, name, outcome);
    return outcome.then((answer) => (tellsExistence(answer) ? answer : this.#lookAgain(query, name, answer)));
  }

  /**
   * After a failure, or a reply of `ipv6`: whether the name exists is told by another type as well, and where it does not, stub resolvers go on too.
   * A server that fails for AAAA alone must not end the walks of all names that are not its own. Where nobody answered at all,
   * nobody is likely to, and the client has waited long enough.
   */
  #lookAgain(query: Query, name: Name, before: Answer): Outcome {
    if (before.kind === 'failure' && UNANSWERED.has(before.explanation.word)) return before;
    const other = query.lookup(name, query.type === Type.A ? Type.AAAA : Type.A);
    return whenAnswered(other, (answer) =>
      isNameError(answer) || (leavesExistenceOpen(before) && !isAnswered(answer)) ? answer : before,
    );
  }

  /** What the candidate's answer makes of the question, if nobody else may have asked it. */
  #end(walk: Walk, name: Name, answer: Answer, known: Lifetime): Outcome {
    const { query, missing } = walk;
    if (answer.kind !== 'reply' || answer.rcode !== Rcode.NOERROR) {
      return this.#unlessRivalled(walk, 0, true, () => {
        this.#counts.count(query, 'failed');
        return failed(name, answer);
      });
    }
    return this.#unlessRivalled(walk, 0, false, () => {
      this.#counts.count(query, 'found');
      return endsHere(query, answer) ? replyThrough(query, name, answer, known) : noData(missing, answer);
    });
  }

  /**
   * The question's own NXDOMAIN where one of the rivals from `index` on exists.
   *
   * @param mayFail a failure of theirs is as good as that of the candidate; else what fails may exist
   */
  #unlessRivalled(walk: Walk, index: number, mayFail: boolean, end: () => Answer): Outcome {
    const { query, tree, base, missing } = walk;
    const isHarmless = (answer: Answer): boolean => isNameError(answer) || (mayFail && !isAnswered(answer));
    for (let at = index; at < tree.suffixes.length - 1; at++) {
      const name = rival(base, tree, at);
      if (name === undefined) continue;
      const outcome = this.#look(query, name);
      if (outcome instanceof Promise) {
        return outcome.then((answer) =>
          isHarmless(answer) ? this.#unlessRivalled(walk, at + 1, mayFail, end) : missing,
        );
      }
      if (!isHarmless(outcome)) return missing;
    }
    return end();
  }
}

/** True where it is known whether the name exists. */
function tellsExistence(answer: Answer): boolean {
  return isAnswered(answer) && !leavesExistenceOpen(answer);
}

function isAnswered(answer: Answer): boolean {
  return answer.kind === 'reply' && (answer.rcode === Rcode.NOERROR || answer.rcode === Rcode.NXDOMAIN);
}

/** Whether the candidate exists cannot be told, so nothing can be said of those behind it (RFC 8914 for the reason). */
function failed(name: Name, answer: Answer): Failure {
  const why: Explanation | undefined = answer.kind === 'silence' ? undefined : answer.explanation;
  const explanation =
    why === undefined
      ? explain('searchPathFailed', name.toString())
      : explainAs('searchPathFailed', { code: why.code, text: `${name.toString()} of the search path: ${why.text}` });
  const error = answer.kind === 'failure' ? answer.error : undefined;
  return failure(Rcode.SERVFAIL, explanation, error && `${name.toString()} of the search path: ${error}`);
}
