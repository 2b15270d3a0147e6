/**
 * The upstreams that one exchange may ask, in the order of the policy: what each was asked and did, and whose turn it is.
 */
import type { UpstreamProblem } from '../network.ts';
import { type Doing, SILENT } from './explain.ts';
import type { Line } from './line.ts';
import type { PlainProtocol } from './request.ts';
import type { Upstream } from './upstream.ts';

/** Times that an upstream is asked the same before it counts as one that does not answer (RFC 9520 §3.1). */
const MOST = 3;
/** An upstream that seems dead is asked after the others were asked twice. */
const HANDICAP = 1.5;

export class Candidate {
  readonly upstream: Upstream;
  readonly line: Line;
  /** Messages sent, TCP and EDNS fallbacks not counted. */
  asked = 0;
  /** Messages that wait for a reply. */
  waiting = 0;
  /** It has said what it will say to this question: it is not asked again. */
  out = false;
  /** It does not seem to read EDNS. */
  plain = false;
  problem: UpstreamProblem | undefined;
  /** The failure of a datagram without a question. */
  bare: number | undefined;

  constructor(upstream: Upstream, protocol: PlainProtocol) {
    this.upstream = upstream;
    this.line = upstream.line(protocol);
  }

  /** It is not asked again, whatever happens. */
  get exhausted(): boolean {
    return this.out || this.asked >= MOST;
  }

  /** Asking again over a connection that works brings nothing: nothing gets lost there. */
  get askable(): boolean {
    return !this.exhausted && !(this.waiting > 0 && this.line.connected);
  }
}

/** Whose turn it is: who was asked least; of these, the first. */
export function nextCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    if (!candidate.askable) continue;
    const rank = candidate.asked + (candidate.upstream.health.preferred ? 0 : HANDICAP);
    if (rank >= least) continue;
    best = candidate;
    least = rank;
  }
  return best;
}

/** What each of those that were asked did. */
export function doingsOf(candidates: readonly Candidate[]): readonly Doing[] {
  return candidates
    .filter(({ asked }) => asked > 0)
    .map(({ upstream, line, problem }) => ({
      upstream: upstream.name,
      protocol: line.target.protocol,
      problem: problem ?? SILENT,
    }));
}
