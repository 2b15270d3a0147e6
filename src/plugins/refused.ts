/**
 * Directives of CoreDNS that make no sense here, that it has no more, or that a distribution or a well-known plugin from elsewhere
 * adds to it: each is refused by name, with the reason and with what to use instead. Together with `directives` (order.ts) these are all that a Corefile may name.
 */

export interface Refusal {
  /** Why it is not here, as a sentence goes on behind the directive's name and a colon. */
  readonly reason: string;
  /** What to write or do in its place. */
  readonly instead: string;
}

const CLOUD = 'zones of a cloud provider are not read';
const ASK_IT = 'a server block of its own for the zone, with forward to the name servers that have it';
const ELSEWHERE = 'it is no part of CoreDNS';
const SIGNING = 'nothing is signed here: the zones of a cluster are not delegated to';

export const refused: Readonly<Record<string, Refusal>> = {
  alternate: { reason: ELSEWHERE, instead: 'several lines of forward: next RCODE goes on to the following one' },
  auto: { reason: 'folders of zone files are not followed', instead: 'one file line for each zone' },
  azure: { reason: CLOUD, instead: ASK_IT },
  clouddns: { reason: CLOUD, instead: ASK_IT },
  dnssec: { reason: SIGNING, instead: 'a signing server such as Knot DNS, and forward to it' },
  dnstap: {
    reason: 'frames of dnstap are not written',
    instead: 'log json, one line for each query, or prometheus',
  },
  erratic: {
    reason: 'a server that fails on purpose has no place in a cluster',
    instead: 'template with rcode SERVFAIL',
  },
  etcd: { reason: 'etcd is not read', instead: 'hosts or file with reload, or k8s_external' },
  fanout: {
    reason: ELSEWHERE,
    instead: 'forward with several upstreams: another is asked when one is late, and on failover RCODE',
  },
  geoip: { reason: 'databases of places are not read', instead: 'view with incidr() and the networks by name' },
  grpc: { reason: 'upstreams are not asked over gRPC', instead: 'forward . tls://ADDRESS or https://ADDRESS' },
  grpc_server: { reason: 'gRPC is not served', instead: 'a tls:// or https:// server block' },
  https3: { reason: 'HTTP/3 is not served: Node has no QUIC of its own yet', instead: 'an https:// server block' },
  k8s_gateway: { reason: ELSEWHERE, instead: 'k8s_external beside kubernetes, for the external addresses of Services' },
  kubernetai: { reason: ELSEWHERE, instead: 'a server block with a kubernetes of its own for each cluster' },
  lighthouse: {
    reason: ELSEWHERE,
    instead: 'multicluster of kubernetes, or forward clusterset.local to the address of its Service',
  },
  multicluster: { reason: 'it is an option of kubernetes', instead: 'multicluster ZONES within its braces' },
  nomad: { reason: 'Nomad is not read', instead: 'forward to its own DNS' },
  on: { reason: 'no commands are run', instead: 'whatever starts the server: an init container, or a unit of systemd' },
  ocp_dnsnameresolver: {
    reason: 'it belongs to OpenShift and is no part of CoreDNS',
    instead: 'the DNS operator without the feature gate DNSNameResolver',
  },
  federation: { reason: 'CoreDNS has it no more', instead: 'multicluster of kubernetes' },
  proxy: { reason: 'CoreDNS has it no more', instead: 'forward, with the same addresses' },
  proxyproto: { reason: 'PROXY headers are not read', instead: 'a load balancer that keeps the client address' },
  quic: { reason: 'DNS over QUIC is not served: Node has no QUIC of its own yet', instead: 'a tls:// server block' },
  records: { reason: ELSEWHERE, instead: 'hosts for addresses, template or file for other records' },
  root: { reason: 'paths start from the folder of the Corefile', instead: 'paths relative to it, or absolute ones' },
  route53: { reason: CLOUD, instead: ASK_IT },
  rrl: { reason: 'the rate of replies is not limited', instead: 'acl with the networks that may ask' },
  secondary: { reason: 'zones are not transferred from elsewhere', instead: ASK_IT },
  sign: { reason: SIGNING, instead: 'ldns-signzone or knotc, and file with the signed zone' },
  trace: { reason: 'no spans are sent', instead: 'log json with durations, prometheus, or pprof' },
  tsig: {
    reason: 'messages are not signed',
    instead: 'transfer with the addresses that may ask, or a tls:// server block with client_auth',
  },
};
