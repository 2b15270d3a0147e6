import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import type { Reply } from '../../src/plugins/answer.ts';
import { minimal } from '../../src/plugins/minimal/minimal.ts';
import { upstream } from './cache/support.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, type QueryOptions, ask, makeQuery, next, problemsOf, recordsOf, serve } from './support.ts';

const A = 'www.example. 60 IN A 192.0.2.1';
const ALIAS = 'www.example. 60 IN CNAME w.example.';
const NS = 'example. 60 IN NS ns.example.';
const GLUE = 'ns.example. 60 IN A 192.0.2.53';
const SOA = 'example. 60 IN SOA ns.example. mail.example. 7 3600 600 86400 120';
const NSEC = String.raw`*.example. 60 IN NSEC \# 6 01000001 4000`;
/** An RRSIG of 18 octets and the root as signer, that covers a type. */
const signature = (type: string): string => String.raw`example. 60 IN RRSIG \# 19 ${type}${'00'.repeat(17)}`;
const NSEC_SIGNATURE = signature('002f');
const NS_SIGNATURE = signature('0002');

async function minimized(made: Reply, type = 'A', options: QueryOptions = {}): Promise<Reply> {
  const { plugin } = await serve(minimal, 'minimal');
  const answer = ask(plugin, makeQuery('www.example.', type, options), next(made));
  if (answer.kind !== 'reply') throw new Error(answer.kind);
  return answer;
}

describe('minimal', () => {
  it('leaves the answer section alone of a positive reply', async () => {
    const made = await minimized(upstream({ answers: [ALIAS, A], authority: [NS], additional: [GLUE] }));
    expect(recordsOf(made.answers)).toEqual([ALIAS, A]);
    expect([made.authority, made.additional]).toEqual([[], []]);
  });

  it('does so with what comes later, and with ANY', async () => {
    const { plugin } = await serve(minimal, 'minimal');
    const made = upstream({ answers: [A], authority: [NS], additional: [GLUE] });
    for (const type of ['A', 'ANY']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await plugin.answer(makeQuery('www.example.', type), next(Promise.resolve(made)));
      expect(answer).toMatchObject({ authority: [], additional: [] });
    }
  });

  it.each([
    ['a referral', upstream({ authority: [NS], additional: [GLUE] })],
    ['NODATA', upstream({ authority: [SOA] })],
    ['an alias to NODATA', upstream({ answers: [ALIAS], authority: [SOA] })],
    ['NXDOMAIN', upstream({ rcode: Rcode.NXDOMAIN, authority: [SOA] })],
    ['an alias to NXDOMAIN', upstream({ rcode: Rcode.NXDOMAIN, answers: [ALIAS], authority: [SOA] })],
    ['an answer in the additional section', upstream({ additional: [A] })],
    ['what is minimal already', upstream({ answers: [A] })],
  ])('passes %s on as it is', async (_, made) => {
    expect(await minimized(made)).toBe(made);
  });

  it('leaves failures and zone transfers alone', async () => {
    const { plugin } = await serve(minimal, 'minimal');
    expect(ask(plugin, makeQuery('www.example.', 'A'))).toBe(PASSED_ON);
    const made = upstream({ answers: [SOA, A, SOA], additional: [GLUE] });
    expect(await minimized(made, 'AXFR')).toBe(made);
  });

  it('RFC 4035 §3.1.3.3: leaves proofs to a client that asked with DO, and to no other', async () => {
    const made = upstream({ answers: [A], authority: [NS, NS_SIGNATURE, NSEC, NSEC_SIGNATURE], additional: [GLUE] });
    const checked = await minimized(made, 'A', { edns: { dnssecOk: true } });
    expect(checked.authority).toEqual([made.authority[2], made.authority[3]]);
    expect(checked.additional).toEqual([]);
    expect((await minimized(made, 'A', { edns: {} })).authority).toEqual([]);
  });

  it('may be replayed', async () => {
    expect((await serve(minimal, 'minimal')).plugin.replayable).toBe(true);
  });

  it.each([
    ['minimal x', "'minimal' takes no arguments"],
    ['minimal {\nx\n}', "'minimal' takes no block"],
    ['minimal\nminimal', "'minimal' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(minimal, lines), message);
  });
});
