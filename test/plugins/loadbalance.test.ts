/** `loadbalance round_robin`: the order of records in a reply, and the words of the directive. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { parseRecord } from '../../src/dns/presentation.ts';
import { Name } from '../../src/dns/name.ts';
import { type RRset, recordCount } from '../../src/dns/rrset.ts';
import { type Answer, type Reply, failure, reply } from '../../src/plugins/answer.ts';
import { loadbalance } from '../../src/plugins/loadbalance/loadbalance.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { expectProblem } from './problems.ts';
import { ask, makeQuery, next, problemsOf, recordsOf, serve } from './support.ts';
import { explain } from '../../src/plugins/reasons.ts';

/** Records as replies of upstreams hold them: each in a set of its own. */
function sets(...texts: readonly string[]): readonly RRset[] {
  return texts.map((text) => {
    const parsed = parseRecord(text, { origin: Name.root, ttl: 5 });
    if (parsed.kind !== 'record') throw new Error(`no record: ${text}`);
    return parsed.set;
  });
}

/** One set of so many addresses, as `kubernetes` hands them over: 10.0.0.0 and on. */
function together(count: number): RRset {
  const [first] = sets('web. 5 IN A 10.0.0.0');
  if (first?.kind !== 'address') throw new Error('an A record is of kind address');
  const octets = Uint8Array.from(Array.from({ length: count }, (_, i) => [10, 0, 0, i]).flat());
  return { ...first, octets };
}

/** The reply of a chain below, as the directive hands it on. */
function through(plugin: Plugin, below: Answer, query = makeQuery('web.', 'A')): Reply {
  const answer = ask(plugin, query, next(below));
  if (answer.kind !== 'reply') throw new Error('a reply was expected');
  return answer;
}

const [ONE, TWO, THREE] = ['web. 5 IN A 10.0.0.1', 'web. 5 IN A 10.0.0.2', 'web. 5 IN AAAA 2001:db8::3'] as const;
const ADDRESSES = [ONE, TWO, THREE];

describe('loadbalance, what it leaves alone', () => {
  it.each<[string, Answer, string]>([
    ['one address', reply({ answers: sets(ONE) }), 'A'],
    ['no address', reply({ answers: sets('web. 5 IN TXT a', 'web. 5 IN TXT b') }), 'TXT'],
    ['an alias and its address', reply({ answers: sets('w. 5 IN CNAME web.', ONE) }), 'A'],
    ['NXDOMAIN', reply({ rcode: Rcode.NXDOMAIN, answers: sets(...ADDRESSES) }), 'A'],
    ['a transfer', reply({ answers: sets(...ADDRESSES) }), 'AXFR'],
    ['a failure', failure(Rcode.SERVFAIL, explain('internalError')), 'A'],
    ['a silence', { kind: 'silence' }, 'A'],
  ])('%s: it is the very same answer, and may be replayed', async (_, below, type) => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const query = makeQuery('web.', type);
    expect(ask(plugin, query, next(below))).toBe(below);
    expect(query.replaying.allowed).toBe(true);
    expect(plugin.replayable).toBe(true);
  });
});

