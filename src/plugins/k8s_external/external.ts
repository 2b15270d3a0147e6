/**
 * `k8s_external` in the chain: from a question of a client outside the cluster to the reply.
 *
 *     question ─► zone? ─► apex, or what is below its label ─► zone.ts
 *                   ├────► reverse name ─┐
 *                   └────► Service ──────┴─► cluster/external-records.ts ─► records, NODATA, NXDOMAIN or fall through
 *                                                                        └─► CNAME to a load balancer's host name, and
 *                                                                            what the whole server says about that
 *
 * While the state is not in step with the cluster, what the answer rests on decides, as it does for `kubernetes`: SERVFAIL
 * where any of it is unknown, short-lived answers that say so where it is stale.
 */
import type { Resource, Standing } from '../../cluster/cluster.ts';
import {
  EXTERNAL_ENDPOINTS,
  EXTERNAL_SERVICES,
  findExternal,
  findExternalReverse,
  neededForExternal,
} from '../../cluster/external-records.ts';
import type { Dependent } from '../../cluster/facts.ts';
import { type Found, NO_NAME } from '../../cluster/found.ts';
import { parseExternalName } from '../../cluster/names.ts';
import { ClusterView } from '../../cluster/view.ts';
import { parseReverseName } from '../../dns/address.ts';
import { Rcode, Type } from '../../dns/constants.ts';
import { isTransfer } from '../../dns/message.ts';
import type { Name } from '../../dns/name.ts';
import { isOfInternet } from '../../dns/question.ts';
import type { SerialSource } from '../../dns/rrset.ts';
import { type Answer, type Outcome, behindAlias, failure, reply, whenAnswered } from '../answer.ts';
import { fromSnapshot } from '../kubernetes/snapshot-reply.ts';
import { longestZone } from '../kubernetes/zone.ts';
import type { NeighbourCluster } from '../neighbours.ts';
import type { Host, Next, Plugin } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import type { ExternalOptions } from './options.ts';
import { ExternalZone, type ZoneParts } from './zone.ts';

/** What the neighbour's cluster is to these zones. */
export interface Cluster extends ZoneParts {
  /** All that any answer can rest on. */
  readonly needed: readonly Resource[];
  /** Headless Services are shown by their endpoints. */
  readonly hasEndpoints: boolean;
}

type Alias = Extract<Found, { kind: 'alias' }>;

export class K8sExternal implements Plugin {
  readonly name = 'k8s_external';
  readonly replayable = true;
  readonly zones: readonly ExternalZone[];
  readonly #options: ExternalOptions;
  /** The zone that PTR records point into. */
  readonly #first: Name | undefined;
  readonly #host: Host;
  #neighbour: NeighbourCluster | undefined;
  #cluster: Cluster | undefined;

  /** The time of the last change of what is shown; 0 before the first. */
  readonly serialSource: SerialSource;

  constructor(options: ExternalOptions, host: Host) {
    const { zones, reverseZones, apex } = options;
    this.zones = [
      ...zones.map((zone) => new ExternalZone(zone, apex, false)),
      ...reverseZones.map((zone) => new ExternalZone(zone, apex, true)),
    ];
    this.#first = zones[0];
    this.#options = options;
    this.#host = host;
    const current = (): number => this.#serial;
    this.serialSource = {
      get serial(): number {
        return current();
      },
    };
  }

