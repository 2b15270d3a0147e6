/**
 * For each bound of the table the test that reaches it: what is said or done there shows that it holds. A bound without a
 * row here does not pass the type checker, and a row without its test fails.
 */
import type { bounds } from '../../src/bounds.ts';

export interface TestName {
  readonly file: string;
  readonly title: string;
}

const at =
  (file: string) =>
  (title: string): TestName => ({ file: `test/${file}.test.ts`, title });

const lowered = at('bounds/lowered');
const udp = at('transport/udp');
const tcp = at('transport/tcp');
const connection = at('transport/tcp-connection');
const https = at('transport/https');
const forwardLimits = at('plugins/forward/limits');
const exchange = at('plugins/forward/exchange');
const forwardOptions = at('plugins/forward/options');
const clientLimits = at('transport/client/limits');
const corefile = at('corefile/bounds');
const hosts = at('plugins/hosts');
const zones = at('plugins/file/bounds');
const parser = at('cluster/fixture/parser');
const documents = at('cluster/fixture/documents');
const expressions = at('plugins/expressions/errors');
const watch = at('cluster/watch/limits');
const transfer = at('plugins/transfer/transfer');

export const reached: Readonly<Record<keyof typeof bounds, TestName>> = {
  udpMessage: udp('are dropped where they are longer'),
  udpInFlight: udp('beyond the bound are dropped, and their handles do nothing'),
  udpBatch: udp('are answered each with its own reply, in order, however many batches they fill'),
  udpUnsent: udp('are dropped beyond the bound'),
  udpReceiveBuffer: at('bounds/sockets')(
    'udpReceiveBuffer: the system is asked for so much, and more where it is more',
  ),
  tcpConnections: tcp('close a connection beyond those of the listener at once'),
  tcpConnectionsPerClient: tcp('close a connection beyond those of one client at once, and leave other clients alone'),
  tcpInFlight: connection('wait unread while as many are in flight as may be'),
  tcpQueries: connection('are bounded in number for one connection, which then ends in an orderly way'),
  tcpUnsent: connection('stops being read and is cut off'),
  tcpUnsentCutOff: connection('is cut off where deferred replies pass the last bound'),
  tcpFirstQuery: connection('ends a connection without a first whole query, also where an octet comes now and then'),
  tcpIdle: connection('ends a connection without a further whole query, also where an octet comes now and then'),
  tcpWrite: connection('is cut off where one reply after the other was deferred'),
  tcpLinger: connection('is over for a peer that does not close its side after ours'),
  transfers: transfer('are bounded in all (transfers), also where they were answered before others began'),
  transfersPerClient: transfer('are bounded for each client (transfersPerClient)'),
  transferNetworks: at('plugins/transfer/options')('more addresses and networks than the bound (transferNetworks)'),
  tlsHandshake: at('transport/tls')(
    'tlsHandshake: that takes too long is cut off, also where an octet comes now and then',
  ),
  dohConnections: https('CVE-2025-68151: dohConnections: one connection more is closed at once, before any handshake'),
  dohStreams: https('dohStreams: offers no more streams than that'),
  dohHeader: https('dohHeader, dohFields: a header that is too long, or has too many fields, is not read'),
  dohFields: https('dohHeader, dohFields: a header that is too long, or has too many fields, is not read'),
  dohTarget: https('CVE-2026-32936: dohTarget: a GET that is too long is refused before it is decoded'),
  dohRequest: https(
    'dohRequest: a body that takes too long is answered with 408, over HTTP/2 without harm to other streams',
  ),
  dohBodies: https('CVE-2025-68151: dohBodies: all bodies of a connection together are bounded'),
  lookupsPerQuery: at('server/responder')('share one budget, however they branch'),
  searchDomains: at('plugins/searchpath/complete')('more domains than the table of bounds has'),
  upstreamAttemptsPerQuery: forwardLimits(
    'upstreamAttemptsPerQuery: the budget goes over retries, TCP and all look-ups of a client query',
  ),
  upstreamQueries: forwardLimits('upstreamQueries: one more is answered with SERVFAIL, and the log has one line'),
  upstreamSharers: forwardLimits('are answered with SERVFAIL beyond the bound of sharers'),
  upstreamQueriesPerLine: forwardLimits('upstreamQueriesPerLine: a line has no more than half where there are others'),
  upstreamConnections: at('transport/client/sharing')(
    'is reached where connections are full: the next query fails, and is counted',
  ),
  upstreamSockets: clientLimits('counts the sockets of all protocols together'),
  upstreamOctets: clientLimits('holds for all connections together'),
  upstreamInFlight: at('transport/client/stream')('carries no more at once than the bound; the next ones have another'),
  upstreamSilence: exchange('fails within 1.8 s when both are silent, and says what each did'),
  upstreamTime: exchange('gives up after 5 s on one that is there and says nothing to this'),
  upstreamFailures: forwardLimits('is remembered for no more questions than the bound says'),
  upstreamOptions: at('plugins/forward/request')('carries no options where there are more than the bound'),
  resolvConfText: forwardOptions('. large.conf'),
  certificateText: forwardOptions('tls large.pem'),
  answerCache: at('server/answer-cache/flood')('takes nobody’s place, and the bound in octets holds'),
  cacheOctets: at('plugins/cache/store')('are octets besides (cacheOctets), however few the answers'),
  cacheRefreshes: at('plugins/cache/prefetch')('has a bound of refreshes under way (cacheRefreshes)'),
  metricSeries: at('telemetry/metrics')('holds for counters: what is beyond is counted nowhere, and told'),
  httpConnections: lowered('httpConnections: one more is closed, and the others are answered'),
  httpRequest: lowered('httpRequest: a request that takes its time to arrive is cut off'),
  drawnEndpoints: at('cluster/state')('stay right when more are asked for than are held'),
  stopGrace: lowered('stopGrace: a client that does not read does not keep the server from stopping'),
  corefileText: corefile('octets'),
  corefileTokens: corefile('words'),
  corefileNesting: at('corefile/blocks')('braces nested too deep'),
  corefileSnippets: at('corefile/imports')('that double at each step end at the bound of 10,000 expansions'),
  corefileFiles: corefile('imports of files'),
  corefileVariables: corefile('characters of variables'),
  corefileZones: corefile('zones'),
  corefileProblems: at('corefile/problems')('is bounded, errors and warnings apart'),
  regexpLength: at('plugins/errors')('a regular expression is bounded'),
  regexpGroups: at('plugins/errors')('a regular expression is bounded'),
  expressionLength: expressions('refuses an expression that is too long'),
  expressionDepth: expressions('refuses %s that are nested too deeply'),
  expressionSteps: expressions('steps of a list in a list'),
  expressionText: expressions('a long text'),
  expressionList: expressions('a long range'),
  templateRecord: at('plugins/template')('bounds what is written'),
  rewriteRules: at('plugins/rewrite/question')('rewriteRules: more rules than this are an error'),
  rewriteExpressions: at('plugins/rewrite/question')('rewriteExpressions: more expressions than this are an error'),
  rewriteText: at('plugins/rewrite/question')('rewriteText: what a rule makes ends at this many characters'),
  rewriteOption: at('plugins/rewrite/edns0')('rewriteOption: no option of more octets'),
  errorText: at('plugins/errors')('cuts a text without end'),
  hostsText: lowered('hostsText: a larger file is not served, and what is inline is'),
  aclNetworks: at('plugins/acl')('more networks than there may be'),
  hostsEntries: hosts('is not served beyond a million entries'),
  hostsPerName: hosts('gives a name at most 256 addresses, and an address at most 256 names'),
  zoneText: zones('zoneText: what is larger is not served'),
  zoneEntry: zones('zoneEntry: an entry that is longer is an error'),
  zoneRecords: zones('zoneRecords: a zone with more is not served'),
  zonePerName: zones('zonePerName: a zone with more of one name is not served'),
  zoneNames: zones('zoneNames: a zone with more is not served'),
  zoneIncludes: zones('zoneIncludes: a file that includes itself ends there'),
  zoneGenerated: zones('zoneGenerated: a line that makes more is an error'),
  weightsText: at('plugins/loadbalance-weights')('grows too large'),
  logWaiting: at('telemetry/logger')('costs lines beyond the bound, which are counted and told'),
  fixtureText: parser('a file larger than the bound is not read'),
  fixtureFiles: lowered('fixtureFiles: the rest is left out, with a report'),
  fixtureDepth: lowered('fixtureDepth: what lies deeper is left out, with a report'),
  fixtureObjects: lowered('fixtureObjects: a file with more is reported and serves none of them'),
  fixtureReports: at('cluster/fixture/objects')('a file with a thousand problems names a hundred and counts the rest'),
  fixtureReplicas: at('cluster/fixture/control-plane')('more replicas than the bound are not served, with a report'),
  fixtureNesting: documents('bounds aliases, nesting and merges'),
  fixtureAliases: documents('bounds aliases, nesting and merges'),
  fixtureParserMemory: parser('that runs out of memory is one report for the file it had in hand; the others are read'),
  fixtureParserSilence: parser('that falls silent is given up'),
  fixtureParserIdle: parser('ends when it has been idle, and another is started when there is something to parse'),
  fixtureParserRest: parser('that has read a large text ends sooner'),
  stopFinish: at('server/stopping')('stopFinish: has its time where queries in flight took all of theirs'),
  snapshotFile: at('cluster/watch/snapshot/file')('reads no file that is larger than the bound'),
  watchObject: watch('watchObject: a list whose objects are longer is cut, and asked for again'),
  watchObjects: watch('watchObjects: those beyond are not served, in a list and after it, with one line'),
  watchPage: watch('watchPage: a list in pages asks for so many objects at a time'),
  watchPages: watch('watchPages: a list without an end is given up'),
  watchSilence: watch('watchSilence and watchListSilence: who says nothing is left and asked anew'),
  watchListSilence: watch('watchSilence and watchListSilence: who says nothing is left and asked anew'),
  watchBackoff: at('cluster/watch/telling')('doubles from 0.8 s to 30 s, with jitter, and begins anew after a success'),
  watchBackoffMost: at('cluster/watch/telling')(
    'doubles from 0.8 s to 30 s, with jitter, and begins anew after a success',
  ),
  sliceEndpoints: at('cluster/reduce/reduce')('has no more endpoints than its bound, and says so'),
  apiConnect: at('cluster/watch/api/failures')('silence within the handshake'),
  apiResponse: at('cluster/watch/api/failures')(
    'silence after the request; the time for it begins when the connection stands',
  ),
  apiHeader: at('cluster/watch/api/failures')('a header without an end'),
  apiKeepAlive: at('cluster/watch/api/connections')('apiKeepAlive: their silence is probed after this time'),
  apiIdleConnections: at('cluster/watch/api/connections')('apiIdleConnections: no more of them are kept than this'),
  apiCredentialsAge: at('cluster/watch/api/in-cluster')('is read again after a minute'),
  apiCredentialsTime: at('cluster/watch/api/kubeconfig')(
    'that never answers is waited for in vain, and is not started again meanwhile',
  ),
  apiRetryAfter: at('cluster/watch/api/retry-after')('is none or within its bounds, whatever is sent'),
};
