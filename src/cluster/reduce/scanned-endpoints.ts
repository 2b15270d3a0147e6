/**
 * The endpoints of an EndpointSlice, read off the octets of its JSON without a value for each of its thousands of fields: a cluster's
 * slices are most of what its API server sends.
 *
 *     …,"endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true},…},{…}],…
 *                    ▲ start                                                     ▲ end
 *
 * It reads what API servers write: no white space, no escapes, IPv4 addresses, no field twice. Of anything else it says that it does not
 * understand it, and the octets are read as JSON is; what it understands means the same both ways.
 */
import { bounds } from '../../bounds.ts';
import type { Column } from '../objects.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LINE_FEED = 0x0a;

/** A field's octets with its quotes. */
const field = (name: string): Uint8Array => Buffer.from(`"${name}"`);
const ADDRESSES = field('addresses');
const CONDITIONS = field('conditions');
const READY = field('ready');
const HOSTNAME = field('hostname');
const TARGET = field('targetRef');
const NAME = field('name');
const ZONE = field('zone');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** A target's name counts only if it can be a label. */
export const TARGET_NAME_LIMIT = 64;
/** Values within each other, in fields that nobody reads. */
const DEPTH = 8;
/** Octets of an IPv4 address. */
const WIDTH = 4;

/** What the endpoints of a slice come to. */
export class ScannedEndpoints {
  /** Of all ready endpoints. */
  readonly addresses: Uint8Array;
  /** Addresses of those that are not. */
  readonly notReady: number;
  readonly hostnames: Column;
  readonly targets: Column;
  readonly zones: Column;
  readonly #json: Buffer;

  /** @param json of the list, borrowed */
  constructor(scanner: Scanner, json: Buffer) {
    this.addresses = scanner.addresses.slice(0, scanner.count * WIDTH);
    this.notReady = scanner.notReady;
    this.hostnames = scanner.hostnames.column;
    this.targets = scanner.targets.column;
    this.zones = scanner.zones.column;
    this.#json = json;
  }

  /** The endpoints as JSON gives them; to be asked for while the octets are still there. */
  list(): unknown {
    return JSON.parse(this.#json.toString());
  }
}

/** Texts with line feeds between them, as octets. */
class ColumnScan {
  readonly #room = Buffer.allocUnsafeSlow(65_536);
  #length = 0;
  #isEmpty = true;

  begin(): void {
    this.#length = 0;
    this.#isEmpty = true;
  }

