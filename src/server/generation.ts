/**
 * A generation: one plan in service. Its plugins are created, its chains linked, and for each address and port there is
 * a router. A reload makes the next generation beside it and only then lets this one go.
 */
import { createHash } from 'node:crypto';
import type { LogWriter } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { FactCounters } from '../cluster/facts.ts';
import type { ClusterStores } from '../cluster/stores.ts';
import { noNeighbours } from '../plugins/neighbours.ts';
import type { Network } from '../plugins/network.ts';
import type {
  Block,
  BlockSettings,
  Clock,
  Host,
  LameDuck,
  Plugin,
  RunningPlugin,
  ServerTls,
  Timeouts,
} from '../plugins/plugin.ts';
import type { Query } from '../plugins/query.ts';
import type { AnswerCache } from './answer-cache/answer-cache.ts';
import type { UdpTransport } from '../transport/udp-transport.ts';
import { linkChain } from './chain.ts';
import { type HttpSite, type HttpSites, httpKey } from './http-listeners.ts';
import { ANY_ADDRESS, type ListenAddress, listenKey } from './listen-address.ts';
import { messageOf } from './message-of.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { PlannedBlock, ServerPlan } from './planned.ts';
import { type Route, Router } from './router.ts';
import type { SharedThings } from './shared-things.ts';

/** What of the process outlives its generations. */
export interface ProcessParts {
  readonly facts: FactCounters;
  readonly stores: ClusterStores;
  readonly clock: Clock;
  readonly log: LogWriter;
  readonly ownAddresses: OwnAddresses;
  readonly metrics: Metrics;
  readonly network: Network;
  readonly shared: SharedThings;
  /** Gives answers again, over all listeners; left out, each answer is made anew. */
  readonly answers?: AnswerCache | undefined;
  readonly udp: UdpTransport;
  /** Set where another generation is in service, which goes on if this one cannot be created. */
  readonly isReload?: true;
  /** Told by a plugin that the server makes things worse by running. */
  readonly fatal: (message: string) => void;
}

/** What is served at one address and port. */
export interface Served {
  readonly at: ListenAddress;
  readonly routes: readonly Route[];
  readonly router: Router;
  /** `timeouts` of the first block that is served there. */
  readonly timeouts: Timeouts | undefined;
  /** `tls` of all blocks that are served there. */
  readonly tls: ServerTls | undefined;
  /** `https` of the first block. */
  readonly httpsConnections: number | undefined;
  /** One of the blocks has `shed`. */
  readonly sheds: boolean;
}

export interface Generation {
  /** By `listenKey`. */
  readonly served: ReadonlyMap<string, Served>;
  readonly http: HttpSites;
  /** Names of plugins that are not ready; sorted, each once. */
  notReady(): readonly string[];
  /** Tells the plugins that their sockets are open and questions come. */
  inService(): void;
  /** How its plugins want the server to stop; undefined for at once. */
  readonly lameDuck: LameDuck | undefined;
  /** Tells them that the server has been told to stop. */
  stopping(): void;
  /** Tells them that the last answer has left; resolves when all have written what they keep. Never rejects. */
  stopped(): Promise<void>;
  /** Lets go of what its plugins hold. */
  close(): void;
}

