/** The Status objects of the Kubernetes API conventions: how a server says no. */
import { qualifiedName, type Resource } from './resources.ts';

export interface Status {
  readonly code: number;
  /** A word for machines: `NotFound`, `Expired`; empty where the real server gives none. */
  readonly reason: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Of a list whose pages are too old: where to go on without the guarantee. */
  readonly continue?: string;
  /** Seconds, as `Retry-After`. */
  readonly retryAfter?: number;
}

/** Ends the handling of a request with a Status. */
export class Refusal extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/** A failure as an object. */
export function statusText(status: Status): string {
  const details =
    status.details === undefined && status.retryAfter === undefined
      ? {}
      : {
          details: {
            ...status.details,
            ...(status.retryAfter === undefined ? {} : { retryAfterSeconds: status.retryAfter }),
          },
        };
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: status.continue === undefined ? {} : { continue: status.continue },
    status: 'Failure',
    message: status.message,
    ...(status.reason === '' ? {} : { reason: status.reason }),
    ...details,
    code: status.code,
  });
}

export function badRequest(message: string): Status {
  return { code: 400, reason: 'BadRequest', message };
}

export function unauthorized(): Status {
  return { code: 401, reason: 'Unauthorized', message: 'Unauthorized' };
}

/** `scope` is a namespace, or empty for all of them. */
export function forbidden(resource: Resource, user: string, verb: string, scope: string, name = ''): Status {
  const where = scope === '' ? 'at the cluster scope' : `in the namespace "${scope}"`;
  const what = name === '' ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  return {
    code: 403,
    reason: 'Forbidden',
    message: `${what} is forbidden: User "${user}" cannot ${verb} resource "${resource.name}" in API group "${resource.group}" ${where}`,
    details: detailsOf(resource, name),
  };
}

export function notFound(resource: Resource, name: string): Status {
  return {
    code: 404,
    reason: 'NotFound',
    message: `${qualifiedName(resource)} "${name}" not found`,
    details: detailsOf(resource, name),
  };
}

export function noSuchResource(): Status {
  return { code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} };
}

export function methodNotAllowed(): Status {
  return {
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  };
}

export function alreadyExists(resource: Resource, name: string): Status {
  return {
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualifiedName(resource)} "${name}" already exists`,
    details: detailsOf(resource, name),
  };
}

export function conflict(resource: Resource, name: string, why: string): Status {
  return {
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
    details: detailsOf(resource, name),
  };
}

/** A resource version or a page that is no longer remembered. */
export function expired(message: string, next?: string): Status {
  return { code: 410, reason: 'Expired', message, ...(next === undefined ? {} : { continue: next }) };
}

export function tooOld(asked: number, oldest: number): Status {
  return expired(`too old resource version: ${asked} (${oldest})`);
}

/** A resource version from the future, as after a restore from a backup. */
export function tooLarge(asked: number, current: number): Status {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return {
    code: 504,
    reason: 'Timeout',
    message: `Timeout: ${message}`,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
    retryAfter: 1,
  };
}

/** One thing that is wrong with a field. */
export interface FieldError {
  readonly field: string;
  readonly reason: 'FieldValueForbidden' | 'FieldValueInvalid' | 'FieldValueNotSupported' | 'FieldValueRequired';
  readonly message: string;
}

/** An object, or the options of a list, that is understood and wrong. `kind` is qualified by its group. */
export function invalid(kind: string, name: string, errors: readonly FieldError[]): Status {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const [singular, ...group] = kind.split('.');
  return {
    code: 422,
    reason: 'Invalid',
    message: `${kind} "${name}" is invalid: ${text}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(group.length === 0 ? {} : { group: group.join('.') }),
      kind: singular,
      causes: errors.map(({ field, reason, message }) => ({ reason, message, field })),
    },
  };
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Any status, for servers that have a bad day. */
export function anyStatus(code: number, message: string, retryAfter?: number): Status {
  return { code, reason: REASONS[code] ?? '', message, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

function detailsOf({ name: kind, group }: Resource, name: string): Readonly<Record<string, unknown>> {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind };
}
