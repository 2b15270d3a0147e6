/** `nodens --help`. */

export const helpText = `Nodens, a cluster DNS server for Kubernetes

  nodens [serve] [flags]    serve until a signal ends it
  nodens check [flags]      list everything wrong with the Corefile, the files that it names, and the manifests

  -conf FILE        the Corefile; 'stdin' reads standard input. Without it ./Corefile is read, else a built-in one
                    serves the manifests of --fixture, or the example cluster on loopback
  --fixture PATH    serve the manifests of this file or folder ('-' for standard input) in place of an API server;
                    may be given several times
  --snapshot PATH   keep the cluster's state in this file, and answer from it at the next start until the API server
                    does; for every 'kubernetes' without a 'snapshot' of its own
  --bind ADDR       address or interface for server blocks without 'bind'; may be given several times
  --udp WAY         batch: many datagrams at a time (Linux, Node.js 26.9 and later; the default there); dgram: each
                    by itself
  -dns.port N, -p N port of server blocks that give none (53)
  -pidfile FILE     write the process id there
  -quiet            say nothing at start
  --print-config    print the Corefile that would be used, and end
  -plugins          list the directives that are implemented, and end
  -version          print the version, and end
  --help            this text

  Signals: SIGTERM stops cleanly, SIGINT at once, SIGUSR1 reloads the Corefile.

  nodens --fixture manifests/ -dns.port 1053
  dig @localhost -p 1053 nginx.default.svc.cluster.local
`;
