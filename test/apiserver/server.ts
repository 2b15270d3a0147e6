/**
 * An API server to test against: the wire of the Kubernetes API over real sockets, TLS unless told otherwise, with a state
 * that a test changes as it likes and faults that it switches on and off.
 *
 *     front (sockets) → TLS → HTTP → handler → lists, watches, writes
 *                                       │
 *                                     state (a collection for each resource)
 *
 * It follows the Kubernetes API conventions and refuses what a real server refuses. It knows Services, EndpointSlices,
 * Namespaces, Pods, and ServiceImports where their CRD is installed; there are no controllers, no patches, no tables and no protobuf.
 */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { Access } from './access.ts';
import { Authority, type KeyPair } from './certificates.ts';
import { type Ending, Faults } from './faults.ts';
import { Front } from './front.ts';
import { Handler, type Settings } from './handler.ts';
import type { ApiServerOptions } from './options.ts';
import type { JsonObject } from './json.ts';
import { RequestLog, type SeenRequest } from './request-log.ts';
import { resources, type ResourceName } from './resources.ts';
import { keyOf, State } from './state.ts';
import { type StoredObject, wholeObject } from './stored.ts';
import type { Watch } from './watch.ts';

export type { ApiServerOptions } from './options.ts';

const HOSTS = ['localhost', '127.0.0.1', '::1'];
const DEADLINE_MILLISECONDS = 10_000;
/** Real servers end watches after 30 to 60 minutes. */
const WATCH_SECONDS = 1800;

let common: Authority | undefined;

function commonAuthority(): Authority {
  return (common ??= new Authority('Test cluster'));
}

export class ApiServer {
  readonly faults = new Faults();
  readonly access: Access;
  readonly state: State;
  readonly settings: Settings;
  readonly #log = new RequestLog();
  readonly #watches = new Set<Watch>();
  readonly #front: Front;
  readonly #http: HttpServer;
  readonly #isSecure: boolean;
  readonly #host: string;
  #authority: Authority;

  static async open(options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = new ApiServer(options);
    await server.#front.listen();
    return server;
  }

  private constructor(options: ApiServerOptions) {
    this.#isSecure = options.isSecure ?? true;
    this.#host = options.host ?? '127.0.0.1';
    this.#authority = options.authority ?? commonAuthority();
    this.access = new Access(options.tokens);
    this.state = new State({
      historyLength: options.historyLength ?? 10_000,
      hasManagedFields: options.hasManagedFields ?? true,
      revision: options.revision ?? 1000,
    });
    this.settings = {
      streamingLists: 'on',
      goneAs: 'event',
      bookmarkMilliseconds: 0,
      watchSeconds: WATCH_SECONDS,
      version: 'v1.36.0',
      serviceImports: 'none',
      ...options.settings,
    };
    const isRequired = options.clientCertificates === 'required';
    this.#http = this.#isSecure
      ? createTlsServer({ ...this.#tls(), requestCert: true, rejectUnauthorized: isRequired })
      : createHttpServer();
    // A client that waits for events is no idle one.
    this.#http.requestTimeout = 0;
    this.#http.keepAliveTimeout = 0;
    this.#front = new Front(this.#host, options.port ?? 0, this.faults, (socket) =>
      this.#http.emit('connection', socket),
    );
    this.#serve();
  }

  #serve(): void {
    const { state, faults, access, settings } = this;
    const handler = new Handler({ state, faults, access, settings, log: this.#log, watches: this.#watches });
    this.#http.on('request', (request, response) => {
      const socket: Socket | undefined = this.#front.below(request.socket);
      if (socket === undefined) request.destroy();
      else handler.handle(request, response, socket).catch((error: unknown) => socket.destroy(asError(error)));
    });
    this.#http.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
    this.#http.on('clientError', (_error, socket: Socket) => socket.destroy());
  }

  #tls(): KeyPair & { readonly ca: string } {
    return { ...this.#authority.issue({ commonName: 'kube-apiserver', hosts: HOSTS }), ca: this.#authority.cert };
  }

