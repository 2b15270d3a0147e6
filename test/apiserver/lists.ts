/**
 * A list or one page of it: which state of the collection is asked for, and its text, made piece by piece.
 *
 * | asked for                        | answered from                                    |
 * |----------------------------------|--------------------------------------------------|
 * | nothing                          | the state now                                    |
 * | `resourceVersion=0`              | the state now, all of it: a limit is ignored     |
 * | a version, and a limit or Exact  | the state at that version, 410 where forgotten   |
 * | a version otherwise              | the state now, 504 where it is not so far        |
 * | `continue`                       | the state of the first page, 410 where forgotten |
 */
import type { Collection } from './collection.ts';
import { at, textAt } from './json.ts';
import type { ListOptions } from './parameters.ts';
import { badRequest, expired, Refusal, tooLarge, tooOld } from './status.ts';
import { listItem, type StoredObject } from './stored.ts';

export interface Page {
  readonly collection: Collection;
  readonly resourceVersion: number;
  readonly items: readonly StoredObject[];
  /** Empty on the last page. */
  readonly next: string;
  /** Undefined where the server does not count, as with selectors. */
  readonly remaining: number | undefined;
}

/** Text that is written at once: enough that few writes are needed, and little enough to keep the loop free. */
const PIECE = 65_536;

/** What to list from: `revision` is the last change that the answer may know of. Throws a 400, 410 or 504. */
export function page(collection: Collection, options: ListOptions, namespace: string, revision: number): Page {
  const from = start(collection, options, namespace, revision);
  const prefix = namespace === '' ? '' : `${namespace}/`;
  const all = collection.sortedAt(from.resourceVersion);
  const limit = options.resourceVersion === '0' && options.continue === '' ? 0 : options.limit;
  const items: StoredObject[] = [];
  let i = firstAfter(all, `${prefix}${from.start}`);
  for (; i < all.length; i++) {
    const object = all[i];
    if (object === undefined || !object.key.startsWith(prefix) || (limit > 0 && items.length === limit)) break;
    if (options.isSelected(object)) items.push(object);
  }
  const isCut = limit > 0 && items.length === limit && all[i]?.key.startsWith(prefix) === true;
  return {
    collection,
    resourceVersion: from.resourceVersion,
    items,
    // The token may lead to a page without objects, where none of the rest is selected; the real server cannot tell either.
    next: isCut ? token(from.resourceVersion, `${all[i - 1]?.key.slice(prefix.length) ?? ''}\0`) : '',
    remaining: isCut && !options.hasSelector ? firstAfter(all, `${prefix}\uffff`) - i : undefined,
  };
}

interface Start {
  readonly resourceVersion: number;
  /** The first key that may be listed, below the namespace. */
  readonly start: string;
}

function start(collection: Collection, options: ListOptions, namespace: string, revision: number): Start {
  if (options.continue !== '') return continued(collection, options, revision);
  const { version } = options;
  if (version > revision) throw new Refusal(tooLarge(version, revision));
  const isExact = version > 0 && (options.match === 'Exact' || (options.match === '' && options.limit > 0));
  if (!isExact) return { resourceVersion: revision, start: '' };
  if (collection.isForgotten(version)) throw new Refusal(tooOld(version, collection.floor));
  return { resourceVersion: version, start: '' };
}

function continued(collection: Collection, options: ListOptions, revision: number): Start {
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw new Refusal(badRequest('specifying resource version is not allowed when using continue'));
  }
  const from = readToken(options.continue);
  if (from.resourceVersion < 0) return { resourceVersion: revision, start: from.start };
  if (from.resourceVersion > revision) throw new Refusal(tooLarge(from.resourceVersion, revision));
  if (collection.isForgotten(from.resourceVersion)) {
    const message = 'The provided continue parameter is too old: start again, or go on without consistency';
    throw new Refusal(expired(message, token(-1, from.start)));
  }
  return from;
}

function token(resourceVersion: number, first: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: resourceVersion, start: first })).toString('base64url');
}

function readToken(text: string): Start {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const version = at(value, 'rv');
    if (textAt(value, 'v') === 'meta.k8s.io/v1' && Number.isInteger(version) && version !== 0) {
      return { resourceVersion: Number(version), start: textAt(value, 'start') };
    }
  } catch {
    // Not JSON: no token of this server.
  }
  throw new Refusal(badRequest('continue key is not valid'));
}

/** The index of the first object whose key is not before `key`. */
function firstAfter(sorted: readonly StoredObject[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The list as text, in pieces. */
export function* listText({ collection, resourceVersion, items, next, remaining }: Page): Generator<string> {
  const { kind, apiVersion } = collection.resource;
  const metadata = {
    resourceVersion: String(resourceVersion),
    ...(next === '' ? {} : { continue: next }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  let text = `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
  let comma = '';
  for (const item of items) {
    text += comma + listItem(item);
    comma = ',';
    if (text.length >= PIECE) {
      yield text;
      text = '';
    }
  }
  yield `${text}]}\n`;
}