describe('loadbalance round_robin', () => {
  it('puts aliases first, then what is neither address nor exchange, then addresses, then exchanges', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance round_robin');
    const mixed = sets(
      'web. 5 IN MX 10 mx1.',
      ONE,
      'web. 5 IN TXT a',
      THREE,
      'web. 5 IN MX 20 mx2.',
      'web. 5 IN CNAME b.',
      'web. 5 IN TXT b',
      TWO,
      'b. 5 IN CNAME c.',
    );
    for (const section of ['answers', 'authority', 'additional'] as const) {
      const records = recordsOf(through(plugin, reply({ [section]: mixed }))[section]);
      expect(records.slice(0, 4)).toEqual([
        'web. 5 IN CNAME b.',
        'b. 5 IN CNAME c.',
        'web. 5 IN TXT "a"',
        'web. 5 IN TXT "b"',
      ]);
      expect(records.slice(4, 7).toSorted()).toEqual(ADDRESSES.toSorted());
      expect(records.slice(7).toSorted()).toEqual(['web. 5 IN MX 10 mx1.', 'web. 5 IN MX 20 mx2.']);
    }
  });

  it('lets an answer be replayed in which only the kinds were put in order', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const query = makeQuery('web.', 'A');
    const { answers } = through(plugin, reply({ answers: sets(ONE, 'web. 5 IN TXT a') }), query);
    expect(recordsOf(answers)).toEqual(['web. 5 IN TXT "a"', ONE]);
    expect(query.replaying.allowed).toBe(true);
  });

  it('gives every order of A and AAAA together, and of exchanges, for an answer that comes later too', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const exchanges = ['web. 5 IN MX 10 mx1.', 'web. 5 IN MX 10 mx2.', 'web. 5 IN MX 10 mx3.'];
    const below = reply({ answers: sets(...ADDRESSES), additional: sets(...exchanges) });
    const orders = [new Set<string>(), new Set<string>()] as const;
    for (let i = 0; i < 300; i++) {
      const query = makeQuery('web.', 'A');
      // oxlint-disable-next-line no-await-in-loop
      const answer = await plugin.answer(query, next(Promise.resolve(below)));
      if (answer.kind !== 'reply') throw new Error('a reply was expected');
      orders[0].add(recordsOf(answer.answers).join());
      orders[1].add(recordsOf(answer.additional).join());
      expect(query.replaying.allowed).toBe(false);
    }
    // One of six is missing by chance less often than once in 10²³.
    expect(orders.map(({ size }) => size)).toEqual([6, 6]);
  });

  it.each<[string, Partial<Reply>]>([
    ['one RRset', { answers: [together(5)] }],
    ['records of upstreams', { answers: sets(ONE, TWO) }],
    ['an alias in front of them', { answers: [...sets(ONE, TWO), ...sets('w. 5 IN CNAME web.')] }],
    ['several RRsets', { answers: [together(3), ...sets(ONE)] }],
    ['one that counts down', { answers: [{ ...together(3), aging: true }] }],
    ['owners spelt in two ways', { answers: sets(ONE, 'WEB. 5 IN A 10.0.0.2') }],
    ['one mail exchange beside them', { answers: sets(ONE, TWO, 'web. 5 IN MX 10 mx.') }],
    ['one address in each other section', { answers: [together(3)], authority: sets(ONE), additional: sets(TWO) }],
  ])('says what was drawn, so that another order can be given: %s', async (_, below) => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const query = makeQuery('web.', 'A');
    const { answers, drawn } = through(plugin, reply(below), query);
    expect(query.replaying.allowed).toBe(true);
    expect(drawn).toEqual(answers.filter(({ kind }) => kind === 'address'));
    expect(drawn?.length).toBeGreaterThan(0);
    expect(query.replaying.drawn).toBe(drawn);
  });

  it.each<[string, Partial<Reply>]>([
    ['alone', { additional: [together(2)] }],
    ['of several owners and types', { additional: sets(ONE, 'x. 6 IN A 10.0.0.2', THREE) }],
    ['beside other records', { additional: sets('web. 5 IN TXT a', ONE, TWO, 'web. 5 IN MX 10 mx.') }],
    ['beside addresses that were drawn', { answers: [together(3)], additional: [together(2)] }],
  ])('says of which additional section the addresses were drawn: %s', async (_, below) => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const query = makeQuery('web.', 'A');
    const { additional } = through(plugin, reply(below), query);
    expect(query.replaying.allowed).toBe(true);
    expect(query.replaying.drawnGlue).toBe(additional);
  });

  it.each<[string, string, Partial<Reply>]>([
    ['two types', '', { answers: sets(ONE, TWO, THREE) }],
    ['two owners', '', { answers: sets(ONE, 'x. 5 IN A 10.0.0.2') }],
    ['two classes', '', { answers: sets(ONE, 'web. 5 CH A 10.0.0.2') }],
    ['two TTLs', '', { answers: sets(ONE, 'web. 6 IN A 10.0.0.2') }],
    ['one that counts down and one that does not', '', { answers: [{ ...together(2), aging: true }, ...sets(ONE)] }],
    ['mail exchanges', '', { answers: sets(ONE, TWO, 'web. 5 IN MX 10 mx1.', 'web. 5 IN MX 10 mx2.') }],
    ['mail exchanges alone', '', { answers: sets('web. 5 IN MX 10 mx1.', 'web. 5 IN MX 10 mx2.') }],
    ['addresses in the authority section', '', { answers: [together(3)], authority: [together(2)] }],
    [
      'addresses and exchanges beside',
      '',
      { additional: [together(2), ...sets('web. 5 IN MX 1 a.', 'web. 5 IN MX 1 b.')] },
    ],
    ['networks that come first, beside', 'prefer 10.0.0.0/8', { additional: [together(3)] }],
    ['exchanges elsewhere', '', { additional: sets('web. 5 IN MX 10 mx1.', 'web. 5 IN MX 10 mx2.') }],
    ['networks that come first', 'prefer 10.0.0.0/8', { answers: [together(3)] }],
  ])('keeps from being replayed what no other order could be drawn of: %s', async (_, option, below) => {
    const { plugin } = await serve(loadbalance, `loadbalance {\n${option}\n}`);
    const query = makeQuery('web.', 'A');
    through(plugin, reply(below), query);
    expect(query.replaying.allowed).toBe(false);
  });

  it('does not hand on what a look-up below it drew, where it draws itself', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const query = makeQuery('web.', 'A');
    const [first] = sets(ONE);
    if (first?.kind !== 'address') throw new Error('an A record is of kind address');
    const inner = [first];
    query.replaying.drew(inner);
    const { drawn } = through(plugin, reply({ answers: [together(3)], drawn: inner }), query);
    expect(drawn).not.toBe(inner);
    expect(query.replaying.drawn).toBe(drawn);
  });

  it('never changes the reply that it is given, and loses and adds nothing', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const preferring = await serve(loadbalance, 'loadbalance {\n  prefer 10.0.0.0/29\n}');
    const pool = [...ADDRESSES, 'web. 5 IN TXT a', 'web. 5 IN CNAME b.', 'web. 5 IN MX 10 mx.', 'x. 5 IN A 10.0.0.9'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 12 }), fc.nat({ max: 40 }), (texts, count) => {
        const answers = [...sets(...texts), together(count)];
        const before = recordsOf(answers);
        const below = Object.freeze(reply({ answers: Object.freeze(answers.map((one) => Object.freeze(one))) }));
        for (const one of [plugin, preferring.plugin]) {
          const after = recordsOf(through(one, below).answers);
          expect(after.toSorted()).toEqual(before.toSorted());
        }
        expect(recordsOf(answers)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps one RRset of many addresses one, in a memory of its own', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance');
    const set = together(40);
    const { answers } = through(plugin, reply({ answers: [set] }));
    expect(answers.map(recordCount)).toEqual([40]);
    expect(answers[0]).not.toBe(set);
    expect(recordsOf(answers)).not.toEqual(recordsOf([set]));
  });
});

