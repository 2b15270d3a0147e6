import { describe, expect, it } from 'vitest';
import { Flag, Rcode } from '../../src/dns/constants.ts';
import { type Reply, failure, reply } from '../../src/plugins/answer.ts';
import { header } from '../../src/plugins/header/header.ts';
import type { Query } from '../../src/plugins/query.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { expectProblem } from './problems.ts';
import { ask, makeQuery, next, problemsOf, serve } from './support.ts';

const MADE: Reply = reply({ authoritative: false, recursionAvailable: false });

async function flagsOf(lines: string, made: Reply = MADE): Promise<readonly (boolean | undefined)[]> {
  const { plugin } = await serve(header, `header {\n${lines}\n}`);
  const answer = ask(plugin, makeQuery('www.example.', 'A'), next(made));
  if (answer.kind !== 'reply') throw new Error(answer.kind);
  return [answer.authoritative, answer.recursionAvailable, answer.recursionDesired];
}

/** The flags that the plugins below see. */
async function askedFlags(lines: string, flags: number): Promise<number> {
  const { plugin } = await serve(header, `header {\n${lines}\n}`);
  let asked: Query | undefined;
  const below = {
    answer: (query: Query) => {
      asked = query;
      query.lastEntered = 'below';
      return MADE;
    },
  };
  const query = makeQuery('www.example.', 'A', { flags });
  expect(ask(plugin, query, below).kind).toBe('reply');
  expect(query.lastEntered).toBe('below');
  expect(query.request.flags).toBe(flags);
  expect(asked?.account).toBe(query.account);
  return asked?.request.flags ?? -1;
}

describe('response', () => {
  it.each([
    ['response set aa', [true, false, undefined]],
    ['response set ra aa', [true, true, undefined]],
    ['response set rd', [false, false, true]],
    ['response clear rd', [false, false, false]],
    ['response set ra\nresponse clear ra', [false, false, undefined]],
    ['response clear ra\nresponse set ra', [false, true, undefined]],
    ['RESPONSE set ra', [false, true, undefined]],
    ['query set rd', [false, false, undefined]],
  ])('%s', async (lines, expected) => {
    expect(await flagsOf(lines)).toEqual(expected);
  });

  it('clears what a plugin has set', async () => {
    const made = reply({ authoritative: true, recursionAvailable: true });
    expect(await flagsOf('response clear aa ra', made)).toEqual([false, false, undefined]);
  });

  it('changes what comes later as well', async () => {
    const { plugin } = await serve(header, 'header {\nresponse set ra\n}');
    const answer = await plugin.answer(makeQuery('www.example.', 'A'), next(Promise.resolve(MADE)));
    expect(answer).toMatchObject({ recursionAvailable: true });
  });

  it('leaves alone what the server says itself, and silence', async () => {
    const { plugin } = await serve(header, 'header {\nresponse set aa ra\n}');
    const failed = failure(Rcode.SERVFAIL, explain('internalError'));
    expect(ask(plugin, makeQuery('www.example.', 'A'), next(failed))).toBe(failed);
    expect(ask(plugin, makeQuery('www.example.', 'A'), next({ kind: 'silence' }))).toEqual({ kind: 'silence' });
  });

  it('is the sum of all uses, in their order', async () => {
    const { plugin } = await serve(header, 'header {\nresponse set aa ra\n}\nheader {\nresponse clear aa\n}');
    expect(ask(plugin, makeQuery('www.example.', 'A'), next(MADE))).toMatchObject({
      authoritative: false,
      recursionAvailable: true,
    });
  });
});

describe('query', () => {
  it.each([
    ['query set rd', 0, Flag.RD],
    ['query set rd', Flag.RD, Flag.RD],
    ['query clear rd', Flag.RD | Flag.CD, Flag.CD],
    ['query clear rd\nquery set rd', 0, Flag.RD],
    ['response clear rd', Flag.RD, Flag.RD],
  ])('%s, of %i', async (lines, flags, expected) => {
    expect(await askedFlags(lines, flags)).toBe(expected);
  });
});

describe('header', () => {
  it('may be replayed', async () => {
    const { plugin } = await serve(header, 'header {\nresponse set ra\n}');
    expect(plugin.replayable).toBe(true);
  });

  it.each([
    ['header', "'header' has nothing to do", 'expected: header { query|response'],
    ['header {\n}', "'header' has nothing to do", ''],
    ['header x {\nresponse set ra\n}', "'header' takes no arguments", ''],
    ['header {\nresponses set ra\n}', "unknown option of 'header' 'responses'", "did you mean 'response'?"],
    ['header {\nresponse\n}', "'response' needs set or clear, and flags", 'expected: query|response set|clear'],
    ['header {\nresponse sets ra\n}', "wrong value 'sets'", "did you mean 'set'?"],
    ['header {\nresponse set\n}', "no flags stand behind 'set'", 'expected: query|response set|clear'],
    ['header {\nresponse set ad\n}', "wrong value 'ad'", 'expected: one of aa, ra, rd'],
    ['header {\nresponse set ra {\naa\n}\n}', "'response' takes no block", ''],
    [
      'header {\nset ra\n}',
      "warning: 'set' without query or response is read as response",
      "did you mean 'response set'?",
    ],
    ['header {\nquery set aa\n}', "warning: 'aa' says nothing in a query", 'expected: rd, or response set aa'],
  ])('%s is reported', (lines, message, hint) => {
    expectProblem(problemsOf(header, lines), message, hint);
  });
});
