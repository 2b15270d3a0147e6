/**
 * The Unix socket that profiles are asked for at, over HTTP:
 *
 *     GET /debug/pprof/                     what there is
 *     GET /debug/pprof/profile?seconds=N    a .cpuprofile
 *     GET /debug/pprof/heap                 a .heapsnapshot
 *
 * Its file belongs to the user of the process alone. It lives as long as a generation wants it: a reload does not touch it.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { bounds } from '../../bounds.ts';
import { formatDuration } from '../../corefile/duration.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { TEXT_TYPE } from '../http-address.ts';
import type { Closable } from '../plugin.ts';
import { type Profiles, cpuProfile, heapSnapshot } from './profiles.ts';

/** Seconds of a profile. */
const DEFAULT_SECONDS = 30;
const MAX_SECONDS = 300;

const INDEX = `/debug/pprof/profile?seconds=${DEFAULT_SECONDS}  CPU profile, 1 to ${MAX_SECONDS} seconds: save it as NAME.cpuprofile
/debug/pprof/heap                heap snapshot: save it as NAME.heapsnapshot
`;
const BUSY = 'another profile is being taken; one at a time\n';

/** Rights of the file of the socket: its owner's alone. */
const UMASK = 0o177;

export class ProfileSocket implements Closable {
  readonly #path: string;
  readonly #profiles: Profiles;
  readonly #log: Logger;
  readonly #server: Server;
  #opening: Promise<void> | undefined;

  constructor(path: string, profiles: Profiles, log: Logger) {
    this.#path = path;
    this.#profiles = profiles;
    this.#log = log;
    // A static import would load all of HTTP for servers that never have this socket.
    const { createServer } = process.getBuiltinModule('node:http');
    this.#server = createServer({ requestTimeout: bounds.httpRequest, headersTimeout: bounds.httpRequest });
    this.#server.maxConnections = bounds.httpConnections;
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.on('request', (request, response) => void this.#answer(request, response));
  }

  /**
   * Resolves when the socket is open; asked again, it is the same one. The file of a process that is gone is replaced.
   * @throws Error with what to do, where it cannot be had
   */
  open(): Promise<void> {
    return (this.#opening ??= this.#open());
  }

  /** Removes the file, ends what is being taken, and takes no more. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #open(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw this.#cannot(error);
      await this.#removeStale();
      try {
        await this.#listen();
      } catch (again) {
        throw this.#cannot(again);
      }
    }
    this.#server.on('error', (error) => this.#log.error(`${this.#path}: ${error.message}`));
    this.#log.info(`Profiles and heap snapshots at the socket ${this.#path}`);
  }

  async #listen(): Promise<void> {
    const listening = once(this.#server, 'listening');
    // The file is made within `listen`: it is nobody else's from its first moment on.
    const before = process.umask(UMASK);
    try {
      this.#server.listen({ path: this.#path, exclusive: true });
    } finally {
      process.umask(before);
    }
    await listening;
  }

  /** @throws Error where the file is no socket, or somebody listens there */
  async #removeStale(): Promise<void> {
    const path = this.#path;
    if (!lstatSync(path).isSocket())
      throw new Error(`pprof: ${path} exists and is no socket; remove it, or take another path`);
    if (await isAlive(path)) {
      throw new Error(`pprof: the socket ${path} is in use by another process; stop that one, or take another path`);
    }
    unlinkSync(path);
  }

  #cannot(error: unknown): Error {
    return new Error(`pprof: the socket ${this.#path} cannot be opened: ${textOf(error)}`, { cause: error });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      await this.#route(request, response, gone.signal);
    } catch (error) {
      if (gone.signal.aborted) return;
      this.#log.error(textOf(error));
      if (response.headersSent) response.destroy();
      else reply(response, 500, `${textOf(error)}\n`);
    }
  }

  async #route({ method, url = '' }: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (method !== 'GET') return reply(response, 405, 'GET only\n');
    switch (pathname) {
      case '/debug/pprof':
      case '/debug/pprof/':
        return reply(response, 200, INDEX);
      case '/debug/pprof/profile':
        return this.#profile(searchParams.get('seconds') ?? String(DEFAULT_SECONDS), response, gone);
      case '/debug/pprof/heap':
        return this.#heap(response);
      default:
        return reply(response, 404, `there is only:\n\n${INDEX}`);
    }
  }

  async #profile(seconds: string, response: ServerResponse, gone: AbortSignal): Promise<void> {
    const time = /^\d{1,3}$/.test(seconds) ? Number(seconds) : 0;
    if (time < 1 || time > MAX_SECONDS) {
      reply(response, 400, `seconds: a whole number from 1 to ${MAX_SECONDS}\n`);
      return;
    }
    const profile = await this.#profiles.alone(() => {
      this.#log.info(`Taking a CPU profile of ${formatDuration(time * 1_000)}`);
      return cpuProfile(time * 1_000, gone);
    });
    if (profile === undefined) reply(response, 429, BUSY);
    else if (!gone.aborted) sendFile(response, 'cpuprofile').end(profile);
  }

  /** The socket's own folder is one that can be written to. */
  async #heap(response: ServerResponse): Promise<void> {
    // Nobody can have put something in its way: who may write to the folder cannot know the name.
    const path = `${this.#path}.${randomUUID()}`;
    const done = await this.#profiles.alone(async () => {
      this.#log.warning('Taking a heap snapshot: nothing is answered until it is written');
      const file = await heapSnapshot(path);
      response.setTimeout(bounds.tcpIdle, () => response.destroy());
      await pipeline(file.createReadStream(), sendFile(response, 'heapsnapshot'));
      return true;
    });
    if (done === undefined) reply(response, 429, BUSY);
  }
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': TEXT_TYPE });
  response.end(text);
}

/** @param kind the extension by which the developer tools of browsers and editors know the file */
function sendFile(response: ServerResponse, kind: string): ServerResponse {
  const name = `nodens-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.${kind}`;
  return response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Disposition': `attachment; filename="${name}"`,
  });
}

/** Whether somebody takes connections at a socket. */
async function isAlive(path: string): Promise<boolean> {
  const client = connect(path);
  try {
    await once(client, 'connect');
    return true;
  } catch (error) {
    // Whatever else it is, such as a socket of another user, there may be somebody.
    return codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT';
  } finally {
    client.destroy();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
