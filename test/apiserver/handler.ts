/**
 * One request, from its header to the end of its answer:
 *
 *     log → faults → who asks → where → may they → list, watch, get, create, update, delete
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Access } from './access.ts';
import { eventLine } from './collection.ts';
import { discovery } from './discovery.ts';
import { askedBy, Exchange, seenAs } from './exchange.ts';
import type { Faults, Verb } from './faults.ts';
import type { JsonObject } from './json.ts';
import { listText, page } from './lists.ts';
import { type ListOptions, listOptions, type StreamingLists } from './parameters.ts';
import type { Place } from './paths.ts';
import type { RequestLog } from './request-log.ts';
import { keyOf, type State } from './state.ts';
import * as statuses from './status.ts';
import { wholeObject } from './stored.ts';
import { startsAnew, Watch } from './watch.ts';
import { bodyOf, create, remove, update, type Written } from './writes.ts';

/** What can be changed while the server runs. */
export interface Settings {
  streamingLists: StreamingLists;
  /** How a watch from a forgotten resource version is told so; a real server does either. */
  goneAs: 'status' | 'event';
  /** Milliseconds between bookmarks, for watches that begin from now on; 0 for none. */
  bookmarkMilliseconds: number;
  /** Seconds that a watch lasts which names no time itself. */
  watchSeconds: number;
  /** `gitVersion`. */
  version: string;
  /** The version in which ServiceImports are served: that of their CRD, if one is installed. */
  serviceImports: 'none' | 'v1alpha1' | 'v1beta1';
}

const HEALTH = new Set(['/healthz', '/livez', '/readyz']);
const PLAIN_TEXT = 'text/plain; charset=utf-8';
const SERVED_GROUPS = /^\/(api|apis\/discovery\.k8s\.io)\/v1\//;

export interface Parts {
  readonly state: State;
  readonly faults: Faults;
  readonly access: Access;
  readonly settings: Settings;
  readonly log: RequestLog;
  readonly watches: Set<Watch>;
}

export class Handler {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** `socket` is what lies below TLS. */
  async handle(request: IncomingMessage, response: ServerResponse, socket: Socket): Promise<void> {
    const { faults: all, log } = this.#parts;
    const asked = askedBy(request);
    const seen = seenAs(request, asked);
    const faults = all.take({ resource: seen.resource, verb: seen.verb });
    log.add(seen);
    response.on('error', () => {});
    if (faults.get('no-answer') !== undefined) return;
    const slow = faults.get('slow-answer');
    if (slow !== undefined) await new Promise((resolve) => setTimeout(resolve, slow.milliseconds));
    const exchange = new Exchange({ request, response, socket }, asked, faults, (status) => {
      seen.status = status;
      log.changed();
    });
    try {
      await this.#answer(exchange);
    } catch (error) {
      if (!(error instanceof statuses.Refusal)) throw error;
      exchange.sendStatus(error.status);
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { faults, request } = exchange;
    const { path, place, verb } = exchange.asked;
    const failure = faults.get('status');
    if (failure !== undefined) {
      const { code, message = 'a bad day', retryAfter } = failure;
      throw new statuses.Refusal(statuses.anyStatus(code, message, retryAfter));
    }
    if (HEALTH.has(path)) return exchange.sendText(200, 'ok', PLAIN_TEXT);
    const user = this.#parts.access.authenticate(request);
    requireJson(request.headers.accept);
    if (place === undefined) return this.#answerOther(exchange);
    if (place.resource.name === 'serviceimports' && place.version !== this.#parts.settings.serviceImports) {
      return exchange.sendText(404, '404 page not found\n', PLAIN_TEXT);
    }
    if (verb === undefined) throw new statuses.Refusal(statuses.methodNotAllowed());
    this.#parts.access.authorize(user, verb, place);
    return this.#serve(exchange, place, verb);
  }

  async #serve(exchange: Exchange, place: Place, verb: Verb): Promise<void> {
    switch (verb) {
      case 'list':
        return this.#list(exchange, place, this.#options(exchange, place));
      case 'watch':
        return this.#watch(exchange, place, this.#options(exchange, place));
      case 'get':
        return exchange.sendText(200, this.#object(place));
      case 'create':
      case 'update':
      case 'delete':
        return this.#write(exchange, place, verb);
    }
  }

  #options(exchange: Exchange, { resource }: Place): ListOptions {
    return listOptions(exchange.asked.query, resource, this.#parts.settings.streamingLists);
  }

  #answerOther(exchange: Exchange): void {
    const { path } = exchange.asked;
    const document = discovery(path, this.#parts.settings.version);
    if (document !== undefined) return exchange.sendText(200, JSON.stringify(document));
    if (SERVED_GROUPS.test(path)) throw new statuses.Refusal(statuses.noSuchResource());
    return exchange.sendText(404, '404 page not found\n', PLAIN_TEXT);
  }

  #object({ resource, namespace, name }: Place): string {
    const object = this.#parts.state.collections[resource.name].get(keyOf(resource, namespace, name));
    if (object === undefined) throw new statuses.Refusal(statuses.notFound(resource, name));
    return wholeObject(object);
  }

