/**
 * `kubernetes` in the chain: from a question to the reply.
 *
 *     question ─► zone? ─► reverse name ─► reverse.ts ──────────────┐
 *                    ├───► cluster name ─► records.ts ──────────────┼─► no name   ─► fall through, or NXDOMAIN with the SOA
 *                    └───► of several clusters: imported-records.ts ┘   no data   ─► NODATA with the SOA   (RFC 2308)
 *                                                                       records   ─► the answer
 *                                                                       alias     ─► the CNAME and what its target gives
 *
 * While the state is not in step with the cluster, what the answer rests on decides (needs.ts): SERVFAIL where any of it is
 * unknown, and short-lived answers that say so where it is stale.
 */
import type { Resource, Standing } from '../../cluster/cluster.ts';
import type { Found } from '../../cluster/found.ts';
import { findImported, neededForImport, parseImportName } from '../../cluster/imported-records.ts';
import { parseClusterName } from '../../cluster/names.ts';
import { neededByView, neededForAddress, neededForName } from '../../cluster/needs.ts';
import { findRecords } from '../../cluster/records.ts';
import { findReverse } from '../../cluster/reverse.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { parseReverseName } from '../../dns/address.ts';
import { Rcode, Type } from '../../dns/constants.ts';
import { isTransfer } from '../../dns/message.ts';
import type { Name } from '../../dns/name.ts';
import { isOfInternet } from '../../dns/question.ts';
import { type Answer, type Outcome, behindAlias, failure, reply, whenAnswered } from '../answer.ts';
import type { Next, Plugin } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { fromSnapshot } from './snapshot-reply.ts';
import { type KubernetesZone, longestZone } from './zone.ts';

/** Aliases within the cluster that are followed one after another. */
const MAX_LINKS = 10;

type Alias = Extract<Found, { kind: 'alias' }>;

export class Kubernetes implements Plugin {
  readonly name = 'kubernetes';
  readonly replayable = true;
  readonly #view: ClusterView;
  readonly #zones: readonly KubernetesZone[];
  readonly #fallthrough: readonly Name[];
  readonly #needed: readonly Resource[];

  /** @param fallthrough the zones within which names that do not exist go to the next plugin */
  constructor(view: ClusterView, zones: readonly KubernetesZone[], fallthrough: readonly Name[]) {
    this.#view = view;
    this.#zones = zones;
    this.#fallthrough = fallthrough;
    this.#needed = neededByView(view.options);
  }

  answer(query: Query, next: Next): Outcome {
    const zone = longestZone(this.#zones, query.name);
    if (zone === undefined) return next.answer(query);
    // Nobody else is asked for a name of the cluster, whatever the class.
    if (!isOfInternet(query.question)) return NO_SUCH_CLASS;
    if (isTransfer(query.type)) return NO_TRANSFER;
    if (query.name.labelCount === zone.name.labelCount) return zone.apex(query);
    // As CoreDNS does: below the apex a question for the SOA has no data, whether the name exists or not.
    if (query.type === Type.SOA) return zone.noData(NO_SOA_HERE);
    const standing = this.#standing(query, zone);
    // Before any fallthrough: what is missing may only not have come yet, and the next plugin could only answer wrongly.
    if (standing === 'unknown') return NOT_LISTED;
    const outcome = this.#look(query, zone);
    if (outcome === undefined) return next.answer(query);
    return standing === 'stale' ? whenAnswered(outcome, (answer) => fromSnapshot(query, answer)) : outcome;
  }

  /** How the state stands that the answer rests on. */
  #standing(query: Query, zone: KubernetesZone): Standing {
    const all = this.#view.state.standing(query, this.#needed);
    return all === 'in-step' ? all : this.#standingAlong(query, query.name, zone, MAX_LINKS);
  }

