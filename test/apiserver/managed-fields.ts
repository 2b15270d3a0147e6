/**
 * `metadata.managedFields`: who set which field, which the server adds to every object. Clients of DNS read none of it, but
 * it is often a third of what is sent.
 */
import { isObject, type JsonObject } from './json.ts';

/** How deep fields are told apart below an object; deeper ones are owned as a whole. */
const DEPTH = 2;

/** One manager that set everything, at `time` (RFC 3339). */
export function managedFields(apiVersion: string, object: JsonObject, time: string): readonly unknown[] {
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = object;
  const fields: Record<string, unknown> = {};
  if (isObject(metadata)) {
    const { labels, annotations } = metadata;
    fields['f:metadata'] = fieldsOf({ ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, DEPTH);
  }
  Object.assign(fields, fieldsOf(rest, DEPTH));
  return [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
    },
  ];
}

function fieldsOf(object: JsonObject, depth: number): JsonObject {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) fields[`f:${key}`] = ownedParts(key, value, depth);
  return fields;
}

function ownedParts(key: string, value: unknown, depth: number): JsonObject {
  if (depth === 0) return {};
  // The ports of a Service are a list with a key; those of an EndpointSlice, like its endpoints, are owned as a whole.
  if (key === 'ports' && depth < DEPTH && Array.isArray(value)) return portFields(value);
  if (isObject(value)) return { '.': {}, ...fieldsOf(value, depth - 1) };
  return {};
}

function portFields(ports: readonly unknown[]): JsonObject {
  const fields: Record<string, unknown> = { '.': {} };
  for (const port of ports) {
    if (!isObject(port)) continue;
    const key = JSON.stringify({ port: port['port'], protocol: port['protocol'] ?? 'TCP' });
    fields[`k:${key}`] = { '.': {}, ...fieldsOf(port, 0) };
  }
  return fields;
}
