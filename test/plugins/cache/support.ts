/** A `cache` in service above an upstream that the test writes the answers of. */
import { Rcode } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { parseRecord } from '../../../src/dns/presentation.ts';
import type { RRset } from '../../../src/dns/rrset.ts';
import { type Answer, type Failure, type Outcome, type Reply, failure, reply } from '../../../src/plugins/answer.ts';
import { cache } from '../../../src/plugins/cache/cache.ts';
import type { Next } from '../../../src/plugins/plugin.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import { type BlockOptions, type QueryOptions, type TestHost, ask, makeHost, makeQuery, serve } from '../support.ts';

export function record(text: string): RRset {
  const parsed = parseRecord(text, { origin: Name.root, ttl: 0 });
  if (parsed.kind === 'error') throw new Error(`${text}: ${parsed.message}`);
  return parsed.set;
}

interface ReplyText extends Partial<Omit<Reply, 'answers' | 'authority' | 'additional'>> {
  readonly answers?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

/** A reply as `forward` makes it. */
export function upstream({ answers = [], authority = [], additional = [], ...rest }: ReplyText): Reply {
  return reply({
    authoritative: false,
    recursionAvailable: true,
    fromUpstream: true,
    ...rest,
    answers: answers.map(record),
    authority: authority.map(record),
    additional: additional.map(record),
  });
}

/** `upstream` with these answers. */
export function answering(...answers: readonly string[]): Reply {
  return upstream({ answers });
}

export const SOA = 'example. 300 IN SOA ns.example. mail.example. 7 3600 600 86400 120';
export const NXDOMAIN: Reply = upstream({ rcode: Rcode.NXDOMAIN, authority: [SOA] });
export const NODATA: Reply = upstream({ authority: [SOA] });
/** What `forward` gives when no upstream answers. */
export const DEAD: Failure = {
  ...failure(Rcode.SERVFAIL, explain('upstreamsSilent', '192.0.2.1:53 timeout'), 'no upstream'),
  fromUpstream: true,
};

/** The chain below the cache: gives what the test has put there, and counts how often it was asked. */
export class Upstream implements Next {
  /** What it answers from now on. */
  gives: (query: Query) => Outcome;
  readonly queries: Query[] = [];

  constructor(outcome: Outcome) {
    this.gives = () => outcome;
  }

  /** Answers this from now on. */
  now(outcome: Outcome): void {
    this.gives = () => outcome;
  }

  answer(query: Query): Outcome {
    this.queries.push(query);
    return this.gives(query);
  }

  get asked(): number {
    return this.queries.length;
  }
}

export interface Bench {
  readonly host: TestHost;
  readonly upstream: Upstream;
  /** Asks and expects the answer in the same tick; `www.example. A` where nothing else is said. */
  readonly ask: (name?: string, type?: string, options?: QueryOptions) => Answer;
  /** As `ask`, in the tick in which the answer comes. */
  readonly askLater: (name?: string, more?: { readonly deadline?: number }) => Promise<Answer>;
  /** Lets seconds pass. */
  readonly wait: (seconds: number) => void;
  readonly close: () => void;
}

export async function bench(
  lines: string,
  outcome: Outcome,
  { host = makeHost(), ...options }: BlockOptions & { readonly host?: TestHost } = {},
): Promise<Bench> {
  const service = await serve(cache, lines, { ...options, host });
  const below = new Upstream(outcome);
  const query = (name = 'www.example.', type = 'A', rest: QueryOptions = {}): Query =>
    makeQuery(name, type, { facts: host.facts, ...rest });
  return {
    host,
    upstream: below,
    ask: (name, type, rest) => ask(service.plugin, query(name, type, rest), below),
    askLater: async (name, { deadline = Infinity } = {}) => {
      const asked = query(name);
      asked.account.deadline = deadline;
      return service.plugin.answer(asked, below);
    },
    wait: (seconds) => host.clock.advance(seconds * 1000),
    close: () => service.close(),
  };
}

/** TTLs of a reply's records, section by section, as they stand. */
export function ttlsOf(answer: Answer): readonly number[] {
  if (answer.kind !== 'reply') throw new Error(`a reply was expected, not a ${answer.kind}`);
  return [...answer.answers, ...answer.authority, ...answer.additional].map(({ ttl }) => ttl);
}

/** The value of a metric as it is scraped; undefined where it is not there. */
export function metric(host: TestHost, name: string, labels = ''): number | undefined {
  const wanted = `server="dns://:53"${labels === '' ? '' : `,${labels}`},view="",zones="."`;
  const line = host.metrics
    .render()
    .split('\n')
    .find((one) => one.startsWith(`${name}{${wanted}} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
