/**
 * Whether a cluster speaks IPv4 alone. In: the cluster's state, and the addresses of this server, which is one of its pods or
 * runs on one of its nodes. Out: yes, or no where that is not known.
 *
 * The Services alone do not tell: in a cluster with both families a Service has IPv4 alone unless it asks for more, and its
 * EndpointSlices with it. The pods have both then, and this server too.
 */
import type { Resource } from '../../cluster/cluster.ts';
import { type Dependent, ownAddressesFact } from '../../cluster/facts.ts';
import { neededByView } from '../../cluster/needs.ts';
import type { ClusterView } from '../../cluster/view.ts';
import type { Host } from '../plugin.ts';

export class SpokenFamilies {
  readonly #host: Host;
  readonly #view: ClusterView;
  /** Those that have addresses, as far as they are watched. */
  readonly #resources: readonly Resource[];

  constructor(host: Host, view: ClusterView) {
    this.#host = host;
    this.#view = view;
    this.#resources = neededByView(view.options).filter((one) => one === 'services' || one === 'endpointslices');
  }

  isIPv4Alone(asker: Dependent): boolean {
    const { v4, v6 } = this.#view.state.families(asker, this.#resources);
    if (!v4 || v6) return false;
    asker.dependsOn(ownAddressesFact);
    return !this.#host.ownAddresses().some(isRoutableIPv6);
  }
}

/** An address that others than neighbours on the link are reached from: no link-local one (RFC 4291 §2.5.6), no loopback. */
function isRoutableIPv6(octets: Uint8Array): boolean {
  const [first = 0, second = 0] = octets;
  // Global and unique local addresses begin otherwise than loopback, mapped and unspecified ones: those begin with zeros.
  return octets.length === 16 && first !== 0 && !(first === 0xfe && (second & 0xc0) === 0x80);
}
