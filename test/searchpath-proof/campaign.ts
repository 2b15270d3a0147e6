/** Many walks under all setups, and what they came to. */
import { Random } from '../fuzz/random.ts';
import type { Verdict } from './judge.ts';
import { Servers, type Walk, setups } from './walks.ts';

export interface Campaign {
  readonly seed: number;
  readonly walks: number;
  /** Called now and then with the walks that are done. */
  readonly progress?: (done: number) => void;
}

export interface Report {
  readonly walks: number;
  readonly seconds: number;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** The first walks that ended worse. */
  readonly worse: readonly Walk[];
  /** Of one walk, on the average. */
  readonly queries: number;
  readonly ownQueries: number;
  /** Walks that asked one question where their own would have asked several. */
  readonly firstQuestions: number;
}

const NO_WALKS: Readonly<Record<Verdict, number>> = {
  'as in one state': 0,
  'as things moved': 0,
  'failure spared': 0,
  "another's walk": 0,
  'one family': 0,
  worse: 0,
};

const SHOWN = 10;
const PROGRESS = 100_000;

export async function prove({ seed, walks, progress }: Campaign): Promise<Report> {
  const random = new Random(seed);
  const servers = await Promise.all(setups.map(async (setup) => Servers.open(setup)));
  const counts: Record<Verdict, number> = { ...NO_WALKS };
  const worse: Walk[] = [];
  const began = performance.now();
  let queries = 0;
  let ownQueries = 0;
  let firstQuestions = 0;
  for (let i = 0; i < walks; i++) {
    const walk = random.pick(servers).walk(random);
    counts[walk.verdict]++;
    queries += walk.asked.length;
    ownQueries += walk.ownQueries;
    if (new Set(walk.asked).size === 1 && walk.ownQueries >= 4) firstQuestions++;
    if (walk.verdict === 'worse' && worse.length < SHOWN) worse.push(walk);
    if ((i + 1) % PROGRESS === 0) progress?.(i + 1);
  }
  return {
    walks,
    seconds: (performance.now() - began) / 1000,
    counts,
    worse,
    queries: queries / walks,
    ownQueries: ownQueries / walks,
    firstQuestions,
  };
}
