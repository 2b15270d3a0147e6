/**
 * How long one exchange may take: a client query has one time for all exchanges that it causes, one after the other (lines
 * of `forward` with `next`, links of a CNAME chain), and not one for each.
 *
 *     first asked on its behalf                       upstreamSilence            upstreamTime
 *     ├── line 1, silent ──────┬── line 2, silent ────┤ nobody there             ┤ over in any case
 *
 * All times are in milliseconds of the monotonic clock.
 */
import { bounds } from '../../bounds.ts';
import type { Account } from '../query.ts';
import type { Candidate } from './candidates.ts';

/** Whoever is asked has so much time to answer, however much the ones before have used up. */
const LEAST_SILENCE = 200;

export interface ExchangeTimes {
  readonly started: number;
  /** It fails then if no upstream has answered anything since it was started. */
  readonly silence: number;
  /** It fails then in any case. */
  readonly deadline: number;
}

/** @param more whether others are asked if these fail, and so must have time left */
export function timesFor(
  account: Account,
  started: number,
  candidates: readonly Candidate[],
  more: boolean,
): ExchangeTimes {
  const since = (account.upstreamsSince ??= started);
  // Who has answered during this query was alive a moment ago, and may take his time again.
  const alive = since < started && candidates.some(({ line }) => line.lastHeard >= since);
  const left = alive ? bounds.upstreamSilence : since + bounds.upstreamSilence - started;
  const silence = started + Math.max(LEAST_SILENCE, more ? left / 2 : left);
  return { started, silence, deadline: since + bounds.upstreamTime };
}
