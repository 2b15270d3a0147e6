/**
 * Tells when files may have changed: at once through a watch on their folders, and at an interval behind it, since a
 * watch can be lost. Folders are watched and never files: a ConfigMap is changed by swapping a symbolic link beside the
 * file, which a watch on the file itself sees once and then never again.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Settling } from '../settling.ts';

/** A file that is half-written is no Corefile; and what else lies in its folder may be written all the time. */
const REST = { quiet: 50, patience: 500 } as const;

export class FileWatch {
  readonly #watchers: readonly FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  readonly #settling: Settling;

  /**
   * @param paths files, and folders whose files count
   * @param interval milliseconds between looks, spread by up to half of `jitter` either way
   * @param changed called whenever something may have changed
   */
  constructor(
    paths: readonly string[],
    { interval, jitter }: { readonly interval: number; readonly jitter: number },
    changed: () => void,
  ) {
    this.#settling = new Settling(REST, changed);
    const folders = new Set(paths.map(folderToWatch));
    this.#watchers = [...folders].map((folder) => this.#watch(folder)).filter((one) => one !== undefined);
    this.#poll = setInterval(changed, Math.max(1, interval + (Math.random() - 0.5) * jitter)).unref();
  }

  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settling.event());
      // The interval stays.
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  close(): void {
    clearInterval(this.#poll);
    this.#settling.close();
    for (const watcher of this.#watchers) watcher.close();
  }
}

/** The path itself where it is a folder, else the folder that it is in. */
function folderToWatch(path: string): string {
  try {
    return statSync(path).isDirectory() ? path : dirname(path);
  } catch {
    // Not there, or in a folder that this user may not look into: the interval tells when that changes.
    return dirname(path);
  }
}
