/** Files with tokens, certificates and keys: small texts, read whole, with words for whoever has to put them there. */
import { constants, open } from 'node:fs/promises';
import { bounds } from '../../../bounds.ts';
import { ApiError } from './api.ts';

/** @throws ApiError which names the file and says what is wrong with it */
export async function readSmallFile(path: string): Promise<string> {
  try {
    return await readWhole(path);
  } catch (error) {
    throw error instanceof ApiError ? error : unreadable(path, error);
  }
}

/** The error that a file could not be read with, in words. */
export function unreadable(path: string, error: unknown): ApiError {
  return new ApiError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
}

async function readWhole(path: string): Promise<string> {
  // A pipe without a writer would hold a thread for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new ApiError(`cannot read ${path}: it is not a file`);
    const buffer = Buffer.alloc(bounds.certificateText + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > bounds.certificateText) {
      throw new ApiError(`cannot read ${path}: it is larger than ${bounds.certificateText} octets`);
    }
    const text = buffer.toString('utf8', 0, bytesRead);
    if (text.trim() === '') throw new ApiError(`${path} is empty`);
    return text;
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
