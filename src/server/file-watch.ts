/**
 * Tells when files may have changed: at once through a watch on their folders, and at an interval behind it, since a
 * watch can be lost. Folders are watched and never files: a ConfigMap is changed by swapping a symbolic link beside the
 * file, which a watch on the file itself sees once and then never again.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Milliseconds without another event after which a change counts as finished. */
const QUIET = 50;

export class FileWatch {
  readonly #watchers: readonly FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  #settle: NodeJS.Timeout | undefined;

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
    const folders = new Set(paths.map(folderToWatch));
    this.#watchers = [...folders].map((folder) => this.#watch(folder, changed)).filter((one) => one !== undefined);
    this.#poll = setInterval(changed, Math.max(1, interval + (Math.random() - 0.5) * jitter)).unref();
  }

  #watch(folder: string, changed: () => void): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(this.#settle);
        this.#settle = setTimeout(changed, QUIET).unref();
      });
      // The interval stays.
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#settle);
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
