/** kubeadm's Corefile with its ports moved to loopback, and an API server that is named instead of found. */

export interface CorefileOptions {
  readonly dns: number;
  /** Of `health`, `ready` and `prometheus`. */
  readonly http: number;
  /** Where names of the Internet go. */
  readonly upstream: number;
  readonly endpoint: string;
  /** PEM files: the client's certificate and key, and the authority that signed the API server's. */
  readonly tls: readonly [certificate: string, key: string, ca: string];
  /** Where the state is kept for the next start; undefined for nowhere. */
  readonly snapshot: string | undefined;
}

export function corefile({ dns, http, upstream, endpoint, tls, snapshot }: CorefileOptions): string {
  return `.:${dns} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${http} {
       lameduck 0s
    }
    ready 127.0.0.1:${http}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
       endpoint ${endpoint}
       tls ${tls.join(' ')}
${snapshot === undefined ? '' : `       snapshot ${snapshot}\n`}    }
    prometheus 127.0.0.1:${http}
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
}
`;
}
