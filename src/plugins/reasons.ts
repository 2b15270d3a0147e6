/**
 * Why an answer is as it is: the one table from a reason to everything that is said about it. Clients with EDNS get the
 * Extended DNS Error (RFC 8914: its INFO-CODE and text), the metric `nodens_explained_answers_total` and log lines its
 * word. Every path that ends in a failure or a negative answer takes its reason from here.
 */
import type { ExtendedError } from '../dns/edns.ts';

/** INFO-CODEs of RFC 8914 §4 and the registry that it set up. */
const Code = {
  OTHER: 0,
  STALE_ANSWER: 3,
  CACHED_ERROR: 13,
  NOT_READY: 14,
  BLOCKED: 15,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN: 19,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
} as const;

interface Reason {
  /** INFO-CODE */
  readonly code: number;
  /** For a person, without what the question says already. */
  readonly text: string;
  /** In metrics and log lines: whoever finds it in one can look for it in the other. */
  readonly word: string;
}

const row = (code: number, word: string, text: string): Reason => ({ code, word, text });

export const reasons = {
  // NXDOMAIN and NODATA of the cluster
  noSuchNamespace: row(Code.OTHER, 'no_such_namespace', 'no such namespace'),
  noSuchService: row(Code.OTHER, 'no_such_service', 'no such Service in this namespace'),
  noShownNamespace: row(
    Code.OTHER,
    'no_shown_namespace',
    "no such namespace among those of 'namespaces' or 'namespace_labels'",
  ),
  noSelectedService: row(
    Code.OTHER,
    'no_selected_service',
    "no such Service in this namespace among those that 'labels' selects",
  ),
  noReadyEndpoints: row(Code.OTHER, 'no_ready_endpoints', 'headless Service without ready endpoints'),
  noExternalAddress: row(Code.OTHER, 'no_external_address', 'the Service has no external address'),
  emptyService: row(Code.OTHER, 'empty_service', "the Service has no ready endpoint: 'ignore empty_service'"),
  endpointsNotServed: row(Code.OTHER, 'endpoints_not_served', "endpoints are not served: 'noendpoints'"),
  noSuchPort: row(Code.OTHER, 'no_such_port', 'the Service has no port of that name and protocol'),
  noSuchEndpoint: row(Code.OTHER, 'no_such_endpoint', 'the Service has no ready endpoint of that name'),
  badExternalName: row(Code.OTHER, 'bad_external_name', 'the ExternalName of the Service is no domain name'),
  noSuchTarget: row(Code.OTHER, 'no_such_target', 'the ExternalName leads to a name that has no such record'),
  endlessAlias: row(Code.OTHER, 'endless_alias', 'the ExternalName leads back to itself, or through too many others'),
  podsNotServed: row(Code.OTHER, 'pods_not_served', "names of pods are not served: 'pods disabled'"),
  noSuchPod: row(Code.OTHER, 'no_such_pod', 'no such pod'),
  noSuchAddress: row(Code.OTHER, 'no_such_address', 'no Service or endpoint has this address'),
  noSuchName: row(Code.OTHER, 'no_such_name', 'the zone has no such name'),
  noSuchType: row(Code.OTHER, 'no_such_type', 'the name exists and has no record of this type'),
  noSoaBelowApex: row(Code.OTHER, 'no_soa_below_apex', 'only the apex of the zone has an SOA record'),
  // The cluster as an earlier run knew it
  staleCluster: row(Code.STALE_ANSWER, 'stale_cluster', 'from a snapshot, while the API server has not answered yet'),
  staleClusterNegative: row(
    Code.STALE_NXDOMAIN,
    'stale_cluster_negative',
    'from a snapshot, while the API server has not answered yet',
  ),
  // Files and templates
  noSuchHost: row(Code.OTHER, 'no_such_host', "the hosts file has no such name, and 'fallthrough' is not set"),
  zoneNotLoaded: row(Code.NOT_READY, 'zone_not_loaded', 'the file of the zone has not been read yet'),
  endlessZoneAlias: row(Code.OTHER, 'endless_zone_alias', 'the aliases of the zone lead back to themselves'),
  nameTooLong: row(Code.OTHER, 'name_too_long', 'the DNAME record makes a name that is too long of this one'),
  noTemplateMatches: row(
    Code.OTHER,
    'no_template_matches',
    "no template matches this name, and 'fallthrough' is not set",
  ),
  templateFailed: row(Code.OTHER, 'template_failed', 'the template gives no record'),
  // What the server itself refuses
  notUnderstood: row(Code.OTHER, 'not_understood', 'the message cannot be read'),
  opcodeNotServed: row(Code.NOT_SUPPORTED, 'opcode_not_served', 'this opcode is not served'),
  noQuestion: row(Code.OTHER, 'no_question', 'the message has no question'),
  ednsVersion: row(Code.NOT_SUPPORTED, 'edns_version', 'this version of EDNS is not served'),
  transferNotServed: row(Code.NOT_SUPPORTED, 'transfer_not_served', 'the zone is not transferred'),
  transferNotAllowed: row(Code.PROHIBITED, 'transfer_not_allowed', "the zone is transferred to those of 'to' alone"),
  transferOverUdp: row(Code.NOT_SUPPORTED, 'transfer_over_udp', 'zones are transferred over TCP'),
  tooManyTransfers: row(Code.OTHER, 'too_many_transfers', 'too many transfers are under way'),
  zoneNotKnown: row(Code.NOT_READY, 'zone_not_known', 'the content of the zone is not known yet'),
  forwardingLoop: row(Code.OTHER, 'forwarding_loop', 'this server is among its own upstreams'),
  notReady: row(Code.NOT_READY, 'not_ready', 'the state of the cluster is not known yet'),
  noServerBlock: row(Code.NOT_AUTHORITATIVE, 'no_server_block', 'no server block serves this name'),
  classNotServed: row(Code.NOT_SUPPORTED, 'class_not_served', 'this class is not served'),
  nothingAnswers: row(Code.NOT_SUPPORTED, 'nothing_answers', 'no plugin of the server block answers this question'),
  internalError: row(Code.OTHER, 'internal_error', 'an internal error'),
  tooManyLookups: row(Code.NO_REACHABLE_AUTHORITY, 'too_many_lookups', 'the query needs too many look-ups'),
  searchPathFailed: row(Code.OTHER, 'search_path_failed', 'a name of the search path cannot be looked up'),
  cancelled: row(Code.NO_REACHABLE_AUTHORITY, 'cancelled', 'the time for the query is over'),
  // What upstreams did
  upstreamsSilent: row(Code.NO_REACHABLE_AUTHORITY, 'upstreams_silent', 'no upstream answered in time'),
  upstreamsUnreachable: row(Code.NETWORK_ERROR, 'upstreams_unreachable', 'no upstream can be reached'),
  upstreamsUnhealthy: row(Code.NO_REACHABLE_AUTHORITY, 'upstreams_unhealthy', 'all upstreams are down'),
  upstreamFailed: row(Code.OTHER, 'upstream_failed', 'the upstream answered with a failure'),
  upstreamInvalid: row(Code.INVALID_DATA, 'upstream_invalid', 'the upstream sent what cannot be read'),
  upstreamExplained: row(Code.OTHER, 'upstream_explained', 'the upstream says why'),
  tooManyUpstreamQueries: row(
    Code.NO_REACHABLE_AUTHORITY,
    'too_many_upstream_queries',
    'too many queries wait for upstreams',
  ),
  tooManyUpstreamSockets: row(
    Code.NETWORK_ERROR,
    'too_many_upstream_sockets',
    'too many sockets to upstreams are open',
  ),
  noSocket: row(Code.NETWORK_ERROR, 'no_socket', 'no socket to an upstream can be opened'),
  tooManyAttempts: row(
    Code.NO_REACHABLE_AUTHORITY,
    'too_many_attempts',
    'the query needs too many questions to upstreams',
  ),
  tooManyOctets: row(Code.NETWORK_ERROR, 'too_many_octets', 'too much waits to be sent to upstreams or read from them'),
  maxConcurrent: row(Code.NO_REACHABLE_AUTHORITY, 'max_concurrent', "'max_concurrent' of forward is reached"),
  // What the cache had
  stale: row(Code.STALE_ANSWER, 'stale', 'past its time to live, for want of a newer one'),
  staleNxdomain: row(Code.STALE_NXDOMAIN, 'stale_nxdomain', 'past its time to live, for want of a newer one'),
  cachedFailure: row(Code.CACHED_ERROR, 'cached_failure', 'the last try failed a moment ago'),
  // What a configuration says
  blocked: row(Code.BLOCKED, 'blocked', 'an access list refuses it'),
  filtered: row(Code.FILTERED, 'filtered', 'an access list leaves the answer empty'),
  ipv6Filtered: row(Code.FILTERED, 'ipv6_filtered', 'IPv6 addresses from outside of the cluster are filtered'),
  illegalName: row(Code.OTHER, 'illegal_name', 'rewriting makes what is no domain name'),
  configured: row(Code.OTHER, 'configured', 'a template says so'),
} as const satisfies Readonly<Record<string, Reason>>;

export type ReasonName = keyof typeof reasons;

/** An Extended DNS Error, and how metrics and logs call it. */
export interface Explanation extends ExtendedError {
  readonly word: string;
}

/** A reason with what makes this case of it: `explain('upstreamsSilent', '192.0.2.1:53 timeout')`. */
export function explain(reason: ReasonName, detail?: string): Explanation {
  const of = reasons[reason];
  return detail === undefined ? of : { ...of, text: `${of.text}: ${detail}` };
}

/** A reason with a code and text that came from elsewhere: an upstream, or the configuration. */
export function explainAs(reason: ReasonName, error: ExtendedError): Explanation {
  return { ...reasons[reason], ...error };
}
