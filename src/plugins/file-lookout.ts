/**
 * Says when to look at a file again: a moment after something has changed in its folder, and at intervals beside that, since a watch
 * can be lost.
 *
 *     folder watch ──► settled ─┐
 *                               ├─► look
 *     interval ─────────────────┘
 *
 * The folder is watched and not the file, since a ConfigMap is changed by swapping a link beside it, and resolv.conf is
 * mostly replaced whole.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Settling } from '../settling.ts';

/** From a change to the look at it: what is being written is not finished yet. */
const REST = { quiet: 100, patience: 100 } as const;

export class FileLookout {
  readonly #poll: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  readonly #settling: Settling;
  #closed = false;

  /**
   * @param path absolute
   * @param interval milliseconds between looks that nothing is the reason of
   */
  constructor(path: string, interval: number, look: () => void) {
    this.#settling = new Settling(REST, look);
    this.#poll = setInterval(look, interval).unref();
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, () => this.soon());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // There is no such folder, or no watch left on this machine: looks at intervals remain.
    }
  }

  /** Lets one look follow in a moment. */
  soon(): void {
    if (!this.#closed) this.#settling.event();
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearInterval(this.#poll);
    this.#settling.close();
  }
}
