/**
 * What of the API server's streams has arrived at the program: read from the octets that the proxy hands on.
 *
 *     octets of one connection ─► responses ─► lines or lists ─► (stream, resource version) ─► after a moment: delivered
 *
 * An event counts as delivered some time after its last octet was written to the program's socket, if the connection lived until
 * then: a reset throws away what was not read. What comes after something that no API server says is not counted.
 */
import { NOWHERE, type Places, RESOURCES, type WatchedResource } from './history.ts';
import type { Delivered } from './judge.ts';

const PATHS: ReadonlyMap<string, WatchedResource> = new Map([
  ['/api/v1/namespaces', 'namespaces'],
  ['/api/v1/services', 'services'],
  ['/apis/discovery.k8s.io/v1/endpointslices', 'endpointslices'],
]);
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

interface Arrival {
  readonly resource: WatchedResource;
  readonly place: number;
  /** `performance.now()` from which on it counts. */
  readonly counts: number;
  readonly connection: Connection;
}

/** The places that the program has certainly reached. */
export class Delivery implements Delivered {
  readonly #grace: number;
  readonly #now: () => number;
  #waiting: Arrival[] = [];
  #places: Places = NOWHERE;

  /** @param grace milliseconds that the program is given for what has been written to its socket */
  constructor(grace: number, now: () => number = () => performance.now()) {
    this.#grace = grace;
    this.#now = now;
  }

  /** Nothing has been delivered to the process that starts now. */
  reset(): void {
    this.#waiting = [];
    this.#places = NOWHERE;
  }

  /** All that comes over a connection from now on goes through the result. */
  connection(): Connection {
    return new Connection((connection, resource, place) => {
      this.#waiting.push({ connection, resource, place, counts: this.#now() + this.#grace });
    });
  }

  places(): Places {
    const now = this.#now();
    const [first] = this.#waiting;
    if (first === undefined || first.counts > now) return this.#places;
    const due = this.#waiting.filter(({ counts }) => counts <= now);
    this.#waiting = this.#waiting.filter(({ counts }) => counts > now);
    const places = { ...this.#places };
    for (const { connection, resource, place } of due) {
      // A connection that was closed in between may have been reset before all of it was read.
      if (connection.isOpen) places[resource] = Math.max(places[resource], place);
    }
    this.#places = places;
    return places;
  }
}

interface Asked {
  readonly resource: WatchedResource | undefined;
  readonly isWatch: boolean;
  readonly hasInitialEvents: boolean;
}

const NOT_ASKED: Asked = { resource: undefined, isWatch: false, hasInitialEvents: false };

/** One connection of the program to the API server (RFC 9112). */
export class Connection {
  readonly #arrived: (connection: Connection, resource: WatchedResource, place: number) => void;
  readonly #asked: Asked[] = [];
  #request = '';
  #isOpen = true;
  /** What is left over of the response, before it is understood. */
  #raw = '';
  #state: 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'lost' = 'head';
  #left = 0;
  #status = 0;
  #current: Asked = NOT_ASKED;
  /** The body, as far as it is no whole line. */
  #body = '';
  #isInitial = false;
  /** Something came that no API server says: the rest of the body does not count. */
  #isSpoilt = false;

  constructor(arrived: (connection: Connection, resource: WatchedResource, place: number) => void) {
    this.#arrived = arrived;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  closed(): void {
    this.#isOpen = false;
  }

  /** Octets from the program. Its requests have no bodies. */
  toServer(octets: Buffer): void {
    this.#request += octets.toString('latin1');
    for (let end = this.#request.indexOf('\r\n\r\n'); end >= 0; end = this.#request.indexOf('\r\n\r\n')) {
      this.#asked.push(askedBy(this.#request.slice(0, end)));
      this.#request = this.#request.slice(end + 4);
    }
  }

