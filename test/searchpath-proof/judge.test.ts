/** What the judge of the proof calls worse, and what not. */
import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from './judge.ts';
import { FAILED, NONE, type Outcome, found } from './stub.ts';

const V4 = '192.0.2.1';
const V6 = '2001:db8::1';
const BOTH = found([V4, V6]);
const OTHER = found(['198.51.100.1']);

const evidence = (
  still: readonly Outcome[],
  more: Partial<Record<keyof Evidence, readonly Outcome[]>> = {},
): Evidence => ({
  still: () => still,
  moving: () => more.moving ?? still,
  unfailing: () => more.unfailing ?? still,
  others: () => more.others ?? [],
  isDisputed: () => more.isDisputed !== undefined,
});

describe('as good as its own walk', () => {
  it.each([
    ['the same addresses', BOTH, [BOTH]],
    ['the same as in one of several states', NONE, [BOTH, NONE]],
    ['a failure that one state has', FAILED, [BOTH, FAILED]],
    ['each family as in another state', BOTH, [found([V4]), found([V6])]],
    ['one family, where one state has no addresses', found([V4]), [BOTH, NONE]],
  ])('%s', (_, outcome, own) => {
    expect(judge(outcome, evidence(own))).toBe('as in one state');
  });

  it('what it comes to while things move', () => {
    expect(judge(NONE, evidence([BOTH], { moving: [BOTH, NONE] }))).toBe('as things moved');
  });

  it('addresses where it fails, if they are those that it would have found', () => {
    expect(judge(BOTH, evidence([FAILED], { unfailing: [BOTH] }))).toBe('failure spared');
  });

  it('what another walk finds, where it finds nothing itself', () => {
    expect(judge(OTHER, evidence([NONE], { others: [OTHER] }))).toBe("another's walk");
  });

  it('one family, where the states do not agree', () => {
    expect(judge(found([V6]), evidence([BOTH], { isDisputed: [] }))).toBe('one family');
  });
});

describe('worse', () => {
  it.each([
    ['a name denied that is there', NONE, evidence([BOTH])],
    ['a name denied that nobody could look up', NONE, evidence([FAILED])],
    ['a failure of its own', FAILED, evidence([BOTH, NONE])],
    ['addresses of another name', OTHER, evidence([BOTH], { isDisputed: [] })],
    ['addresses of a name that is nowhere', OTHER, evidence([NONE])],
    ['what another walk finds, where its own finds something', OTHER, evidence([BOTH], { others: [OTHER] })],
    ['addresses of another name where its own walk fails', OTHER, evidence([FAILED], { unfailing: [BOTH] })],
    ['one family, where all states agree', found([V6]), evidence([BOTH])],
    ['one family right and one of another name', found([V4, '2001:db8::2']), evidence([BOTH], { isDisputed: [] })],
  ])('%s', (_, outcome, against) => {
    expect(judge(outcome, against)).toBe('worse');
  });
});
