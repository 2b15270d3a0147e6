/** How long an alias may live that rests on several answers, some of which count down out of `cache` and some do not. */
import type { Reply } from '../answer.ts';

/** Seconds; Infinity for without an end. */
export interface Lifetime {
  /** What stays the same whenever the answer is given again. */
  readonly steady: number;
  /** What counts down. */
  readonly aging: number;
}

export function shorter(one: Lifetime, other: Lifetime): Lifetime {
  return { steady: Math.min(one.steady, other.steady), aging: Math.min(one.aging, other.aging) };
}

/** Of a record. */
export function lifetimeOf({ ttl, aging }: { readonly ttl: number; readonly aging?: true }): Lifetime {
  return aging === true ? { steady: Infinity, aging: ttl } : { steady: ttl, aging: Infinity };
}

/** Of the news that a name does not exist (RFC 2308 §5). */
export function lifetimeOfDenial({ authority }: Reply): Lifetime {
  const [soa] = authority;
  if (soa === undefined) return { steady: Infinity, aging: Infinity };
  const minimum = soa.kind === 'soa' ? soa.soa.minimum : Infinity;
  return shorter(lifetimeOf(soa), { steady: minimum, aging: Infinity });
}
