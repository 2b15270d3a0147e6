/** The lines of a watch: events, each with its type and the object that it is about. */
import { randomUUID } from 'node:crypto';
import { isRecord } from '../reduce/reading.ts';
import { scanEndpoints } from '../reduce/scanned-endpoints.ts';
import { Unreadable } from './failure.ts';

/** A resource version is a number in practice; nothing longer is sent back. */
const VERSION_LENGTH = 256;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** What one line of a watch says. */
export interface WatchEvent {
  readonly type: unknown;
  readonly object: unknown;
}

/** @throws Unreadable where the line is no event */
export function readEvent(line: Buffer): WatchEvent {
  const event = parsed(line);
  if (!isRecord(event)) throw new Unreadable('the API server sends an event that is no object');
  return { type: event['type'], object: event['object'] };
}

/**
 * An object, or an event with one. The endpoints of a slice are `ScannedEndpoints` where they are written as API servers do; those
 * borrow the octets.
 * @throws Unreadable where the octets are no JSON
 */
export function parsed(octets: Buffer): unknown {
  try {
    return withScannedEndpoints(octets) ?? JSON.parse(octets.toString());
  } catch {
    throw new Unreadable('the API server sends what is no JSON');
  }
}

const ENDPOINTS = '"endpoints":';
const LIST_BEGINS = Buffer.from(`${ENDPOINTS}[{`);
/** Stands in the place of the list: nobody else can have written it there. */
const CUT = randomUUID();

/** Undefined where there are no endpoints, or where they are not understood. */
function withScannedEndpoints(octets: Buffer): unknown {
  const at = octets.indexOf(LIST_BEGINS);
  const scan = at < 0 ? undefined : scanEndpoints(octets, at + ENDPOINTS.length);
  if (scan === undefined) return undefined;
  const before = octets.toString('utf8', 0, at);
  const value: unknown = JSON.parse(`${before}${ENDPOINTS}"${CUT}"${octets.toString('utf8', scan.end)}`);
  const event = isRecord(value) ? value['object'] : undefined;
  const object = isRecord(event) ? event : value;
  // Elsewhere it was another's field of that name.
  if (!isRecord(object) || object['endpoints'] !== CUT) return undefined;
  Object.assign(object, { endpoints: scan.endpoints });
  return value;
}

function metadataOf(object: unknown): Readonly<Record<string, unknown>> {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  return isRecord(metadata) ? metadata : {};
}

/** The resource version of an object; undefined where it has none to go on from. */
export function versionOf(object: unknown): string | undefined {
  const version = metadataOf(object)['resourceVersion'];
  if (typeof version !== 'string' || version === '' || version.length > VERSION_LENGTH) return undefined;
  return version;
}

/** True for the bookmark behind the last object of a streaming list. */
export function isEndOfInitialEvents({ type, object }: WatchEvent): boolean {
  if (type !== 'BOOKMARK') return false;
  const { annotations } = metadataOf(object);
  return isRecord(annotations) && annotations[INITIAL_EVENTS_END] === 'true';
}