  /** Octets that have been written to the program. */
  toProgram(octets: Buffer): void {
    if (this.#state === 'lost') return;
    // Nothing that is looked for is outside ASCII.
    this.#raw += octets.toString('latin1');
    while (this.#step());
  }

  /** True where there may be more to understand. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#head();
      case 'length':
        return this.#take('head');
      case 'chunk-size': {
        const line = this.#line();
        if (line === undefined) return false;
        this.#left = Number.parseInt(line, 16);
        if (Number.isNaN(this.#left)) return this.#lose();
        this.#state = this.#left === 0 ? 'chunk-end' : 'chunk';
        if (this.#left === 0) this.#bodyEnded();
        return true;
      }
      case 'chunk':
        return this.#take('chunk-end');
      case 'chunk-end': {
        if (this.#line() === undefined) return false;
        this.#state = this.#left < 0 ? 'chunk-size' : 'head';
        return true;
      }
      case 'lost':
        return false;
    }
  }

  #head(): boolean {
    const end = this.#raw.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#raw.slice(0, end).toLowerCase();
    this.#raw = this.#raw.slice(end + 4);
    this.#status = Number(head.slice(9, 12));
    this.#current = this.#asked.shift() ?? NOT_ASKED;
    this.#isInitial = this.#current.hasInitialEvents;
    this.#body = '';
    this.#isSpoilt = false;
    // What is compressed is not looked into.
    if (head.includes('content-encoding:')) this.#current = NOT_ASKED;
    const length = /content-length: *(\d+)/.exec(head)?.[1];
    this.#left = Number(length ?? 0);
    this.#state = length === undefined ? 'chunk-size' : 'length';
    return true;
  }

  #line(): string | undefined {
    const end = this.#raw.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.#raw.slice(0, end);
    this.#raw = this.#raw.slice(end + 2);
    return line;
  }

  /** The part of the body that is announced, as far as it is there. */
  #take(next: 'head' | 'chunk-end'): boolean {
    const part = this.#raw.slice(0, this.#left);
    this.#raw = this.#raw.slice(part.length);
    this.#left -= part.length;
    this.#bodyPart(part);
    if (this.#state === 'lost' || this.#left > 0) return false;
    if (next === 'head') this.#bodyEnded();
    else this.#left = -1;
    this.#state = next;
    return true;
  }

  #bodyPart(part: string): void {
    if (this.#current.resource === undefined || this.#status !== 200 || this.#isSpoilt) return;
    this.#body += part;
    if (!this.#current.isWatch) return;
    const lines = this.#body.split('\n');
    this.#body = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') continue;
      this.#isSpoilt = !this.#event(line, this.#current.resource);
      if (this.#isSpoilt) return;
    }
  }

  /** False where it is none. */
  #event(line: string, resource: WatchedResource): boolean {
    const event = parsed(line);
    const place = Number(event?.object?.metadata?.resourceVersion);
    const type = event?.type;
    if (!['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(String(type))) return false;
    if (!(place > 0)) return true;
    if (this.#isInitial) {
      if (type !== 'BOOKMARK' || event?.object?.metadata?.annotations?.[INITIAL_EVENTS_END] !== 'true') return true;
      this.#isInitial = false;
    }
    this.#arrived(this, resource, place);
    return true;
  }

  #bodyEnded(): void {
    const { resource, isWatch } = this.#current;
    if (resource === undefined || isWatch || this.#status !== 200) return;
    const list = parsed(this.#body);
    const place = Number(list?.metadata?.resourceVersion);
    if (place > 0 && (list?.metadata?.continue ?? '') === '') this.#arrived(this, resource, place);
  }

  /** Nothing more of this connection is counted. */
  #lose(): false {
    this.#state = 'lost';
    this.#raw = '';
    return false;
  }
}

function askedBy(head: string): Asked {
  const [, target = '/'] = head.split(' ');
  const { pathname, searchParams } = new URL(target, 'http://any');
  return {
    resource: PATHS.get(pathname),
    isWatch: searchParams.get('watch') === 'true',
    hasInitialEvents: searchParams.get('sendInitialEvents') === 'true',
  };
}

interface Metadata {
  readonly resourceVersion?: unknown;
  readonly continue?: unknown;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** What is looked at of an event or a list. */
interface Json {
  readonly type?: unknown;
  readonly metadata?: Metadata;
  readonly object?: { readonly metadata?: Metadata } | null;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** Undefined for what is no JSON: an API server of bad days says that too. */
function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** All of them have been delivered. */
export function isComplete(places: Places): boolean {
  return RESOURCES.every((resource) => places[resource] > 0);
}