  get #serial(): number {
    const { cluster } = this;
    if (cluster === undefined) return 0;
    const { state } = cluster.view;
    return cluster.hasEndpoints ? state.serial : state.externalSerial;
  }

  /** The cluster of the block. `kubernetes` stands below and is created later: undefined until then. */
  get cluster(): Cluster | undefined {
    const [neighbour] = this.#host.neighbours.clusters;
    if (neighbour === this.#neighbour) return this.#cluster;
    this.#neighbour = neighbour;
    if (neighbour === undefined) return (this.#cluster = undefined);
    const { ttl, headless } = this.#options;
    const { state, options } = neighbour.view;
    const hasEndpoints = headless && !options.noEndpoints;
    return (this.#cluster = {
      view: new ClusterView(state, { ...options, ttl }),
      hasEndpoints,
      needed: hasEndpoints ? EXTERNAL_ENDPOINTS : EXTERNAL_SERVICES,
      ownAddresses: () => this.#host.ownAddresses(),
      serialSource: this.serialSource,
    });
  }

  answer(query: Query, next: Next): Outcome {
    const zone = longestZone(this.zones, query.name);
    const { cluster } = this;
    if (zone === undefined || cluster === undefined || !isOfInternet(query.question)) return next.answer(query);
    if (isTransfer(query.type)) return NO_TRANSFER;
    if (query.name.isAtOrBelow(zone.apexLabel) || query.name.labelCount === zone.name.labelCount) {
      return this.#apex(query, zone, cluster);
    }
    const standing = this.#standing(query, zone, cluster);
    // Before any fallthrough: what is missing may only not have come yet.
    if (standing === 'unknown') return NOT_LISTED;
    const outcome = this.#look(query, zone, cluster);
    if (outcome === undefined) return next.answer(query);
    return standing === 'stale' ? whenAnswered(outcome, (answer) => fromSnapshot(query, answer)) : outcome;
  }

  /** The apex and what is below its label: nothing there is passed on. */
  #apex(query: Query, zone: ExternalZone, cluster: Cluster): Answer {
    const { name, type } = query;
    if (name.labelCount === zone.name.labelCount) {
      const isKnown = type !== Type.NS || nameServerStanding(query, cluster) !== 'unknown';
      return zone.apex(query, type, cluster, isKnown);
    }
    if (name.equals(zone.apexLabel)) return zone.noData(cluster, NO_SUCH_TYPE);
    if (!name.equals(zone.nameServer)) return zone.nameError(cluster, NO_SUCH_NAME);
    const standing = nameServerStanding(query, cluster);
    if (standing === 'unknown') return NOT_LISTED;
    const answer = zone.addresses(query, name, type, cluster);
    return standing === 'stale' ? fromSnapshot(query, answer) : answer;
  }

  #standing(query: Query, zone: ExternalZone, { view, needed }: Cluster): Standing {
    const all = view.state.standing(query, needed);
    if (all === 'in-step') return all;
    if (zone.isReverse) return view.state.standing(query, EXTERNAL_SERVICES);
    const meaning = parseExternalName(query.name, zone.name);
    return view.state.standing(query, neededForExternal(query, view, meaning, this.#options.headless));
  }

  /** The answer; undefined where the name does not exist and the next plugin is to be asked. */
  #look(query: Query, zone: ExternalZone, cluster: Cluster): Outcome | undefined {
    const found = this.#find(query, zone, cluster.view);
    switch (found.kind) {
      case 'no-name':
        if (this.#options.fallthrough.some((below) => query.name.isAtOrBelow(below))) return undefined;
        return zone.nameError(cluster, explain(found.why));
      case 'no-data':
        return zone.noData(cluster, explain(found.why));
      case 'records':
        return reply({ answers: found.answers, additional: found.additional });
      case 'alias':
        return follow(query, found) ?? zone.noData(cluster, ENDLESS);
    }
  }

  #find(query: Query, zone: ExternalZone, view: ClusterView): Found {
    const { name, type } = query;
    if (zone.isReverse) {
      const reverse = parseReverseName(name);
      if (reverse === undefined || this.#first === undefined) return NO_NAME.noSuchName;
      return findExternalReverse(query, view, name, type, reverse, this.#first);
    }
    const meaning = parseExternalName(name, zone.name);
    const asked = { owner: name, name: meaning, type, zone: zone.name, below: zone.name };
    return findExternal(query, view, asked, this.#options.headless);
  }
}

/** How the state stands that the name server's addresses rest on. */
export function nameServerStanding(asker: Dependent, { view }: Cluster): Standing {
  return view.state.standing(asker, view.options.noEndpoints ? EXTERNAL_SERVICES : EXTERNAL_ENDPOINTS);
}

/** The CNAME of a load balancer's host name and what the whole server says about that; undefined where it leads to itself. */
function follow(query: Query, { alias, target }: Alias): Outcome | undefined {
  if (query.type === Type.CNAME) return reply({ answers: [alias] });
  if (target.isAtOrBelow(query.name)) return undefined;
  return whenAnswered(query.lookup(target, query.type), (answer) => behindAlias(alias, answer));
}

const NOT_LISTED = failure(Rcode.SERVFAIL, explain('notReady'), 'the cluster has not been listed completely yet');
const NO_TRANSFER = failure(Rcode.REFUSED, explain('transferNotServed'));
const NO_SUCH_NAME = explain('noSuchName');
const NO_SUCH_TYPE = explain('noSuchType');
const ENDLESS = explain('endlessAlias');
