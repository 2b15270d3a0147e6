/**
 * The name and namespace of a Kubernetes object, and which names there can be: Services and namespaces have RFC 1123
 * labels, since their names are labels of DNS; everything else has names of up to 253 characters.
 */
import { describe, type FieldReader, isRecord, type Json, type Path } from './reading.ts';

export interface Identity {
  readonly name: string;
  readonly namespace: string;
}

/** An object with a usable name. */
export interface ReadIdentity {
  readonly outcome: 'identity';
  readonly identity: Identity;
  readonly object: Json;
  readonly metadata: Json;
}

export type IdentityReading =
  ReadIdentity | { readonly outcome: 'rejected'; readonly path: Path; readonly reason: string };

/** How names of a kind are formed. */
export type NameForm = 'label' | 'subdomain';

/** The namespace of an object that names none. */
export const DEFAULT_NAMESPACE = 'default';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_LENGTH = 63;
const SUBDOMAIN_LENGTH = 253;

/** True for an RFC 1123 label: at most 63 of a-z, 0-9 and -, neither first nor last a -. */
export function isLabel(text: string): boolean {
  return text.length <= LABEL_LENGTH && LABEL.test(text);
}

/** True for what Kubernetes calls a DNS subdomain: at most 253 characters of such parts with dots between them. */
export function isSubdomain(text: string): boolean {
  return text.length <= SUBDOMAIN_LENGTH && SUBDOMAIN.test(text);
}

/** Reads `metadata.name` and `metadata.namespace`; an absent namespace is `default`. */
export function readIdentity(value: unknown, form: NameForm): IdentityReading {
  if (!isRecord(value))
    return { outcome: 'rejected', path: [], reason: `expected an object, found ${describe(value)}` };
  const metadata = value['metadata'];
  if (!isRecord(metadata)) return { outcome: 'rejected', path: [], reason: 'metadata is missing' };
  const name = readName(metadata['name'], form);
  if (name.outcome === 'rejected') return { ...name, path: ['metadata', 'name'] };
  const namespace = readName(metadata['namespace'] || DEFAULT_NAMESPACE, 'label');
  if (namespace.outcome === 'rejected') return { ...namespace, path: ['metadata', 'namespace'] };
  const identity = { name: name.text, namespace: namespace.text };
  return { outcome: 'identity', identity, object: value, metadata };
}

type NameReading =
  { readonly outcome: 'name'; readonly text: string } | { readonly outcome: 'rejected'; readonly reason: string };

function reject(reason: string): NameReading {
  return { outcome: 'rejected', reason };
}

function readName(value: unknown, form: NameForm): NameReading {
  if (value === undefined || value === null || value === '') return reject('the name is missing');
  if (typeof value !== 'string') return reject(`expected a name, found ${describe(value)}; put it in quotes`);
  if (form === 'label' ? isLabel(value) : isSubdomain(value)) return { outcome: 'name', text: value };
  return reject(`${describe(value)} is no name: ${FORMS[form]}`);
}

const FORMS: Readonly<Record<NameForm, string>> = {
  label: `at most ${LABEL_LENGTH} of a-z, 0-9 and -, neither first nor last a -`,
  subdomain: `at most ${SUBDOMAIN_LENGTH} of a-z, 0-9, - and ., each part neither beginning nor ending with a -`,
};

/** The labels of an object. */
export function readLabels(metadata: Json, read: FieldReader): Readonly<Record<string, string>> {
  return read.textMap(metadata, 'labels', ['metadata']);
}
