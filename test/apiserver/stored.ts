/**
 * One object as it is kept: JSON text, cut where its resource version stands, so that it can be sent in a list, in an event
 * or with the version of its deletion without being parsed or written again.
 */
import { at, isObject, type JsonObject, textAt } from './json.ts';
import { managedFields } from './managed-fields.ts';
import type { Resource } from './resources.ts';

export interface StoredObject {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** `namespace/name`, or the name of what is in no namespace: the order of lists. */
  readonly key: string;
  readonly uid: string;
  readonly created: string;
  readonly resourceVersion: number;
  readonly generation: number;
  /** From `"metadata":{` to where the resource version stands. */
  readonly before: string;
  /** The rest of the metadata. */
  readonly after: string;
  /** The rest of the object, to its closing brace. */
  readonly content: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What a field selector can name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What the server adds to an object. */
export interface Bookkeeping {
  readonly uid: string;
  /** RFC 3339, in seconds. */
  readonly created: string;
  readonly resourceVersion: number;
  readonly generation: number;
  readonly hasManagedFields: boolean;
}

/** What the server writes itself, whatever it is given. */
const OWN = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
]);

/** Takes an object as it is, valid or not; it must have a name. */
export function storedObject(resource: Resource, object: JsonObject, books: Bookkeeping): StoredObject {
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = object;
  const name = textAt(metadata, 'name');
  const namespace = resource.isNamespaced ? textAt(metadata, 'namespace') : '';
  const given = isObject(metadata) ? Object.entries(metadata).filter(([key]) => !OWN.has(key)) : [];
  const first = { name, ...(namespace === '' ? {} : { namespace }), uid: books.uid };
  const last = {
    ...(resource.hasGeneration ? { generation: books.generation } : {}),
    creationTimestamp: books.created,
    ...Object.fromEntries(given),
    ...(books.hasManagedFields ? { managedFields: managedFields(resource.apiVersion, object, books.created) } : {}),
  };
  const content = JSON.stringify(rest);
  return {
    resource,
    namespace,
    name,
    key: namespace === '' ? name : `${namespace}/${name}`,
    uid: books.uid,
    created: books.created,
    resourceVersion: books.resourceVersion,
    generation: books.generation,
    before: `"metadata":${JSON.stringify(first).slice(0, -1)},"resourceVersion":"`,
    after: `",${JSON.stringify(last).slice(1)}`,
    content: content === '{}' ? '}' : `,${content.slice(1)}`,
    labels: labelsOf(metadata),
    fields: fieldsOf(resource, object, name, namespace),
  };
}

function labelsOf(metadata: unknown): Readonly<Record<string, string>> {
  const labels = at(metadata, 'labels');
  if (!isObject(labels)) return {};
  const texts = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}

function fieldsOf(
  resource: Resource,
  object: JsonObject,
  name: string,
  namespace: string,
): Readonly<Record<string, string>> {
  const fields: Record<string, string> = { 'metadata.name': name, 'metadata.namespace': namespace };
  for (const field of resource.fields) {
    const value = at(object, ...field.split('.'));
    fields[field] = typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
  }
  return fields;
}

/** As the items of a list are: without kind and apiVersion. */
export function listItem(object: StoredObject): string {
  return `{${object.before}${object.resourceVersion}${object.after}${object.content}`;
}

/** As an object on its own is; with another resource version, for the event of its deletion. */
export function wholeObject(object: StoredObject, resourceVersion = object.resourceVersion): string {
  const { kind, apiVersion } = object.resource;
  return `{"kind":"${kind}","apiVersion":"${apiVersion}",${object.before}${resourceVersion}${object.after}${object.content}`;
}

/** True if nothing but the resource version differs. */
export function isUnchanged(a: StoredObject, b: StoredObject): boolean {
  return a.content === b.content && a.after === b.after && a.before === b.before;
}
