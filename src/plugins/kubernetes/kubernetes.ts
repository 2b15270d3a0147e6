/**
 * The `kubernetes` directive: answers the names of a cluster (README.md beside this file is its manual page).
 *
 *     Corefile ─► options.ts ─┬─ where the cluster is ──► store ─ state ─► view ─► kubernetes-plugin.ts ─► answers
 *                             └─ what is shown of it ─────────────────────┘
 */
import type { ClusterSource } from '../../cluster/stores.ts';
import { neededByView } from '../../cluster/needs.ts';
import { type Labels, matches } from '../../cluster/selector.ts';
import { ClusterView, type ViewOptions } from '../../cluster/view.ts';
import { Name } from '../../dns/name.ts';
import { onlyUse } from '../once.ts';
import type { ConfigureContext, FileFault, Host, PluginDirective, PluginSetup, RunningPlugin } from '../plugin.ts';
import { DEFAULT_SNAPSHOT_AGE, apiSource } from './api-options.ts';
import { Kubernetes } from './kubernetes-plugin.ts';
import { offerKubernetesMetadata } from './metadata.ts';
import { type KubernetesOptions, isReverseZone, readKubernetes } from './options.ts';
import { isKnown, waitForCluster } from './startup.ts';
import { FALL_THROUGH, coverBlock } from '../zone-arguments.ts';
import { KubernetesZone } from './zone.ts';
import { TransferableZone } from './zone-contents.ts';

export const kubernetes: PluginDirective = {
  kind: 'plugin',
  name: 'kubernetes',
  answers: true,
  configure(uses, context): PluginSetup | undefined {
    const use = onlyUse(uses, context.problems);
    const options = readKubernetes(use, context);
    if (context.problems.hasErrors) return undefined;
    const zones = options.zones.map((zone) => Name.fromText(zone));
    const isLast = options.fallthrough.length === 0 && coverBlock(zones, context);
    return {
      takesAll: isLast
        ? { use, instead: `${FALL_THROUGH}, or the zones of the cluster behind 'kubernetes'` }
        : undefined,
      create: (host) => create(options, context, host),
      check: () => checkAccess(options, context),
    };
  },
};

async function create(options: KubernetesOptions, context: ConfigureContext, host: Host): Promise<RunningPlugin> {
  const zones = options.zones.map((zone) => Name.fromText(zone));
  const shown = viewOptions(options, zones);
  const needed = neededByView(shown);
  const snapshot = snapshotOf(options, context);
  const lease = await host.stores.acquire(sourceOf(options, context), { resources: needed, snapshot });
  try {
    await waitForCluster(lease, needed, options.api.startupTimeout, host);
  } catch (error) {
    lease.release();
    throw error;
  }
  const fallthrough = options.fallthrough.map((zone) => Name.fromText(zone));
  const view = new ClusterView(lease.state, shown);
  const isOfSeveral = (i: number): boolean => options.multicluster.includes(options.zones[i] ?? '');
  const forward = zones.filter((_, i) => !isReverseZone(options.zones[i] ?? '') && !isOfSeveral(i));
  const served = zones.map((zone, i) => new KubernetesZone(zone, view, host, isOfSeveral(i)));
  host.neighbours.clusters.push({ zones: forward, view });
  offerKubernetesMetadata(
    host,
    view,
    served.filter((_, i) => !isReverseZone(options.zones[i] ?? '')),
  );
  const transferable = forward.map((zone) => new TransferableZone(new KubernetesZone(zone, view, host), view, needed));
  host.neighbours.zones.push(...transferable);
  let wasReady = false;
  return {
    plugin: new Kubernetes(view, served, fallthrough),
    ready: () => (wasReady ||= isKnown(lease, needed)),
    stopped: () => lease.flush(),
    close: () => lease.release(),
  };
}

/** What is wrong with the files that say how the API server is reached. The pod's own are not here where this is no pod. */
async function checkAccess({ api }: KubernetesOptions, { fixtures }: ConfigureContext): Promise<readonly FileFault[]> {
  const source = apiSource(api);
  if (fixtures.length > 0 || source.kind === 'in-cluster') return [];
  const { connectApi } = await import('../../cluster/watch/api/connect.ts');
  const nobody = (): void => undefined;
  try {
    (await connectApi(source, api, { requested: nobody, waited: nobody }, nobody)).close();
    return [];
  } catch (error) {
    return [{ severity: 'error', message: error instanceof Error ? error.message : String(error) }];
  }
}

function viewOptions(options: KubernetesOptions, zones: readonly Name[]): ViewOptions {
  const { multicluster } = options;
  const isOwn = (zone: string): boolean => !isReverseZone(zone) && !multicluster.includes(zone);
  const primaryZone = zones[options.zones.findIndex(isOwn)] ?? Name.root;
  const selector = options.namespaceLabels;
  const namespaceLabels = selector && ((labels: Labels): boolean => matches(selector.requirements, labels));
  return { ...options, primaryZone, namespaceLabels, imports: multicluster.length > 0 };
}

/** Manifests, where there are any, stand in for every API server. */
function sourceOf({ api, labels }: KubernetesOptions, { fixtures }: ConfigureContext): ClusterSource {
  if (fixtures.length > 0) return { kind: 'fixture', paths: fixtures, labels };
  const { qps, burst, maxInflight } = api;
  return { kind: 'watch', api: apiSource(api), limits: { qps, burst, maxInflight }, labels };
}

function snapshotOf({ api }: KubernetesOptions, { fixtures, snapshot }: ConfigureContext) {
  if (fixtures.length > 0) return undefined;
  return api.snapshot ?? (snapshot === undefined ? undefined : { path: snapshot, maxAge: DEFAULT_SNAPSHOT_AGE });
}
