/**
 * The schema of the Kubernetes API, as far as an object's fields go: their names, their types and which are required. It is
 * read from the declarations that `@kubernetes/client-node` brings, which are generated from the API's own description.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type Json, type JsonObject, isObject, text } from './documents.ts';

const declarations = new URL('../../node_modules/@kubernetes/client-node/dist/gen/models/', import.meta.url);

interface Field {
  readonly type: string;
  readonly required: boolean;
}

const known = new Map<string, ReadonlyMap<string, Field> | undefined>();

/** The release of Kubernetes that the schema is of: `1.36`. */
export function release(): string | undefined {
  return /OpenAPI spec version: release-(\S+)/.exec(declarationOf('V1Pod') ?? '')?.[1];
}

/** What is wrong with an object, `path: why` for each; nothing where an API server would take its fields. */
export function violations(document: JsonObject): readonly string[] {
  const [group, version = group] = text(document, 'apiVersion').split('/');
  const type = `${version?.slice(0, 1).toUpperCase()}${version?.slice(1)}${text(document, 'kind')}`;
  return [...check(document, type, '')];
}

function* check(value: Json, type: string, path: string): Generator<string> {
  const element = /^Array<(.*)>$/.exec(type)?.[1];
  const member = /^\{\s*\[key: string\]: (.*?);\s*\}$/s.exec(type)?.[1];
  if (element !== undefined) {
    if (!Array.isArray(value)) yield `${path}: no list`;
    else for (const [i, one] of list(value).entries()) yield* check(one, element, `${path}[${i}]`);
  } else if (member !== undefined) {
    if (!isObject(value)) yield `${path}: no object`;
    else for (const [key, one] of Object.entries(value)) yield* check(one, member, `${path}.${key}`);
  } else if (type === 'IntOrString') {
    if (typeof value !== 'string' && !Number.isInteger(value)) yield `${path}: neither a number nor a text`;
  } else if (type === 'number') {
    if (!Number.isInteger(value)) yield `${path}: no whole number`;
  } else if (type === 'string' || type === 'boolean') {
    if (typeof value !== type) yield `${path}: no ${type}`;
  } else {
    yield* checkFields(value, type, path);
  }
}

function* checkFields(value: Json, type: string, path: string): Generator<string> {
  const fields = fieldsOf(type);
  if (fields === undefined) yield `${path}: the API has no ${type}`;
  else if (!isObject(value)) yield `${path}: no object`;
  else {
    for (const [name, { required }] of fields) if (required && !(name in value)) yield `${path}.${name}: missing`;
    for (const [name, one] of Object.entries(value)) {
      const field = fields.get(name);
      if (field === undefined) yield `${path}.${name}: ${type} has no such field`;
      else yield* check(one, field.type, `${path}.${name}`);
    }
  }
}

function fieldsOf(type: string): ReadonlyMap<string, Field> | undefined {
  if (!known.has(type)) {
    const declared = declarationOf(type)?.matchAll(/^ {4}'([^']+)'(\??): (\{.*?^ {4}\}|[^;]+);/gms);
    known.set(
      type,
      declared &&
        new Map([...declared].map(([, name = '', mark, of = '']) => [name, { type: of, required: mark === '' }])),
    );
  }
  return known.get(type);
}

function declarationOf(type: string): string | undefined {
  const file = new URL(`${type}.d.ts`, declarations);
  return /^\w+$/.test(type) && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
