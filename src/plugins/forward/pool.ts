/**
 * All upstreams of the process, by what they were made from: so that connections, round-trip times and health survive a
 * reload, and two server blocks that forward alike share them. Here too is what the process counts over all of them.
 */
import type { Closable, Clock, Host } from '../plugin.ts';
import type { Network } from '../network.ts';
import { Turns } from '../../turns.ts';
import { beginSome } from './beginnings.ts';
import { ForwardCounts } from './counts.ts';
import { BoundsReached } from './limits.ts';
import { Places } from './places.ts';
import { Upstream, type UpstreamSettings } from './upstream.ts';

interface Held {
  readonly upstream: Upstream;
  holders: number;
}

export class UpstreamPool implements Closable {
  readonly clock: Clock;
  readonly counts: ForwardCounts;
  readonly limits: BoundsReached;
  readonly network: Network;
  readonly places: Places;
  /** In which questions begin. */
  readonly turns = new Turns(beginSome);
  readonly #upstreams = new Map<string, Held>();

  /** The one of the process, held for as long as the plugin is in service. */
  static of(host: Host): UpstreamPool {
    return host.shared(UpstreamPool, 'all', () => new UpstreamPool(host));
  }

  constructor(host: Host) {
    const { clock, metrics, network } = host;
    this.clock = clock;
    this.network = network;
    this.counts = new ForwardCounts(metrics);
    this.limits = new BoundsReached(metrics, host.logger('forward'), clock);
    this.places = new Places(this.limits);
  }

  /** The upstream that was made from equal settings, or a new one. Each call is followed by one of `release`. */
  hold(settings: UpstreamSettings): Upstream {
    const key = keyOf(settings);
    const held = this.#upstreams.get(key) ?? { upstream: this.#create(settings), holders: 0 };
    this.#upstreams.set(key, held);
    held.holders++;
    return held.upstream;
  }

  release(settings: UpstreamSettings): void {
    const key = keyOf(settings);
    const held = this.#upstreams.get(key);
    if (held === undefined || --held.holders > 0) return;
    this.#upstreams.delete(key);
    held.upstream.close();
  }

  close(): void {
    for (const { upstream } of this.#upstreams.values()) upstream.close();
    this.#upstreams.clear();
    this.counts.close();
  }

  #create(settings: UpstreamSettings): Upstream {
    const { network, clock, counts } = this;
    const upstream = new Upstream(settings, { network, clock, counts });
    // Closing finds the lines that are there: a query under way is not to make another one afterwards.
    upstream.line('udp');
    upstream.line('tcp');
    return upstream;
  }
}

function keyOf(settings: UpstreamSettings): string {
  return JSON.stringify({ ...settings, check: { ...settings.check, domain: settings.check.domain.key } });
}
