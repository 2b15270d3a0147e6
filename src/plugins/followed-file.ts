/**
 * Follows a file that answers are made from: it is read at once, and again whenever it has changed.
 *
 *     file-lookout.ts ──► look: changed? ──► unchanged a moment later? ──► load, which puts the new content in service
 *
 * A file that is still being written is waited for. A file that is missing or cannot be read leaves the last content in service: that is
 * one line in the log for each trouble, and counted.
 */
import { stat } from 'node:fs/promises';
import type { Logger } from '../telemetry/logger.ts';
import type { Series } from '../telemetry/metrics.ts';
import { FileLookout } from './file-lookout.ts';
import type { FileFault } from './plugin.ts';

/** What tells one state of a file from another. */
export interface FileStamp {
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly size: number;
  readonly inode: number;
}

/** Why there is nothing new to serve. */
export type Trouble =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** What stands in it is wrong; the text names the place. */
  | { readonly kind: 'wrong'; readonly text: string };

export type StampReading = { readonly kind: 'file'; readonly stamp: FileStamp } | Exclude<Trouble, { kind: 'wrong' }>;

/** Another file that a content was made from, as it stood before it was read. */
export interface IncludedFile {
  /** Absolute. */
  readonly path: string;
  readonly reading: StampReading;
}

export interface Loading {
  /** Undefined where the new content is in service, or where what is in service need not be replaced. */
  readonly trouble: Trouble | undefined;
  /** Files that are looked at as well from now on. */
  readonly included: readonly IncludedFile[];
}

export interface FollowedFileParts {
  /** Absolute. */
  readonly path: string;
  /** Milliseconds between looks at the file; 0 for never again, without a watch either. */
  readonly interval: number;
  /** Reads the file and puts its content in service; `stamp` is what it was like before. It must not reject. */
  readonly load: (stamp: FileStamp) => Promise<Loading>;
  readonly logger: Logger;
  /** Counts troubles that left the last content in service. */
  readonly failures: Series;
  /** Where a content that was read earlier is in service already: when the file was changed, in milliseconds since the epoch. */
  readonly earlier?: number | undefined;
  /** What is so where no content was ever good, for a person. */
  readonly without?: string;
}

export class FollowedFile {
  readonly #parts: FollowedFileParts;
  #modified: number | undefined;
  #included: readonly string[] = [];
  /** What was read last, good or not; undefined where the file was not there. */
  #loaded: string | undefined;
  #candidate: string | undefined;
  #complaint = '';
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  /** Undefined where the file is looked at once. */
  #lookout: FileLookout | undefined;
  #closed = false;

  constructor(parts: FollowedFileParts) {
    this.#parts = parts;
    this.#modified = parts.earlier;
  }

  /** Resolves when the file has been read for the first time, with what was wrong with it; called once. Never rejects. */
  async open(): Promise<Trouble | undefined> {
    const { path, interval } = this.#parts;
    // The lookout comes first, so that no change falls between it and the reading.
    if (interval > 0) this.#lookout = new FileLookout(path, interval, () => this.#look());
    const opening = this.#readFirst(path);
    this.#during(opening);
    return opening;
  }

  async #readFirst(path: string): Promise<Trouble | undefined> {
    const reading = await readStamp(path);
    if (reading.kind === 'file') return this.#load(reading.stamp);
    this.#complain(reading);
    return reading;
  }

  /** When the file that is served was changed, in milliseconds since the epoch; undefined where none was read, now or earlier. */
  get modified(): number | undefined {
    return this.#modified;
  }

  /** True from `close` on: what a load under way finds is served by nobody. */
  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#lookout?.close();
  }

  /** Looks now, or once more when the look that is under way has ended. */
  #look(): void {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#during(this.#compare());
  }

  /** Keeps further looks away from one that is under way, so that the file is never read twice at a time. */
  #during(work: Promise<unknown>): void {
    const ended = (): void => {
      this.#looking = undefined;
      if (this.#lookAgain) this.#lookout?.soon();
      this.#lookAgain = false;
    };
    this.#looking = work.then(ended, ended);
  }

  async #compare(): Promise<void> {
    const paths = [this.#parts.path, ...this.#included];
    const readings = await Promise.all(paths.map((path) => readStamp(path)));
    if (this.#closed) return;
    const [main] = readings;
    if (main?.kind !== 'file') {
      this.#candidate = undefined;
      if (main !== undefined) this.#complain(main);
      return;
    }
    const state = stateOf(readings);
    if (state === this.#loaded) {
      // Gone and back again.
      this.#complaint = this.#lastTrouble;
      return;
    }
    if (state === this.#candidate) {
      await this.#load(main.stamp);
      return;
    }
    this.#candidate = state;
    this.#lookout?.soon();
  }

  /** What was said about the content that was read last; empty where it is in service. */
  #lastTrouble = '';

  async #load(stamp: FileStamp): Promise<Trouble | undefined> {
    const { trouble, included } = await this.#parts.load(stamp);
    if (this.#closed) return undefined;
    this.#included = included.map(({ path }) => path);
    // What was read need not be read again, good or not. What could not be read may be next time: nothing of it need have changed for that.
    const wasRead = trouble === undefined || trouble.kind === 'wrong';
    this.#loaded = wasRead ? stateOf([{ kind: 'file', stamp }, ...included.map(({ reading }) => reading)]) : undefined;
    if (trouble === undefined) {
      this.#complaint = '';
      this.#modified = stamp.modified;
    } else {
      this.#complain(trouble);
    }
    this.#lastTrouble = this.#complaint;
    return trouble;
  }

  /** One line for each trouble, however often it is met; counted where it leaves an earlier content in service. */
  #complain(trouble: Trouble): void {
    const servesOn = this.#modified !== undefined;
    const { path, without } = this.#parts;
    const what = describeTrouble(path, trouble, servesOn);
    const text = withEffect(what, servesOn ? 'its last good content stays' : without);
    if (text === this.#complaint) return;
    this.#complaint = text;
    this.#parts.logger.warning(text);
    if (servesOn) this.#parts.failures.add();
  }
}

/** @param wasThere whether the file had been read before */
export function describeTrouble(path: string, trouble: Trouble, wasThere: boolean): string {
  switch (trouble.kind) {
    case 'missing':
      return `${path} ${wasThere ? 'is gone' : 'does not exist'}`;
    case 'unreadable':
      return `${path} cannot be read: ${trouble.reason}`;
    case 'wrong':
      return trouble.text;
  }
}

/** What a server that starts without this file says of it, and goes on. */
export function faultOf(path: string, trouble: Trouble, without?: string): FileFault {
  const message = withEffect(describeTrouble(path, trouble, false), without);
  return { severity: trouble.kind === 'missing' ? 'note' : 'warning', message };
}

function withEffect(what: string, effect: string | undefined): string {
  return effect === undefined ? what : `${what}; ${effect}`;
}

function stateOf(readings: readonly StampReading[]): string {
  return JSON.stringify(readings.map((reading) => (reading.kind === 'file' ? reading.stamp : reading.kind)));
}

/** Never rejects. */
export async function readStamp(path: string): Promise<StampReading> {
  try {
    const status = await stat(path);
    if (!status.isFile()) return { kind: 'unreadable', reason: 'it is no regular file' };
    return { kind: 'file', stamp: { modified: status.mtimeMs, size: status.size, inode: status.ino } };
  } catch (error) {
    return troubleOf(error);
  }
}

/** What an error of the file system says about a file. */
export function troubleOf(error: unknown): Exclude<Trouble, { kind: 'wrong' }> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
}
