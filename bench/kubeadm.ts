/**
 * kubeadm's Corefile as the benchmarks use it: on loopback, with ports of its own and one upstream. Whatever serves it, Nodens
 * or CoreDNS, is given this one text.
 */

/** Where `health`, `ready` and `prometheus` listen; a number where the three share a port, which CoreDNS does not let them. */
export type HttpPorts = number | { readonly health: number; readonly ready: number; readonly metrics: number };

export interface KubeadmOptions {
  readonly dns: number;
  readonly http: HttpPorts;
  /** The port of the server on loopback that names outside of the cluster are asked for at. */
  readonly upstream: number;
  /** How long the server goes on after it was told to stop; not at all unless told. */
  readonly lameDuck?: string;
  /** Further lines of the `kubernetes` block, such as the API server's address. */
  readonly kubernetes?: readonly string[];
  /** Further lines of the server block. */
  readonly further?: string;
}

export function kubeadmCorefile(options: KubeadmOptions): string {
  const { dns, http, upstream, lameDuck = '0s', kubernetes = [], further = '' } = options;
  const { health, ready, metrics } = typeof http === 'number' ? { health: http, ready: http, metrics: http } : http;
  return `.:${dns} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${health} {
       lameduck ${lameDuck}
    }
    ready 127.0.0.1:${ready}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
${kubernetes.map((line) => `       ${line}\n`).join('')}    }
    prometheus 127.0.0.1:${metrics}
    forward . 127.0.0.1:${upstream} {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
${further}}
`;
}
