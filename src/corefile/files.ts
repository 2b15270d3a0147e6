/**
 * The file system as a Corefile sees it: files read whole and bounded, and glob patterns. Synchronous: configuration is
 * read before anything is served, or beside it at a reload, and is small.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export type FileReading =
  | { readonly kind: 'text'; readonly text: string; readonly octets: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'unreadable'; readonly reason: string };

const chunkOctets = 65_536;

/**
 * Reads a file of at most `limit` octets as UTF-8.
 *
 * @param kind `regular` refuses pipes and devices, which a pattern may come upon and which may never end or never begin
 */
export function readBounded(path: string, limit: number, kind: 'regular' | 'any'): FileReading {
  let file: number | undefined;
  try {
    // Asked before it is opened: opening a pipe waits for its writer.
    const found = statSync(path);
    if (found.isDirectory()) return { kind: 'folder' };
    if (kind === 'regular' && !found.isFile()) return { kind: 'unreadable', reason: 'it is not a regular file' };
    file = openSync(path, 'r');
    const chunks: Buffer[] = [];
    let octets = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkOctets);
      const count = readSync(file, chunk);
      if (count === 0) break;
      octets += count;
      if (octets > limit) return { kind: 'too-large' };
      chunks.push(chunk.subarray(0, count));
    }
    return { kind: 'text', text: Buffer.concat(chunks, octets).toString('utf8'), octets };
  } catch (error) {
    return describe(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function describe(error: unknown): FileReading {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
}

/** Whether a path is a pattern: it has `*` or `?`. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * The absolute paths that match a pattern, in lexical order, and the folders that were looked into. `*` stands for any
 * characters of one path component and `?` for one, leading dots included, as in Go. A folder that cannot be read has
 * no matches.
 *
 * @param base absolute path that a relative pattern starts from; taken literally
 * @param pattern with at most one `*` and one `?`, which bounds the work
 */
export function findMatches(
  base: string,
  pattern: string,
): { readonly matches: readonly string[]; readonly folders: readonly string[] } {
  if (!isPattern(pattern)) return { matches: [resolve(base, pattern)], folders: [] };
  const parents = findMatches(base, dirname(pattern));
  const last = basename(pattern);
  const folders = [...parents.folders, ...parents.matches];
  if (!isPattern(last)) {
    return { matches: parents.matches.map((parent) => join(parent, last)).filter((path) => existsSync(path)), folders };
  }
  const matches = parents.matches.flatMap((folder) =>
    listFolder(folder)
      .filter((name) => matchesComponent(name, last))
      .map((name) => join(folder, name)),
  );
  return { matches, folders };
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch {
    return [];
  }
}

function matchesComponent(name: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return matchesLiterally(name, pattern);
  const before = pattern.slice(0, star);
  const after = pattern.slice(star + 1);
  return (
    name.length >= before.length + after.length &&
    matchesLiterally(name.slice(0, before.length), before) &&
    matchesLiterally(name.slice(name.length - after.length), after)
  );
}

/** Whether the characters are the same, `?` being any. */
function matchesLiterally(name: string, pattern: string): boolean {
  const characters = Array.from(name);
  const wanted = Array.from(pattern);
  return characters.length === wanted.length && wanted.every((one, index) => one === '?' || one === characters[index]);
}
