/**
 * All directives in the order in which they run, whatever the order of the file is. The order is CoreDNS's; our own
 * directives stand where their manual pages say: `searchpath` in the place of `autopath`.
 */
import { bind } from './bind/bind.ts';
import { bufsize } from './bufsize/bufsize.ts';
import { cache } from './cache/cache.ts';
import { cancel } from './cancel/cancel.ts';
import { debug } from './debug/debug.ts';
import { errors } from './errors/errors.ts';
import { forward } from './forward/forward.ts';
import { health } from './health/health.ts';
import { hosts } from './hosts/hosts.ts';
import { kubernetes } from './kubernetes/kubernetes.ts';
import { loadbalance } from './loadbalance/loadbalance.ts';
import { local } from './local/local.ts';
import { log } from './log/log.ts';
import { loop } from './loop/loop.ts';
import type { DirectiveDefinition } from './plugin.ts';
import { pprof } from './pprof/pprof.ts';
import { prometheus } from './prometheus/prometheus.ts';
import { ready } from './ready/ready.ts';
import { reload } from './reload/reload.ts';
import { searchpath } from './searchpath/searchpath.ts';
import { template } from './template/template.ts';
import { timeouts } from './timeouts/timeouts.ts';
import { whoami } from './whoami/whoami.ts';

/** Directives that can be used. Each is in `directiveOrder` too. */
export const directives: readonly DirectiveDefinition[] = [
  cancel,
  timeouts,
  reload,
  bufsize,
  bind,
  debug,
  ready,
  health,
  pprof,
  prometheus,
  errors,
  log,
  local,
  loadbalance,
  searchpath,
  cache,
  template,
  hosts,
  kubernetes,
  loop,
  forward,
  whoami,
];

/** Every directive that a Corefile may name, those that are not implemented here included. */
export const directiveOrder: readonly string[] = (
  'root metadata geoip cancel proxyproto quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug ' +
  'trace ready health pprof shed prometheus errors log dnstap local dns64 any chaos loadbalance tsig rewrite searchpath ' +
  'autopath acl cache header dnssec tls minimal template transfer hosts route53 azure clouddns k8s_external kubernetes ' +
  'file auto secondary etcd loop forward grpc erratic whoami on sign view nomad'
).split(' ');
