/**
 * One open watch: the initial events, where they are asked for, then each change of the collection as it happens. It holds
 * no queue of its own: it remembers how far in the collection's history it has come, and ends where a slow client lets that
 * be forgotten, as the real server does.
 */
import type { Body } from './body.ts';
import { type Collection, eventLine } from './collection.ts';
import type { FaultOf, Telling } from './faults.ts';
import type { ListOptions } from './parameters.ts';
import { statusText, tooOld } from './status.ts';
import { type StoredObject, wholeObject } from './stored.ts';

export interface WatchSettings {
  /** Milliseconds from one bookmark to the next; 0 for none but those that are asked for by `bookmark()`. */
  readonly bookmarkMilliseconds: number;
  /** Seconds for which a watch lasts that names no time itself. */
  readonly defaultTimeoutSeconds: number;
  readonly tellings: ReadonlySet<Telling>;
  readonly text: FaultOf<'text'> | undefined;
  /** The last change of anything, as of now. */
  revision(): number;
}

export interface Asked {
  readonly options: ListOptions;
  readonly namespace: string;
  /** The state that the watch starts from: now, unless the server lags behind. */
  readonly revision: number;
}

/** Text that is gathered before it is written. */
const PIECE = 65_536;

/** Without a resource version, a watch tells the state first; with `sendInitialEvents`, that says whether it does. */
export function startsAnew(options: ListOptions): boolean {
  return options.sendInitialEvents ?? (options.resourceVersion === '' || options.resourceVersion === '0');
}

export class Watch {
  readonly collection: Collection;
  readonly #body: Body;
  readonly #asked: Asked;
  readonly #settings: WatchSettings;
  readonly #isSelected: (object: StoredObject) => boolean;
  /** Everything up to this resource version is told. */
  #told: number;
  /** What is still to be said before the changes. */
  #opening: Iterator<string> | undefined;
  #mayWrite = true;
  #isPumping = false;
  #held: Buffer | undefined;
  readonly #stops: (() => void)[] = [];

  constructor(collection: Collection, body: Body, asked: Asked, settings: WatchSettings) {
    this.collection = collection;
    this.#body = body;
    this.#asked = asked;
    this.#settings = settings;
    const { options, namespace } = asked;
    this.#isSelected = (object) => (namespace === '' || object.namespace === namespace) && options.isSelected(object);
    this.#told = startsAnew(options) || options.version === 0 ? asked.revision : options.version;
  }

  /** Begins to send; `ended` is called once, when the stream is over. */
  start(ended: () => void): void {
    if (!this.#body.isOpen) {
      ended();
      return;
    }
    this.#body.onDrain(() => {
      this.#mayWrite = true;
      this.#pump();
    });
    this.#body.onClose(() => {
      this.#stop();
      ended();
    });
    this.#opening = this.#openingText();
    this.#stops.push(this.collection.follow(() => this.#pump()));
    const { bookmarkMilliseconds, defaultTimeoutSeconds } = this.#settings;
    if (bookmarkMilliseconds > 0) {
      const timer = setInterval(() => this.bookmark(), bookmarkMilliseconds);
      this.#stops.push(() => clearInterval(timer));
    }
    const seconds = this.#asked.options.timeoutSeconds || defaultTimeoutSeconds;
    const timer = setTimeout(() => this.#body.end(), seconds * 1000);
    this.#stops.push(() => clearTimeout(timer));
    this.#pump();
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  *#openingText(): Generator<string> {
    const { text } = this.#settings;
    if (text?.place === 'first') yield* text.text;
    if (text?.place === 'first' && text.after === 'end') return this.#body.end();
    if (startsAnew(this.#asked.options)) yield* this.#initialEvents();
    if (text?.place === 'after-initial') yield* text.text;
    if (text?.place === 'after-initial' && text.after === 'end') this.#body.end();
  }

  *#initialEvents(): Generator<string> {
    const { options, revision } = this.#asked;
    let gathered = '';
    for (const object of this.collection.sortedAt(revision)) {
      if (!this.#isSelected(object)) continue;
      gathered += eventLine('ADDED', wholeObject(object));
      if (gathered.length < PIECE) continue;
      yield gathered;
      gathered = '';
    }
    // The real server sends this bookmark only where bookmarks are allowed; a list without it never ends.
    if (options.sendInitialEvents === true && options.allowsBookmarks) gathered += this.#bookmarkLine(revision, true);
    if (gathered !== '') yield gathered;
  }

  /** Sends whatever can be sent now. A change of the state in the middle of it is taken along. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pumpOpening();
    if (this.#opening === undefined) this.#pumpChanges();
    this.#isPumping = false;
  }

  #pumpOpening(): void {
    while (this.#opening !== undefined && this.#canWrite()) {
      const next = this.#opening.next();
      if (next.done === true) this.#opening = undefined;
      else this.#mayWrite = this.#body.write(next.value);
    }
  }

  #pumpChanges(): void {
    if (this.#canWrite() && this.collection.hasLost(this.#told)) return this.expire();
    let index = this.collection.indexAfter(this.#told);
    while (this.#canWrite()) {
      const change = this.collection.changeAt(index++);
      if (change === undefined) return;
      this.#told = change.resourceVersion;
      const line = change.lineFor(this.#isSelected);
      if (line !== undefined) this.#tell(line);
    }
  }

  #canWrite(): boolean {
    return this.#mayWrite && this.#body.isOpen;
  }

  #tell(line: Buffer): void {
    const { tellings } = this.#settings;
    if (tellings.has('swapped') && this.#held === undefined) {
      this.#held = line;
      return;
    }
    this.#write(line);
    if (tellings.has('twice')) this.#write(line);
    this.#release();
  }

  /** Sends the event that was held back so that another could go first. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#write(held);
  }

  #write(data: string | Buffer): void {
    this.#mayWrite = this.#body.write(data);
  }

  /** Says how far the stream has come, if the client takes bookmarks and all of it is sent. */
  bookmark(): void {
    if (!this.#asked.options.allowsBookmarks || this.#opening !== undefined || !this.#mayWrite) return;
    this.#release();
    const revision = this.#settings.revision();
    this.#told = Math.max(this.#told, revision);
    this.#write(this.#bookmarkLine(this.#told, false));
  }

  #bookmarkLine(revision: number, isEnd: boolean): string {
    const { kind, apiVersion, blank } = this.collection.resource;
    const isVersioned = !this.#settings.tellings.has('unversioned-bookmarks');
    const metadata = JSON.stringify({
      ...(isVersioned ? { resourceVersion: String(revision) } : {}),
      creationTimestamp: null,
      ...(isEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    });
    return eventLine('BOOKMARK', `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${metadata}${blank}}`);
  }

  /** Raw text, as it is, between two events. */
  inject(text: string): void {
    this.#write(text);
  }

  /** Says that the watch cannot go on from where it is, and ends it. */
  expire(): void {
    this.#write(eventLine('ERROR', statusText(tooOld(this.#told, this.collection.floor))));
    this.#body.end();
  }

  /** Ends the stream in this way. */
  cut(how: Parameters<Body['cut']>[0]): void {
    this.#body.cut(how);
  }
}
