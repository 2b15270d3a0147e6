/**
 * The questions that the benchmarks ask, as dnsperf reads them: one `NAME TYPE` on each line, drawn by a generator of
 * pseudo-random numbers with a fixed seed, so that every run and every server gets the same.
 */
import { type ClusterSize, fullName, isHeadless, namespaceCount } from './cluster.ts';
import { reverseName } from './manifests.ts';

/** A whole number from 0 to below `limit`. */
type Draw = (limit: number) => number;

type Question = (draw: Draw, size: ClusterSize, index: number) => string;

const clusterA: Question = (draw, size) => `${fullName(service(draw, size, false), size)} A`;
const clusterAaaa: Question = (draw, size) => `${fullName(service(draw, size, false), size)} AAAA`;
const headlessA: Question = (draw, size) => `${fullName(service(draw, size, true), size)} A`;
const headlessSrv: Question = (draw, size) => `_http._tcp.${fullName(service(draw, size, true), size)} SRV`;
const reverse: Question = (draw, size) => `${reverseName(service(draw, size, false))} PTR`;
const absent: Question = (draw, size) => `nope-${draw(1_000)}.${namespace(draw, size)} A`;
const searched: Question = (draw, size) => `${site(draw)}.${namespace(draw, size)} A`;
const external: Question = (draw) => `${site(draw)} A`;
const freshExternal: Question = (_draw, _size, index) => `host${index}.example A`;
/** What a search path makes of a host name that nobody asked for before. */
const fresh: Question = (draw, size, index) => `host${index}.example.com.${namespace(draw, size)} A`;

export interface Mix {
  /** What is asked, for the reader of the table. */
  readonly about: string;
  /** The response codes that replies may have, all of which must come. */
  readonly rcodes: readonly ('NOERROR' | 'NXDOMAIN')[];
  /** Questions with their share of the whole. */
  readonly questions: readonly (readonly [share: number, question: Question])[];
  /** No question comes twice, not even in another run. */
  readonly neverRepeats: boolean;
}

function mix(about: string, rcodes: Mix['rcodes'], questions: Mix['questions'], neverRepeats = false): Mix {
  return { about, rcodes, questions, neverRepeats };
}

export const mixes = {
  cluster: mix('A of Services with a ClusterIP', ['NOERROR'], [[1, clusterA]]),
  headless: mix('A of headless Services', ['NOERROR'], [[1, headlessA]]),
  nx: mix('A of Services that do not exist, 1,000 names in each namespace', ['NXDOMAIN'], [[1, absent]]),
  fresh: mix('names below a namespace that never repeat', ['NXDOMAIN'], [[1, fresh]], true),
  search: mix('external names with a search path behind them, 200 of them', ['NXDOMAIN'], [[1, searched]]),
  ext: mix('external names, 200 of them', ['NOERROR'], [[1, external]]),
  missing: mix('external names that never repeat', ['NOERROR'], [[1, freshExternal]], true),
  flood: mix(
    'names below a namespace and external ones that never repeat',
    ['NOERROR', 'NXDOMAIN'],
    [
      [1, fresh],
      [1, freshExternal],
    ],
    true,
  ),
  real: mix(
    'a mixture as clusters see it; external names are 8 % of it',
    ['NOERROR', 'NXDOMAIN'],
    [
      [45, clusterA],
      [15, clusterAaaa],
      [5, headlessA],
      [10, absent],
      [15, searched],
      [8, external],
      [1, headlessSrv],
      [1, reverse],
    ],
  ),
} as const satisfies Readonly<Record<string, Mix>>;

export type MixName = keyof typeof mixes;

/** Lines of `count` questions; `from` is the number of the first, which matters where questions never repeat. */
export function* questionLines(name: MixName, size: ClusterSize, count: number, from = 0): Generator<string> {
  const draw = pseudoRandom(0x6e_6f_64_65);
  const chosen: Mix = mixes[name];
  const shares = chosen.questions.flatMap(([share, question]) => Array.from({ length: share }, () => question));
  for (let index = from; index < from + count; index++) {
    const question = shares[draw(shares.length)];
    if (question !== undefined) yield `${question(draw, size, index)}\n`;
  }
}

function service(draw: Draw, size: ClusterSize, headless: boolean): number {
  for (;;) {
    const i = draw(size.services);
    if (isHeadless(i) === headless) return i;
  }
}

function namespace(draw: Draw, size: ClusterSize): string {
  return `ns-${draw(namespaceCount(size))}.svc.cluster.local`;
}

function site(draw: Draw): string {
  return `www.site-${draw(200)}.example`;
}

/** Marsaglia's xorshift with 32 bits of state: plenty for a choice of names, and the same everywhere. */
function pseudoRandom(seed: number): Draw {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
