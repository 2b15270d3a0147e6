/**
 * What the JavaScript engine can tell of this process: where its time goes, and what is in its memory. One at a time, since
 * each takes time and memory from the answers.
 */
import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Closable } from '../plugin.ts';

export class Profiles implements Closable {
  #busy = false;

  /** Runs one after it has been made sure that no other does; undefined where one does. */
  async alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#busy) return undefined;
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    // What runs ends with the connection that asked for it.
  }
}

/**
 * A CPU profile of so many milliseconds, as the text of a `.cpuprofile` file; shorter where `signal` ends it.
 * @throws where the engine was built without an inspector
 */
export async function cpuProfile(milliseconds: number, signal: AbortSignal): Promise<string> {
  // An engine without an inspector has no such module: it is asked for where it is needed.
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await pause(milliseconds, signal);
    const { profile } = await session.post('Profiler.stop');
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}

/** Resolves after so many milliseconds, or as soon as the signal says so. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => resolve());
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
}

/**
 * A heap snapshot in a file that has no name any more: it is gone when the handle is closed, however the process ends. The
 * engine writes it without a pause, and through a file it need not be in memory a second time. Nothing else happens in the
 * process meanwhile.
 *
 * @param path where the file may be for a moment; its owner alone can read it
 * @throws where it cannot be written
 */
export async function heapSnapshot(path: string): Promise<FileHandle> {
  try {
    process.getBuiltinModule('node:v8').writeHeapSnapshot(path);
    return await open(path, 'r');
  } finally {
    rmSync(path, { force: true });
  }
}
