/**
 * A hosts file in service: the table that answers are made from, kept up to date.
 *
 *     folder watch ─┐
 *                   ├─► look: changed? ──► unchanged a moment later? ──► load ──► table swapped, fact raised
 *     poll interval ┘
 *
 * The folder is watched and not the file, since a ConfigMap is changed by swapping a link beside it. A file that is
 * still being written is waited for. A file that is missing or cannot be read leaves the last table in service.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { type FactCounters, fileFact } from '../../cluster/facts.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import { type FileStamp, type Loading, inlineTable, loadHosts, readStamp, sameStamp } from './loader.ts';
import type { HostsEntry, HostsTable } from './table.ts';

export interface HostsSource {
  /** Absolute. */
  readonly path: string;
  /** Entries of the Corefile, behind those of the file. */
  readonly inline: readonly HostsEntry[];
  /** Whether names are looked up by address too. */
  readonly reverse: boolean;
  /** Milliseconds between looks at the file; 0 for never again, without a watch either. */
  readonly reload: number;
}

/** A changed file must be the same for so long before it is read. */
const SETTLE = 100;

/** Why there is nothing new to serve. */
type Trouble = Exclude<Loading, { readonly kind: 'table' }>;

export class HostsFile {
  readonly #source: HostsSource;
  readonly #facts: FactCounters;
  readonly #logger: Logger;
  readonly #failures: Series;
  #table: HostsTable;
  #modified: number | undefined;
  /** What the table was made from; undefined where the file was not there. */
  #loaded: FileStamp | undefined;
  #candidate: FileStamp | undefined;
  #complaint = '';
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #settling: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;
  #closed = false;

  private constructor(source: HostsSource, facts: FactCounters, logger: Logger, failures: Series) {
    this.#source = source;
    this.#facts = facts;
    this.#logger = logger;
    this.#failures = failures;
    this.#table = inlineTable(source.inline, source.reverse);
  }

  /**
   * Resolves when the file has been read for the first time, or found missing.
   *
   * @param failures counts troubles that left the last table in service
   */
  static async open(source: HostsSource, facts: FactCounters, logger: Logger, failures: Series): Promise<HostsFile> {
    const file = new HostsFile(source, facts, logger, failures);
    // The watch comes first, so that no change falls between it and the reading.
    if (source.reload > 0) file.#follow();
    const reading = await readStamp(source.path);
    if (reading.kind === 'file') await file.#load(reading.stamp);
    else file.#complain(reading);
    return file;
  }

  /** What is served now. Whoever looks in it depends on `fileFact` of the path. */
  get table(): HostsTable {
    return this.#table;
  }

  /** When the file that is served was changed, in milliseconds since the epoch; undefined where none was read. */
  get modified(): number | undefined {
    return this.#modified;
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
  }

  #follow(): void {
    this.#poll = setInterval(() => this.#look(), this.#source.reload);
    this.#poll.unref();
    try {
      this.#watcher = watch(dirname(this.#source.path), { persistent: false }, () => this.#soon());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // There is no such folder, or no watch left on this machine: looks at intervals remain.
    }
  }

  #soon(): void {
    if (this.#closed || this.#settling !== undefined) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#look();
    }, SETTLE);
    this.#settling.unref();
  }

  /** Looks now, or once more when the look that is under way has ended. */
  #look(): void {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#compare().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain) this.#soon();
      this.#lookAgain = false;
    });
  }

  async #compare(): Promise<void> {
    const reading = await readStamp(this.#source.path);
    if (this.#closed) return;
    if (reading.kind !== 'file') {
      this.#candidate = undefined;
      this.#complain(reading);
      return;
    }
    if (sameStamp(reading.stamp, this.#loaded)) {
      this.#complaint = '';
      return;
    }
    if (sameStamp(reading.stamp, this.#candidate)) {
      await this.#load(reading.stamp);
      return;
    }
    this.#candidate = reading.stamp;
    this.#soon();
  }

  async #load(stamp: FileStamp): Promise<void> {
    const { path, inline, reverse } = this.#source;
    const loading = await loadHosts(path, inline, reverse);
    if (this.#closed) return;
    // Whatever came out, this state of the file need not be read again.
    this.#loaded = stamp;
    if (loading.kind !== 'table') {
      this.#complain(loading);
      return;
    }
    this.#complaint = '';
    this.#table = loading.table;
    this.#modified = stamp.modified;
    this.#facts.changed(fileFact(path));
    for (const remark of loading.remarks) this.#logger.warning(`${path}: ${remark}`);
  }

  /** One line for each trouble, however often it is met; counted where it leaves an earlier content in service. */
  #complain(trouble: Trouble): void {
    const servesOn = this.#modified !== undefined;
    const missing = servesOn ? 'is gone' : 'does not exist';
    const what = trouble.kind === 'unreadable' ? `cannot be read: ${trouble.reason}` : missing;
    const text = servesOn ? `${what}; its last good content stays` : what;
    if (text === this.#complaint) return;
    this.#complaint = text;
    this.#logger.warning(`${this.#source.path} ${text}`);
    if (servesOn) this.#failures.add();
  }
}