  /** The worst of a name and all those that it is an alias for, as far as `#follow` goes. */
  #standingAlong(query: Query, name: Name, zone: KubernetesZone, links: number): Standing {
    const standing = this.#view.state.standing(query, this.#neededFor(query, name, zone));
    if (standing === 'unknown' || links === 0) return standing;
    const found = this.#find(query, name, zone);
    if (found.kind !== 'alias' || query.type === Type.CNAME || isEndless(name, found)) return standing;
    const nearby = this.#zoneOfTarget(name, found);
    if (nearby === undefined) return standing;
    const further = this.#standingAlong(query, found.target, nearby, links - 1);
    return further === 'in-step' ? standing : further;
  }

  #neededFor(query: Query, name: Name, zone: KubernetesZone): readonly Resource[] {
    if (zone.isMulticluster) return neededForImport(query, this.#view, parseImportName(name, zone.name));
    const reverse = parseReverseName(name);
    if (reverse !== undefined) return neededForAddress(query, this.#view, reverse);
    return neededForName(query, this.#view, parseClusterName(name, zone.name, this.#view.options.zonal));
  }

  /** The answer; undefined where the name does not exist and the next plugin is to be asked. */
  #look(query: Query, zone: KubernetesZone): Outcome | undefined {
    const found = this.#find(query, query.name, zone);
    switch (found.kind) {
      case 'no-name':
        if (this.#fallthrough.some((below) => query.name.isAtOrBelow(below))) return undefined;
        return zone.nameError(explain(found.why));
      case 'no-data':
        return zone.noData(explain(found.why));
      case 'records':
        return reply({ answers: found.answers, additional: found.additional });
      case 'alias':
        return this.#alias(query, zone, found);
    }
  }

  #find(query: Query, name: Name, zone: KubernetesZone): Found {
    if (zone.isMulticluster) return this.#findImported(query, name, zone);
    const reverse = parseReverseName(name);
    if (reverse !== undefined) return findReverse(query, this.#view, name, query.type, reverse);
    const meaning = parseClusterName(name, zone.name, this.#view.options.zonal);
    if (meaning.kind === 'name-server') return zone.nameServerAddresses(query, name);
    return findRecords(query, this.#view, { owner: name, name: meaning, type: query.type, zone: zone.name });
  }

  #findImported(query: Query, name: Name, zone: KubernetesZone): Found {
    const meaning = parseImportName(name, zone.name);
    if (meaning.kind === 'name-server') return zone.nameServerAddresses(query, name);
    return findImported(query, this.#view, { owner: name, type: query.type, zone: zone.name }, meaning);
  }

  /** The CNAME itself, or for address types the CNAME and what its target gives. */
  #alias(query: Query, zone: KubernetesZone, found: Alias): Outcome {
    if (query.type === Type.CNAME) return reply({ answers: [found.alias] });
    return whenAnswered(this.#follow(query, query.name, found, MAX_LINKS), (answer): Answer =>
      answer.kind !== 'reply' || answer.answers.length > 0 ? answer : zone.noData(answer.explanation),
    );
  }

  /**
   * The records of an alias, itself in front; none where its target is of this cluster and has none, or is the alias
   * itself or below it. A target elsewhere is asked of the whole server; if that fails, the alias stands alone.
   */
  #follow(query: Query, owner: Name, found: Alias, links: number): Outcome {
    const { alias, target } = found;
    if (isEndless(owner, found) || links === 0) return NO_END;
    const zone = this.#zoneOfTarget(owner, found);
    if (zone === undefined) {
      return whenAnswered(query.lookup(target, query.type), (answer) => behindAlias(alias, answer));
    }
    const next = this.#find(query, target, zone);
    if (next.kind === 'records') return reply({ answers: [alias, ...next.answers] });
    if (next.kind !== 'alias') return NOTHING_THERE;
    return whenAnswered(this.#follow(query, target, next, links - 1), (answer) =>
      answer.kind === 'reply' && answer.answers.length > 0 ? behindAlias(alias, answer) : answer,
    );
  }

  /** The zone that an alias and its target are both in; undefined where the whole server is to be asked for the target. */
  #zoneOfTarget(owner: Name, { target }: Alias): KubernetesZone | undefined {
    const zone = longestZone(this.#zones, target);
    return zone !== undefined && owner.isAtOrBelow(zone.name) ? zone : undefined;
  }
}

/** True where an alias leads to itself, or to what is below it and therefore not there. */
function isEndless(owner: Name, { target }: Alias): boolean {
  return target.isAtOrBelow(owner);
}

const NO_SUCH_CLASS = failure(Rcode.REFUSED, explain('classNotServed'));
const NOT_LISTED = failure(Rcode.SERVFAIL, explain('notReady'), 'the cluster has not been listed completely yet');
const NO_TRANSFER = failure(Rcode.REFUSED, explain('transferNotServed'));
const NO_SOA_HERE = explain('noSoaBelowApex');

/** Aliases that lead to nothing: what becomes NODATA of the name that was asked for. */
const NOTHING_THERE: Answer = reply({ explanation: explain('noSuchTarget') });
const NO_END: Answer = reply({ explanation: explain('endlessAlias') });
