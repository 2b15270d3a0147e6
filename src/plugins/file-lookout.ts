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

/** Milliseconds from a change to the look at it: what is being written is not finished yet. */
const SETTLE = 100;

export class FileLookout {
  readonly #look: () => void;
  readonly #poll: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param path absolute
   * @param interval milliseconds between looks that nothing is the reason of
   */
  constructor(path: string, interval: number, look: () => void) {
    this.#look = look;
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
    if (this.#closed || this.#settling !== undefined) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#look();
    }, SETTLE).unref();
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
  }
}
