/**
 * All directives in the order in which they run, whatever the order of the file is. The order is CoreDNS's; our own
 * directives stand where their manual pages say: `searchpath` in the place of `autopath`.
 */
import { acl } from './acl/acl.ts';
import { any } from './any/any.ts';
import { autopath } from './autopath/autopath.ts';
import { bind } from './bind/bind.ts';
import { bufsize } from './bufsize/bufsize.ts';
import { cache } from './cache/cache.ts';
import { cancel } from './cancel/cancel.ts';
import { chaos } from './chaos/chaos.ts';
import { debug } from './debug/debug.ts';
import { dns64 } from './dns64/dns64.ts';
import { errors } from './errors/errors.ts';
import { file } from './file/file.ts';
import { forward } from './forward/forward.ts';
import { header } from './header/header.ts';
import { health } from './health/health.ts';
import { hosts } from './hosts/hosts.ts';
import { https } from './https/https.ts';
import { ipv6 } from './ipv6/ipv6.ts';
import { k8sExternal } from './k8s_external/k8s_external.ts';
import { kubernetes } from './kubernetes/kubernetes.ts';
import { loadbalance } from './loadbalance/loadbalance.ts';
import { local } from './local/local.ts';
import { log } from './log/log.ts';
import { loop } from './loop/loop.ts';
import { metadata } from './metadata/metadata.ts';
import { minimal } from './minimal/minimal.ts';
import { multisocket } from './multisocket/multisocket.ts';
import type { DirectiveDefinition } from './plugin.ts';
import { nsid } from './nsid/nsid.ts';
import { pprof } from './pprof/pprof.ts';
import { prometheus } from './prometheus/prometheus.ts';
import { ready } from './ready/ready.ts';
import { reload } from './reload/reload.ts';
import { rewrite } from './rewrite/rewrite.ts';
import { searchpath } from './searchpath/searchpath.ts';
import { shed } from './shed/shed.ts';
import { template } from './template/template.ts';
import { timeouts } from './timeouts/timeouts.ts';
import { tls } from './tls/tls.ts';
import { transfer } from './transfer/transfer.ts';
import { view } from './view/view.ts';
import { whoami } from './whoami/whoami.ts';

/** Directives that can be used. Each is in `directiveOrder` too. */
export const directives: readonly DirectiveDefinition[] = [
  metadata,
  cancel,
  https,
  timeouts,
  multisocket,
  reload,
  nsid,
  bufsize,
  bind,
  debug,
  ready,
  health,
  pprof,
  shed,
  prometheus,
  errors,
  log,
  local,
  dns64,
  any,
  chaos,
  loadbalance,
  rewrite,
  searchpath,
  autopath,
  acl,
  cache,
  header,
  tls,
  minimal,
  template,
  transfer,
  hosts,
  k8sExternal,
  kubernetes,
  file,
  loop,
  ipv6,
  forward,
  whoami,
  view,
];

/** Every directive that a Corefile may name, those that are not implemented here included. */
export const directiveOrder: readonly string[] = (
  'root metadata geoip cancel proxyproto quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug ' +
  'trace ready health pprof shed prometheus errors log dnstap local dns64 any chaos loadbalance tsig rewrite searchpath ' +
  'autopath acl cache header dnssec tls minimal template transfer hosts route53 azure clouddns k8s_external kubernetes ' +
  'file auto secondary etcd loop ipv6 forward grpc erratic whoami on sign view nomad'
).split(' ');
