/** Lines that no watch should have: what a test hands to `inject` and to the fault `text`. */
import { eventLine } from './collection.ts';
import { resources, type ResourceName } from './resources.ts';
import { anyStatus, expired, type Status, statusText } from './status.ts';

/** Text that can be read again and again. */
function restartable(make: () => Generator<string>): Iterable<string> {
  return { [Symbol.iterator]: make };
}

/** An object of a resource with a name and what else is given, without anything that the server keeps. */
export function bareObject(name: ResourceName, metadata: Readonly<Record<string, unknown>>, rest = {}): string {
  const { kind, apiVersion } = resources[name];
  return JSON.stringify({ kind, apiVersion, metadata, ...rest });
}

export const garbage = 'this is no JSON\n';
export const binary = '\u0000\u0001\ufffd{"type":\n';
export const emptyLine = '\n';
export const noObject = '{"type":"ADDED"}\n';
export const nullObject = '{"type":"MODIFIED","object":null}\n';
export const numberObject = '{"type":"MODIFIED","object":7}\n';
export const notAnEvent = '[1,2,3]\n';
export const noType = '{"object":{"kind":"Service","apiVersion":"v1","metadata":{"name":"a","namespace":"b"}}}\n';

/** An event whose type nobody knows. */
export function unknownType(name: ResourceName): string {
  return eventLine('RENAMED', bareObject(name, { name: 'renamed', namespace: 'nowhere', resourceVersion: '1' }));
}

/** The deletion of what never was. */
export function deletedUnknown(name: ResourceName, resourceVersion: number): string {
  const metadata = { name: 'never-was', namespace: 'nowhere', resourceVersion: String(resourceVersion) };
  return eventLine('DELETED', bareObject(name, metadata));
}

export function unversionedBookmark(name: ResourceName): string {
  return eventLine('BOOKMARK', bareObject(name, { creationTimestamp: null }));
}

/** An event without a resource version, about an object that may exist. */
export function unversioned(name: ResourceName, type: string, metadata: Readonly<Record<string, unknown>>): string {
  return eventLine(type, bareObject(name, metadata));
}

/** How a server says in the middle of a stream that it cannot go on. */
export function error(status: Status): string {
  return eventLine('ERROR', statusText(status));
}

export const gone = error(expired('The resourceVersion for the provided watch is too old.'));
export const internalError = error(anyStatus(500, 'etcdserver: leader changed'));

const STEP = 65_536;

/** A line that goes on for so many octets and does not end. */
export function endlessLine(octets = Infinity): Iterable<string> {
  return restartable(function* () {
    yield '{"type":"ADDED","object":{"kind":"Service","apiVersion":"v1","metadata":{"annotations":{"a":"';
    const step = 'a'.repeat(STEP);
    for (let sent = 0; sent < octets; sent += STEP) yield step;
  });
}

/** Valid events, one object changed over and over, until so many octets are sent. */
export function flood(name: ResourceName, octets = Infinity, lineOctets = 4096): Iterable<string> {
  return restartable(function* () {
    const annotations = { padding: 'a'.repeat(lineOctets) };
    const lines = Math.ceil(STEP / lineOctets);
    for (let sent = 0, i = 0; sent < octets;) {
      let text = '';
      for (let line = 0; line < lines; line++, i++) {
        const metadata = { name: 'flood', namespace: 'flood', resourceVersion: String(i + 1), annotations };
        text += eventLine(i === 0 ? 'ADDED' : 'MODIFIED', bareObject(name, metadata));
      }
      sent += text.length;
      yield text;
    }
  });
}
