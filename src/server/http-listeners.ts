/**
 * HTTP for health, readiness and metrics. Its sockets belong to the process as those for DNS do: a reload opens what is new
 * before anything is swapped, hands over what stays, and closes what nobody asks for. Only GET and HEAD of the paths that
 * plugins gave are answered; connections, header sizes and times are bounded.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { bounds } from '../bounds.ts';
import { http } from '../node-modules.ts';
import type { HttpAddress, HttpReply } from '../plugins/plugin.ts';
import { overlap, ownOverlapText, placeText, whereText } from './listen-address.ts';
import { messageOf } from './message-of.ts';

/** What is served at one address, by path. */
export interface HttpSite {
  readonly at: HttpAddress;
  readonly paths: Map<string, () => HttpReply>;
}

/** By `httpKey`. */
export type HttpSites = ReadonlyMap<string, HttpSite>;

export function httpKey({ address, port }: HttpAddress): string {
  return `${address} ${port}`;
}

/** An address that cannot be had; the message says so to a person. */
export class HttpListenError extends Error {
  override readonly name = 'HttpListenError';
}

interface Open {
  readonly server: Server;
  site: HttpSite;
}

/** Octets of an HTTP request line with its headers. */
const MAX_HEADER = 8192;

export class HttpListeners {
  readonly #open = new Map<string, Open>();
  readonly #failed: (error: unknown) => void;

  /** `failed` is told of an exception that a plugin's answer ended in. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** The addresses that are open, with the port that was given for port 0. */
  get bound(): readonly HttpAddress[] {
    return [...this.#open.values()].map(({ server, site }) => {
      const address = server.address();
      return { ...site.at, port: typeof address === 'object' && address !== null ? address.port : site.at.port };
    });
  }

  /**
   * Opens what is new. The result puts everything in service and closes what is no longer wanted; called without having
   * been put in service, its `undo` closes what was opened.
   * @throws HttpListenError; nothing is open then that was not before
   */
  async prepare(wanted: HttpSites): Promise<{ swap(): void; undo(): void }> {
    const opened = new Map<string, Open>();
    const undo = (): void => {
      for (const { server } of opened.values()) end(server);
    };
    try {
      for (const [key, site] of wanted) {
        if (this.#open.has(key)) continue;
        const open: Open = { server: newServer(), site };
        // One after another, so that the first failure is the one that is told.
        // oxlint-disable-next-line no-await-in-loop
        await this.#listen(open);
        opened.set(key, open);
      }
    } catch (error) {
      undo();
      throw error;
    }
    const swap = (): void => {
      for (const [key, open] of opened) this.#open.set(key, open);
      for (const [key, open] of this.#open) {
        const site = wanted.get(key);
        if (site === undefined) {
          this.#open.delete(key);
          end(open.server);
        } else {
          open.site = site;
        }
      }
    };
    return { swap, undo };
  }

  close(): void {
    for (const { server } of this.#open.values()) end(server);
    this.#open.clear();
  }

  async #listen(open: Open): Promise<void> {
    const { server, site } = open;
    server.on('request', (request, response) => this.#answer(open.site, request, response));
    server.maxConnections = bounds.httpConnections;
    server.maxHeadersCount = 100;
    server.keepAliveTimeout = bounds.tcpIdle;
    server.timeout = 2 * bounds.tcpIdle;
    server.on('clientError', (_error, socket) => socket.destroy());
    const { address, port } = site.at;
    try {
      const listening = once(server, 'listening');
      server.listen(address === '*' ? { port, exclusive: true } : { host: address, port, exclusive: true });
      await listening;
    } catch (error) {
      throw new HttpListenError(listenText(site, error, this.#overlapping(site.at)), { cause: error });
    }
    // Accepting may fail for a moment, when the system has no file descriptor left.
    server.on('error', this.#failed);
  }

  /** The address of ours, if any, that keeps this one from being opened: all addresses of a port, or one of them. */
  #overlapping(wanted: HttpAddress): HttpAddress | undefined {
    return [...this.#open.values()].map(({ site }) => site.at).find((at) => overlap(at, wanted));
  }

  #answer(site: HttpSite, request: IncomingMessage, response: ServerResponse): void {
    const { method } = request;
    const path = request.url?.split('?', 1)[0] ?? '';
    let reply: HttpReply;
    try {
      if (method === 'GET' || method === 'HEAD') reply = site.paths.get(path)?.() ?? NOT_FOUND;
      else reply = NOT_ALLOWED;
    } catch (error) {
      this.#failed(error);
      reply = FAILED;
    }
    const body = Buffer.from(reply.body, 'utf8');
    response.writeHead(reply.status, { 'Content-Type': reply.contentType, 'Content-Length': body.length });
    response.end(method === 'HEAD' ? undefined : body);
  }
}

const contentType = 'text/plain; charset=utf-8';
const NOT_FOUND: HttpReply = { status: 404, contentType, body: '404 page not found\n' };
const NOT_ALLOWED: HttpReply = { status: 405, contentType, body: 'GET and HEAD only\n' };
const FAILED: HttpReply = { status: 500, contentType, body: 'internal error\n' };

/** Node looks for requests that are late no more often than this, in milliseconds. */
const LOOK_INTERVAL = 1_000;

function newServer(): Server {
  const { httpRequest } = bounds;
  return http.createServer({
    maxHeaderSize: MAX_HEADER,
    requestTimeout: httpRequest,
    headersTimeout: httpRequest,
    connectionsCheckingInterval: Math.min(LOOK_INTERVAL, httpRequest),
  });
}

/** Takes no more connections and ends those that wait for nothing; requests that are being answered are finished. */
function end(server: Server): void {
  server.close();
  server.closeIdleConnections();
}

function listenText({ at, paths }: HttpSite, error: unknown, own: HttpAddress | undefined): string {
  const where = whereText(at);
  const what = [...paths.keys()].join(' and ');
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE' && own !== undefined) return `${where} for ${what} ${ownOverlapText(own)}`;
  const place = at.from === undefined ? 'the Corefile' : placeText(at.from);
  if (code === 'EADDRINUSE') return `${where} for ${what} is in use by another program; give another in ${place}`;
  if (code === 'EACCES') {
    return `${where} for ${what} is not allowed for this user; give a port above 1023 in ${place}`;
  }
  if (code === 'EADDRNOTAVAIL') {
    return `${where} for ${what} cannot be opened: this machine has no address ${at.address}; give another in ${place}`;
  }
  return `${where} for ${what} cannot be opened: ${messageOf(error)}`;
}
