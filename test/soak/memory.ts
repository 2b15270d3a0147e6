/** Whether a process's memory stays what it was: a line through what it held from time to time, once it had warmed up. */

export interface MemorySample {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly mebibytes: number;
}

/** The part of the time that a process is given to warm up. */
const WARM_UP = 0.4;
/** MiB that the level may move by: pages that V8 and the allocator keep or give back as they like. */
const PLAY = 12;

export interface Flatness {
  /** MiB of the first and the last third of the time after the warm-up, the median of each. */
  readonly first: number;
  readonly last: number;
  readonly isFlat: boolean;
}

/** Throws where there is too little to say anything. */
export function flatness(samples: readonly MemorySample[]): Flatness {
  const end = samples.at(-1)?.at ?? 0;
  const warm = samples.filter(({ at }) => at >= end * WARM_UP).map(({ mebibytes }) => mebibytes);
  const third = Math.floor(warm.length / 3);
  if (third === 0) throw new RangeError(`${samples.length} samples are too few`);
  const first = median(warm.slice(0, third));
  const last = median(warm.slice(-third));
  return { first, last, isFlat: last <= first + PLAY };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
