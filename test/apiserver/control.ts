/**
 * A running server told what to do by lines of JSON: `{"id":1,"do":"put","objects":[…]}`. Each line gets one line back,
 * `{"id":1,"ok":true,"at":…,"resourceVersion":…}` or `{"id":1,"ok":false,"error":"…"}`. `at` is the time (milliseconds since
 * 1970, with fractions) just before the command was carried out, so that what it brings about can be measured.
 *
 * | do             | with                                  |                                                       |
 * |----------------|---------------------------------------|-------------------------------------------------------|
 * | `put`          | `objects`, a list                     |                                                       |
 * | `delete`       | `resource`, `namespace`, `name`       |                                                       |
 * | `replace`      | `objects`                             | makes them all that there are                         |
 * | `relist`       |                                       | breaks all watches and forgets what was before        |
 * | `events`       | `perSecond`                           | changes that go on by themselves; 0 stops them        |
 * | `fault`        | `fault`, `scope`                      | as in faults.ts; `text` is a list of texts            |
 * | `clear-faults` |                                       |                                                       |
 * | `settings`     | `settings`                            | as in handler.ts                                      |
 * | `drop`         |                                       | resets all connections                                |
 * | `refuse`       |                                       | stops listening                                       |
 * | `accept`       |                                       | listens again                                         |
 * | `stats`        |                                       | adds counts of objects, watches, connections, requests |
 * | `stop`         |                                       | ends the process                                      |
 */
import type { Churn } from './churn.ts';
import { type Fault, FAULT_KINDS, type Scope } from './faults.ts';
import { at, isObject, type JsonObject, listAt, textAt } from './json.ts';
import { isResourceName, RESOURCE_NAMES } from './resources.ts';
import type { ApiServer } from './server.ts';

export class Control {
  readonly #server: ApiServer;
  readonly #churn: Churn;
  readonly #stop: () => Promise<void>;

  constructor(server: ApiServer, churn: Churn, stop: () => Promise<void>) {
    this.#server = server;
    this.#churn = churn;
    this.#stop = stop;
  }

  /** Carries out one line; the line to answer with. */
  async run(line: string): Promise<string> {
    let id: unknown;
    const time = performance.timeOrigin + performance.now();
    try {
      const command: unknown = JSON.parse(line);
      id = at(command, 'id');
      const more = await this.#do(command);
      return JSON.stringify({ id, ok: true, at: time, resourceVersion: this.#server.revision, ...more });
    } catch (error) {
      return JSON.stringify({ id, ok: false, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #do(command: unknown): Promise<JsonObject | undefined> {
    const server = this.#server;
    switch (textAt(command, 'do')) {
      case 'put':
        server.putAll(listAt(command, 'objects').filter(isObject));
        return undefined;
      case 'delete':
        return { deleted: this.#delete(command) };
      case 'replace':
        server.replaceAll(listAt(command, 'objects').filter(isObject));
        return undefined;
      case 'relist':
        server.forgetHistory();
        server.cutWatches('end');
        return undefined;
      case 'events':
        this.#churn.setRate(Number(at(command, 'perSecond') ?? 0));
        return undefined;
      case 'fault':
        server.faults.add(faultOf(at(command, 'fault')), scopeOf(at(command, 'scope')));
        return undefined;
      case 'clear-faults':
        server.faults.clear();
        return undefined;
      case 'settings':
        Object.assign(server.settings, at(command, 'settings'));
        return undefined;
      case 'drop':
        server.dropConnections();
        return undefined;
      case 'refuse':
        server.refuseConnections();
        return undefined;
      case 'accept':
        await server.acceptConnections();
        return undefined;
      case 'stats':
        return this.#stats();
      case 'stop':
        await this.#stop();
        return undefined;
      default:
        throw new Error(`no command "${textAt(command, 'do')}"`);
    }
  }

  #delete(command: unknown): boolean {
    const resource = textAt(command, 'resource');
    if (!isResourceName(resource)) throw new Error(`no resource "${resource}"`);
    return this.#server.delete(resource, textAt(command, 'namespace'), textAt(command, 'name'));
  }

  #stats(): JsonObject {
    const { state, connections, requests } = this.#server;
    return {
      objects: Object.fromEntries(RESOURCE_NAMES.map((name) => [name, state.collections[name].size])),
      watches: Object.fromEntries(RESOURCE_NAMES.map((name) => [name, this.#server.openWatches(name)])),
      connections,
      requests: requests.length,
    };
  }
}

function faultOf(value: unknown): Fault {
  if (!isFault(value)) throw new Error(`no fault of kind "${textAt(value, 'kind')}"`);
  return value;
}

/** Trusts whoever controls the server to give a fault what it needs. */
function isFault(value: unknown): value is Fault {
  return FAULT_KINDS.has(textAt(value, 'kind'));
}

function scopeOf(value: unknown): Scope {
  return isObject(value) ? value : {};
}
