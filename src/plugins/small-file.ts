/**
 * Files that a directive names: certificates, keys, lists of nameservers. In: a path. Out: the text, or why there is none, in
 * words for a person. They are small and local, and are read in one go.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export type SmallFile =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'none'; readonly trouble: string };

/** @param limit octets; a larger file is not read */
export function readSmallFile(path: string, limit: number): SmallFile {
  try {
    // A pipe without a writer would hold the whole program here for ever.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // What is read of a pipe is gone for others, and a device may never end.
      if (!fstatSync(file).isFile()) return { kind: 'none', trouble: 'is no regular file' };
      const octets = Buffer.alloc(limit + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length <= limit; length += read) {
        read = readSync(file, octets, length, octets.length - length, null);
      }
      if (length > limit) return { kind: 'none', trouble: `has more than ${limit} octets` };
      return { kind: 'text', text: octets.toString('utf8', 0, length) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { kind: 'none', trouble: troubleOf(error) };
  }
}

function troubleOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
