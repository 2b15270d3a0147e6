/**
 * The thread that watches whether the server's event loop is held: it asks the same question again and again and measures
 * how long the server says nothing at all. In: `ProberInput` as the thread's data. Out: figures in shared memory.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

export interface ProberInput {
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  readonly query: Uint8Array;
  /** Milliseconds between questions. */
  readonly interval: number;
  /** Where the figures are written: numbers of 64 bits, see `Figure`. */
  readonly figures: SharedArrayBuffer;
}

/** Places in the shared memory. */
export const Figure = {
  ASKED: 0,
  ANSWERED: 1,
  /**
   * Milliseconds for which a question waited while no answer at all came, less the time for which the machine let this
   * thread or the server wait for a processor.
   */
  LONGEST_SILENCE: 2,
} as const;

export const FIGURE_OCTETS = 8 * Object.keys(Figure).length;

/** Asks until the thread is ended. */
function probe({ port, pid, query, interval, figures }: ProberInput): void {
  const written = new Float64Array(figures);
  const count = (figure: number): void => {
    written[figure] = (written[figure] ?? 0) + 1;
  };
  /** When the first question was asked that has had no answer, nor any later one. */
  let waitingSince: number | undefined;
  /** How much of that time this thread was held itself. */
  let heldHere = 0;
  /** What `waitedForProcessor` said at its beginning. */
  let waitedBefore = 0;
  let lastTick = performance.now();
  const noteSilence = (): void => {
    if (waitingSince === undefined) return;
    const silence = performance.now() - waitingSince - heldHere - (waitedForProcessor(pid) - waitedBefore);
    written[Figure.LONGEST_SILENCE] = Math.max(written[Figure.LONGEST_SILENCE] ?? 0, silence);
  };

  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.on('message', () => {
    count(Figure.ANSWERED);
    noteSilence();
    waitingSince = undefined;
  });
  setInterval(() => {
    const now = performance.now();
    heldHere += Math.max(0, now - lastTick - interval);
    lastTick = now;
    noteSilence();
    if (waitingSince === undefined) {
      waitingSince = now;
      heldHere = 0;
      waitedBefore = waitedForProcessor(pid);
    }
    count(Figure.ASKED);
    socket.send(query, port, '127.0.0.1', () => undefined);
  }, interval);
}

/** Milliseconds for which the process was ready to run and did not, as Linux counts them; 0 where that is not known. */
function waitedForProcessor(pid: number): number {
  try {
    const [, nanoseconds = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
    return nanoseconds / 1e6;
  } catch {
    return 0;
  }
}

function readInput(data: unknown): ProberInput | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { port, pid, query, interval, figures }: Partial<Record<keyof ProberInput, unknown>> = data;
  if (typeof port !== 'number' || typeof pid !== 'number' || typeof interval !== 'number') return undefined;
  return query instanceof Uint8Array && figures instanceof SharedArrayBuffer
    ? { port, pid, query, interval, figures }
    : undefined;
}

const input = readInput(workerData);
if (input !== undefined) probe(input);