/** What metrics call an address: `dns://:53`, `tls://192.0.2.53:853`, `dns://[2001:db8::53]:53`. */
export function serverLabel({ scheme, address, port }: ListenAddress): string {
  if (address === ANY_ADDRESS) return `${scheme}://:${port}`;
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/**
 * Creates the plugins of all blocks.
 * @throws whatever a plugin cannot be created for; what had been created by then is closed again
 */
export async function createGeneration(plan: ServerPlan, parts: ProcessParts): Promise<Generation> {
  const building = new Building(parts);
  try {
    for (const block of plan.blocks) {
      // One after another: a plugin's start may rest on what the one before it opened.
      // oxlint-disable-next-line no-await-in-loop
      await building.add(block);
    }
  } catch (error) {
    building.close();
    throw error;
  }
  return building;
}

interface Named extends RunningPlugin {
  readonly name: string;
}

class Building implements Generation {
  readonly #parts: ProcessParts;
  readonly #running: Named[] = [];
  readonly #releases: (() => void)[] = [];
  readonly #routes = new Map<
    string,
    { readonly at: ListenAddress; readonly routes: Route[]; readonly settings: BlockSettings[] }
  >();
  readonly #http = new Map<string, HttpSite>();

  constructor(parts: ProcessParts) {
    this.#parts = parts;
  }

  async add(block: PlannedBlock): Promise<void> {
    const host = this.#host(block);
    const chain: Plugin[] = [];
    const filters: ((query: Query) => boolean)[] = [];
    for (const { name, setup } of block.plugins) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      const running = await setup.create(host);
      this.#running.push({ name, ...running });
      if (running.plugin !== undefined) chain.push(running.plugin);
      if (running.accepts !== undefined) filters.push(running.accepts);
    }
    const linked = linkChain(chain);
    const accepts = filters.length === 0 ? undefined : (query: Query) => filters.every((accepted) => accepted(query));
    for (const { zone, at } of block.served) {
      const key = listenKey(at);
      const entry = this.#routes.get(key) ?? { at, routes: [], settings: [] };
      entry.settings.push(block.settings);
      entry.routes.push({ zone, chain: linked, anyClass: block.anyClass, accepts });
      this.#routes.set(key, entry);
    }
  }

  get served(): ReadonlyMap<string, Served> {
    return (this.#served ??= new Map(
      [...this.#routes].map(([key, { at, routes, settings }]) => {
        const [first] = settings;
        const served: Served = {
          at,
          routes,
          router: new Router(routes, serverLabel(at)),
          timeouts: first?.timeouts,
          tls: first?.tls,
          httpsConnections: first?.httpsConnections,
          sheds: settings.some(({ shed }) => shed === true),
        };
        return [key, served];
      }),
    ));
  }
  #served: ReadonlyMap<string, Served> | undefined;

  get http(): HttpSites {
    return this.#http;
  }

  notReady(): readonly string[] {
    const names = this.#running.filter((one) => one.ready?.() === false).map(({ name }) => name);
    return [...new Set(names)].toSorted();
  }

  inService(): void {
    for (const one of this.#running) one.inService?.();
  }

  get lameDuck(): LameDuck | undefined {
    const wanted = this.#running.flatMap(({ lameDuck }) => lameDuck ?? []);
    if (wanted.length === 0) return undefined;
    return {
      time: Math.max(...wanted.map(({ time }) => time)),
      within: Math.max(...wanted.map((one) => one.within)),
    };
  }

  stopping(): void {
    for (const one of this.#running) one.stopping?.();
  }

  async stopped(): Promise<void> {
    await Promise.all(this.#running.map((one) => this.#tellStopped(one)));
  }

  /** A plugin that fails keeps neither the others nor the server from their end. */
  async #tellStopped(one: Named): Promise<void> {
    try {
      await one.stopped?.();
    } catch (error) {
      this.#parts.log.logger(`plugin/${one.name}: `).error(`at the end: ${messageOf(error)}`);
    }
  }

  close(): void {
    for (const one of this.#running) one.close?.();
    for (const release of this.#releases) release();
  }

  #host(block: PlannedBlock): Host {
    const { facts, stores, clock, log, ownAddresses, metrics, network, shared, isReload } = this.#parts;
    const listening = [...new Set(block.served.map(({ at }) => at.address))];
    return {
      facts,
      stores,
      clock,
      metrics,
      network,
      logger: (plugin) => log.logger(plugin === '' ? '' : `plugin/${plugin}: `),
      ownAddresses: () => ownAddresses.for(listening),
      block: identityOf(block),
      neighbours: noNeighbours(),
      shared: (kind, key, create) => {
        const { thing, release } = shared.hold(kind, key, create);
        this.#releases.push(release);
        return thing;
      },
      serveHttp: (at, path, answer) => {
        const site = this.#http.get(httpKey(at)) ?? { at, paths: new Map() };
        site.paths.set(path, answer);
        this.#http.set(httpKey(at), site);
      },
      notReady: () => this.notReady(),
      fatal: (message) => this.#parts.fatal(message),
      ...(isReload === undefined ? {} : { isReload }),
    };
  }
}

function identityOf(block: PlannedBlock): Block {
  const zones = [...new Set(block.served.map(({ zone }) => zone.toString()))];
  const view = block.view ?? '';
  const servers = [...new Set(block.served.map(({ at }) => serverLabel(at)))];
  return {
    zones,
    servers,
    view,
    plugins: block.plugins.filter(({ inChain }) => inChain).map(({ name }) => name),
    fingerprintFrom: (plugin) => {
      const from = block.plugins.findIndex(({ name }) => name === plugin);
      const below = block.plugins.slice(from).map(({ text }) => text);
      return createHash('sha256')
        .update(JSON.stringify([zones, servers, view, below]))
        .digest('hex');
    },
  };
}
