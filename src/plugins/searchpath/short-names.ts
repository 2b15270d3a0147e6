/**
 * `short_names`: what a name of one to three labels may stand for, for clients that have no search path.
 *
 *     nginx               ─► nginx.NAMESPACE.svc.ZONE ┐
 *     nginx.default       ─► nginx.default.svc.ZONE   ├─ exists? ─► CNAME to it, and what it gives
 *     nginx.default.svc   ─► nginx.default.svc.ZONE   ┘        └─► not: down the chain untouched
 */
import { Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { type Answer, type Outcome } from '../answer.ts';
import type { Next } from '../plugin.ts';
import type { Query } from '../query.ts';
import { replyThrough } from './alias.ts';

export interface ShortNamesOptions {
  readonly zone: Name;
  /** The namespace of names of one label. */
  readonly namespace: string;
  readonly topLevelDomains: ReadonlySet<string>;
}

export class ShortNames {
  readonly #zone: Name;
  readonly #services: Name;
  readonly #namespace: Name;
  /** Names at or below this one are full already. All are below the root: there, those below `svc` are. */
  readonly #full: Name;
  readonly #topLevelDomains: ReadonlySet<string>;

  constructor({ zone, namespace, topLevelDomains }: ShortNamesOptions) {
    this.#zone = zone;
    this.#services = Name.fromLabels(['svc'], zone) ?? zone;
    this.#namespace = Name.fromLabels([namespace], this.#services) ?? zone;
    this.#full = zone.labelCount > 0 ? zone : this.#services;
    this.#topLevelDomains = topLevelDomains;
  }

  /** The full name that a short one may stand for; undefined where it is none. */
  complete({ name, type }: Query): Name | undefined {
    // A question for an SOA tells nothing about whether the name exists, and short names are no zones.
    if (type === Type.SOA) return undefined;
    const count = name.labelCount;
    if (count === 0 || count > 3) return undefined;
    if (name.isAtOrBelow(this.#full)) return undefined;
    const labels = Array.from({ length: count }, (_, i) => name.label(i));
    const last = labels.at(-1) ?? '';
    if (count === 1) return Name.fromLabels(labels, this.#namespace);
    if (count === 2) return this.#topLevelDomains.has(last) ? undefined : Name.fromLabels(labels, this.#services);
    return last === 'svc' ? Name.fromLabels(labels, this.#zone) : undefined;
  }

  /** The reply to the short name if the full one exists, else what the rest of the chain says. */
  answer(query: Query, full: Name, next: Next): Outcome {
    const outcome = query.lookup(full, query.type);
    if (!(outcome instanceof Promise)) return take(query, full, outcome) ?? next.answer(query);
    return outcome.then((answer) => take(query, full, answer) ?? next.answer(query));
  }
}

function take(query: Query, full: Name, answer: Answer): Answer | undefined {
  // Whether there is such a name cannot be told now: whoever is asked for the short one could only be wrong.
  if (answer.kind === 'failure' && answer.rcode === Rcode.SERVFAIL) return answer;
  if (answer.kind !== 'reply' || answer.rcode !== Rcode.NOERROR) return undefined;
  return replyThrough(query, full, answer);
}
