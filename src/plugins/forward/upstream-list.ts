/**
 * The upstreams of one `forward` line: those that its words name and those that its files name at the moment. Out: in
 * which order a query asks them.
 */
import { shorten } from '../../corefile/problems.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Host } from '../plugin.ts';
import type { Endpoint } from '../network.ts';
import { addressesOfHost } from './names.ts';
import { NameserverFile } from './nameservers.ts';
import type { ForwardOptions } from './options.ts';
import type { UpstreamPool } from './pool.ts';
import { randomOctet } from './random.ts';
import { MAX_TARGETS, type Scheme, type Target } from './targets.ts';
import type { Upstream, UpstreamSettings } from './upstream.ts';

/** Milliseconds for opening a connection, TLS included; a query waits no longer than for any other reply. */
const CONNECT_TIMEOUT = 4_000;

/** What one word stands for. */
interface Source {
  readonly target: Target;
  readonly endpoints: () => readonly Endpoint[];
}

export class UpstreamList {
  readonly #options: ForwardOptions;
  readonly #pool: UpstreamPool;
  readonly #logger: Logger;
  readonly #sources: readonly Source[];
  readonly #files: readonly NameserverFile[];
  #held: readonly UpstreamSettings[] = [];
  #upstreams: readonly Upstream[] = [];
  #turn = 0;

  /**
   * Looks up host names and begins to follow files.
   * @throws Error where a host name has no address, with the place of the word; or where they have too many together, with
   *   that of the line
   */
  static async open(options: ForwardOptions, host: Host, pool: UpstreamPool): Promise<UpstreamList> {
    const looked = new Map<Target, readonly Endpoint[]>();
    const resolvers = options.resolvers.map((to) => settingsFor(options, { scheme: 'dns', serverName: undefined }, to));
    const asked = resolvers.map((settings) => pool.hold(settings));
    try {
      for (const target of options.to) {
        if (target.kind !== 'host') continue;
        // oxlint-disable-next-line no-await-in-loop -- a start is in no hurry, and the first one that fails is to be named
        const found = await addressesOfHost(target.host, asked, pool, host.facts);
        if (found.kind === 'none') {
          const name = shorten(target.host);
          throw new Error(`${placeText(target.token)}: the host name '${name}' has no address (${found.why})`);
        }
        looked.set(
          target,
          found.addresses.map((address) => ({ address, port: target.port })),
        );
      }
    } finally {
      for (const settings of resolvers) pool.release(settings);
    }
    const count = [...looked.values()].reduce(
      (sum, endpoints) => sum + endpoints.length,
      options.to.length - looked.size,
    );
    if (count > MAX_TARGETS) throw new Error(`${options.at}: forward: more than ${MAX_TARGETS} upstreams: ${count}`);
    return new UpstreamList(options, host, pool, looked);
  }

  private constructor(
    options: ForwardOptions,
    host: Host,
    pool: UpstreamPool,
    looked: ReadonlyMap<Target, readonly Endpoint[]>,
  ) {
    this.#options = options;
    this.#pool = pool;
    this.#logger = host.logger('forward');
    const files: NameserverFile[] = [];
    const follow = ({ path, servers, mistakes }: Extract<Target, { kind: 'file' }>): NameserverFile => {
      const parts = { path, servers, mistakes, most: MAX_TARGETS, logger: this.#logger, changed: () => this.#update() };
      const file = new NameserverFile({ ...parts, failures: pool.counts.fileFailures });
      files.push(file);
      return file;
    };
    this.#sources = options.to.map((target) => {
      if (target.kind === 'address') return { target, endpoints: () => [target.to] };
      if (target.kind === 'host') return { target, endpoints: () => looked.get(target) ?? [] };
      const file = follow(target);
      return { target, endpoints: () => file.servers };
    });
    this.#files = files;
    this.#update();
  }

  /** In the order of the words; at least one. */
  get all(): readonly Upstream[] {
    return this.#upstreams;
  }

  get allDown(): boolean {
    return this.#upstreams.every(({ health }) => health.down);
  }

  /** All of them, in the order in which the next query asks. */
  next(): readonly Upstream[] {
    switch (this.#options.policy) {
      case 'sequential':
        return this.#upstreams;
      case 'random':
        return shuffled(this.#upstreams);
      case 'round_robin': {
        const first = this.#turn++ % this.#upstreams.length;
        return [...this.#upstreams.slice(first), ...this.#upstreams.slice(0, first)];
      }
    }
  }

  /** Lets go of upstreams; queries under way go on with them. */
  close(): void {
    for (const file of this.#files) file.close();
    for (const settings of this.#held) this.#pool.release(settings);
  }

  /** Those that stay are held again before they are let go, and so keep their connections. */
  #update(): void {
    const before = this.#held;
    const wanted = this.#sources.flatMap(({ target, endpoints }) =>
      endpoints().map((to) => settingsFor(this.#options, target, to)),
    );
    const unique = new Map<Upstream, UpstreamSettings>();
    for (const settings of wanted) {
      const upstream = this.#pool.hold(settings);
      upstream.announce(this.#logger);
      if (unique.has(upstream)) this.#pool.release(settings);
      else unique.set(upstream, settings);
    }
    this.#upstreams = [...unique.keys()];
    this.#held = [...unique.values()];
    for (const settings of before) this.#pool.release(settings);
  }
}

function placeText({ at: { file, line, column } }: Target['token']): string {
  return `${file}:${line}:${column}`;
}

function settingsFor(
  options: ForwardOptions,
  { scheme, serverName, host }: { readonly scheme: Scheme; readonly serverName: string | undefined; host?: string },
  to: Endpoint,
): UpstreamSettings {
  const { source, tls, method, expire, maxAge, maxIdle, maxFails, check, transport } = options;
  const name = serverName ?? options.serverName ?? host?.replace(/\.$/, '');
  return {
    scheme,
    to,
    source,
    tls: scheme === 'dns' ? undefined : { ...tls, serverName: name },
    method,
    expire,
    maxAge,
    maxIdle,
    connectTimeout: CONNECT_TIMEOUT,
    check: { ...check, maxFails, protocol: transport === 'tcp' ? 'tcp' : 'udp' },
  };
}

/** The lists are so short that an octet draws among them as evenly as anybody could tell. */
function shuffled(upstreams: readonly Upstream[]): readonly Upstream[] {
  const order = [...upstreams];
  for (let i = order.length - 1; i > 0; i--) {
    const j = randomOctet() % (i + 1);
    const [a, b] = [order[i], order[j]];
    if (a === undefined || b === undefined) break;
    order[i] = b;
    order[j] = a;
  }
  return order;
}

/** As CoreDNS writes them, one behind the other. */
export function listText(upstreams: readonly Upstream[]): string {
  return upstreams.map(({ name }) => name).join(', ');
}
