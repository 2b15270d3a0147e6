/**
 * A file of nameservers in the form of resolv.conf, as something to forward to: read at the start, and again whenever it
 * changes.
 *
 *     folder watch ─┐
 *                   ├─► changed? ──► the same a moment later? ──► read ──► servers swapped, owner told
 *     poll ─────────┘                                              └─► broken or gone: the last good ones go on
 *
 * The folder is watched and not the file, since a ConfigMap is changed by swapping a link beside it, and resolv.conf is
 * mostly replaced whole. What is found wrong is said once and counted once.
 */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { bounds } from '../../bounds.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import type { Endpoint } from '../network.ts';
import { readSmallFile } from './small-file.ts';

const DNS_PORT = 53;
/** Milliseconds between looks; between them the watch tells. */
const INTERVAL = 5_000;
/** Milliseconds for which a changed file must be the same before it is read. */
const SETTLE = 100;

export type NameserverReading =
  | { readonly kind: 'servers'; readonly servers: readonly Endpoint[] }
  | { readonly kind: 'none'; readonly trouble: string };

/** @param most servers that it may name */
export function readNameservers(path: string, most: number): NameserverReading {
  const file = readSmallFile(path, bounds.resolvConfText);
  if (file.kind === 'none') return file;
  const servers = new Set(file.text.split('\n').flatMap((line) => nameserverOf(line) ?? []));
  if (servers.size === 0) return { kind: 'none', trouble: 'names no nameserver' };
  if (servers.size > most) return { kind: 'none', trouble: `names more than ${most} nameservers` };
  return { kind: 'servers', servers: [...servers].map((address) => ({ address, port: DNS_PORT })) };
}

function nameserverOf(line: string): string | undefined {
  const [, address = ''] = /^\s*nameserver\s+([^\s#;]+)/.exec(line) ?? [];
  return isIP(address) === 0 ? undefined : address;
}

export interface NameserverFileParts {
  /** Absolute. */
  readonly path: string;
  /** What it held when it was read first. */
  readonly servers: readonly Endpoint[];
  readonly most: number;
  readonly logger: Logger;
  readonly failures: Series;
  /** Called after `servers` has become another list. */
  readonly changed: () => void;
}

export class NameserverFile {
  readonly #parts: NameserverFileParts;
  #servers: readonly Endpoint[];
  /** The state of the file that was read last, and the one that was seen last. */
  #read = '';
  #seen = '';
  #complaint = '';
  #looking = false;
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;
  readonly #watcher: FSWatcher | undefined;
  #closed = false;

  constructor(parts: NameserverFileParts) {
    this.#parts = parts;
    this.#servers = parts.servers;
    this.#poll = setInterval(() => void this.#look(), INTERVAL).unref();
    try {
      this.#watcher = watch(dirname(parts.path), { persistent: false }, () => this.#soon());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No watch left on this machine: looks at intervals remain.
    }
    this.#soon();
  }

  /** At least one. */
  get servers(): readonly Endpoint[] {
    return this.#servers;
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
  }

  #soon(): void {
    if (this.#closed || this.#settling !== undefined) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      void this.#look();
    }, SETTLE).unref();
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#soon();
      return;
    }
    this.#looking = true;
    const state = await stateOf(this.#parts.path);
    this.#looking = false;
    if (this.#closed || state === this.#read) return;
    if (state !== this.#seen) {
      this.#seen = state;
      this.#soon();
      return;
    }
    this.#read = state;
    this.#use(readNameservers(this.#parts.path, this.#parts.most));
  }

  #use(reading: NameserverReading): void {
    const { path, logger, failures, changed } = this.#parts;
    if (reading.kind === 'none') {
      if (reading.trouble === this.#complaint) return;
      this.#complaint = reading.trouble;
      failures.add();
      logger.warning(`${path} ${reading.trouble}: the nameservers that it named before stay in use`);
      return;
    }
    this.#complaint = '';
    if (textOf(reading.servers) === textOf(this.#servers)) return;
    this.#servers = reading.servers;
    logger.info(`${path} has changed: ${textOf(reading.servers)}`);
    changed();
  }
}

/** Differs between two states of a file, one of which may be that there is none. */
async function stateOf(path: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return 'none';
  }
}

function textOf(servers: readonly Endpoint[]): string {
  return servers.map(({ address }) => address).join(', ');
}
