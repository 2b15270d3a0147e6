/**
 * A generation: one plan in service. Its plugins are created, its chains linked, and for each address and port there is
 * a router. A reload makes the next generation beside it and only then lets this one go.
 */
import type { LogWriter } from '../telemetry/logger.ts';
import type { FactCounters } from '../cluster/facts.ts';
import type { ClusterStores } from '../cluster/stores.ts';
import type { Clock, Host, RunningPlugin } from '../plugins/plugin.ts';
import { linkChain } from './chain.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { ListenAddress, PlannedBlock, ServerPlan } from './plan.ts';
import { type Route, Router } from './router.ts';

/** What of the process outlives its generations. */
export interface ProcessParts {
  readonly facts: FactCounters;
  readonly stores: ClusterStores;
  readonly clock: Clock;
  readonly log: LogWriter;
  readonly ownAddresses: OwnAddresses;
}

/** What is served at one address and port. */
export interface Served {
  readonly at: ListenAddress;
  readonly routes: readonly Route[];
  readonly router: Router;
}

export interface Generation {
  /** By `listenKey`. */
  readonly served: ReadonlyMap<string, Served>;
  /** Lets go of what its plugins hold. */
  close(): void;
}

export function listenKey(at: ListenAddress): string {
  return `${at.address} ${at.port}`;
}

/**
 * Creates the plugins of all blocks.
 * @throws whatever a plugin cannot be created for; what had been created by then is closed again
 */
export async function createGeneration(plan: ServerPlan, parts: ProcessParts): Promise<Generation> {
  const running: RunningPlugin[] = [];
  const close = (): void => {
    for (const plugin of running) plugin.close?.();
  };
  const routes = new Map<string, { readonly at: ListenAddress; readonly routes: Route[] }>();
  try {
    for (const block of plan.blocks) {
      const host = hostFor(block, parts);
      const plugins: RunningPlugin[] = [];
      for (const { setup } of block.plugins) {
        // One after another: a plugin's start may rest on what the one before it opened.
        // oxlint-disable-next-line no-await-in-loop
        const plugin = await setup.create(host);
        running.push(plugin);
        plugins.push(plugin);
      }
      const chain = linkChain(plugins.map((one) => one.plugin));
      for (const { zone, at } of block.served) {
        const key = listenKey(at);
        const entry = routes.get(key) ?? { at, routes: [] };
        entry.routes.push({ zone, chain, anyClass: block.anyClass });
        routes.set(key, entry);
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  const served = new Map<string, Served>();
  for (const [key, entry] of routes) served.set(key, { ...entry, router: new Router(entry.routes) });
  return { served, close };
}

function hostFor(block: PlannedBlock, parts: ProcessParts): Host {
  const listening = [...new Set(block.served.map(({ at }) => at.address))];
  return {
    facts: parts.facts,
    stores: parts.stores,
    clock: parts.clock,
    logger: (plugin) => parts.log.logger(plugin === '' ? '' : `plugin/${plugin}: `),
    ownAddresses: () => parts.ownAddresses.for(listening),
  };
}