  /** Adds the octets, in lower case where that is wanted; false where there is no room. */
  add(octets: Uint8Array, start: number, end: number, lowered: boolean): boolean {
    const room = this.#room;
    if (this.#length + end - start >= room.length) return false;
    for (let at = start; at < end; at++) {
      const octet = octets[at] ?? 0;
      room[this.#length++] = lowered && octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    }
    room[this.#length++] = LINE_FEED;
    if (end > start) this.#isEmpty = false;
    return true;
  }

  get column(): Column {
    return this.#isEmpty ? undefined : this.#room.toString('latin1', 0, this.#length - 1);
  }
}

class Scanner {
  readonly addresses = new Uint8Array(bounds.sliceEndpoints * WIDTH);
  readonly hostnames = new ColumnScan();
  readonly targets = new ColumnScan();
  readonly zones = new ColumnScan();
  count = 0;
  notReady = 0;
  #octets: Uint8Array = new Uint8Array();
  #at = 0;
  /** Of the text that was read last. */
  #textStart = 0;
  #textEnd = 0;

  /** Reads a list that begins at `start`. Gives where it ends, or -1 where it is not understood. */
  scan(octets: Uint8Array, start: number): number {
    this.#octets = octets;
    this.#at = start;
    this.count = 0;
    this.notReady = 0;
    this.hostnames.begin();
    this.targets.begin();
    this.zones.begin();
    let endpoints = 0;
    if (!this.#take(OPEN_LIST)) return -1;
    do {
      if (++endpoints > bounds.sliceEndpoints || !this.#endpoint()) return -1;
    } while (this.#take(COMMA));
    return this.#take(CLOSE_LIST) ? this.#at : -1;
  }

  #endpoint(): boolean {
    let isReady = true;
    let added = -1;
    let hostname = 0;
    let hostnameEnd = 0;
    let target = 0;
    let targetEnd = 0;
    let zone = 0;
    let zoneEnd = 0;
    /** A bit for each field that has been there. */
    let seen = 0;
    if (!this.#take(OPEN_OBJECT)) return false;
    do {
      let bit = 0;
      if (this.#takeAll(ADDRESSES)) {
        bit = 1;
        if (!this.#take(COLON) || (added = this.#addressList()) < 0) return false;
      } else if (this.#takeAll(CONDITIONS)) {
        bit = 2;
        const ready = this.#take(COLON) ? this.#conditions() : -1;
        if (ready < 0) return false;
        isReady = ready === 1;
      } else if (this.#takeAll(HOSTNAME)) {
        bit = 4;
        if (!this.#take(COLON) || !this.#text()) return false;
        hostname = this.#textStart;
        hostnameEnd = this.#textEnd;
      } else if (this.#takeAll(TARGET)) {
        bit = 8;
        if (!this.#take(COLON) || !this.#target()) return false;
        target = this.#textStart;
        targetEnd = this.#textEnd;
      } else if (this.#takeAll(ZONE)) {
        bit = 16;
        if (!this.#take(COLON) || !this.#text()) return false;
        zone = this.#textStart;
        zoneEnd = this.#textEnd;
      } else if (!this.#skipField()) {
        return false;
      }
      if ((seen & bit) !== 0) return false;
      seen |= bit;
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_OBJECT)) return false;
    if (!isReady) {
      this.notReady += Math.max(added, 0);
      return true;
    }
    if (targetEnd - target >= TARGET_NAME_LIMIT) targetEnd = target;
    for (let i = 0; i < added; i++) {
      this.count++;
      if (
        !this.hostnames.add(this.#octets, hostname, hostnameEnd, false) ||
        !this.targets.add(this.#octets, target, targetEnd, false) ||
        !this.zones.add(this.#octets, zone, zoneEnd, true)
      ) {
        return false;
      }
    }
    return true;
  }

  /** Reads addresses behind those that count already. Gives how many there are, or -1. */
  #addressList(): number {
    let added = 0;
    if (!this.#take(OPEN_LIST)) return -1;
    if (this.#take(CLOSE_LIST)) return 0;
    do {
      const to = (this.count + added++) * WIDTH;
      if (to >= this.addresses.length || !this.#ipv4(to)) return -1;
    } while (this.#take(COMMA));
    return this.#take(CLOSE_LIST) ? added : -1;
  }

  /** Four numbers without leading zeros, in quotes: there is one way to write each address. */
  #ipv4(to: number): boolean {
    if (!this.#take(QUOTE)) return false;
    for (let i = 0; i < WIDTH; i++) {
      if (i > 0 && !this.#take(DOT)) return false;
      const start = this.#at;
      let octet = 0;
      for (;;) {
        const digit = this.#octets[this.#at] ?? 0;
        if (digit < ZERO || digit > NINE) break;
        if (this.#at > start && octet === 0) return false;
        octet = octet * 10 + digit - ZERO;
        if (octet > 255) return false;
        this.#at++;
      }
      if (this.#at === start) return false;
      this.addresses[to + i] = octet;
    }
    return this.#take(QUOTE);
  }

  /** Whether the endpoint is ready: 1 or 0, or -1 where it is not understood. */
  #conditions(): number {
    let ready = 1;
    let isSeen = false;
    if (!this.#take(OPEN_OBJECT)) return -1;
    if (this.#take(CLOSE_OBJECT)) return ready;
    do {
      if (this.#takeAll(READY)) {
        if (isSeen || !this.#take(COLON)) return -1;
        isSeen = true;
        if (this.#takeAll(FALSE)) ready = 0;
        else if (!this.#takeAll(TRUE)) return -1;
      } else if (!this.#skipField()) {
        return -1;
      }
    } while (this.#take(COMMA));
    return this.#take(CLOSE_OBJECT) ? ready : -1;
  }

  /** The name of the target becomes the text that was read last; an empty one where it has none. */
  #target(): boolean {
    let start = 0;
    let end = 0;
    let isSeen = false;
    if (!this.#take(OPEN_OBJECT)) return false;
    if (!this.#take(CLOSE_OBJECT)) {
      do {
        if (this.#takeAll(NAME)) {
          if (isSeen || !this.#take(COLON) || !this.#text()) return false;
          isSeen = true;
          start = this.#textStart;
          end = this.#textEnd;
        } else if (!this.#skipField()) {
          return false;
        }
      } while (this.#take(COMMA));
      if (!this.#take(CLOSE_OBJECT)) return false;
    }
    this.#textStart = start;
    this.#textEnd = end;
    return true;
  }

  /** A text of ASCII. */
  #text(): boolean {
    if (!this.#take(QUOTE)) return false;
    const octets = this.#octets;
    const start = this.#at;
    for (let at = start; ; at++) {
      const octet = octets[at] ?? 0;
      if (octet === QUOTE) {
        this.#textStart = start;
        this.#textEnd = at;
        this.#at = at + 1;
        return true;
      }
      if (octet < 0x20 || octet >= 0x7f || octet === BACKSLASH) return false;
    }
  }

  #skipField(): boolean {
    return this.#skipText() && this.#take(COLON) && this.#skipValue(DEPTH);
  }

  #skipText(): boolean {
    if (!this.#take(QUOTE)) return false;
    const octets = this.#octets;
    for (let at = this.#at; ; at++) {
      const octet = octets[at] ?? 0;
      if (octet === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      if (octet < 0x20 || octet === BACKSLASH) return false;
    }
  }

  #skipValue(depth: number): boolean {
    switch (this.#octets[this.#at]) {
      case QUOTE:
        return this.#skipText();
      case OPEN_OBJECT:
        this.#at++;
        if (this.#take(CLOSE_OBJECT)) return true;
        do {
          if (depth === 0 || !this.#skipText() || !this.#take(COLON) || !this.#skipValue(depth - 1)) return false;
        } while (this.#take(COMMA));
        return this.#take(CLOSE_OBJECT);
      case OPEN_LIST:
        this.#at++;
        if (this.#take(CLOSE_LIST)) return true;
        do {
          if (depth === 0 || !this.#skipValue(depth - 1)) return false;
        } while (this.#take(COMMA));
        return this.#take(CLOSE_LIST);
      default:
        return this.#takeAll(TRUE) || this.#takeAll(FALSE) || this.#takeAll(NULL);
    }
  }

  #take(octet: number): boolean {
    if (this.#octets[this.#at] !== octet) return false;
    this.#at++;
    return true;
  }

  #takeAll(wanted: Uint8Array): boolean {
    const { length } = wanted;
    for (let i = 0; i < length; i++) if (this.#octets[this.#at + i] !== wanted[i]) return false;
    this.#at += length;
    return true;
  }
}

const scanner = new Scanner();

export interface Scan {
  readonly endpoints: ScannedEndpoints;
  /** Where the list ends. */
  readonly end: number;
}

/** The endpoints whose list begins at `start`; undefined where it is not understood. */
export function scanEndpoints(octets: Buffer, start: number): Scan | undefined {
  const end = scanner.scan(octets, start);
  return end < 0 ? undefined : { endpoints: new ScannedEndpoints(scanner, octets.subarray(start, end)), end };
}