  async #write(exchange: Exchange, place: Place, verb: 'create' | 'update' | 'delete'): Promise<void> {
    const { state } = this.#parts;
    const text = await textOf(exchange.request);
    const type = exchange.request.headers['content-type'] ?? '';
    const written = writtenBy(verb, () => bodyOf(place, type, text), state, place);
    exchange.sendText(written.code, written.text);
  }

  async #list(exchange: Exchange, place: Place, options: ListOptions): Promise<void> {
    const { faults } = exchange;
    const { state } = this.#parts;
    if (faults.get('gone') !== undefined) throw new statuses.Refusal(statuses.tooOld(options.version, state.revision));
    const text = faults.get('text');
    if (text !== undefined) return exchange.sendRaw(text.text, text.after);
    const revision = faults.get('stale')?.resourceVersion ?? state.revision;
    const collection = state.collections[place.resource.name];
    return exchange.sendList(listText(page(collection, options, place.namespace, revision)));
  }

  async #watch(exchange: Exchange, place: Place, options: ListOptions): Promise<void> {
    const { faults } = exchange;
    const { state, settings, watches, log } = this.#parts;
    const text = faults.get('text');
    if (text?.place === 'instead') return exchange.sendRaw(text.text, text.after);
    const collection = state.collections[place.resource.name];
    const revision = faults.get('stale')?.resourceVersion ?? state.revision;
    const isAnew = startsAnew(options);
    if (isAnew && options.version > revision) throw new statuses.Refusal(statuses.tooLarge(options.version, revision));
    const isForgotten = !isAnew && options.version > 0 && collection.isForgotten(options.version);
    const goneAs = faults.get('gone')?.as ?? (isForgotten ? settings.goneAs : undefined);
    const tooOld = statuses.tooOld(options.version, collection.floor);
    if (goneAs === 'status') throw new statuses.Refusal(tooOld);
    if (goneAs === 'event') return exchange.sendRaw([eventLine('ERROR', statuses.statusText(tooOld))], 'end');
    const from = { options, namespace: place.namespace, revision };
    const watch = new Watch(collection, exchange.open(), from, {
      bookmarkMilliseconds: settings.bookmarkMilliseconds,
      defaultTimeoutSeconds: settings.watchSeconds,
      tellings: faults.tellings,
      text,
      revision: () => state.revision,
    });
    watches.add(watch);
    watch.start(() => {
      watches.delete(watch);
      log.changed();
    });
    log.changed();
  }
}

/** Throws a 406 if the client takes nothing of what the server speaks, which is plain JSON. */
function requireJson(accept: string | undefined): void {
  const isTaken = (range: string): boolean =>
    /^\s*(application\/json|application\/\*|\*\/\*)\s*(;|$)/i.test(range) && !/;\s*as=/i.test(range);
  if (accept === undefined || accept === '' || accept.split(',').some(isTaken)) return;
  throw new statuses.Refusal({
    code: 406,
    reason: 'NotAcceptable',
    message: 'only the following media types are accepted: application/json',
  });
}

function writtenBy(
  verb: 'create' | 'update' | 'delete',
  object: () => JsonObject,
  state: State,
  place: Place,
): Written {
  switch (verb) {
    case 'create':
      return create(state, place, object());
    case 'update':
      return update(state, place, object());
    case 'delete':
      return remove(state, place);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
