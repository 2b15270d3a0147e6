/**
 * Replaces a file as a whole: it has the old content until it has the new one, whenever the process or the machine stops.
 *
 *     chunks ─► PATH.tmp ─► on the disk ─► PATH
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';

/** It has the names of everything in the cluster: for this user alone. */
const MODE = 0o600;

/** What is under way or waits, by its path: those of one path have one temporary file, and take turns. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * Writes the chunks, each of which is done with when the next one is asked for: between two of them the event loop has a turn.
 * A temporary file that a killed process has left is removed first; this one is removed where anything fails.
 *
 * @throws what the file system failed with; the signal's reason; Error where another process works on the same file
 */
export async function replaceFile(path: string, chunks: Iterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const before = underWay.get(path);
  const mine = before === undefined ? write(path, chunks, signal) : inTurn(before, path, chunks, signal);
  // Who gives up before his turn leaves those before him to those behind him.
  const all = Promise.allSettled([before, mine]);
  underWay.set(path, all);
  void all.then(() => underWay.get(path) === all && underWay.delete(path));
  await mine;
}

async function inTurn(
  before: Promise<unknown>,
  path: string,
  chunks: Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  void before.then(() => resolve());
  // A disk that hangs may keep those before for ever.
  const giveUp = (): void => resolve();
  signal.addEventListener('abort', giveUp);
  await promise;
  signal.removeEventListener('abort', giveUp);
  await write(path, chunks, signal);
}

async function write(path: string, chunks: Iterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', MODE);
  let isOpen = true;
  try {
    await writeAll(file, chunks, signal);
    await file.datasync();
    // Two processes with one path: whoever came later has removed the file of the other, whose name must not come from it. That
    // it does so between this look and the new name is left to chance: readers tell a file without its end.
    if (!(await isSame(file, temporary))) throw new Error('another process writes it at the same time');
    await file.close();
    isOpen = false;
    signal.throwIfAborted();
    await rename(temporary, path);
  } catch (error) {
    if (isOpen) await discard(file, temporary);
    else await rm(temporary, { force: true }).catch(nothing);
    throw error;
  }
}

async function writeAll(file: FileHandle, chunks: Iterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      signal.throwIfAborted();
      // oxlint-disable-next-line no-await-in-loop -- a chunk is borrowed: it is written before the next one
      const { bytesWritten } = await file.write(chunk, at);
      at += bytesWritten;
    }
  }
}

/** Whether the path still leads to the file. */
async function isSame(file: FileHandle, path: string): Promise<boolean> {
  const [mine, there] = await Promise.all([file.stat({ bigint: true }), stat(path, { bigint: true }).catch(nothing)]);
  return mine.ino === there?.ino && mine.dev === there.dev;
}

/** Closes and removes a temporary file that is good for nothing. What fails here hides no earlier failure. */
async function discard(file: FileHandle, temporary: string): Promise<void> {
  const isMine = await isSame(file, temporary).catch(() => false);
  await file.close().catch(nothing);
  if (isMine) await rm(temporary, { force: true }).catch(nothing);
}

function nothing(): undefined {
  return undefined;
}
