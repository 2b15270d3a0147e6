/** The manifests as their readers see them: each YAML document as plain JSON with the place that it comes from. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CORE_SCHEMA, boolYaml11Tag, loadAll, mergeTag } from 'js-yaml';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Where manifests/ is, without a slash at its end. */
export const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/** Everything in manifests/ but the examples, which are input for the program and not for a cluster. */
export const files: readonly string[] = globSync('{base,components,overlays}/**/*.yaml', { cwd: manifests }).toSorted();
export const kustomizations: readonly string[] = files.filter((file) => file.endsWith('/kustomization.yaml'));
const sources = files.filter((file) => !file.endsWith('/kustomization.yaml'));

/** As kubectl reads YAML, to whom `yes` and `on` are booleans. */
const schema = CORE_SCHEMA.withTags(boolYaml11Tag, mergeTag);

/** The documents of a text. */
export function parse(yaml: string): readonly JsonObject[] {
  return loadAll(yaml, { schema }).map((document) => object(json(document)));
}

/** The documents of a file in manifests/. */
export function read(file: string): readonly JsonObject[] {
  return parse(readFileSync(join(manifests, file), 'utf8'));
}

/** Each object for a cluster, `kind/name` with its file in front. */
export const objects: readonly (readonly [string, JsonObject])[] = sources.flatMap((file) =>
  read(file).map((document) => [`${file} ${nameOf(document)}`, document] as const),
);

/** `Deployment/nodens` */
export function nameOf(document: JsonObject): string {
  return `${text(document, 'kind')}/${text(document, 'metadata', 'name')}`;
}

/** The one of that name. */
export function pick(documents: readonly JsonObject[], name: string): JsonObject {
  const [found, ...more] = documents.filter((document) => nameOf(document) === name);
  if (found === undefined || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} of ${name}`);
  return found;
}

/** What is at the path, or undefined. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = typeof step === 'number' ? list(here)[step] : undefined;
    else here = isObject(here) ? here[step] : undefined;
  }
  return here;
}

/** The list at the path; empty where there is nothing. */
export function list(value: Json | undefined, ...path: readonly (string | number)[]): readonly Json[] {
  const found = at(value, ...path) ?? [];
  if (!isList(found)) throw new Error(`${path.join('.')} is no list`);
  return found;
}

/** The object at the path; empty where there is nothing. */
export function object(value: Json | undefined, ...path: readonly (string | number)[]): JsonObject {
  const found = at(value, ...path) ?? {};
  if (!isObject(found)) throw new Error(`${path.join('.')} is no object`);
  return found;
}

/** The text at the path. */
export function text(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== 'string') throw new Error(`${path.join('.')} is no text`);
  return found;
}

/** The number at the path. */
export function number(value: Json | undefined, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  if (typeof found !== 'number') throw new Error(`${path.join('.')} is no number`);
  return found;
}

/** The texts of the list at the path; none where there is nothing. */
export function texts(value: Json | undefined, ...path: readonly (string | number)[]): readonly string[] {
  return list(value, ...path).map((member) => text(member));
}

/** The member of a list whose `name` it is. */
export function named(members: readonly Json[], name: string): JsonObject {
  return object(members.find((member) => at(member, 'name') === name));
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** What YAML has and JSON has not, such as dates, would be something else to a cluster. */
function json(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(json);
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, json(member)]));
  }
  throw new Error(`a ${typeof value} is nothing that JSON has`);
}
