/**
 * Reads a snapshot from its file. Whatever is there instead (a folder, a FIFO, something huge, nothing) costs a line in the
 * log at most, and no time.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { bounds } from '../../../bounds.ts';
import { decodeSnapshot } from './decode.ts';
import { mebibytes, troubleText } from './messages.ts';
import type { SnapshotHeader, SnapshotObject } from './snapshot.ts';

export interface SnapshotLimits {
  /** Tells what is asked of the API server now. */
  readonly scope: string;
  /** Milliseconds. */
  readonly maxAge: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The largest file that is read, in octets; undefined for what the table of bounds says. */
  readonly size?: number;
}

export type SnapshotReading =
  | {
      readonly outcome: 'snapshot';
      readonly header: SnapshotHeader;
      /** As `decodeSnapshot` gives them; the content of the file is let go with the last one. */
      readonly objects: Generator<SnapshotObject, boolean>;
    }
  /** There is no such file: the first start. */
  | { readonly outcome: 'none' }
  /** There is one that cannot be used: `reason` continues `it is not used:`. */
  | { readonly outcome: 'ignored'; readonly reason: string };

/** How far ahead of ours the clock may have been that a snapshot was taken by, in milliseconds. */
const CLOCK_SKEW = 300_000;

/** Never rejects. Whether it is of the cluster that is asked now (`header.cluster`) is for the caller to find out. */
export async function readSnapshot(path: string, limits: SnapshotLimits): Promise<SnapshotReading> {
  let octets: Uint8Array | string;
  try {
    octets = await readOctets(path, limits.size ?? bounds.snapshotFile);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? { outcome: 'none' } : ignored(troubleText(error));
  }
  if (typeof octets === 'string') return ignored(octets);
  const decoding = decodeSnapshot(octets);
  if (decoding.outcome === 'unusable') return ignored(decoding.reason);
  const objection = objectionTo(decoding.header, limits);
  return objection === undefined ? decoding : ignored(objection);
}

function ignored(reason: string): SnapshotReading {
  return { outcome: 'ignored', reason };
}

/** Why a snapshot in good order is not used. */
function objectionTo({ scope, takenAt }: SnapshotHeader, limits: SnapshotLimits): string | undefined {
  if (scope !== limits.scope) return 'it is of other resources or of another selection of them';
  const age = limits.now - takenAt;
  if (age < -CLOCK_SKEW) return `it was taken ${duration(-age)} from now: a clock is wrong`;
  if (age > limits.maxAge) return `it is ${duration(age)} old, and may be ${duration(limits.maxAge)}`;
  return undefined;
}

/** The content of a file; or why it is not read, as a text. */
async function readOctets(path: string, limit: number): Promise<Uint8Array | string> {
  // Opening a FIFO would otherwise wait for somebody to write into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return 'it is no regular file';
    if (stats.size > limit) return `it is larger than ${mebibytes(limit)}`;
    return await readUpTo(file, stats.size);
  } finally {
    await file.close();
  }
}

/** Reads so many octets, fewer where the file has become shorter. */
async function readUpTo(file: FileHandle, size: number): Promise<Uint8Array> {
  const octets = Buffer.allocUnsafeSlow(size);
  let length = 0;
  while (length < size) {
    // oxlint-disable-next-line no-await-in-loop -- each read goes on where the one before it ended
    const { bytesRead } = await file.read(octets, length, size - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return octets.subarray(0, length);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function duration(milliseconds: number): string {
  if (milliseconds >= 2 * HOUR) return `${Math.round(milliseconds / HOUR)} hours`;
  if (milliseconds >= 2 * MINUTE) return `${Math.round(milliseconds / MINUTE)} minutes`;
  return `${Math.round(milliseconds / 1000)} seconds`;
}
