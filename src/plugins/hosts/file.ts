/**
 * A hosts file in service: the table that answers are made from, kept up to date. In: where the file is, and the entries of
 * the Corefile. Out: the table; a file that is missing or cannot be read leaves the last one in service.
 *
 *     file changed ──► read ──► content ──► with the entries of the Corefile: the table, fact raised
 *                                  │
 *                                  └─► kept for the process ──► the next generation, where it cannot read the file
 */
import { type FactCounters, fileFact } from '../../cluster/facts.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import { FollowedFile, type Loading } from '../followed-file.ts';
import type { Closable } from '../plugin.ts';
import { type HostsContent, loadHosts } from './loader.ts';
import { type HostsEntry, HostsTable } from './table.ts';

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

/**
 * The last good content of a hosts file, without the entries of the Corefile. It belongs to the process, so that a reload of the
 * Corefile keeps it, with other entries and options too.
 */
export class KeptHosts implements Closable {
  content: HostsContent | undefined;

  close(): void {
    this.content = undefined;
  }
}

export interface HostsFileParts {
  readonly source: HostsSource;
  /** Of the same path, and of the same mind about look-ups by address. */
  readonly kept: KeptHosts;
  readonly facts: FactCounters;
  readonly logger: Logger;
  /** Counts troubles that left the last table in service. */
  readonly failures: Series;
}

export class HostsFile {
  readonly #parts: HostsFileParts;
  readonly #followed: FollowedFile;
  /** What is served besides the entries of the Corefile; undefined where the file never was good. */
  #content: HostsContent | undefined;
  #table: HostsTable;

  private constructor(parts: HostsFileParts) {
    this.#parts = parts;
    this.#content = parts.kept.content;
    this.#table = this.#withInline(this.#content);
    const { path, reload: interval } = parts.source;
    const { logger, failures } = parts;
    const earlier = this.#content?.modified;
    this.#followed = new FollowedFile({ path, interval, load: () => this.#load(), logger, failures, earlier });
  }

  /** Resolves when the file has been read for the first time, or found missing. */
  static async open(parts: HostsFileParts): Promise<HostsFile> {
    const file = new HostsFile(parts);
    await file.#followed.open();
    return file;
  }

  /** What is served now. Whoever looks in it depends on `fileFact` of the path. */
  get table(): HostsTable {
    return this.#table;
  }

  /** When the file that is served was changed, in milliseconds since the epoch; undefined where none was read. */
  get modified(): number | undefined {
    return this.#content?.modified;
  }

  close(): void {
    this.#followed.close();
  }

  async #load(): Promise<Loading> {
    const { source, kept, facts, logger } = this.#parts;
    const { path, reverse } = source;
    const loading = await loadHosts(path, reverse);
    if (loading.kind !== 'content') return { trouble: loading, included: [] };
    if (!this.#followed.closed) {
      // A reload reads the same again: what rested on it still holds, as that which `cache` keeps of names that are not in it.
      const isNew = this.#content?.digest !== loading.content.digest;
      kept.content = this.#content = loading.content;
      this.#table = this.#withInline(loading.content);
      if (isNew) facts.changed(fileFact(path));
      for (const remark of loading.remarks) logger.warning(`${path}: ${remark}`);
    }
    return { trouble: undefined, included: [] };
  }

  #withInline(content: HostsContent | undefined): HostsTable {
    const { inline, reverse } = this.#parts.source;
    if (content !== undefined && inline.length === 0) return content.table;
    const table = new HostsTable(reverse, content?.table);
    for (const entry of inline) table.add(entry);
    return table;
  }
}
