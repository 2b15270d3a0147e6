/**
 * A client for any API server that a kubeconfig names: one object at a time, JSON over HTTP. It shares no code with `src/`.
 * What the server asks to have repeated (429, 5xx, a broken connection) is repeated, for a while.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';

export type JsonObject = Readonly<Record<string, unknown>>;

/** How the server refuses, in its own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: number;

  constructor(code: number, what: string, said: string) {
    super(`${what}: ${code} ${said}`);
    this.code = code;
  }
}

/** Milliseconds of one attempt. */
const ATTEMPT = 30_000;
/** Attempts of one request, and milliseconds between them where the server names no time. */
const ATTEMPTS = 8;
const PAUSE = 500;
/** Octets of a response; no object is as large. */
const LARGEST = 16_777_216;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export class ApiClient {
  readonly #config: KubeConfig;
  readonly #server: URL;

  /** @throws Error where the file is none, or names no server */
  constructor(file: string) {
    this.#config = new KubeConfig();
    this.#config.loadFromFile(file);
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error(`${file} has no current context, or one without a cluster`);
    this.#server = new URL(server);
  }

  get host(): string {
    return this.#server.host;
  }

  /** The object; undefined where there is none. */
  async get(path: string): Promise<JsonObject | undefined> {
    try {
      return await this.#send('GET', path);
    } catch (error) {
      if (error instanceof Refused && error.code === 404) return undefined;
      throw error;
    }
  }

  /** The objects of a collection. */
  async list(path: string): Promise<readonly JsonObject[]> {
    const { items } = await this.#send('GET', path);
    return Array.isArray(items) ? items.filter(isObject) : [];
  }

  post(path: string, object: JsonObject): Promise<JsonObject> {
    return this.#send('POST', path, object);
  }

  put(path: string, object: JsonObject): Promise<JsonObject> {
    return this.#send('PUT', path, object);
  }

  /** False where there was none. Only the object with this uid is deleted. */
  async delete(path: string, uid: string): Promise<boolean> {
    const options = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid },
      propagationPolicy: 'Background',
    };
    try {
      await this.#send('DELETE', path, options);
      return true;
    } catch (error) {
      if (error instanceof Refused && error.code === 404) return false;
      throw error;
    }
  }

  async #send(method: Method, path: string, body?: JsonObject): Promise<JsonObject> {
    for (let attempt = 1; ; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after another
      const outcome = await this.#attempt(method, path, body).catch((error: unknown) => ({ error }));
      if (!('error' in outcome)) {
        const { status, text, retryAfter } = outcome;
        if (status < 400) return objectIn(text);
        const refused = new Refused(status, `${method} ${path}`, messageIn(text));
        if (attempt >= ATTEMPTS || !(status === 429 || status >= 500)) throw refused;
        // oxlint-disable-next-line no-await-in-loop
        await wait(retryAfter ?? PAUSE * attempt);
      } else {
        if (attempt >= ATTEMPTS) throw outcome.error;
        // oxlint-disable-next-line no-await-in-loop
        await wait(PAUSE * attempt);
      }
    }
  }

  async #attempt(
    method: Method,
    path: string,
    body: JsonObject | undefined,
  ): Promise<{ readonly status: number; readonly text: string; readonly retryAfter: number | undefined }> {
    const base = this.#server.pathname.replace(/\/$/, '');
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      host: this.#server.hostname.replace(/^\[|\]$/g, ''),
      port: this.#server.port || (this.#server.protocol === 'https:' ? 443 : 80),
      path: `${base}${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': 'nodens-e2e',
        ...(sent === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
      },
      signal: AbortSignal.timeout(ATTEMPT),
      agent: false,
    };
    await this.#config.applyToHTTPSOptions(options);
    const { promise, resolve, reject } = Promise.withResolvers<{
      readonly status: number;
      readonly text: string;
      readonly retryAfter: number | undefined;
    }>();
    // What the library sets keeps connections that nobody closes.
    const start = this.#server.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = start({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LARGEST) response.destroy(new Error(`more than ${LARGEST} octets`));
      });
      response.on('error', reject);
      response.on('end', () => {
        const seconds = Number(response.headers['retry-after']);
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          retryAfter: seconds > 0 ? seconds * 1000 : undefined,
        });
      });
    });
    request.on('error', reject);
    request.end(sent);
    return promise;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is at a path of fields; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here) && typeof step === 'number') here = here[step];
    else here = isObject(here) ? here[step] : undefined;
  }
  return here;
}

/** The text at a path; empty where there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

function objectIn(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error(`the API server answers with ${text.slice(0, 100)}`);
  return value;
}

function messageIn(text: string): string {
  try {
    return textAt(JSON.parse(text), 'message');
  } catch {
    return text.slice(0, 200);
  }
}
