/** Where the API has its resources: paths, taken apart. */
import { isResourceName, type Resource, resources } from './resources.ts';

export interface Place {
  readonly resource: Resource;
  readonly version: string;
  /** Empty for all namespaces, and for what is in none. */
  readonly namespace: string;
  /** Empty for the collection. */
  readonly name: string;
}

const PREFIX = /^\/(?:api|apis\/([^/]+))\/(v1|v1alpha1|v1beta1)\//;

const CUSTOM_GROUP = 'multicluster.x-k8s.io';

/** The place at a path; undefined where there is no resource. */
export function placeOf(path: string): Place | undefined {
  const prefix = PREFIX.exec(path);
  if (prefix === null) return undefined;
  const parts = decoded(path.slice(prefix[0].length));
  if (parts === undefined) return undefined;
  const [, group = '', version = ''] = prefix;
  const [first, second, ...rest] = parts;
  // `namespaces/x` alone is a Namespace; with something behind it, x is where that is.
  const isBelow = first === 'namespaces' && second !== undefined && rest.length > 0;
  const namespace = isBelow ? second : '';
  const [plural = '', name = '', ...more] = isBelow ? rest : parts;
  if (!isResourceName(plural) || more.length > 0) return undefined;
  const resource = resources[plural];
  // What is defined by a CRD has one version or another.
  if ((version === 'v1') !== (resource.group !== CUSTOM_GROUP)) return undefined;
  if (resource.group !== group || (isBelow && !resource.isNamespaced)) return undefined;
  // An object that is in a namespace has no path without it.
  if (resource.isNamespaced && !isBelow && name !== '') return undefined;
  return { resource, version, namespace, name };
}

function decoded(path: string): readonly string[] | undefined {
  try {
    return path.replace(/\/$/, '').split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
