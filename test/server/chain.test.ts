/** The chain of a server block: who is asked in which order, and what it says of replaying. */
import { describe, expect, it } from 'vitest';
import { type Outcome, failure, reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { linkChain } from '../../src/server/chain.ts';
import { makeQuery } from '../plugins/support.ts';

function passing(name: string, seen: string[], replayable: boolean): Plugin {
  return {
    name,
    ...(replayable ? { replayable: true } : {}),
    answer: (query, next): Outcome => {
      seen.push(name);
      return next.answer(query);
    },
  };
}

const answering: Plugin = { name: 'answering', replayable: true, answer: () => reply({}) };

describe('a chain', () => {
  it('of no plugins is none', () => {
    expect(linkChain([])).toBeUndefined();
  });

  it('asks the plugins in their order, until one answers', () => {
    const seen: string[] = [];
    const chain = linkChain([passing('a', seen, true), passing('b', seen, true), answering, passing('c', seen, true)]);
    expect(chain?.answer(makeQuery('x.', 'A'))).toEqual(reply({}));
    expect(seen).toEqual(['a', 'b']);
  });

  it('that nobody answers is SERVFAIL, with the name of its last plugin', () => {
    const chain = linkChain([passing('a', [], true), passing('b', [], true)]);
    expect(chain?.answer(makeQuery('x.', 'A'))).toEqual(
      failure(2, explain('nothingAnswers'), 'plugin/b: no next plugin found'),
    );
  });

  it('hands on a promise as it is', async () => {
    const later = Promise.resolve(reply({}));
    const chain = linkChain([passing('a', [], true), { name: 'later', answer: () => later }]);
    const outcome = chain?.answer(makeQuery('x.', 'A'));
    expect(outcome).toBe(later);
    expect(await outcome).toEqual(reply({}));
  });

  it('lets an exception through', () => {
    const chain = linkChain([
      passing('a', [], true),
      {
        name: 'broken',
        answer: () => {
          throw new Error('broken');
        },
      },
    ]);
    expect(() => chain?.answer(makeQuery('x.', 'A'))).toThrow('broken');
  });
});

describe('an answer may be replayed', () => {
  const replayable = (...plugins: readonly Plugin[]): boolean => {
    const query = makeQuery('x.', 'A');
    void linkChain(plugins)?.answer(query);
    return query.replaying.allowed;
  };

  it('where each plugin that it passed says so', () => {
    expect(replayable(passing('a', [], true), answering)).toBe(true);
  });

  it('not where one of them does not speak of it', () => {
    expect(replayable(passing('a', [], false), answering)).toBe(false);
    expect(replayable(passing('a', [], true), { name: 'silent', answer: () => reply({}) })).toBe(false);
  });

  it('also where one below, that the query never entered, does not', () => {
    expect(replayable(answering, passing('a', [], false))).toBe(true);
  });
});
