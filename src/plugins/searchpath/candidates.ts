/**
 * Which question may be the first of a walk along a search path, and what the client would ask after it.
 *
 *     www.example.com.NS.svc.ZONE          the question: BASE is www.example.com
 *     www.example.com.svc.ZONE             candidates, in this order
 *     www.example.com.ZONE
 *     www.example.com.SEARCH               for each domain of `search`
 *     www.example.com
 *
 * The same question may be the second of a walk for `www.example.com.NS`, by a client of another namespace whose first was not answered.
 * What such a client would ask next are the rivals. BASE.NS itself is not among them: NS is no top-level domain.
 *
 *     www.example.com.NS.ZONE
 *     www.example.com.NS.SEARCH
 */
import type { ClusterView } from '../../cluster/view.ts';
import { Name } from '../../dns/name.ts';
import type { NeighbourCluster } from '../neighbours.ts';
import type { Query } from '../query.ts';

/** Labels of BASE at least: a name of one label is a Service of the client's own namespace, and never asked for outside. */
const MIN_BASE_LABELS = 2;

/** The tree of Services below one zone of a cluster. */
export interface ServiceTree {
  /** `svc.ZONE` */
  readonly name: Name;
  readonly view: ClusterView;
  /** What stands behind BASE in each candidate but the last, which is BASE itself; `svc.ZONE` first. */
  readonly suffixes: readonly Name[];
}

export function treesOf(clusters: readonly NeighbourCluster[], search: readonly Name[]): readonly ServiceTree[] {
  return clusters.flatMap(({ zones, view }) =>
    zones.flatMap((zone) => {
      const name = Name.fromLabels(['svc'], zone);
      if (name === undefined) return [];
      const own = [name, zone].filter(({ labelCount }) => labelCount > 0);
      const further = search.filter((domain) => !own.some((suffix) => suffix.equals(domain)));
      return [{ name, view, suffixes: [...own, ...further] }];
    }),
  );
}

/** The tree in which a name stands that has the form of a first question; undefined where it is none. */
export function treeOf(trees: readonly ServiceTree[], name: Name): ServiceTree | undefined {
  for (const tree of trees) {
    if (name.labelCount > tree.name.labelCount + MIN_BASE_LABELS && name.isAtOrBelow(tree.name)) return tree;
  }
  return undefined;
}

/** The labels of the question's BASE, in lower case, and its namespace. */
export interface Base {
  readonly labels: readonly string[];
  readonly namespace: string;
}

export function baseOf({ name }: Query, tree: ServiceTree): Base {
  const at = name.labelCount - tree.name.labelCount - 1;
  return { labels: Array.from({ length: at }, (_, i) => name.label(i)), namespace: name.label(at) };
}

/** One of the candidates. Undefined where the name would be too long, which no client asks for. */
export function candidate({ labels }: Base, { suffixes }: ServiceTree, index: number): Name | undefined {
  return Name.fromLabels(labels, suffixes[index] ?? Name.root);
}

/** One of the rivals, of which there is one for each suffix but the first; undefined likewise. */
export function rival({ labels, namespace }: Base, { suffixes }: ServiceTree, index: number): Name | undefined {
  const suffix = suffixes[index + 1];
  return suffix && Name.fromLabels([...labels, namespace], suffix);
}
