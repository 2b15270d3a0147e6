/** The lines of a watch: events, each with its type and the object that it is about. */
import { isRecord } from '../reduce/reading.ts';
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

/** @throws Unreadable where the octets are no JSON */
export function parsed(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString());
  } catch {
    throw new Unreadable('the API server sends what is no JSON');
  }
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
