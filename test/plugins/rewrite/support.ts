/** A chain below `rewrite` that gives one answer and keeps what it was asked. */
import { Name } from '../../../src/dns/name.ts';
import { parseRecord } from '../../../src/dns/presentation.ts';
import type { RRset } from '../../../src/dns/rrset.ts';
import { typeName } from '../../../src/dns/constants.ts';
import { type Answer, type Reply, reply } from '../../../src/plugins/answer.ts';
import type { Next } from '../../../src/plugins/plugin.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { rewrite } from '../../../src/plugins/rewrite/rewrite.ts';
import { type QueryOptions, type TestHost, ask, makeQuery, recordsOf, serve } from '../support.ts';

/** One record. */
export function record(text: string): RRset {
  const parsed = parseRecord(text, { origin: Name.root, ttl: 3600 });
  if (parsed.kind === 'error') throw new Error(`${text}: ${parsed.message}`);
  return parsed.set;
}

export function records(...texts: readonly string[]): readonly RRset[] {
  return texts.map(record);
}

export interface Rewritten {
  /** What the chain below was asked. */
  readonly asked: Query;
  readonly answer: Answer;
  /** The client's query. */
  readonly query: Query;
}

export interface AskOptions extends QueryOptions {
  readonly host?: TestHost;
  readonly answer?: Answer;
}

/** Asks a block of these lines; what does not get past `rewrite` is an error. */
export async function through(
  lines: string,
  name: string,
  type = 'A',
  { host, answer = reply({}), ...options }: AskOptions = {},
): Promise<Rewritten> {
  const { plugin } = await serve(rewrite, lines, host === undefined ? {} : { host });
  const query = makeQuery(name, type, options);
  let asked: Query | undefined;
  const below: Next = {
    answer(one) {
      asked = one;
      return answer;
    },
  };
  const outcome = await plugin.answer(query, below);
  if (asked === undefined) throw new Error(`not passed on: ${JSON.stringify(outcome)}`);
  return { asked, answer: outcome, query };
}

/** The question that the chain below gets, `NAME TYPE`; the answer of `rewrite` itself where it is asked nothing. */
export async function question(lines: string, name: string, type = 'A'): Promise<string> {
  const { plugin } = await serve(rewrite, lines);
  let asked = '';
  const answer = ask(plugin, makeQuery(name, type), {
    answer(query) {
      asked = `${query.name.toString()} ${typeName(query.type)}`;
      return reply({});
    },
  });
  return asked === '' && answer.kind === 'failure' ? `${answer.rcode} ${answer.error ?? ''}` : asked;
}

/** The reply that a block makes of a reply of the chain below. */
export async function replied(
  lines: string,
  name: string,
  below: Partial<Reply>,
  options: AskOptions & { readonly type?: string } = {},
): Promise<Reply> {
  const { answer } = await through(lines, name, options.type, { ...options, answer: reply(below) });
  if (answer.kind !== 'reply') throw new Error(`no reply: ${JSON.stringify(answer)}`);
  return answer;
}

/** The records of the answer section that a block makes of these. */
export async function answersFor(lines: string, name: string, ...below: readonly string[]): Promise<readonly string[]> {
  return recordsOf((await replied(lines, name, { answers: records(...below) })).answers);
}
