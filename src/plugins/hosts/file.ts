/**
 * A hosts file in service: the table that answers are made from, kept up to date. In: where the file is, and the entries of
 * the Corefile. Out: the table; a file that is missing or cannot be read leaves the last one in service.
 */
import { type FactCounters, fileFact } from '../../cluster/facts.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import { FollowedFile, type Loading } from '../followed-file.ts';
import { inlineTable, loadHosts } from './loader.ts';
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

export class HostsFile {
  readonly #source: HostsSource;
  readonly #facts: FactCounters;
  readonly #logger: Logger;
  readonly #followed: FollowedFile;
  #table: HostsTable;

  private constructor(source: HostsSource, facts: FactCounters, logger: Logger, failures: Series) {
    this.#source = source;
    this.#facts = facts;
    this.#logger = logger;
    this.#table = inlineTable(source.inline, source.reverse);
    const { path, reload: interval } = source;
    this.#followed = new FollowedFile({ path, interval, load: () => this.#load(), logger, failures });
  }

  /**
   * Resolves when the file has been read for the first time, or found missing.
   *
   * @param failures counts troubles that left the last table in service
   */
  static async open(source: HostsSource, facts: FactCounters, logger: Logger, failures: Series): Promise<HostsFile> {
    const file = new HostsFile(source, facts, logger, failures);
    await file.#followed.open();
    return file;
  }

  /** What is served now. Whoever looks in it depends on `fileFact` of the path. */
  get table(): HostsTable {
    return this.#table;
  }

  /** When the file that is served was changed, in milliseconds since the epoch; undefined where none was read. */
  get modified(): number | undefined {
    return this.#followed.modified;
  }

  close(): void {
    this.#followed.close();
  }

  async #load(): Promise<Loading> {
    const { path, inline, reverse } = this.#source;
    const loading = await loadHosts(path, inline, reverse);
    if (loading.kind !== 'table') return { trouble: loading, included: [] };
    if (!this.#followed.closed) {
      this.#table = loading.table;
      this.#facts.changed(fileFact(path));
      for (const remark of loading.remarks) this.#logger.warning(`${path}: ${remark}`);
    }
    return { trouble: undefined, included: [] };
  }
}
