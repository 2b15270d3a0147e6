/**
 * Moves a stock Corefile onto a machine that is no node of a cluster: its ports to free ones, its addresses to loopback,
 * its upstreams to those of the test, and its files into a folder. Nothing else of it changes.
 */

/** Where things are on this machine. */
export interface Places {
  /** The port of all server blocks. */
  readonly dns: number;
  readonly health: number;
  readonly ready: number;
  readonly metrics: number;
  /** `ADDRESS:PORT` of the server for names outside of the cluster. */
  readonly upstream: string;
  /** `ADDRESS:PORT` of the cluster's server, for a cache on a node. */
  readonly clusterDns: string;
  /** Files below /etc/coredns, /rootfs and /tmp are here, under the same paths. */
  readonly folder: string;
}

/** Addresses that distributions give to the cluster's server, where something forwards to it. */
const CLUSTER_DNS = /(?<= )(?:10\.96\.0\.11|100\.64\.0\.10|10\.0\.0\.10)(?= |$)/;
const FILES = /(?<= )\/(?=(?:etc\/coredns|rootfs|tmp)\/)/g;

export function moved(corefile: string, places: Places): string {
  return corefile
    .split('\n')
    .map((line) => movedLine(line, places))
    .join('\n');
}

function movedLine(line: string, places: Places): string {
  if (/^\S.*\{$/.test(line)) return movedKeys(line, places);
  const [, indentation = '', directive = '', rest = ''] = /^(\s*)(\S*)(.*)$/.exec(line) ?? [];
  switch (directive) {
    case 'health':
    case 'ready':
    case 'prometheus':
      return `${indentation}${directive} ${movedAddress(directive, rest, places)}`;
    case 'bind':
      return line.replace('169.254.20.10', '127.0.0.1').replace('10.96.0.10', '127.0.0.2');
    case 'forward':
      return `${indentation}forward${movedTargets(rest, places)}`;
    default:
      return line.replace(FILES, `${places.folder}/`);
  }
}

/** `cluster.local:53 {`: every key has a port, and they all move to one. */
function movedKeys(line: string, places: Places): string {
  return /^\S+:\d+ /.test(line) ? line.replace(/:\d+(?= )/g, `:${places.dns}`) : line;
}

/** In: what stands behind the word `health`, `ready` or `prometheus`. An address from the environment is left as it is. */
function movedAddress(directive: 'health' | 'ready' | 'prometheus', rest: string, places: Places): string {
  const [, host = '', block = ''] = /^\s*(?:(\S*):\d+)?\s*(\{?)$/.exec(rest) ?? [];
  const port = { health: places.health, ready: places.ready, prometheus: places.metrics }[directive];
  return `${host.startsWith('{$') ? host : '127.0.0.1'}:${port} ${block}`.trimEnd();
}

/** In: ` . TARGET… {`. Whatever resolver is named there is the upstream, but for the cluster's own. */
function movedTargets(rest: string, places: Places): string {
  return rest
    .replace(CLUSTER_DNS, places.clusterDns)
    .replace(/(?<= )(?:\/etc\/resolv\.conf|(?!127\.)\d+\.\d+\.\d+\.\d+(?::\d+)?)(?= |$)/g, places.upstream);
}
