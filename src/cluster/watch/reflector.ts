/**
 * A reflector: keeps one resource of the state in step with the API server, for good. It never stops by itself: whatever
 * goes wrong is told in one line, waited out, and tried again.
 *
 *     start ─► list ──────────────► watch from its resource version ──► event after event
 *               ▲                     ▲          │
 *               │ 410, or the list    └──────────┤ the server ends it, or it breaks: again from the last resource version
 *               │ was not whole                  │
 *               └────────────────────────────────┘
 *
 * A resource that a cluster may do without, and that the API server answers for with 404 in each version that is known, has no
 * objects until it does.
 *
 * A list is a stream of events that goes on as the watch (`sendInitialEvents`), or pages where the server has no such streams.
 * Either is decoded an object at a time. https://kubernetes.io/docs/reference/using-api/api-concepts/ describes both.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { NOBODY } from '../facts.ts';
import type { Api, ApiResponse } from './api/api.ts';
import { Backoff } from './backoff.ts';
import { chunksOf } from './body.ts';
import { type WatchEvent, isEndOfInitialEvents, parsed, readEvent, versionOf } from './event.ts';
import type { RelistCause } from './events.ts';
import {
  Gone,
  NoStreaming,
  NotServed,
  Unreadable,
  WatchFailure,
  causeOf,
  failureInStream,
  failureOf,
} from './failure.ts';
import { Intake, type IntakeOptions } from './intake.ts';
import { LineCutter } from './lines.ts';
import { ItemCutter, type ListMetadata } from './list-items.ts';
import { Relist } from './relist.ts';
import { Trouble } from './trouble.ts';
import type { Turns } from '../turns.ts';

export interface ReflectorOptions<T> extends IntakeOptions<T> {
  readonly api: Api;
  /** Of labels, as the API takes it; empty for all objects. */
  readonly labelSelector: string;
  readonly turns: Turns;
  /** A list begins. */
  readonly listed: (cause: RelistCause) => void;
  /** All objects have been listed, for the first time or again. */
  readonly inStep: () => void;
}

/** How long a watch may last, in seconds: a random time, so that not all of them are renewed together. */
const WATCH_SECONDS: readonly [number, number] = [300, 600];
/** A stream that ends sooner and without an event did not work, nor did so many of them with events; milliseconds. */
const SHORT_STREAM = 1_000;
const SHORT_STREAMS = 3;
/** A stream that lasted so long and told something worked: what follows is a first failure again; milliseconds. */
const GOOD_STREAM = 2_000;
/** Within this time history is not forgotten twice without a reason, in milliseconds. */
const GONE_AGAIN = 10_000;
/** Streams that could not be read one after another before the resource is listed anew. */
const UNREADABLE_STREAMS = 3;

/** So often an API server must say that it does not know a resource before what is known of it is forgotten: it may just start. */
const CERTAIN_ABSENCES = 2;
const ABSENT = 'the API server has none, since their CRD is not installed; they are served as soon as it is';

