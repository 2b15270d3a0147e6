/** `kubernetes` and `searchpath` on a cluster that a test holds: read from a Corefile, put in service without a server. */
import { FactCounters } from '../../src/cluster/facts.ts';
import type { ClusterSource } from '../../src/cluster/stores.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { type Directive, loadCorefile } from '../../src/corefile/corefile.ts';
import { zonesOfKeys } from '../../src/corefile/options.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { Name } from '../../src/dns/name.ts';
import type { Answer } from '../../src/plugins/answer.ts';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import type {
  ConfigureContext,
  Host,
  Plugin,
  PluginDirective,
  PluginSetup,
  RunningPlugin,
} from '../../src/plugins/plugin.ts';
import { searchpath } from '../../src/plugins/searchpath/searchpath.ts';
import { linkChain } from '../../src/server/chain.ts';
import { Router } from '../../src/server/router.ts';
import { makeHost, makeQuery } from './support.ts';

interface ReadOptions {
  /** Of the block; `.` if left out. */
  readonly zones?: readonly string[];
  readonly fixtures?: readonly string[];
  readonly snapshot?: string;
}

interface Read {
  readonly setup: PluginSetup | undefined;
  /** The first line of each, without its place. */
  readonly problems: readonly string[];
}

/** Reads one directive of a block. */
export function read(directive: PluginDirective, lines: string, options: ReadOptions = {}): Read {
  const { zones = ['.'], fixtures = ['manifests'], snapshot } = options;
  const problems = new Problems();
  const text = `${zones.join(' ')} {\n${lines}\n}\n`;
  const block = loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/' }, {}, problems)?.blocks[0];
  const usesOf = (name: string): readonly Directive[] =>
    block?.directives.filter((one) => one.name.text === name) ?? [];
  const context: ConfigureContext = {
    zones: zonesOfKeys(block?.keys ?? []),
    problems,
    fixtures,
    snapshot,
    folder: '/',
    usesOf,
  };
  const [first, ...further] = usesOf(directive.name);
  const setup = first && directive.configure([first, ...further], context);
  return {
    setup,
    problems: problems.list.map((one) => /: (.*)/.exec(renderProblem(one).split('\n')[0] ?? '')?.[1] ?? ''),
  };
}

export interface ClusterOptions extends ReadOptions {
  readonly ownAddresses?: readonly Uint8Array[];
}

export interface TestCluster {
  readonly state: ClusterState;
  readonly host: Host;
  /** What `kubernetes` asked of the stores. */
  readonly sources: readonly ClusterSource[];
  /** How many shares in a store are held. */
  readonly leases: () => number;
  /** `kubernetes` itself, in service. */
  readonly running: RunningPlugin;
  readonly plugin: Plugin;
  /** Asks the block from the top; all of it is answered in the same tick. */
  ask(name: string, type?: string, klass?: string): Answer;
  close(): void;
}

/** A block of `searchpath`, `kubernetes` and what is given to stand below them, over a state that a test fills. */
export async function cluster(
  lines: string,
  below: readonly Plugin[] = [],
  options: ClusterOptions = {},
): Promise<TestCluster> {
  const facts = new FactCounters();
  const state = new ClusterState(facts, () => 1_000_000);
  const sources: ClusterSource[] = [];
  let leases = 0;
  const testHost = makeHost();
  const host: Host = {
    ...testHost,
    facts,
    ownAddresses: () => options.ownAddresses ?? [],
    stores: {
      acquire: (source) => {
        sources.push(source);
        leases++;
        return Promise.resolve({
          state,
          known: Promise.resolve(),
          flush: () => Promise.resolve(),
          release: () => void leases--,
        });
      },
    },
  };
  const setups = [searchpath, kubernetes].flatMap((directive) => {
    const { setup, problems } = read(directive, lines, options);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return setup ?? [];
  });
  const running = await Promise.all(setups.map(async (setup) => setup.create(host)));
  const chain = linkChain([...running.flatMap(({ plugin }) => plugin ?? []), ...below]);
  const router = new Router([{ zone: Name.root, chain, anyClass: false }], 'dns://:53');
  const ask = (name: string, type = 'A', klass = 'IN'): Answer => {
    const outcome = router.resolve(makeQuery(name, type, { facts, resolver: router, class: klass }));
    if (outcome instanceof Promise) throw new Error('a cluster in memory answers in the same tick');
    return outcome;
  };
  const close = (): void => {
    for (const one of running) one.close?.();
  };
  const kubernetesRunning = running.at(-1);
  if (kubernetesRunning?.plugin === undefined) throw new Error('no plugin');
  const { plugin } = kubernetesRunning;
  return { state, host, running: kubernetesRunning, plugin, sources, leases: () => leases, ask, close };
}
