/** A block of `k8s_external` and `kubernetes` over a state that a test fills, asked from the top. */
import { FactCounters } from '../../../src/cluster/facts.ts';
import { ClusterState } from '../../../src/cluster/state.ts';
import { Name } from '../../../src/dns/name.ts';
import type { Answer, Outcome } from '../../../src/plugins/answer.ts';
import { k8sExternal } from '../../../src/plugins/k8s_external/k8s_external.ts';
import { kubernetes } from '../../../src/plugins/kubernetes/kubernetes.ts';
import type { Host, Plugin } from '../../../src/plugins/plugin.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { linkChain } from '../../../src/server/chain.ts';
import { Router } from '../../../src/server/router.ts';
import { read } from '../cluster.ts';
import { makeHost, makeQuery } from '../support.ts';

export interface External {
  readonly state: ClusterState;
  readonly facts: FactCounters;
  readonly host: Host;
  readonly ask: (name: string, type?: string) => Answer;
  /** The query with it, to look at what it rested on. */
  readonly query: (name: string, type?: string) => { readonly query: Query; readonly outcome: Outcome };
}

export interface ExternalOptions {
  readonly ownAddresses?: readonly Uint8Array[];
  readonly below?: readonly Plugin[];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Nothing is known of the cluster. */
  readonly isUnknown?: true;
}

/** @param lines of the block; a `kubernetes cluster.local` is added where there is none */
export async function external(lines: string, options: ExternalOptions = {}): Promise<External> {
  const facts = new FactCounters();
  const state = new ClusterState(facts, options.now ?? ((): number => 1_700_000_000_000));
  const host: Host = {
    ...makeHost(),
    facts,
    ownAddresses: () => options.ownAddresses ?? [],
    stores: {
      acquire: () =>
        Promise.resolve({
          state,
          known: Promise.resolve(),
          flush: () => Promise.resolve(),
          release: () => undefined,
        }),
    },
  };
  const text = /^ *kubernetes/m.test(lines) ? lines : `${lines}\nkubernetes cluster.local`;
  const plugins: Plugin[] = [];
  for (const directive of [k8sExternal, kubernetes]) {
    const { setup, problems } = read(directive, text);
    if (setup === undefined || problems.length > 0) throw new Error(problems.join('\n'));
    // oxlint-disable-next-line no-await-in-loop -- one plugin after another, as the server does
    const { plugin } = await setup.create(host);
    if (plugin !== undefined) plugins.push(plugin);
  }
  if (options.isUnknown !== true) state.markSynced(['namespaces', 'services', 'endpointslices']);
  const chain = linkChain([...plugins, ...(options.below ?? [])]);
  const router = new Router([{ zone: Name.root, chain, anyClass: false }], 'dns://:53');
  const query: External['query'] = (name, type = 'A') => {
    const made = makeQuery(name, type, { facts, resolver: router });
    return { query: made, outcome: router.resolve(made) };
  };
  const ask = (name: string, type = 'A'): Answer => {
    const { outcome } = query(name, type);
    if (outcome instanceof Promise) throw new Error('a cluster in memory answers in the same tick');
    return outcome;
  };
  return { state, facts, host, query, ask };
}
