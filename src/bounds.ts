/**
 * The table of bounds: everything that a packet, a client or a file could otherwise make grow, with its limit.
 * docs/limits.md prints this table; a test holds the two together. This file imports nothing and any room may read it.
 *
 * Sizes are in octets, times in milliseconds.
 */
export const bounds = {
  /** Largest UDP request that is read, and largest UDP reply that is sent whatever the client offers (RFC 6891 §6.2.5). */
  udpMessage: 4096,
  /** Deferred UDP replies per listener; a query beyond it is dropped. */
  udpInFlight: 4096,
  /** UDP requests of one socket that are answered together; fewer where fewer have arrived. */
  udpBatch: 32,
  /** Octets of replies that one UDP socket may hold unsent when the system takes no more; a reply beyond it is dropped. */
  udpUnsent: 1_048_576,
  /** Receive buffer that is asked for each UDP socket; the system may give less. */
  udpReceiveBuffer: 4_194_304,
  /** Open TCP connections per listener; a connection beyond it is closed at once. */
  tcpConnections: 1024,
  /** Open TCP connections of one client address per listener. */
  tcpConnectionsPerClient: 128,
  /** Queries of one TCP connection that wait for their answer; reading pauses there (RFC 7766 §6.2.1.1). */
  tcpInFlight: 128,
  /** Queries per TCP connection; then it is closed in an orderly way. */
  tcpQueries: 65_536,
  /** Octets of replies that one TCP connection may hold unsent; reading pauses there. */
  tcpUnsent: 262_144,
  /** Octets of unsent replies at which a TCP connection is cut off: deferred replies may pass `tcpUnsent`, but not this. */
  tcpUnsentCutOff: 1_048_576,
  /** Time for the first whole query of a connection. */
  tcpFirstQuery: 3_000,
  /** Time between queries; a whole query must arrive in it, so that an octet now and then keeps nothing open. */
  tcpIdle: 10_000,
  /** Time for a reply to leave; a client that does not read is cut off. */
  tcpWrite: 5_000,
  /** Time that a client is given to close its side after the server has closed its own. */
  tcpLinger: 1_000,
  /** Time for a TLS handshake of a client, from its connection on. */
  tlsHandshake: 5_000,
  /** Open connections per listener of DNS over HTTPS, as `max_connections` of `https`; one beyond it is closed at once. */
  dohConnections: 200,
  /** Requests of one HTTPS connection that are not answered yet; one beyond them is refused. */
  dohStreams: 128,
  /** Octets of the header of an HTTP request. */
  dohHeader: 16_384,
  /** Fields of the header of an HTTP request. */
  dohFields: 64,
  /** Octets of the target of an HTTP request: in a GET, the query stands there. */
  dohTarget: 8_192,
  /** Time for the body of an HTTP request to arrive. */
  dohRequest: 5_000,
  /** Octets of bodies that one HTTPS connection may have sent without the ends of their requests. */
  dohBodies: 131_072,
  /** Zone transfers that are under way at once. */
  transfers: 16,
  /** The same to one client address. */
  transfersPerClient: 4,
  /** Addresses and networks of one `transfer`. */
  transferNetworks: 10_000,
  /** Look-ups that one client query may cause within the server: CNAME links, search-path candidates. */
  lookupsPerQuery: 32,
  /** Domains of `search` of one `searchpath`: each is two look-ups of a query. */
  searchDomains: 6,
  /** Messages to upstreams that one client query may cause: retries, hedges and TCP fallbacks over all its look-ups. */
  upstreamAttemptsPerQuery: 24,
  /** Queries that wait for upstreams at once; equal ones count once. Where there is one more, the oldest is given up for it. */
  upstreamQueries: 4096,
  /** The same for the queries of one `forward` line, where there are several lines. */
  upstreamQueriesPerLine: 2048,
  /** Client queries that wait for one query to an upstream because they ask the same. */
  upstreamSharers: 4096,
  /** Sockets to upstreams at once, over all protocols. */
  upstreamSockets: 4096,
  /** Octets that wait to be sent to upstreams or to become whole messages from them. */
  upstreamOctets: 16_777_216,
  /** Connections to one upstream over one protocol; further queries share them. */
  upstreamConnections: 64,
  /** Queries that wait on one connection to an upstream. */
  upstreamInFlight: 256,
  /** Time after which a query fails of whose upstreams none has answered anything since it was sent. */
  upstreamSilence: 1_600,
  /** Time after which a query to upstreams fails in any case. */
  upstreamTime: 5_000,
  /** Questions whose failure is remembered by `forward` (RFC 9520). */
  upstreamFailures: 4096,
  /** EDNS options of a client's query that are passed on to upstreams, in octets; where there are more, none are. */
  upstreamOptions: 512,
  /** Size of a file of nameservers, such as resolv.conf; a larger one is reported and the last good one goes on. */
  resolvConfText: 65_536,
  /** Size of a file with certificates or a key for connections to upstreams. */
  certificateText: 1_048_576,
  /** Octets of the answers that are given again without asking a plugin, with their keys: some 60,000. */
  answerCache: 12_582_912,
  /** Octets that one `cache` keeps of each kind of answers, beside its limit in entries. */
  cacheOctets: 33_554_432,
  /** Refreshes of answers that one `cache` has under way. */
  cacheRefreshes: 256,
  /** Series of one metric; further ones are left out and counted. */
  metricSeries: 10_000,
  /** Open connections for health, readiness and metrics, for each address. */
  httpConnections: 64,
  /** Time for an HTTP request to arrive. */
  httpRequest: 5_000,
  /** Endpoint addresses that are held drawn together for the Services that were asked for lately. */
  drawnEndpoints: 65_536,
  /** Time that queries in flight are given when the server stops. */
  stopGrace: 5_000,
  /** Time after that in which plugins may write what they keep; a stop without a lame duck ends within both. */
  stopFinish: 2_000,
  /** Octets of a Corefile and all that it imports, each file counted once. */
  corefileText: 16_777_216,
  /** Words of a Corefile after snippets and files were inserted. */
  corefileTokens: 1_000_000,
  /** Braces within braces; a server block is the first level. */
  corefileNesting: 16,
  /** `import` lines that insert a snippet, as CoreDNS bounds them. */
  corefileSnippets: 10_000,
  /** `import` lines that insert files, as CoreDNS bounds them; a glob counts once. */
  corefileFiles: 100_000,
  /** Characters that environment variables may put into one Corefile. */
  corefileVariables: 16_777_216,
  /** Zones of all keys together, and of one directive, after CIDRs were expanded. */
  corefileZones: 100_000,
  /** Problems of each severity that are kept; further ones are only counted. */
  corefileProblems: 200,
  /** Length of a regular expression; CoreDNS's own bound. */
  regexpLength: 10_000,
  /** Groups of a regular expression: time grows with their number. */
  regexpGroups: 100,
  /** Characters of an expression of `view` or `template`. */
  expressionLength: 4_096,
  /** Parts of an expression that stand within each other. */
  expressionDepth: 100,
  /** Steps of one evaluation: parts that are evaluated again for each element of a list, and characters that are read. */
  expressionSteps: 20_000,
  /** Characters of a text that an expression makes. */
  expressionText: 4_096,
  /** Elements of a list that an expression makes. */
  expressionList: 1_000,
  /** Characters that a template may make of one record. */
  templateRecord: 65_535,
  /** `rewrite` rules of a server block. */
  rewriteRules: 10_000,
  /** Regular expressions in them: each is tried on every name that comes so far. */
  rewriteExpressions: 1_000,
  /** Characters of a name in a `rewrite` rule, or of what a rule makes: 255 octets, each escaped as `\DDD`. */
  rewriteText: 1_020,
  /** Octets of an EDNS option that a `rewrite` rule sets: what leaves room for it in `upstreamOptions`. */
  rewriteOption: 497,
  /** Characters of one error that are logged. */
  errorText: 1_000,
  /** Size of a hosts file; a larger one is reported and the last good one goes on. */
  hostsText: 16_777_216,
  /** Entries of a hosts file. */
  hostsEntries: 1_000_000,
  /** Addresses of one name, and names of one address, in a hosts file. */
  hostsPerName: 256,
  /** Networks of all `acl` of a server block, each address of its own counted as one. */
  aclNetworks: 100_000,
  /** Octets of a zone file, all that it includes and all that `$GENERATE` makes; beyond it, the last good content goes on. */
  zoneText: 67_108_864,
  /** Octets of one entry of a zone file: a record with its comments. */
  zoneEntry: 524_288,
  /** Records of a zone file. */
  zoneRecords: 1_000_000,
  /** Records of one name in a zone file: a message has room for some 4,000 addresses. */
  zonePerName: 8_192,
  /** Names of a zone, those without records between a record and the apex included. */
  zoneNames: 2_000_000,
  /** Files that a zone file includes, those that they include counted too. */
  zoneIncludes: 100,
  /** Records that one `$GENERATE` line of a zone file makes. */
  zoneGenerated: 65_536,
  /** Size of a weight file; a larger one is reported and the last good one goes on. */
  weightsText: 1_048_576,
  /** Octets of log lines that wait for a slow reader; lines beyond it are dropped and counted. */
  logWaiting: 1_048_576,
  /** Size of the file of a snapshot; a larger one is reported and neither read nor written. */
  snapshotFile: 67_108_864,
  /** Size of one file of manifests; a larger one is reported and not read. */
  fixtureText: 268_435_456,
  /** Files that are read below the paths of manifests; the rest is left out with a report. */
  fixtureFiles: 10_000,
  /** Folders within folders that are searched for manifests. */
  fixtureDepth: 32,
  /** Objects of one file of manifests; the rest is left out with a report. */
  fixtureObjects: 1_000_000,
  /** Problems of one file of manifests that are reported one by one. */
  fixtureReports: 100,
  /** Replicas of one workload of a manifest that are served. */
  fixtureReplicas: 10_000,
  /** Collections within collections of a YAML document. */
  fixtureNesting: 100,
  /** Aliases of one YAML document. */
  fixtureAliases: 1_000,
  /** Memory that the process which parses manifests may have. */
  fixtureParserMemory: 3_221_225_472,
  /** Time that the process which parses manifests may be silent; then it is ended. */
  fixtureParserSilence: 60_000,
  /** Time after which the idle process which parses manifests ends. */
  fixtureParserIdle: 600_000,
  /** The same for one that has read a large text and holds memory for it. */
  fixtureParserRest: 10_000,
  /** Octets of one object of an API server: etcd takes none of more than 1.5 million, and JSON is somewhat longer. */
  watchObject: 8_388_608,
  /** Objects of one resource of an API server; those beyond are not served. */
  watchObjects: 1_000_000,
  /** Objects of one page of a list, where the API server has no streaming lists. */
  watchPage: 500,
  /** Pages of one list. */
  watchPages: 10_000,
  /** Time that a watch may be silent; an API server sends a bookmark each minute. */
  watchSilence: 120_000,
  /** The same for a list. */
  watchListSilence: 30_000,
  /** Time until the next try after a first failure of a watch, up to twice as long; it doubles with each. */
  watchBackoff: 800,
  /** The longest of these times. */
  watchBackoffMost: 30_000,
  /** Endpoints of one EndpointSlice; an API server allows 1,000. */
  sliceEndpoints: 16_384,
  /** Time to connect to an API server, with TLS. */
  apiConnect: 10_000,
  /** Time from then until its response begins. */
  apiResponse: 30_000,
  /** Octets of the header of a response of an API server. */
  apiHeader: 16_384,
  /** Time after which the silence of a connection to an API server is probed (TCP keep-alive). */
  apiKeepAlive: 15_000,
  /** Connections to an API server that are kept without a request. */
  apiIdleConnections: 4,
  /** Age at which tokens and certificates for an API server are read again. */
  apiCredentialsAge: 60_000,
  /** Time for reading them, or for a plug-in of a kubeconfig to give them. */
  apiCredentialsTime: 30_000,
  /** The longest time that an API server can ask to be left alone. */
  apiRetryAfter: 300_000,
} as const;

/** The table with any of its values replaced: what an `open` function takes, for a test or a small machine. */
export type Bounds = { readonly [bound in keyof typeof bounds]: number };
