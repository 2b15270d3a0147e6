/**
 * The `kubernetes` directive: answers the names of a cluster (README.md beside this file is its manual page).
 *
 *     question ─► zone? ─► reverse name ─► reverse.ts ┐
 *                    │                                ├─► no name   ─► fall through, or NXDOMAIN with the SOA
 *                    └───► cluster name ─► records.ts ┘   no data   ─► NODATA with the SOA   (RFC 2308)
 *                                                         records   ─► the answer
 *                                                         alias     ─► the CNAME and what its target gives
 */
import { findRecords } from '../../cluster/records.ts';
import type { Found } from '../../cluster/found.ts';
import { parseClusterName } from '../../cluster/names.ts';
import type { Resource } from '../../cluster/cluster.ts';
import { type Labels, matches } from '../../cluster/selector.ts';
import { findReverse } from '../../cluster/reverse.ts';
import { ClusterView } from '../../cluster/view.ts';
import { parseReverseName } from '../../dns/address.ts';
import { Rcode, Type } from '../../dns/constants.ts';
import { isTransfer } from '../../dns/message.ts';
import { Name } from '../../dns/name.ts';
import { type Answer, type Outcome, failure, reply, whenAnswered } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { ConfigureContext, Host, Next, Plugin, PluginDirective, PluginSetup, RunningPlugin } from '../plugin.ts';
import type { Query } from '../query.ts';
import { type Explanation, explain } from '../reasons.ts';
import { type KubernetesOptions, isReverseZone, readKubernetes } from './options.ts';
import { KubernetesZone, longestZone } from './zone.ts';

export const kubernetes: PluginDirective = {
  kind: 'plugin',
  name: 'kubernetes',
  configure(uses, context): PluginSetup | undefined {
    const { problems } = context;
    const directive = onlyUse(uses, problems);
    const options = readKubernetes(directive, context.zones, problems);
    if (context.fixtures.length === 0) {
      problems.error(directive.name, 'reading a cluster from its API server is not implemented yet', {
        expected: '--fixture PATH, manifests that are read in its place',
      });
    }
    if (problems.hasErrors) return undefined;
    return { create: (host) => create(options, context, host) };
  },
};

async function create(options: KubernetesOptions, context: ConfigureContext, host: Host): Promise<RunningPlugin> {
  const lease = await host.stores.acquire({ kind: 'fixture', paths: context.fixtures, labels: options.labels });
  const zones = options.zones.map((zone) => Name.fromText(zone));
  const primaryZone = zones[options.zones.findIndex((zone) => !isReverseZone(zone))] ?? Name.root;
  const selector = options.namespaceLabels;
  const namespaceLabels = selector && ((labels: Labels): boolean => matches(selector.requirements, labels));
  const view = new ClusterView(lease.state, { ...options, primaryZone, namespaceLabels });
  const fallthrough = options.fallthrough.map((zone) => Name.fromText(zone));
  return { plugin: new Kubernetes(view, zones, fallthrough, host), close: () => lease.release() };
}

/** Aliases within the cluster that are followed one after another. */
const MAX_LINKS = 10;

class Kubernetes implements Plugin {
  readonly name = 'kubernetes';
  readonly replayable = true;
  readonly #view: ClusterView;
  readonly #zones: readonly KubernetesZone[];
  readonly #fallthrough: readonly Name[];
  readonly #needed: readonly Resource[];

  constructor(view: ClusterView, zones: readonly Name[], fallthrough: readonly Name[], host: Host) {
    this.#view = view;
    this.#zones = zones.map((zone) => new KubernetesZone(zone, view, host));
    this.#fallthrough = fallthrough;
    this.#needed = neededResources(view);
  }

