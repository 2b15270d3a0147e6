/** Sockets in batches over system functions that a test changes. */
import { onTestFinished } from 'vitest';
import type { Bounds } from '../../../src/bounds.ts';
import type { Listener, RequestHandler } from '../../../src/transport/transport.ts';
import { type BatchParts, createBatchParts } from '../../../src/transport/udp-batch/batch-parts.ts';
import { type Native, nativeSupport } from '../../../src/native/native.ts';
import { openUdpBatch } from '../../../src/transport/udp-batch/udp-batch.ts';
import { portOf } from '../fixtures.ts';

export function realNative(): Native {
  const support = nativeSupport();
  if (support.kind === 'absent') throw new Error(support.why);
  return support.native;
}

/** Parts whose system functions are the real ones but for these. */
export function partsWith(change: (native: Native) => Partial<Native>): BatchParts {
  const native = realNative();
  return createBatchParts({ ...native, ...change(native) });
}

export interface OpenedBatch {
  readonly listener: Listener;
  readonly port: number;
  readonly reports: readonly string[];
}

/** A listener on 127.0.0.1 over such parts, closed when the test is over. */
export async function openOver(
  parts: BatchParts,
  handler: RequestHandler,
  limits: Partial<Bounds> = {},
): Promise<OpenedBatch> {
  const reports: string[] = [];
  const report = (line: string): void => void reports.push(line);
  const listener = await openUdpBatch({ address: '127.0.0.1', port: 0, handler, report, limits }, parts);
  onTestFinished(() => listener.close());
  return { listener, port: portOf(listener), reports };
}

/**
 * Parts that show each datagram to `change` when it has been received, with its text and with the offset of its socket address in the
 * inbox, before the socket sees it.
 */
export function partsThatChange(change: (parts: BatchParts, text: string, name: number) => void): BatchParts {
  const parts = partsWith((native) => ({
    recvmmsg: (...args) => {
      const count = native.recvmmsg(...args);
      const { inbox } = parts;
      for (let slot = 0; slot < count; slot++) {
        const start = slot * inbox.room;
        change(parts, inbox.octets.toString('latin1', start, start + inbox.length(slot)), inbox.nameAt(slot));
      }
      return count;
    },
  }));
  return parts;
}
