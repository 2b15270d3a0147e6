/**
 * The upstreams that one exchange may ask, in the order of the policy: what each was asked and did, and whose turn it is.
 */
import type { UpstreamProblem } from '../network.ts';
import { type Doing, SILENT } from './explain.ts';
import type { Line } from './line.ts';
import { type EdnsForm, type PlainProtocol, lessEdns } from './request.ts';
import type { Upstream } from './upstream.ts';

/** Times that an upstream is asked the same before it counts as one that does not answer (RFC 9520 §3.1). */
const MOST = 3;
/** The same over connections: no message gets lost there, but a connection may die without a word. */
const MOST_CONNECTED = 2;
/** An upstream that seems dead is asked after the others were asked twice. */
const HANDICAP = 1.5;

export class Candidate {
  readonly upstream: Upstream;
  /** Over what it is asked. */
  line: Line;
  /** Messages sent over it, those with less of EDNS not counted. */
  asked = 0;
  /** It has said what it will say to this question: it is not asked again. */
  out = false;
  /** What it is sent of EDNS; undefined for all. */
  edns: EdnsForm | undefined;
  problem: UpstreamProblem | undefined;
  /** The failure of a datagram without a question. */
  bare: number | undefined;

  constructor(upstream: Upstream, protocol: PlainProtocol) {
    this.upstream = upstream;
    this.line = upstream.line(protocol);
  }

  /** It is sent less from now on. */
  couldNotRead(edns: EdnsForm): void {
    if (this.edns !== 'none') this.edns = lessEdns(edns);
  }

  /** What it says does not fit into a datagram. */
  turnToTcp(): void {
    this.line = this.upstream.line('tcp');
    this.asked = 0;
  }

  /** It has been heard of since it was asked for the last time: what it did not answer was lost. */
  mayBeAskedAgain(): void {
    this.asked = Math.min(this.asked, this.#most - 1);
  }

  /** It is not asked again, whatever happens. */
  get exhausted(): boolean {
    return this.out || this.asked >= this.#most;
  }

  get #most(): number {
    return this.line.connected ? MOST_CONNECTED : MOST;
  }
}

/** Whose turn it is: who was asked least; of these, the first. */
export function nextCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    if (candidate.exhausted) continue;
    const rank = candidate.asked + (candidate.upstream.health.preferred ? 0 : HANDICAP);
    if (rank >= least) continue;
    best = candidate;
    least = rank;
  }
  return best;
}

/** Whether anybody may be asked once more. */
export function anyLeft(candidates: readonly Candidate[]): boolean {
  for (const candidate of candidates) if (!candidate.exhausted) return true;
  return false;
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