  get port(): number {
    return this.#front.port;
  }

  get url(): string {
    const host = this.#host === '::1' ? '[::1]' : this.#host;
    return `${this.#isSecure ? 'https' : 'http'}://${host}:${this.port}`;
  }

  /** PEM of the authority that clients must trust. */
  get ca(): string {
    return this.#authority.cert;
  }

  /** A certificate for a client of this name. */
  clientCertificate(commonName: string): KeyPair {
    return this.#authority.issue({ commonName, organizations: ['system:masters'] });
  }

  /** Takes a certificate from another authority for connections from now on. */
  useAuthority(authority: Authority): void {
    this.#authority = authority;
    if (this.#http instanceof TlsServer) this.#http.setSecureContext(this.#tls());
  }

  /** The resource version of the last change. */
  get revision(): number {
    return this.state.revision;
  }

  /** Creates or replaces an object as it is, valid or not; its resource version. Throws if it has no kind or name. */
  put(object: JsonObject): number {
    return this.state.put(object).resourceVersion;
  }

  putAll(objects: Iterable<JsonObject>): void {
    for (const object of objects) this.state.put(object);
  }

  /** False if there was no such object. */
  delete(resource: ResourceName, namespace: string, name: string): boolean {
    return this.state.delete(resource, keyOf(resources[resource], namespace, name)) !== undefined;
  }

  /** Makes these all the objects that there are, by changes that watches see. */
  replaceAll(objects: readonly JsonObject[]): void {
    this.state.replaceAll(objects);
  }

  /** The object as a client gets it. */
  get(resource: ResourceName, namespace: string, name: string): unknown {
    const key = keyOf(resources[resource], namespace, name);
    const object: StoredObject | undefined = this.state.collections[resource].get(key);
    return object === undefined ? undefined : JSON.parse(wholeObject(object));
  }

  /** Makes every resource version that anybody has seen too old for a watch, a page or an exact list. */
  forgetHistory(): void {
    this.state.forgetHistory();
  }

  /** What was asked, oldest first. */
  get requests(): readonly SeenRequest[] {
    return this.#log.requests;
  }

  forgetRequests(): void {
    this.#log.clear();
  }

  /** Waits for something that requests, answers and the ends of watches bring about. Rejects after `milliseconds`. */
  until(condition: () => boolean, milliseconds = DEADLINE_MILLISECONDS): Promise<void> {
    return this.#log.until(condition, milliseconds);
  }

  openWatches(resource?: ResourceName): number {
    return this.#watchesOf(resource).length;
  }

  #watchesOf(resource: ResourceName | undefined): readonly Watch[] {
    return [...this.#watches].filter((watch) => resource === undefined || watch.collection.resource.name === resource);
  }

  get connections(): number {
    return this.#front.connections;
  }

  /** Ends open watches in this way, after some raw text if there is any: half a line, for example. */
  cutWatches(how: Ending, resource?: ResourceName, text = ''): void {
    for (const watch of this.#watchesOf(resource)) {
      if (text !== '') watch.inject(text);
      watch.cut(how);
    }
  }

  /** Ends open watches with an ERROR event that says 410. */
  expireWatches(resource?: ResourceName): void {
    for (const watch of this.#watchesOf(resource)) watch.expire();
  }

  /** Writes raw text into open watches. */
  inject(text: string, resource?: ResourceName): void {
    for (const watch of this.#watchesOf(resource)) watch.inject(text);
  }

  /** Sends a bookmark to the open watches that take them. */
  bookmark(resource?: ResourceName): void {
    for (const watch of this.#watchesOf(resource)) watch.bookmark();
  }

  /** Resets all connections. */
  dropConnections(): void {
    this.#front.drop();
  }

  /** Stops listening, so that the system refuses connections; open ones stay. */
  refuseConnections(): void {
    this.#front.refuse();
  }

  /** Listens again, on the same port. */
  acceptConnections(): Promise<void> {
    return this.#front.listen();
  }

  async close(): Promise<void> {
    await this.#front.close();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
