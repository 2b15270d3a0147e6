/**
 * Whose search path a question is the beginning of. In: a question that has no answer by itself. Out: what of it the client
 * looks up, and where it would look next.
 *
 *     FilePaths   one path for all: the domains of a file
 *     PodPaths    by the client's address: NS.svc.ZONE, svc.ZONE, ZONE, and what nodes add
 */
import type { Resource } from '../../cluster/cluster.ts';
import { neededByView } from '../../cluster/needs.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { formatAddress } from '../../dns/address.ts';
import { Name } from '../../dns/name.ts';
import { clientOctets } from '../networks.ts';
import type { NeighbourCluster } from '../neighbours.ts';
import type { Query } from '../query.ts';
import type { SearchFile } from './search-file.ts';

/** The rest of a walk whose first question was asked. */
export interface SearchPath {
  /** Labels of the question that the client looks up: those before the first domain of its path. */
  readonly baseLabels: number;
  /** The other domains of the path, in their order. The bare name comes behind them. */
  readonly further: readonly Name[];
}

export interface SearchPaths {
  /** Undefined where the question is no first one, as far as is known. Notes what that rests on. */
  find(query: Query): SearchPath | undefined;
}

export class FilePaths implements SearchPaths {
  readonly #file: SearchFile;

  constructor(file: SearchFile) {
    this.#file = file;
  }

  find(query: Query): SearchPath | undefined {
    query.dependsOn(this.#file.fact);
    const [first, ...further] = this.#file.domains ?? [];
    if (first === undefined) return undefined;
    const baseLabels = query.name.labelCount - first.labelCount;
    return baseLabels > 0 && query.name.isAtOrBelow(first) ? { baseLabels, further } : undefined;
  }
}

/** The Services below one zone of a cluster. */
interface Tree {
  readonly zone: Name;
  /** `svc.ZONE` */
  readonly services: Name;
  readonly view: ClusterView;
  readonly needed: readonly Resource[];
}

export class PodPaths implements SearchPaths {
  readonly #clusters: readonly NeighbourCluster[];
  readonly #nodes: SearchFile;
  /** Drawn up with the first question: the other directives of the block are there by then. Longest zone first. */
  #trees: readonly Tree[] | undefined;

  /** @param nodes what the pods of a node get beside the domains of the cluster */
  constructor(clusters: readonly NeighbourCluster[], nodes: SearchFile) {
    this.#clusters = clusters;
    this.#nodes = nodes;
  }

  find(query: Query): SearchPath | undefined {
    this.#trees ??= treesOf(this.#clusters);
    const { name } = query;
    const tree = this.#trees.find(({ zone }) => name.isAtOrBelow(zone));
    if (tree === undefined) return undefined;
    const baseLabels = name.labelCount - tree.services.labelCount - 1;
    if (baseLabels < 1 || !name.isAtOrBelow(tree.services)) return undefined;
    // Before the state is known, that there is no such pod says nothing.
    if (tree.view.state.standing(query, tree.needed) !== 'in-step') return undefined;
    if (!isFromPodOf(query, name.label(baseLabels), tree.view)) return undefined;
    const further = this.#further(query, tree);
    return further && { baseLabels, further };
  }

  /** What this server's own resolv.conf has of the cluster stands in the path already. Undefined while it is not known. */
  #further(query: Query, { zone, services }: Tree): readonly Name[] | undefined {
    query.dependsOn(this.#nodes.fact);
    const { domains } = this.#nodes;
    const own = [services, zone].filter(({ labelCount }) => labelCount > 0);
    return domains && [...own, ...domains.filter((one) => !one.isAtOrBelow(services) && !one.equals(zone))];
  }
}

/**
 * Whether a pod of the namespace has the client's address. Pods on the network of their node share its address: each of their
 * namespaces may be the client's, and the question says which.
 */
function isFromPodOf(query: Query, namespace: string, { state }: ClusterView): boolean {
  query.replaying.forbid();
  return state.hasPodAt(query, namespace, podAddress(query.client.clientAddress));
}

/** As the API writes addresses of pods. */
function podAddress(text: string): string {
  if (!text.includes(':')) return text;
  const octets = clientOctets(text);
  return octets === undefined ? text : formatAddress(octets);
}

function treesOf(clusters: readonly NeighbourCluster[]): readonly Tree[] {
  return clusters
    .filter(({ view }) => view.options.pods === 'verified')
    .flatMap(({ zones, view }) =>
      zones.flatMap((zone) => {
        const services = Name.fromLabels(['svc'], zone);
        return services === undefined ? [] : [{ zone, services, view, needed: neededByView(view.options) }];
      }),
    )
    .toSorted((a, b) => b.zone.labelCount - a.zone.labelCount);
}