  answer(query: Query, next: Next): Outcome {
    const zone = longestZone(this.#zones, query.name);
    if (zone === undefined) return next.answer(query);
    if (isTransfer(query.type)) return NO_TRANSFER;
    if (query.name.labelCount === zone.name.labelCount) return zone.apex(query);
    // As CoreDNS does: below the apex a question for the SOA has no data, whether the name exists or not.
    if (query.type === Type.SOA) return zone.noData(NO_SOA_HERE);
    const found = this.#find(query, query.name, zone);
    switch (found.kind) {
      case 'no-name':
        return this.#nameError(query, zone, next, explain(found.why));
      case 'no-data':
        return zone.noData(explain(found.why));
      case 'records':
        return reply({ answers: found.answers, additional: found.additional });
      case 'alias':
        return this.#alias(query, zone, found);
    }
  }

  #find(query: Query, name: Name, zone: KubernetesZone): Found {
    const reverse = parseReverseName(name);
    if (reverse !== undefined) return findReverse(query, this.#view, name, query.type, reverse);
    const meaning = parseClusterName(name, zone.name, this.#view.options.zonal);
    if (meaning.kind === 'name-server') return zone.nameServerAddresses(query, name);
    return findRecords(query, this.#view, { owner: name, name: meaning, type: query.type, zone: zone.name });
  }

  /** While not everything has been listed, what is missing may only not have come yet: that is never NXDOMAIN. */
  #nameError(query: Query, zone: KubernetesZone, next: Next, why: Explanation): Outcome {
    if (!this.#view.state.isSynced(query, this.#needed)) return NOT_LISTED;
    if (this.#fallthrough.some((below) => query.name.isAtOrBelow(below))) return next.answer(query);
    return zone.nameError(why);
  }

  /** The CNAME itself, or for address types the CNAME and what its target gives. */
  #alias(query: Query, zone: KubernetesZone, found: Extract<Found, { kind: 'alias' }>): Outcome {
    if (query.type === Type.CNAME) return reply({ answers: [found.alias] });
    return whenAnswered(this.#follow(query, query.name, found, MAX_LINKS), (answer): Answer => {
      if (answer.kind !== 'reply' || answer.answers.length > 0) return answer;
      return this.#view.state.isSynced(query, this.#needed) ? zone.noData(answer.explanation) : NOT_LISTED;
    });
  }

  /**
   * The records of an alias, itself in front; none where its target is of this cluster and has none, or is the alias
   * itself or below it. A target elsewhere is asked of the whole server; if that fails, the alias stands alone.
   */
  #follow(query: Query, owner: Name, found: Extract<Found, { kind: 'alias' }>, links: number): Outcome {
    const { alias, target } = found;
    if (target.isAtOrBelow(owner) || links === 0) return NO_END;
    const zone = longestZone(this.#zones, target);
    if (zone === undefined || !owner.isAtOrBelow(zone.name)) {
      return whenAnswered(query.lookup(target, query.type), (answer) =>
        reply({
          answers: answer.kind === 'reply' ? [alias, ...answer.answers] : [alias],
          explanation: answer.kind === 'silence' ? undefined : answer.explanation,
        }),
      );
    }
    const next = this.#find(query, target, zone);
    if (next.kind === 'records') return reply({ answers: [alias, ...next.answers] });
    if (next.kind !== 'alias') return NOTHING_THERE;
    return whenAnswered(this.#follow(query, target, next, links - 1), (answer) =>
      answer.kind === 'reply' && answer.answers.length > 0
        ? reply({ answers: [alias, ...answer.answers], explanation: answer.explanation })
        : answer,
    );
  }
}

const NOT_LISTED = failure(Rcode.SERVFAIL, explain('notReady'), 'the cluster has not been listed completely yet');
const NO_TRANSFER = failure(Rcode.REFUSED, explain('transferNotServed'));
const NO_SOA_HERE = explain('noSoaBelowApex');

/** Aliases that lead to nothing: what becomes NODATA of the name that was asked for. */
const NOTHING_THERE: Answer = reply({ explanation: explain('noSuchTarget') });
const NO_END: Answer = reply({ explanation: explain('endlessAlias') });

/** The resources without which a name may seem not to exist. */
function neededResources(view: ClusterView): readonly Resource[] {
  return [
    'namespaces',
    'services',
    ...(view.options.noEndpoints ? [] : (['endpointslices'] as const)),
    ...(view.options.pods === 'verified' ? (['pods'] as const) : []),
  ];
}
