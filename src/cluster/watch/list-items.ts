/**
 * A List of the API, `{"kind":"ServiceList","metadata":{…},"items":[{…},{…}]}`, cut into its items as the octets arrive, so
 * that a list of any length is never held as a whole.
 *
 *     octets ─► outside the items ─────────────────────────────────────► envelope: metadata, parsed at the end
 *                  └─ "items": [ ─► depth and strings are followed ─► one item after another, as octets
 *
 * This is no parser: it finds where items begin and end, and JSON.parse decides whether they are JSON.
 */
import { isRecord } from '../reduce/reading.ts';
import { Unreadable } from './failure.ts';
import { Unfinished } from './unfinished.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Octets of a List outside its items. */
const ENVELOPE_SIZE = 65_536;

const ITEMS = '"items":';

/** What a list says of itself. */
export interface ListMetadata {
  readonly resourceVersion: string;
  /** The token for the next page; empty on the last. */
  readonly continue: string;
}

export class ItemCutter {
  readonly #limit: number;
  #place: 'before' | 'items' | 'after' = 'before';
  /** Lists and objects that are open. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Octets outside the items, without what is between them. */
  #envelope = '';
  /** The last octets at depth 1 but white space: where they spell `"items":`, a list that opens is that of the items. */
  #last = '';
  readonly #unfinished = new Unfinished();

  /** @param limit octets of one item */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The items that end in this chunk.
   * @throws Unreadable where an item is longer than the limit, or the rest is longer than that of any list
   */
  *push(chunk: Buffer): Generator<Buffer> {
    /** Where the current item begins in this chunk; -1 outside items. */
    let start = this.#unfinished.length > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at] ?? 0;
      const inItem = this.#place === 'items' && this.#depth >= 2;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (octet === BACKSLASH) this.#escaped = true;
        else if (octet === QUOTE) this.#inString = false;
        if (!inItem) this.#outside(octet);
        continue;
      }
      switch (octet) {
        case QUOTE:
          this.#inString = true;
          break;
        case OPEN_OBJECT:
        case OPEN_LIST:
          if (this.#place === 'items' && this.#depth === 2 && start < 0) start = at;
          this.#depth++;
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          this.#depth--;
          break;
        default:
      }
      if (this.#place !== 'items') {
        this.#outside(octet);
        if (octet === OPEN_LIST && this.#depth === 2 && this.#last.endsWith(`${ITEMS}[`)) this.#place = 'items';
      } else if (this.#depth === 1) {
        this.#place = 'after';
        this.#outside(octet);
      } else if (this.#depth === 2 && start >= 0) {
        yield this.#ended(chunk.subarray(start, at + 1));
        start = -1;
      } else if (start < 0 && octet > 0x20 && octet !== COMMA) {
        throw new Unreadable('the API server sends a list whose items are no objects');
      }
    }
    if (start >= 0) this.#hold(chunk.subarray(start));
  }

  /**
   * What the list says of itself, when all of it has come.
   * @throws Unreadable where it is not whole, or no list
   */
  finish(): ListMetadata {
    let list: unknown;
    try {
      list = JSON.parse(this.#envelope);
    } catch {
      throw new Unreadable('the API server sends a list that breaks off or is no JSON');
    }
    const metadata = isRecord(list) ? list['metadata'] : undefined;
    const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
    const next = isRecord(metadata) ? (metadata['continue'] ?? '') : '';
    if (typeof version !== 'string' || version === '' || typeof next !== 'string') {
      throw new Unreadable('the API server sends a list without a resource version');
    }
    return { resourceVersion: version, continue: next };
  }

  #outside(octet: number): void {
    if (this.#envelope.length >= ENVELOPE_SIZE) throw new Unreadable('the API server sends what is no list');
    const character = String.fromCharCode(octet);
    this.#envelope += character;
    if (octet > 0x20) this.#last = this.#depth > 2 ? '' : (this.#last + character).slice(-(ITEMS.length + 1));
  }

  #ended(rest: Buffer): Buffer {
    if (this.#unfinished.length === 0 && rest.length <= this.#limit) return rest;
    this.#hold(rest);
    return this.#unfinished.take();
  }

  #hold(part: Buffer): void {
    if (this.#unfinished.length + part.length > this.#limit) {
      throw new Unreadable(`the API server sends an object of more than ${this.#limit} octets`);
    }
    this.#unfinished.add(part);
  }
}
