/**
 * What a list or a watch is asked for: ListOptions of the Kubernetes API, read from a query and checked as the real server
 * checks them. Parameters that nobody knows are ignored.
 */
import type { Resource } from './resources.ts';
import { fieldMatcher, labelMatcher } from './selectors.ts';
import { badRequest, type FieldError, invalid, Refusal } from './status.ts';
import type { StoredObject } from './stored.ts';

/**
 * What the server makes of `sendInitialEvents`: streams (1.32 and later), refuses it as its feature gate is off, refuses
 * `resourceVersionMatch` with a watch (1.19 to 1.26, which do not know the other parameter), or ignores both.
 */
export type StreamingLists = 'on' | 'gated' | 'unknown' | 'ignored';

export interface ListOptions {
  readonly isWatch: boolean;
  /** As it was given; empty if it was not. */
  readonly resourceVersion: string;
  /** The same as a number; 0 if it was not given. */
  readonly version: number;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** 0 for no limit. */
  readonly limit: number;
  readonly continue: string;
  /** Seconds; 0 if not given. */
  readonly timeoutSeconds: number;
  readonly allowsBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly hasSelector: boolean;
  isSelected(object: StoredObject): boolean;
}

/** Throws a 400 or a 422. */
export function listOptions(query: URLSearchParams, resource: Resource, streaming: StreamingLists): ListOptions {
  const isWatch = flag(query, 'watch') ?? false;
  const sendInitialEvents = flag(query, 'sendInitialEvents');
  const given = {
    isWatch,
    resourceVersion: query.get('resourceVersion') ?? '',
    match: query.get('resourceVersionMatch') ?? '',
    continue: query.get('continue') ?? '',
    sendInitialEvents,
  };
  const limit = whole(query, 'limit');
  const timeoutSeconds = whole(query, 'timeoutSeconds');
  const labelText = query.get('labelSelector') ?? '';
  const fieldText = query.get('fieldSelector') ?? '';
  const byLabel = labelMatcher(labelText);
  const byField = fieldMatcher(fieldText, ['metadata.name', 'metadata.namespace', ...resource.fields]);
  const isSilent = streaming === 'ignored' && isWatch;
  if (!isSilent) check(given, streaming);
  if (!/^\d*$/.test(given.resourceVersion)) {
    throw new Refusal(badRequest(`invalid resource version: "${given.resourceVersion}" is not a number`));
  }
  return {
    ...given,
    version: Number(given.resourceVersion),
    match: given.match === 'Exact' || given.match === 'NotOlderThan' ? given.match : '',
    limit: Math.max(0, limit),
    timeoutSeconds: Math.max(0, timeoutSeconds),
    allowsBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: streaming === 'on' ? sendInitialEvents : undefined,
    hasSelector: labelText !== '' || fieldText !== '',
    isSelected: (object) => byLabel(object.labels) && byField(object.fields),
  };
}

/** Only its absence, `false` and `0` say no; the empty text says yes. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : text.toLowerCase() !== 'false' && text !== '0';
}

function whole(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === '') return 0;
  if (!/^[+-]?\d{1,18}$/.test(text)) {
    throw new Refusal(badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax (${name})`));
  }
  return Number(text);
}

interface Given {
  readonly isWatch: boolean;
  readonly resourceVersion: string;
  readonly match: string;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
}

function check(given: Given, streaming: StreamingLists): void {
  const errors = given.isWatch ? watchErrors(given, streaming) : listErrors(given, streaming);
  if (errors.length > 0) throw new Refusal(invalid('ListOptions.meta.k8s.io', '', errors));
}

function no(field: string, message: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${message}` };
}

function unsupported(match: string, supported: readonly string[]): FieldError {
  const names = supported.map((name) => `"${name}"`).join(', ');
  return {
    field: 'resourceVersionMatch',
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: "${match}": supported values: ${names}`,
  };
}

function listErrors(given: Given, streaming: StreamingLists): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { match } = given;
  if (match !== '') {
    if (given.resourceVersion === '') {
      errors.push(no('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (given.continue !== '') {
      errors.push(no('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(unsupported(match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && given.resourceVersion === '0') {
      errors.push(no('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (given.sendInitialEvents !== undefined && streaming !== 'unknown') {
    errors.push(no('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function watchErrors(given: Given, streaming: StreamingLists): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { match } = given;
  if (streaming === 'unknown') {
    if (match !== '') errors.push(no('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch'));
    return errors;
  }
  if (given.sendInitialEvents !== undefined) {
    if (match !== 'NotOlderThan') {
      errors.push(
        no('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
      );
    }
    if (streaming === 'gated') {
      const gate = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
      errors.push(no('sendInitialEvents', gate));
    }
  }
  if (match !== '') {
    if (given.sendInitialEvents === undefined) {
      const unless = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
      errors.push(no('resourceVersionMatch', unless));
    }
    if (match !== 'NotOlderThan') errors.push(unsupported(match, ['NotOlderThan']));
    if (given.continue !== '') {
      errors.push(no('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    }
  }
  return errors;
}
