/**
 * The API server of the benchmarks, seen from the process that measures: started on a core, told what to do, and ended.
 *
 *     measuring process ── Command ─► api-process.ts: ApiServer, a client that writes and asks
 *                       ◄─ Outcome ──
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/support/free-port.ts';
import type { ClusterSize } from '../cluster.ts';
import type { Counted } from './counted.ts';

export interface ApiOptions {
  readonly size: ClusterSize;
  /** Whether objects carry `metadata.managedFields`. */
  readonly hasManagedFields: boolean;
  /** How far it stands back behind other processes of its core, 0 to 19. */
  readonly niceness: number;
  /** Undefined for any. */
  readonly core: number | undefined;
}

export interface WriteOptions {
  /** Of the server that is asked. */
  readonly dnsPort: number;
  readonly counted: Counted;
  /** Changes in a second, and how many. */
  readonly rate: number;
  readonly events: number;
}

/** All in milliseconds. */
export interface Written {
  /** From the octets of the event to the first answer that knows of it, for each change. */
  readonly took: readonly number[];
  /** What writing it took before that: JSON, TLS and the socket. */
  readonly writing: readonly number[];
  /** How long each of the answers took that were asked for meanwhile. */
  readonly asking: readonly number[];
}

type Order =
  | ({ readonly kind: 'open'; readonly port: number } & Omit<ApiOptions, 'core'>)
  /** All watches end, and what they know is too old: everything is listed anew. `count` is told by the list alone. */
  | { readonly kind: 'relist'; readonly count: number }
  | ({ readonly kind: 'write' } & WriteOptions);

export type Command = Order & { readonly id: number };

type Value =
  ({ readonly kind: 'opened' } & Access) | { readonly kind: 'done' } | ({ readonly kind: 'written' } & Written);

export interface Outcome {
  readonly id: number;
  readonly value?: Value;
  readonly error?: string;
}

/** Where the API server is, and texts in PEM: who signed its certificate, and a certificate and key to come with. */
export interface Access {
  readonly url: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export class Api {
  readonly access: Access;
  readonly #process: ApiProcess;
  #relists = 0;

  static async open({ core, ...options }: ApiOptions): Promise<Api> {
    const child = new ApiProcess(core);
    const value = await child.carryOut({ kind: 'open', port: await freePort(), ...options });
    if (value.kind !== 'opened') throw new Error('the API server was not opened');
    return new Api(child, value);
  }

  private constructor(child: ApiProcess, access: Access) {
    this.#process = child;
    this.access = access;
  }

  /** Lets everything be listed anew; gives the number by which an answer tells that it has been. */
  async relist(): Promise<number> {
    const count = ++this.#relists;
    await this.#process.carryOut({ kind: 'relist', count });
    return count;
  }

  async write(options: WriteOptions): Promise<Written> {
    const value = await this.#process.carryOut({ kind: 'write', ...options });
    if (value.kind !== 'written') throw new Error('nothing was written');
    return value;
  }

  close(): Promise<void> {
    return this.#process.end();
  }
}

class ApiProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #id = 0;

  constructor(core: number | undefined) {
    // It shares its core with those who measure: what collects its garbage must not take four times what itself is given.
    const node = [
      process.execPath,
      '--v8-pool-size=1',
      fileURLToPath(new URL('api-process.ts', import.meta.url)),
    ] as const;
    const [command, ...args] = core === undefined ? node : (['taskset', '-c', String(core), ...node] as const);
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    this.#child.on('message', (message) => {
      if (isOutcome(message)) this.#waiting.get(message.id)?.(message);
    });
    this.#child.on('error', (error) => this.#fail(error.message));
    this.#child.on('exit', () => this.#fail('the API server has ended'));
  }

  #fail(error: string): void {
    for (const [id, tell] of this.#waiting) tell({ id, error });
  }

  carryOut(order: Order): Promise<Value> {
    const id = ++this.#id;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    this.#waiting.set(id, ({ value, error }) => {
      this.#waiting.delete(id);
      if (value === undefined) reject(new Error(error ?? 'the API server says nothing'));
      else resolve(value);
    });
    this.#child.send({ ...order, id });
    return promise;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

function isOutcome(message: unknown): message is Outcome {
  return typeof message === 'object' && message !== null && 'id' in message;
}