export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  readonly #intake: Intake<T>;
  readonly #trouble: Trouble;
  readonly #done: Promise<void>;
  /** The request under way, so that it can be given up for another. */
  #attempt = new AbortController();
  /** Where the next watch begins; undefined where the resource must be listed. */
  #version: string | undefined;
  #cause: RelistCause = 'start';
  /** Whether the next list is a stream of events. */
  #streaming = true;
  /** The server said that it has no streaming lists. */
  #cannotStream = false;
  /** The next list asks for everything at once: the pages of the last one were gone before they were read. */
  #wholePage = false;
  #unreadable = 0;
  #goneAt = -Infinity;
  #shortStreams = 0;
  #lastEvent: number | undefined;
  /** Which of the resource's paths is asked. */
  #place = 0;
  /** How often in a row the API server has said that it does not have the resource, and whether that is told and believed. */
  #absences = 0;
  #isAbsent = false;
  #closed = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    const { limits, log, watched } = options;
    this.#backoff = new Backoff(limits.watchBackoff, limits.watchBackoffMost);
    this.#intake = new Intake(options);
    this.#trouble = new Trouble(watched.resource, options.now, log);
    this.#done = this.#run();
  }

  /** Objects that are held. */
  get count(): number {
    return this.#intake.count;
  }

  /** Milliseconds since the epoch when the API server last said something; undefined before. */
  get lastEvent(): number | undefined {
    return this.#lastEvent;
  }

  /** Lists anew, whatever is under way. */
  restart(cause: RelistCause): void {
    this.#version = undefined;
    this.#cause = cause;
    this.#attempt.abort();
  }

  /** Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#attempt.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed()) {
      const begun = this.#options.now();
      const heard = this.#lastEvent;
      const attempt = new AbortController();
      this.#attempt = attempt;
      let pause = 0;
      try {
        // oxlint-disable-next-line no-await-in-loop -- a reflector does one thing after another
        await this.#next(attempt.signal).catch((error: unknown) => this.#elsewhere(error, attempt.signal));
        this.#unreadable = 0;
        this.#worked(this.#options.now() - begun);
      } catch (error) {
        if (this.#isClosed()) return;
        // Given up for a new list.
        if (attempt.signal.aborted) continue;
        pause = this.#failed(error, this.#options.now() - begun, heard);
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (pause > 0) await delay(pause, undefined, { signal: attempt.signal }).catch(() => undefined);
    }
  }

  /** A call, since the answer may be another after every wait. */
  #isClosed(): boolean {
    return this.#closed;
  }

  /** One list, or one watch to its end. */
  async #next(signal: AbortSignal): Promise<void> {
    if (this.#version !== undefined) return this.#watch(this.#version, signal);
    return this.#streaming && !this.#cannotStream ? this.#listByStream(signal) : this.#listByPages(signal);
  }

  /**
   * Where the API server does not have the resource in this version, the next one is tried. Where it has none of them, the
   * resource has no objects, and is looked for now and then.
   */
  async #elsewhere(error: unknown, signal: AbortSignal): Promise<void> {
    const { watched } = this.#options;
    if (!(error instanceof NotServed) || watched.isOptional !== true) throw error;
    this.#version = undefined;
    this.#place = (this.#place + 1) % watched.paths.length;
    if (this.#place > 0) return;
    const { state, turns, limits, log, inStep } = this.#options;
    this.#absences++;
    this.#heard();
    const [known] = watched.all(state);
    if (known === undefined || this.#absences >= CERTAIN_ABSENCES) {
      if (!this.#isAbsent) log('warning', `${watched.resource}: ${ABSENT}`);
      this.#isAbsent = true;
      const empty = new Relist(watched, state, false);
      await turns.run(empty.finish(), signal);
      this.#intake.listed(empty);
      inStep();
    }
    await delay(limits.watchBackoffMost, undefined, { signal });
  }

  /** What follows is a first failure again, unless history is forgotten time after time. */
  #worked(lasted: number): void {
    const isForgetful = this.#options.now() - this.#goneAt < GONE_AGAIN;
    if (lasted >= GOOD_STREAM && !isForgetful) this.#backoff.reset();
  }

  /** @param streaming whether a streaming list was asked for */
  #refused(response: ApiResponse, streaming: boolean): Promise<WatchFailure> {
    return failureOf(response, streaming, this.#options.limits.watchListSilence);
  }

  /**
   * What follows from a failure. Returns the milliseconds to wait.
   * @param before when the API server had said something last, before this attempt
   */
  #failed(error: unknown, lasted: number, before: number | undefined): number {
    if (this.#lastEvent !== before) this.#worked(lasted);
    if (error instanceof NoStreaming) {
      this.#cannotStream = true;
      return 0;
    }
    if (error instanceof Gone) {
      // Pages that are gone before they were read are too many for the history that the server keeps.
      this.#wholePage = this.#version === undefined;
      this.#version = undefined;
      this.#cause = 'gone';
      // Once in a while it is in the nature of watches, and no reason to wait.
      const goneBefore = this.#goneAt;
      this.#goneAt = this.#options.now();
      if (this.#goneAt - goneBefore > GONE_AGAIN) return 0;
    }
    if (error instanceof Unreadable && ++this.#unreadable >= UNREADABLE_STREAMS && this.#version !== undefined) {
      this.#version = undefined;
      this.#cause = 'unreadable';
    }
    const retryAfter = error instanceof WatchFailure ? error.retryAfter : undefined;
    const pause = Math.max(this.#backoff.next(), retryAfter ?? 0);
    this.#trouble.failed(causeOf(error), pause);
    return pause;
  }

  // Lists.

  async #listByStream(signal: AbortSignal): Promise<void> {
    const response = await this.#get(signal, 'watch', {
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
      timeoutSeconds: watchSeconds(),
    });
    if (response.status !== 200) throw await this.#refused(response, true);
    // If it comes to nothing, pages are next: a server or a proxy that does not know such streams may just say nothing.
    this.#streaming = false;
    await this.#follow(response, this.#newRelist(), signal);
  }

  async #listByPages(signal: AbortSignal): Promise<void> {
    const { limits, turns } = this.#options;
    this.#streaming = true;
    const relist = this.#newRelist();
    let metadata: ListMetadata = { resourceVersion: '', continue: '' };
    let pages = 0;
    do {
      if (++pages > limits.watchPages)
        throw new Unreadable(`the API server's list has more than ${limits.watchPages} pages`);
      // oxlint-disable-next-line no-await-in-loop -- each page says where the next one begins
      const response = await this.#get(signal, 'list', {
        ...(this.#wholePage ? {} : { limit: String(limits.watchPage) }),
        ...(metadata.continue === '' ? {} : { continue: metadata.continue }),
      });
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (response.status !== 200) throw await this.#refused(response, false);
      const cutter = new ItemCutter(limits.watchObject);
      // oxlint-disable-next-line no-await-in-loop -- as above
      for await (const chunk of chunksOf(response.body, limits.watchListSilence)) {
        for (const item of cutter.push(chunk)) {
          this.#intake.listItem(parsed(item), relist);
          signal.throwIfAborted();
          // oxlint-disable-next-line no-await-in-loop -- between two objects queries have their turn
          if (turns.isOver) await turns.next();
        }
      }
      metadata = cutter.finish();
    } while (metadata.continue !== '');
    await this.#finish(relist, metadata.resourceVersion, signal);
    this.#wholePage = false;
  }

  #newRelist(): Relist<T> {
    const { watched, state, listed } = this.#options;
    listed(this.#cause);
    const isFirst = state.standing(NOBODY, [watched.resource]) === 'unknown';
    return new Relist(watched, state, isFirst);
  }

  /** Puts a list in place; not where the attempt has been given up, whose list is no longer what is wanted. */
  async #finish(relist: Relist<T>, version: string, signal: AbortSignal): Promise<void> {
    await this.#options.turns.run(relist.finish(), signal);
    this.#intake.listed(relist);
    this.#version = version;
    this.#cause = 'broken';
    this.#streaming = true;
    if (this.#isAbsent) this.#options.log('info', `${this.#options.watched.resource}: the API server has them now`);
    this.#isAbsent = false;
    this.#absences = 0;
    this.#heard();
    this.#options.inStep();
  }

  // Watches.

  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const response = await this.#get(signal, 'watch', {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: watchSeconds(),
    });
    if (response.status !== 200) throw await this.#refused(response, false);
    await this.#follow(response, undefined, signal);
  }

  /**
   * Takes the events of a stream until the server ends it.
   * @param relist what its first events belong to, until the bookmark that ends them
   */
  async #follow(response: ApiResponse, relist: Relist<T> | undefined, signal: AbortSignal): Promise<void> {
    const { limits, turns, now } = this.#options;
    const begun = now();
    const cutter = new LineCutter(limits.watchObject);
    let initial = relist;
    let events = 0;
    const silence = (): number => (initial === undefined ? limits.watchSilence : limits.watchListSilence);
    for await (const chunk of chunksOf(response.body, silence)) {
      for (const line of cutter.push(chunk)) {
        const event = readEvent(line);
        events++;
        if (initial !== undefined && isEndOfInitialEvents(event)) {
          const version = versionOf(event.object);
          if (version === undefined) throw new Unreadable('the API server sends a bookmark without a resource version');
          // oxlint-disable-next-line no-await-in-loop -- nothing may come between
          await this.#finish(initial, version, signal);
          initial = undefined;
        } else {
          this.#take(event, initial);
        }
        signal.throwIfAborted();
        // oxlint-disable-next-line no-await-in-loop -- between two events queries have their turn
        if (turns.isOver) await turns.next();
      }
      if (initial === undefined && events > 0) this.#heard();
    }
    if (cutter.pending > 0) throw new Unreadable('the API server ends a stream in the middle of an event');
    if (initial !== undefined) throw new WatchFailure('the API server ended the list before it was whole');
    const isShort = relist === undefined && now() - begun < SHORT_STREAM;
    this.#shortStreams = isShort ? this.#shortStreams + 1 : 0;
    if (isShort && (events === 0 || this.#shortStreams >= SHORT_STREAMS)) {
      throw new WatchFailure('the API server ends each watch at once');
    }
  }

  #take({ type, object }: WatchEvent, initial: Relist<T> | undefined): void {
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        if (initial === undefined) this.#intake.changed(object);
        else this.#intake.listItem(object, initial);
        break;
      case 'DELETED':
        this.#intake.deleted(object, initial);
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        throw failureInStream(object, this.#options.limits.apiRetryAfter);
      default:
        throw new Unreadable(`the API server sends an event of the type ${JSON.stringify(type).slice(0, 40)}`);
    }
    // A list that is not whole yet is no place to go on from, nor is one that is to be made anew.
    if (initial === undefined && !this.#attempt.signal.aborted) this.#version = versionOf(object) ?? this.#version;
  }

  // Requests.

  #get(signal: AbortSignal, kind: 'list' | 'watch', parameters: Readonly<Record<string, string>>) {
    const { api, watched } = this.#options;
    const labelSelector = [watched.labelSelector ?? '', watched.isSelected ? this.#options.labelSelector : '']
      .filter((one) => one !== '')
      .join();
    const selectors = {
      ...(labelSelector === '' ? {} : { labelSelector }),
      ...(watched.fieldSelector === '' ? {} : { fieldSelector: watched.fieldSelector }),
    };
    return api.get({
      path: watched.paths[this.#place] ?? watched.paths[0],
      parameters: { ...parameters, ...selectors },
      kind,
      signal,
    });
  }

  #heard(): void {
    this.#lastEvent = this.#options.now();
    this.#trouble.over();
  }
}

function watchSeconds(): string {
  return String(randomInt(...WATCH_SECONDS));
}
