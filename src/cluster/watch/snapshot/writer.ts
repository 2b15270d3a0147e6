/**
 * Keeps the file of a snapshot up to date: once in a while, only if something has changed, and without holding up queries.
 * What fails is told once and tried again.
 */
import { bounds } from '../../../bounds.ts';
import { encodeSnapshot } from './encode.ts';
import { mebibytes, troubleText } from './messages.ts';
import { replaceFile } from './replace.ts';
import type { SnapshotHeader, SnapshotObjects } from './snapshot.ts';

export interface SnapshotWriterOptions {
  readonly path: string;
  /** Milliseconds between two writes. */
  readonly interval: number;
  /** What to write; undefined while it is not worth keeping. Called in one turn of the event loop with what it costs. */
  readonly take: () => { readonly header: SnapshotHeader; readonly objects: SnapshotObjects } | undefined;
  /** The file has what `take` gave. */
  readonly written?: (header: SnapshotHeader) => void;
  /** Rises with each change of what `take` gives. */
  readonly version: () => number;
  /** A line for the log. */
  readonly report: (severity: 'info' | 'warning', line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * Milliseconds after which the file is written again though nothing has changed: its age is that of the knowledge, and a
   * cluster in which nothing happens must not be forgotten. Undefined for never.
   */
  readonly refresh?: number;
  /** The largest file that is written, in octets; undefined for what the table of bounds says. */
  readonly size?: number;
}

export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** The write that is under way. It never rejects. */
  #running: Promise<void> | undefined;
  /** The version in the file, and when it was written. */
  #written: number | undefined;
  #writtenAt = 0;
  /** What the last write failed for. */
  #trouble: string | undefined;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  /** Writes now, and from then on with each interval in which something has changed. */
  start(): void {
    if (this.#timer !== undefined || this.#abort.signal.aborted) return;
    this.#timer = setInterval(() => this.#writeIfDue(), this.#options.interval);
    this.#timer.unref();
    this.#writeIfDue();
  }

  /** Waits for the write that is under way, and writes once more if something has changed since. Never rejects. */
  async flush(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- others that wait may have begun the next one
    while (this.#running !== undefined) await this.#running;
    if (this.#hasChanged && !this.#abort.signal.aborted) await this.#begin();
  }

  /** Gives up the write that is under way; the file stays as it is. Resolves when nothing is left of it; never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort(new Error('closed'));
    await this.#running;
  }

  get #hasChanged(): boolean {
    return this.#options.version() !== this.#written;
  }

  #writeIfDue(): void {
    const { refresh, now } = this.#options;
    const age = now() - this.#writtenAt;
    // Where the clock was set back, the file is of a time to come, and would not be used.
    const isOld = refresh !== undefined && (age >= refresh || age < 0);
    if (this.#running === undefined && (this.#hasChanged || isOld)) void this.#begin();
  }

  #begin(): Promise<void> {
    this.#running = this.#write().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #write(): Promise<void> {
    const { path, take, version, report, now, size = bounds.snapshotFile } = this.#options;
    const { signal } = this.#abort;
    const current = version();
    try {
      const taken = take();
      if (taken === undefined) return;
      await replaceFile(path, upTo(size, encodeSnapshot(taken.header, taken.objects)), signal);
      this.#options.written?.(taken.header);
    } catch (error) {
      if (!signal.aborted) this.#failed(troubleText(error));
      return;
    }
    this.#written = current;
    this.#writtenAt = now();
    if (this.#trouble !== undefined) report('info', `the snapshot ${path} is written again`);
    this.#trouble = undefined;
  }

  #failed(cause: string): void {
    if (cause === this.#trouble) return;
    this.#trouble = cause;
    const { path, interval, report } = this.#options;
    report('warning', `the snapshot ${path} cannot be written: ${cause}; trying again every ${interval / 1000} s`);
  }
}

/** The chunks, as long as they are not more octets than that. */
function* upTo(limit: number, chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  let size = 0;
  for (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new Error(`it would be larger than ${mebibytes(limit)}`);
    yield chunk;
  }
}
