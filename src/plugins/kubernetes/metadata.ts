/**
 * What `kubernetes` tells other plugins of its block about a query, where the block has `metadata`: which object the name asks for,
 * by the grammar of names alone, and with `pods verified` which pod asks.
 *
 * Values are text that may be printed: what no object can be called comes out escaped (RFC 1035 §5.1).
 */
import { type ImportName, parseImportName } from '../../cluster/imported-records.ts';
import { type ClusterName, parseClusterName } from '../../cluster/names.ts';
import type { Pod } from '../../cluster/objects.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { Name } from '../../dns/name.ts';
import { offerMetadata } from '../metadata/offer.ts';
import type { Host } from '../plugin.ts';
import type { Query } from '../query.ts';
import { longestZone } from './zone.ts';

/** A zone that names of objects are in, of this cluster or of several. */
export interface NameZone {
  readonly name: Name;
  readonly isMulticluster: boolean;
}

type ObjectName = ClusterName | ImportName;

/** @param zones those that are not reverse zones */
export function offerKubernetesMetadata(host: Host, view: ClusterView, zones: readonly NameZone[]): void {
  const read = (name: Name, zone: NameZone): ObjectName =>
    zone.isMulticluster ? parseImportName(name, zone.name) : parseClusterName(name, zone.name, view.options.zonal);
  const offer = (label: string, value: (name: ObjectName, query: Query, zone: NameZone) => string): void =>
    offerMetadata(host, `kubernetes/${label}`, (query) => {
      const zone = longestZone(zones, query.name);
      return zone === undefined ? '' : presented(value(read(query.name, zone), query, zone));
    });
  offer('kind', (_, { name }, zone) => kindOf(name, zone.name));
  offer('namespace', (name) => ('namespace' in name ? name.namespace : ''));
  // As CoreDNS has it, the label of a pod's address stands where a Service's name does.
  offer('service', (name) => ('service' in name ? name.service : name.kind === 'pod' ? name.address : ''));
  offer('endpoint', (name) => (name.kind === 'endpoint' ? name.label : ''));
  offer('cluster', (name) => ('cluster' in name ? name.cluster : ''));
  offer('port-name', (name) => (name.kind === 'port' ? name.port : ''));
  offer('protocol', (name) => (name.kind === 'port' ? name.protocol : ''));
  offer('zone', (name) => (name.kind === 'topology' ? (name.zone ?? '') : ''));
  // The one value that is a sentence: it is the same for all names, so there is nothing to escape.
  offerMetadata(host, 'kubernetes/parse-error', ({ name }) => {
    const zone = longestZone(zones, name);
    return zone !== undefined && read(name, zone).kind === 'none' ? 'invalid query name' : '';
  });
  if (view.options.pods !== 'verified') return;
  offerMetadata(host, 'kubernetes/client-namespace', (query) => clientOf(query, view)?.namespace ?? '');
  offerMetadata(host, 'kubernetes/client-pod-name', (query) => clientOf(query, view)?.name ?? '');
}

/** The tree that the name is in. */
function kindOf(name: Name, zone: Name): string {
  const tree = name.label(name.labelCount - zone.labelCount - 1);
  return tree === 'svc' || tree === 'pod' ? tree : '';
}

/** The pod whose own address the query came from. Pods on their node's network share its address, and none is told from the others. */
function clientOf(query: Query, { state }: ClusterView): Pod | undefined {
  query.replaying.forbid();
  const pods = state.podsAt(query, query.client.clientAddress);
  return pods.length === 1 ? pods[0] : undefined;
}

const PLAIN = /^[\w.-]*$/;

function presented(text: string): string {
  if (PLAIN.test(text)) return text;
  return Name.fromLabels([text], Name.root)?.toString().slice(0, -1) ?? '';
}
