/**
 * Credentials that are read again and again: when they have some age, and at once when the server refused them. One reading
 * at a time, whoever asks. Where a reading fails, what was read before goes on: a file may be half written.
 */
import type { Access, Credentials } from './access.ts';
import type { ServerAddress } from './address.ts';
import { ApiError } from './api.ts';

export interface RenewedOptions {
  readonly address: ServerAddress;
  readonly proxy?: string | undefined;
  readonly authority: string;
  /** For lines: `the service account`. */
  readonly name: string;
  /** `refused`: what the last reading gave was not taken, and nothing of it may be taken from a memory. */
  readonly read: (refused: boolean) => Promise<Access>;
  /** Milliseconds after which credentials are read again. */
  readonly age: number;
  /** Milliseconds that a reading may take. */
  readonly time: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly report: (line: string) => void;
}

export class Renewed implements Credentials {
  readonly address: ServerAddress;
  readonly proxy: string | undefined;
  readonly authority: string;
  readonly #options: RenewedOptions;
  #last: Access | undefined;
  #readAt = -Infinity;
  #refused = false;
  /** A reading under way: shared by all who need it, and it may outlast those who wait for it. */
  #reading: Promise<Access> | undefined;
  #trouble: string | undefined;

  constructor(options: RenewedOptions) {
    this.address = options.address;
    this.proxy = options.proxy;
    this.authority = options.authority;
    this.#options = options;
  }

  async current(): Promise<Access> {
    const isFresh = !this.#refused && this.#options.now() - this.#readAt < this.#options.age;
    if (this.#last !== undefined && isFresh) return this.#last;
    return this.#renew();
  }

  refused(access: Access): void {
    if (access === this.#last) this.#refused = true;
  }

  async #renew(): Promise<Access> {
    const { name, now, report } = this.#options;
    try {
      this.#last = await this.#read();
      if (this.#trouble !== undefined) report(`${name}: can be read again`);
      this.#trouble = undefined;
    } catch (error) {
      if (this.#last === undefined) throw error;
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== this.#trouble) report(`${name}: ${trouble}; going on with what was read before`);
      this.#trouble = trouble;
    }
    this.#readAt = now();
    this.#refused = false;
    return this.#last;
  }

  async #read(): Promise<Access> {
    const { name, time, read } = this.#options;
    this.#reading ??= read(this.#refused).finally(() => (this.#reading = undefined));
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new ApiError(`${name}: no credentials within ${time / 1000} s`)), time);
    });
    try {
      return await Promise.race([this.#reading, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
