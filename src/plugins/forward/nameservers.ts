/**
 * A file of nameservers in the form of resolv.conf, as something to forward to: read at the start, and again whenever it
 * changes.
 *
 *     file-lookout.ts ──► changed? ──► the same a moment later? ──► read ──► servers swapped, owner told
 *                                                                    └─► broken or gone: the last good ones go on
 *
 * What is found wrong is said once and counted once.
 */
import { stat } from 'node:fs/promises';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import { FileLookout } from '../file-lookout.ts';
import type { Endpoint } from '../network.ts';
import { type Mistake, mistakeText, readNameservers } from './resolv-conf.ts';

/** Milliseconds between looks; between them the watch tells. */
const INTERVAL = 5_000;

export interface NameserverFileParts {
  /** Absolute. */
  readonly path: string;
  /** What it held when it was read first. */
  readonly servers: readonly Endpoint[];
  /** What was wrong with it then, and has been told. */
  readonly mistakes: readonly Mistake[];
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
  /** Lines about what was a mistake in it when it was read last. */
  #mistakes: string;
  #looking = false;
  readonly #lookout: FileLookout;
  #closed = false;

  constructor(parts: NameserverFileParts) {
    this.#parts = parts;
    this.#servers = parts.servers;
    this.#mistakes = this.#linesAbout(parts.mistakes).join('\n');
    this.#lookout = new FileLookout(parts.path, INTERVAL, () => void this.#look());
    this.#lookout.soon();
  }

  /** At least one. */
  get servers(): readonly Endpoint[] {
    return this.#servers;
  }

  close(): void {
    this.#closed = true;
    this.#lookout.close();
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#lookout.soon();
      return;
    }
    this.#looking = true;
    const state = await stateOf(this.#parts.path);
    this.#looking = false;
    if (this.#closed || state === this.#read) return;
    if (state !== this.#seen) {
      this.#seen = state;
      this.#lookout.soon();
      return;
    }
    this.#read = state;
    this.#use(readNameservers(this.#parts.path, this.#parts.most));
  }

  #use(reading: ReturnType<typeof readNameservers>): void {
    const { path, logger, failures, changed } = this.#parts;
    this.#warn(reading.mistakes);
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

  /** Once, as long as they stay the same. */
  #warn(mistakes: readonly Mistake[]): void {
    const lines = this.#linesAbout(mistakes);
    const text = lines.join('\n');
    if (text === this.#mistakes) return;
    this.#mistakes = text;
    for (const line of lines) this.#parts.logger.warning(line);
  }

  #linesAbout(mistakes: readonly Mistake[]): readonly string[] {
    return mistakes.map((mistake) => `${this.#parts.path}:${mistakeText(mistake)}`);
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
