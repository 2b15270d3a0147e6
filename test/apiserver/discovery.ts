/** What a client asks before it asks for objects: versions, groups, and which resources there are. */
import type { JsonObject } from './json.ts';
import { type Resource, resources } from './resources.ts';

const VERBS = ['create', 'delete', 'get', 'list', 'update', 'watch'];
const DISCOVERY = { groupVersion: 'discovery.k8s.io/v1', version: 'v1' };
const GROUP = { name: 'discovery.k8s.io', versions: [DISCOVERY], preferredVersion: DISCOVERY };

/** The document at a path; undefined where there is none. */
export function discovery(path: string, version: string): JsonObject | undefined {
  switch (path.replace(/\/$/, '')) {
    case '/version':
      return versionInfo(version);
    case '/api':
      return {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
      };
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: [GROUP] };
    case '/apis/discovery.k8s.io':
      return { kind: 'APIGroup', apiVersion: 'v1', ...GROUP };
    case '/api/v1':
      return resourceList('v1');
    case '/apis/discovery.k8s.io/v1':
      return resourceList('discovery.k8s.io/v1');
    default:
      return undefined;
  }
}

function versionInfo(version: string): JsonObject {
  const [major = '1', minor = '36'] = version.replace(/^v/, '').split('.');
  return { major, minor, gitVersion: version, platform: 'linux/amd64' };
}

function resourceList(groupVersion: string): JsonObject {
  const served = Object.values(resources).filter(({ apiVersion }) => apiVersion === groupVersion);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: served.map(description) };
}

function description({ name, singular, shortNames, kind, isNamespaced }: Resource): JsonObject {
  const short = shortNames.length === 0 ? {} : { shortNames };
  return { name, singularName: singular, namespaced: isNamespaced, kind, verbs: VERBS, ...short };
}
