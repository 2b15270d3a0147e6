/** Figures with what they must be and what they should be, as rows of one table. */
import { median, verdict, withSpread } from '../table.ts';

export interface Limits {
  readonly must: number;
  readonly aim?: number;
}

export interface Figure {
  /** The row's name; empty where it goes on. */
  readonly row: string;
  readonly about: string;
  /** One for each run; of those the median is what counts. */
  readonly values: readonly number[];
  readonly unit: 's' | 'ms' | 'µs' | 'MiB' | '%';
  /** Undefined for what is only told. */
  readonly limits: Limits | undefined;
  /** What else is to be known: how the figure splits, what is wrong. */
  readonly note?: string;
}

export const heading: readonly string[] = ['row', 'figure', 'measured', 'unit', 'must', 'aim', 'note'];

const DIGITS = { s: 2, ms: 2, µs: 2, MiB: 0, '%': 2 } as const;

/** @param limitsHold false where the cluster has another size than that for which they were set */
export function figureRow({ row, about, values, unit, limits, note = '' }: Figure, limitsHold: boolean): string[] {
  const { must, aim } = limitsHold && limits !== undefined ? limits : { must: undefined, aim: undefined };
  const judged = (limit: number | undefined): string => (limit === undefined ? '' : verdict(median(values), limit));
  return [row, about, withSpread(values, DIGITS[unit]), unit, judged(must), judged(aim), note];
}
