/**
 * How long one exchange may take, and each query that waits for it: a client query has one time for all exchanges that it
 * causes, one after the other (lines of `forward` with `next`, links of a CNAME chain), and not one for each.
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
  /** Others are asked if these upstreams fail, and so must have time left. */
  readonly more: boolean;
}

/** Of an exchange: the whole time, as somebody may join it who has used up nothing. */
export function timesFrom(started: number, more: boolean): ExchangeTimes {
  const { upstreamSilence, upstreamTime } = bounds;
  return {
    started,
    silence: started + (more ? upstreamSilence / 2 : upstreamSilence),
    deadline: started + upstreamTime,
    more,
  };
}

/** Until when a query waits that comes now, if no upstream answers anything: at most as long as the exchange goes on. */
export function silenceFor(
  account: Account,
  now: number,
  candidates: readonly Candidate[],
  { silence, more }: ExchangeTimes,
): number {
  const since = (account.upstreamsSince ??= now);
  // Who has answered during this query was alive a moment ago, and may take his time again.
  const alive = since < now && candidates.some(({ line }) => line.lastHeard >= since);
  const left = alive ? bounds.upstreamSilence : since + bounds.upstreamSilence - now;
  return Math.min(silence, now + Math.max(LEAST_SILENCE, more ? left / 2 : left));
}