describe('loadbalance round_robin, prefer', () => {
  it.each([
    ['one RRset', [together(100)]],
    ['an RRset for each', sets(...Array.from({ length: 100 }, (_, i) => `web. 5 IN A 10.0.0.${i}`))],
  ])('puts the first network first, then the second, in random order each: %s', async (_, answers) => {
    const { plugin } = await serve(
      loadbalance,
      'loadbalance {\n  prefer 10.0.0.64/28 2001:db8::/32\n  prefer 10.0.0.77/26\n}',
    );
    const orders = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const last = recordsOf(through(plugin, reply({ answers })).answers).map((text) => Number(text.split('.').at(-1)));
      const between = (from: number, to: number) => (one: number) => one >= from && one < to;
      expect(last.slice(0, 16).every(between(64, 80))).toBe(true);
      // The prefix length counts, and not what stands behind it: 10.0.0.64 to .127.
      expect(last.slice(16, 36).every(between(80, 100))).toBe(true);
      expect(last.slice(36).every(between(0, 64))).toBe(true);
      orders.add(last.join());
    }
    expect(orders.size).toBe(20);
  });

  it('tells the families apart', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance {\n  prefer 2001:db8::/31\n}');
    for (let i = 0; i < 20; i++) {
      expect(recordsOf(through(plugin, reply({ answers: sets(...ADDRESSES) })).answers)[0]).toBe(THREE);
    }
  });

  it('of everything is no preference', async () => {
    const { plugin } = await serve(loadbalance, 'loadbalance {\n  prefer 0.0.0.0/0\n}');
    const firsts = new Set<string | undefined>();
    for (let i = 0; i < 200; i++) firsts.add(recordsOf(through(plugin, reply({ answers: sets(ONE, TWO) })).answers)[0]);
    expect(firsts).toEqual(new Set([ONE, TWO]));
  });
});

describe('loadbalance in a Corefile', () => {
  it.each([
    ['loadbalance random', "unknown policy of 'loadbalance' 'random'"],
    ['loadbalance round_robbin', "did you mean 'round_robin'?"],
    ['loadbalance weighted', "'weighted' needs a file"],
    ['loadbalance weighted ""', "'weighted' needs a file"],
    ['loadbalance round_robin file', "'loadbalance' takes at most 1 argument"],
    ['loadbalance weighted file file', "'loadbalance' takes at most 2 arguments"],
    ['loadbalance {\n  reload 10s\n}', "'reload' goes with 'weighted' only"],
    ['loadbalance weighted file {\n  prefer 10.0.0.0/8\n}', "'prefer' goes with 'round_robin' only"],
    ['loadbalance weighted file {\n  reload 1s\n  reload 2s\n}', "'reload' is given twice"],
    ['loadbalance weighted file {\n  reload soon\n}', "'soon' is not a duration"],
    ['loadbalance weighted file {\n  reload 10\n}', "did you mean '10s'?"],
    ['loadbalance weighted file {\n  reload 1000h\n}', 'the duration 1000h is out of range'],
    ['loadbalance weighted file {\n  reload\n}', "'reload' needs an argument"],
    ['loadbalance {\n  prefer\n}', "'prefer' needs an argument"],
    ['loadbalance {\n  prefer 10.0.0.1\n}', "did you mean '10.0.0.1/32'?"],
    ['loadbalance {\n  prefer 2001:db8::1\n}', "did you mean '2001:db8::1/128'?"],
    ['loadbalance {\n  prefer 10.0.0.0/33\n}', "'10.0.0.0/33' is not a network"],
    ['loadbalance {\n  prefer 2001:db8::/129\n}', "'2001:db8::/129' is not a network"],
    ['loadbalance {\n  prefer 10.0.0.0/\n}', "'10.0.0.0/' is not a network"],
    ['loadbalance {\n  prefer home\n}', "'home' is not a network"],
    ['loadbalance {\n  perfer 10.0.0.0/8\n}', "did you mean 'prefer'?"],
    ['loadbalance {\n  prefer 10.0.0.0/8 {\n  }\n}', "'prefer' takes no block"],
    ['loadbalance\nloadbalance', "'loadbalance' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(loadbalance, lines), message);
  });
});
