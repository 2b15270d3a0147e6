/**
 * The records of Services of several clusters, in a zone of their own (Kubernetes enhancement 1645, Multi-Cluster Services API):
 *
 * | name | records |
 * |---|---|
 * | `SVC.NS.svc.zone` | the IPs of the import; headless: the ready endpoints of all clusters; SRV per port |
 * | `_PORT._PROTO.SVC.NS.svc.zone` | SRV of one port |
 * | `EP.CLUSTER.SVC.NS.svc.zone` | one endpoint of one cluster |
 *
 * An import belongs to a namespace of this cluster. Names of pods and reverse names are not in such a zone.
 */
import { Name } from '../dns/name.ts';
import type { Resource } from './cluster.ts';
import { endpointRecords, isProtocolOf } from './endpoint-records.ts';
import { type SliceEndpoints, addressesOf } from './endpoints.ts';
import type { Dependent } from './facts.ts';
import { type Asked, type Found, NO_DATA, NO_NAME, ownerIn } from './found.ts';
import { type ClusterName, type ServiceName, parseClusterName } from './names.ts';
import type { EndpointSlice, Service } from './objects.ts';
import { findClusterIPs, findRecords } from './records.ts';
import type { ClusterView } from './view.ts';

export type ImportName =
  | Exclude<ClusterName, { readonly kind: 'endpoint' | 'pod' | 'topology' }>
  /** `CLUSTER.SVC…` or `_PROTO.SVC…`: an empty non-terminal, if anything. */
  | ({ readonly kind: 'above'; readonly label: string } & ServiceName)
  | ({ readonly kind: 'endpoint'; readonly label: string; readonly cluster: string } & ServiceName);

const NONE: ImportName = { kind: 'none' };

/** Reads a name that is at or below the zone. */
export function parseImportName(name: Name, zone: Name): ImportName {
  const read = parseClusterName(name, zone, false);
  switch (read.kind) {
    case 'pod':
    case 'topology':
      return NONE;
    case 'namespace':
      return read.tree === 'pod' ? NONE : read;
    case 'endpoint':
      return { ...read, kind: 'above' };
    case 'port': {
      const label = name.label(0);
      const cluster = name.label(1);
      if (label.startsWith('_') || cluster.startsWith('_')) return read;
      return { kind: 'endpoint', namespace: read.namespace, service: read.service, label, cluster };
    }
    default:
      return read;
  }
}

/** Finds the records of a name other than the apex and the name server's. */
export function findImported(asker: Dependent, view: ClusterView, asked: Omit<Asked, 'name'>, name: ImportName): Found {
  switch (name.kind) {
    case 'service':
    case 'port':
    case 'above':
    case 'endpoint': {
      if (!view.shows(asker, name.namespace)) return view.noNamespace;
      const service = view.state.imports.service(asker, name.namespace, name.service);
      return service === undefined ? NO_NAME.noSuchService : findService(view, asked, name, service);
    }
    default:
      return findRecords(asker, view, { ...asked, name });
  }
}

type NameOfImport = Extract<ImportName, { readonly kind: 'service' | 'port' | 'above' | 'endpoint' }>;

function findService(view: ClusterView, asked: Omit<Asked, 'name'>, name: NameOfImport, service: Service): Found {
  if (name.kind === 'above') return findAbove(view, name.label, service);
  if (name.kind !== 'endpoint' && service.kind === 'cluster-ip')
    return findClusterIPs(view, { ...asked, name }, service);
  if (view.options.noEndpoints) return NO_NAME.endpointsNotServed;
  const endpoints = view.state.imports.endpointsOf(service);
  const meant: Asked = { ...asked, name };
  const parent = ownerIn(meant, service);
  const parentOf = ({ slice }: SliceEndpoints): Name | undefined => {
    const cluster = clusterOf(slice);
    return parent === undefined || cluster === '' ? undefined : Name.fromLabels([cluster], parent);
  };
  if (name.kind !== 'endpoint') return endpointRecords(view, meant, endpoints, parentOf);
  const slices = endpoints.slices.filter(({ slice }) => clusterOf(slice) === name.cluster);
  if (slices.length === 0) return NO_NAME.noSuchEndpoint;
  return endpointRecords(view, meant, { slices, addresses: (family) => addressesOf(slices, family) }, parentOf);
}

/** The names above those of endpoints and ports exist while these do (RFC 8020). */
function findAbove(view: ClusterView, label: string, service: Service): Found {
  const isHeadless = service.kind === 'headless';
  const slices = view.options.noEndpoints ? [] : view.state.imports.endpointsOf(service).slices;
  if (slices.some(({ slice }) => clusterOf(slice) === label)) return NO_DATA;
  const ports = isHeadless ? slices.flatMap((slice) => slice.ports) : service.ports;
  return isProtocolOf(ports, label) ? NO_DATA : NO_NAME.noSuchEndpoint;
}

/** The cluster that a slice of an import comes from; empty where none is known. */
function clusterOf(slice: EndpointSlice): string {
  return 'cluster' in slice && typeof slice.cluster === 'string' ? slice.cluster : '';
}

const NOTHING: readonly Resource[] = [];
const NAMESPACES: readonly Resource[] = ['namespaces'];
const IMPORTS: readonly Resource[] = ['namespaces', 'serviceimports'];
const SLICES: readonly Resource[] = ['namespaces', 'serviceimports', 'importedslices'];

/** All that answers in such zones can rest on, beside what they have in common with others. */
export function neededForImports(noEndpoints: boolean): readonly Resource[] {
  return noEndpoints ? ['serviceimports'] : ['serviceimports', 'importedslices'];
}

/** What the answer to a name rests on. */
export function neededForImport(asker: Dependent, view: ClusterView, name: ImportName): readonly Resource[] {
  switch (name.kind) {
    case 'namespace':
      return view.mayShow(name.namespace) ? NAMESPACES : NOTHING;
    case 'service':
    case 'port':
    case 'above':
    case 'endpoint': {
      if (!view.mayShow(name.namespace)) return NOTHING;
      if (!view.shows(asker, name.namespace)) return NAMESPACES;
      const service = view.state.imports.service(asker, name.namespace, name.service);
      if (service === undefined || view.options.noEndpoints) return IMPORTS;
      const ofEndpoints = service.kind === 'headless' || name.kind === 'endpoint' || name.kind === 'above';
      return ofEndpoints ? SLICES : IMPORTS;
    }
    default:
      return NOTHING;
  }
}
