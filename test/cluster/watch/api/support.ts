/**
 * What the tests of api/ share: a server on loopback whose answers a test chooses, a folder that is gone afterwards, and a
 * connection whose clock, limits and service account a test chooses.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type Server, type Socket, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, expect } from 'vitest';
import { type Bounds, bounds } from '../../../../src/bounds.ts';
import {
  type Api,
  ApiError,
  type ApiLimits,
  type ApiRequest,
  type ApiSource,
} from '../../../../src/cluster/watch/api/api.ts';
import { connectApi } from '../../../../src/cluster/watch/api/connect.ts';
import type { Surroundings } from '../../../../src/cluster/watch/api/surroundings.ts';
import { authority, keyPairs } from '../../../support/upstreams/certificates.ts';

const atEnd: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  // oxlint-disable-next-line no-await-in-loop -- one after another
  for (const end of atEnd.splice(0).toReversed()) await end();
});

/** Runs after the test. */
export function afterwards(end: () => void | Promise<void>): void {
  atEnd.push(end);
}

export interface TestServer {
  readonly port: number;
  /** Requests in order. */
  readonly requests: IncomingMessage[];
  /** What they are answered with. */
  readonly answers: ServerResponse[];
  /** Connections that were accepted, open or not. */
  readonly sockets: Socket[];
  /** The last of the connections, as soon as there are so many. */
  accepted(count: number): Promise<Socket>;
  close(): Promise<void>;
}

const NOTHING: RequestListener = (_request, response) => void response.end('{}');

/** Milliseconds after which the server would close an idle connection: none of them does it for the client. */
const PATIENT = 600_000;

/** An API server over TLS. */
export function serve(
  listener: RequestListener = NOTHING,
  options: TlsOptions & { readonly host?: string; readonly port?: number } = {},
): Promise<TestServer> {
  return listen(createHttps({ keepAliveTimeout: PATIENT, ...keyPairs.server, ...options }), listener, options);
}

export function servePlain(listener: RequestListener = NOTHING): Promise<TestServer> {
  return listen(createHttp({ keepAliveTimeout: PATIENT }), listener, {});
}

/** Takes connections and does with them what the test says. */
export function serveTcp(take: (socket: Socket) => void): Promise<TestServer> {
  const server = createTcp();
  server.on('connection', take);
  return listen(server, undefined, {});
}

async function listen(
  server: Server,
  listener: RequestListener | undefined,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number },
): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const answers: ServerResponse[] = [];
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  if (listener !== undefined) {
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
      requests.push(asked);
      answers.push(answer);
    });
    server.on('request', listener);
  }
  server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound !== 'object') throw new Error('the server is not open');
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  afterwards(close);
  const accepted = async (count: number): Promise<Socket> => {
    // oxlint-disable-next-line no-await-in-loop -- each is an event of its own
    while (sockets.length < count) await once(server, 'connection');
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error('no connection was asked for');
    return socket;
  };
  return { port: bound.port, requests, answers, sockets, accepted, close };
}

/** Who a client's certificate says that it is. */
export function clientName({ socket }: IncomingMessage): string {
  return socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '';
}

/** A folder for one test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'api-'));
  afterwards(() => rmSync(path, { recursive: true }));
  return path;
}

/** Writes files into a folder, and gives it. */
export function put(files: Readonly<Record<string, string>>, into: string = folder()): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(into, name), text);
  return into;
}

/** What the kubelet mounts. */
export function serviceAccount(token = 'token-1', ca = authority): string {
  return put({ token: `${token}\n`, 'ca.crt': ca });
}

export interface TestApi {
  readonly api: Api;
  readonly lines: string[];
  readonly requested: string[];
  readonly waited: number[];
  /** Lets time pass for the age of credentials and for the rate limit. */
  readonly clock: { now: number };
}

export interface TestOptions extends Partial<Surroundings> {
  readonly rates?: Partial<ApiLimits>;
}

const UNLIMITED: ApiLimits = { qps: 1000, burst: 1000, maxInflight: undefined };

export async function connect(source: ApiSource, { rates, ...around }: TestOptions = {}): Promise<TestApi> {
  const lines: string[] = [];
  const requested: string[] = [];
  const waited: number[] = [];
  const clock = { now: 0 };
  const api = await connectApi(
    source,
    { ...UNLIMITED, ...rates },
    {
      requested: ({ method, host, code }) => requested.push(`${method} ${host} ${code}`),
      waited: (_request, seconds) => waited.push(seconds),
    },
    (line) => lines.push(line),
    { now: () => clock.now, ...around },
  );
  afterwards(() => api.close());
  return { api, lines, requested, waited, clock };
}

/** In a pod whose API server is `server`. */
export function inPod(
  server: Pick<TestServer, 'port'>,
  options: TestOptions & { readonly host?: string } = {},
): Promise<TestApi> {
  const { host = '127.0.0.1', ...rest } = options;
  const environment = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(server.port) };
  return connect({ kind: 'in-cluster' }, { environment, serviceAccount: serviceAccount(), ...rest });
}

export function request(change: Partial<ApiRequest> = {}): ApiRequest {
  return { path: '/api/v1/services', parameters: {}, kind: 'list', signal: new AbortController().signal, ...change };
}

/** Asks, reads the body to its end, and gives the status. */
export async function status(api: Api, change: Partial<ApiRequest> = {}): Promise<number> {
  const response = await api.get(request(change));
  await response.body.toArray();
  return response.status;
}

/** The sentence of the ApiError that a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error instanceof ApiError ? error.message : '';
}

/** The table with times that a test can wait for. */
export function limits(change: Partial<Bounds>): Bounds {
  return { ...bounds, ...change };
}
