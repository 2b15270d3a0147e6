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
  readonly counted: Counted;
  /** Changes in a second, and how many. */
  readonly rate: number;
  readonly events: number;
}

/** A change that has just been written. */
export interface Change {
  /** The name whose address tells of it. */
  readonly name: string;
  readonly count: number;
  /** When its octets had been handed to the system, by `monotonic`. */
  readonly at: number;
  /** Milliseconds that writing it took before: JSON, TLS and the socket. */
  readonly writing: number;
}

/** Milliseconds by the clock of the machine, which all its processes have. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

type Order =
  | ({ readonly kind: 'open'; readonly port: number } & Omit<ApiOptions, 'core'>)
  /** All watches end, and what they know is too old: everything is listed anew. `count` is told by the list alone. */
  | { readonly kind: 'relist'; readonly count: number }
  | ({ readonly kind: 'write' } & WriteOptions);

export type Command = Order & { readonly id: number };

type Value = ({ readonly kind: 'opened' } & Access) | { readonly kind: 'done' };

export interface Outcome {
  readonly id: number;
  readonly value?: Value;
  readonly error?: string;
}

/** What is told of a change before the command is carried out. */
export interface Told {
  readonly change: Change;
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

  /** Writes changes at a steady rate, and tells of each. */
  async write(options: WriteOptions, told: (change: Change) => void): Promise<void> {
    this.#process.told = told;
    await this.#process.carryOut({ kind: 'write', ...options });
  }

  close(): Promise<void> {
    return this.#process.end();
  }
}

class ApiProcess {
  /** Is told of each change. */
  told: (change: Change) => void = () => undefined;
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
      else if (isTold(message)) this.told(message.change);
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

function isTold(message: unknown): message is Told {
  return typeof message === 'object' && message !== null && 'change' in message;
}
