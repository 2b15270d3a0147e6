/** POST, PUT and DELETE of one object: what a test suite does that is written for any cluster. */
import { randomBytes } from 'node:crypto';
import { admitted } from './admission.ts';
import { isObject, type JsonObject, textAt } from './json.ts';
import type { Place } from './paths.ts';
import { resources, type Resource } from './resources.ts';
import { keyOf, now, type State } from './state.ts';
import { alreadyExists, anyStatus, badRequest, conflict, methodNotAllowed, notFound, Refusal } from './status.ts';
import { type StoredObject, wholeObject } from './stored.ts';

export interface Written {
  readonly code: 200 | 201;
  /** JSON. */
  readonly text: string;
}

/** Where cluster IPs are given out from: 10.96.128.0/17. */
const FIRST_IP = 0x0a608000;
const IPS = 0x8000;

/** A cluster IP that no Service has. Throws if there is none. */
export function freeClusterIP(state: State): string {
  const taken = new Set<string | undefined>();
  for (const service of state.collections.services.objects()) taken.add(service.fields['spec.clusterIP']);
  for (let i = 1; i < IPS; i++) {
    const ip = [24, 16, 8, 0].map((shift) => ((FIRST_IP + i) >>> shift) & 255).join('.');
    if (!taken.has(ip)) return ip;
  }
  throw new Refusal(anyStatus(500, 'no cluster IP is free'));
}

/** Parses what was sent as an object of this resource. Throws a 400 or a 415. */
export function bodyOf(place: Place, contentType: string, text: string): JsonObject {
  if (contentType !== '' && !/^application\/json\b/i.test(contentType)) {
    throw new Refusal(
      anyStatus(415, `the body of the request was in an unknown format - accepted is application/json`),
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(badRequest('the body of the request is not JSON'));
  }
  const { kind, apiVersion } = place.resource;
  const found = `${textAt(value, 'apiVersion')} ${textAt(value, 'kind')}`;
  if (!isObject(value) || found !== `${apiVersion} ${kind}`) {
    throw new Refusal(badRequest(`an object of ${apiVersion} ${kind} is expected here, not of ${found}`));
  }
  return value;
}

/** Throws a 400, 404, 409 or 422. */
export function create(state: State, place: Place, object: JsonObject): Written {
  if (place.name !== '') throw new Refusal(methodNotAllowed());
  const { resource } = place;
  const named = inNamespace(place, withGeneratedName(object));
  if (textAt(named, 'metadata', 'resourceVersion') !== '') {
    throw new Refusal(badRequest('resourceVersion should not be set on objects to be created'));
  }
  const admittedObject = admitted(resource, named, () => freeClusterIP(state));
  const name = textAt(named, 'metadata', 'name');
  if (resource.isNamespaced) requireNamespace(state, place.namespace);
  if (state.collections[resource.name].get(keyOf(resource, place.namespace, name)) !== undefined) {
    throw new Refusal(alreadyExists(resource, name));
  }
  return { code: 201, text: wholeObject(state.put(admittedObject)) };
}

/** Throws a 400, 404, 409 or 422. */
export function update(state: State, place: Place, object: JsonObject): Written {
  const { resource, name } = place;
  if (name === '') throw new Refusal(methodNotAllowed());
  const named = inNamespace(place, object);
  if (textAt(named, 'metadata', 'name') !== name) {
    throw new Refusal(badRequest('the name of the object does not match the name on the URL'));
  }
  const before = existing(state, place);
  const version = textAt(named, 'metadata', 'resourceVersion');
  if (version !== '' && version !== String(before.resourceVersion)) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw new Refusal(conflict(resource, name, why));
  }
  const sameIP = (): string => before.fields['spec.clusterIP'] || freeClusterIP(state);
  return { code: 200, text: wholeObject(state.put(admitted(resource, named, sameIP))) };
}

/** Throws a 404. */
export function remove(state: State, place: Place): Written {
  const { resource, name } = place;
  if (name === '') throw new Refusal(methodNotAllowed());
  const object = existing(state, place);
  if (resource.name === 'namespaces') return removeNamespace(state, object);
  state.delete(resource.name, object.key);
  return { code: 200, text: resource.returnsDeleted ? wholeObject(object) : success(resource, object) };
}

function success({ name: kind, group }: Resource, { name, uid }: StoredObject): string {
  const details = { name, ...(group === '' ? {} : { group }), kind, uid };
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

/** A namespace ends in steps: it is terminating, what is in it goes, then it goes itself. */
function removeNamespace(state: State, namespace: StoredObject): Written {
  const parsed: unknown = JSON.parse(wholeObject(namespace));
  const object = isObject(parsed) ? parsed : {};
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const terminating = state.put({
    ...object,
    metadata: { ...metadata, deletionTimestamp: now() },
    status: { phase: 'Terminating' },
  });
  for (const collection of Object.values(state.collections)) {
    for (const { key, namespace: of } of collection.objects()) {
      if (of === namespace.name) state.delete(collection.resource.name, key);
    }
  }
  state.delete('namespaces', namespace.key);
  return { code: 200, text: wholeObject(terminating) };
}

function existing(state: State, { resource, namespace, name }: Place): StoredObject {
  const object = state.collections[resource.name].get(keyOf(resource, namespace, name));
  if (object === undefined) throw new Refusal(notFound(resource, name));
  return object;
}

function requireNamespace(state: State, name: string): void {
  if (state.collections.namespaces.get(name) === undefined) throw new Refusal(notFound(resources.namespaces, name));
}

/** The object with the namespace of its path; another one in it is a mistake. */
function inNamespace({ resource, namespace }: Place, object: JsonObject): JsonObject {
  if (!resource.isNamespaced) return object;
  if (namespace === '') throw new Refusal(methodNotAllowed());
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const given = textAt(metadata, 'namespace');
  if (given !== '' && given !== namespace) {
    throw new Refusal(
      badRequest('the namespace of the provided object does not match the namespace sent on the request'),
    );
  }
  return { ...object, metadata: { ...metadata, namespace } };
}

function withGeneratedName(object: JsonObject): JsonObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const stem = textAt(metadata, 'generateName');
  if (stem === '' || textAt(metadata, 'name') !== '') return object;
  return { ...object, metadata: { ...metadata, name: stem + randomBytes(3).toString('hex').slice(0, 5) } };
}
