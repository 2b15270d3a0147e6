/** What is kept, for how long, and what is not: each class of reply. */
import { describe, expect, it } from 'vitest';
import { Flag, Opcode, Rcode } from '../../../src/dns/constants.ts';
import { type Answer, failure, reply } from '../../../src/plugins/answer.ts';
import { cache } from '../../../src/plugins/cache/cache.ts';
import { ask, makeQuery, next, recordsOf, serve, textOf } from '../support.ts';
import { DEAD, NODATA, NXDOMAIN, SOA, answering, bench, metric, record, ttlsOf, upstream } from './support.ts';
import { explain } from '../../../src/plugins/reasons.ts';

const A = 'www.example. 300 IN A 192.0.2.1';

/** How many seconds the answer was kept: the first whole second in which the upstream is asked again. */
async function keptFor(answer: Answer, lines = 'cache', name = 'www.example.', type = 'A'): Promise<number> {
  const { ask: look, wait, upstream: below } = await bench(lines, answer);
  look(name, type);
  for (let second = 0; second <= 3601; second++) {
    look(name, type);
    if (below.asked > 1) return second;
    wait(1);
  }
  return Infinity;
}

describe('cache keeps', () => {
  it('a positive answer for as long as its shortest record lives', async () => {
    expect(await keptFor(answering(A))).toBe(300);
    expect(await keptFor(upstream({ answers: [A], additional: ['x.example. 20 IN A 192.0.2.2'] }))).toBe(20);
  });

  it('CNAMEs that lead to a record of the type, in any order', async () => {
    const chain = [
      'b.example. 60 IN A 192.0.2.1',
      'a.example. 40 IN CNAME b.example.',
      'www.example. 50 IN CNAME a.example.',
    ];
    expect(await keptFor(answering(...chain))).toBe(40);
  });

  it('CNAMEs that were made from a DNAME (RFC 6672)', async () => {
    const chain = [
      'example. 90 IN DNAME other.',
      'www.example. 90 IN CNAME www.other.',
      'www.other. 90 IN A 192.0.2.1',
    ];
    expect(await keptFor(answering(...chain))).toBe(90);
  });

  it('a CNAME that was asked for, and whatever ANY gives', async () => {
    expect(await keptFor(answering('www.example. 70 IN CNAME a.example.'), 'cache', 'www.example.', 'CNAME')).toBe(70);
    expect(await keptFor(answering('www.example. 70 IN TXT "x"', A), 'cache', 'www.example.', 'ANY')).toBe(70);
  });

  it("NODATA and NXDOMAIN for the SOA's minimum, or its TTL where that is less (RFC 2308 §5)", async () => {
    expect(await keptFor(NODATA)).toBe(120);
    expect(await keptFor(NXDOMAIN)).toBe(120);
    const short = 'example. 30 IN SOA ns.example. mail.example. 7 3600 600 86400 120';
    expect(await keptFor(upstream({ rcode: Rcode.NXDOMAIN, authority: [short] }))).toBe(30);
  });

  it('NODATA and NXDOMAIN at the end of CNAMEs (RFC 2308 §2)', async () => {
    const answers = ['www.example. 40 IN CNAME a.example.'];
    expect(await keptFor(upstream({ answers, authority: [SOA] }))).toBe(40);
    expect(await keptFor(upstream({ rcode: Rcode.NXDOMAIN, answers, authority: [SOA] }))).toBe(40);
  });

  it('a referral for 5 seconds', async () => {
    expect(await keptFor(upstream({ authority: ['example. 172800 IN NS ns.example.'] }))).toBe(5);
  });

  it('SERVFAIL and NOTIMP for 5 seconds, and failures without a reply (RFC 9520)', async () => {
    expect(await keptFor(upstream({ rcode: Rcode.SERVFAIL }))).toBe(5);
    expect(await keptFor(upstream({ rcode: Rcode.NOTIMP }))).toBe(5);
    expect(await keptFor(DEAD)).toBe(5);
  });

  it('failures as long as servfail says, or not at all', async () => {
    expect(await keptFor(DEAD, 'cache {\n  servfail 1m\n}')).toBe(60);
    expect(await keptFor(DEAD, 'cache {\n  servfail 0\n}')).toBe(0);
    expect(await keptFor(upstream({ rcode: Rcode.SERVFAIL }), 'cache {\n  servfail 0\n}')).toBe(0);
  });

  it('no longer than the TTL of the configuration, and no shorter than its MINTTL', async () => {
    expect(await keptFor(answering(A), 'cache 30')).toBe(30);
    expect(await keptFor(NXDOMAIN, 'cache 30')).toBe(30);
    expect(await keptFor(answering('www.example. 90000 IN A 192.0.2.1'))).toBe(3600);
    const far = 'example. 90000 IN SOA ns.example. mail.example. 7 3600 600 86400 90000';
    expect(await keptFor(upstream({ authority: [far] }))).toBe(1800);
    expect(await keptFor(answering(A), 'cache {\n  success 100 40\n  denial 100 50\n}')).toBe(40);
    expect(await keptFor(NXDOMAIN, 'cache {\n  success 100 40\n  denial 100 50\n}')).toBe(50);
    const zero = 'www.example. 0 IN A 192.0.2.1';
    expect(await keptFor(answering(zero))).toBe(5);
    expect(await keptFor(answering(zero), 'cache {\n  success 100 3600 20\n}')).toBe(20);
    expect(await keptFor(answering(zero), 'cache {\n  success 100 3600 0\n}')).toBe(0);
    expect(await keptFor(answering(zero), 'cache 3')).toBe(3);
  });
});

const SIGNED = { edns: { dnssecOk: true } };
/** An RRSIG of A that expires at this time, in seconds since the epoch. */
function signature(expires: number): string {
  const hex = expires.toString(16).padStart(8, '0');
  return `www.example. 300 IN RRSIG \\# 20 0001080200000e10${hex}65000000000100ff`;
}
/** The clock of the tests stands at 1 700 000 000 seconds. */
const NOW = 1_700_000_000;

describe('cache does not keep', () => {
  it.each<readonly [string, Answer]>([
    ['a truncated answer', upstream({ answers: [A], truncated: true })],
    ['NXDOMAIN with an answer', upstream({ rcode: Rcode.NXDOMAIN, answers: [A], authority: [SOA] })],
    ['REFUSED', upstream({ rcode: Rcode.REFUSED })],
    ['FORMERR', upstream({ rcode: Rcode.FORMERR })],
    ['YXDOMAIN', upstream({ rcode: Rcode.YXDOMAIN, answers: [A] })],
    ['CNAMEs that lead nowhere, without an SOA', answering('www.example. 60 IN CNAME a.example.')],
    ['CNAMEs in a circle', answering('www.example. 60 IN CNAME a.example.', 'a.example. 60 IN CNAME www.example.')],
    [
      'a proof from a zone that the name cannot be in',
      upstream({ authority: [SOA.replace('example.', 'elsewhere.')] }),
    ],
    ['a message that is signed as a whole', upstream({ answers: [A], additional: ['k. 0 IN TYPE24 \\# 0'] })],
    ['what the cluster, a file or a template answered', reply({ answers: [record(A)] })],
    ['a failure of this server itself', failure(Rcode.SERVFAIL, explain('internalError'), 'no')],
  ])('%s', async (_what, answer) => {
    const { ask: look, upstream: below, host } = await bench('cache', answer);
    expect(look()).toBe(answer);
    expect(look()).toBe(answer);
    expect(below.asked).toBe(2);
    expect(metric(host, 'coredns_cache_hits_total', 'type="success"')).toBe(0);
    expect(metric(host, 'coredns_cache_hits_total', 'type="denial"')).toBe(0);
  });

  it('SOA-less NODATA cached (1.14.7, #8232)', async () => {
    expect(await keptFor(upstream({}))).toBe(0);
    expect(await keptFor(upstream({ rcode: Rcode.NXDOMAIN }))).toBe(0);
    expect(await keptFor(upstream({ rcode: Rcode.NXDOMAIN, authority: ['example. 60 IN NS ns.example.'] }))).toBe(0);
  });

  it('an expired signature, where the client asked for signatures', async () => {
    const { ask: look, upstream: below } = await bench('cache', answering(A, signature(NOW - 1)));
    look('www.example.', 'A', SIGNED);
    look('www.example.', 'A', SIGNED);
    expect(below.asked).toBe(2);
    // Nobody else looks at it.
    look();
    look();
    expect(below.asked).toBe(3);
    below.now(answering(A, signature(NOW + 1)));
    look('www.example.', 'A', SIGNED);
    look('www.example.', 'A', SIGNED);
    expect(below.asked).toBe(4);
  });

  it('zone transfers, nor answers to opcodes other than QUERY', async () => {
    const { ask: look, upstream: below } = await bench('cache', answering(A));
    look('www.example.', 'AXFR');
    look('www.example.', 'IXFR');
    look('www.example.', 'A', { flags: Opcode.NOTIFY << 11 });
    look('www.example.', 'A', { flags: Opcode.NOTIFY << 11 });
    expect(below.asked).toBe(4);
  });

  it('names outside of its zones, and what is disabled', async () => {
    const lines = 'cache example {\n  disable success a.example\n  disable denial b.example\n}';
    const { ask: look, upstream: below } = await bench(lines, answering('www.other. 60 IN A 192.0.2.1'));
    look('www.other.');
    look('www.other.');
    expect(below.asked).toBe(2);
    const expectKept = (name: string, answer: Answer, kept: boolean): void => {
      const before = below.asked;
      below.now(answer);
      look(name);
      look(name);
      expect(below.asked - before).toBe(kept ? 1 : 2);
    };
    expectKept('x.a.example.', answering('x.a.example. 60 IN A 192.0.2.1'), false);
    expectKept('y.a.example.', NXDOMAIN, true);
    expectKept('x.b.example.', answering('x.b.example. 60 IN A 192.0.2.1'), true);
    expectKept('y.b.example.', NXDOMAIN, false);
    expectKept('z.b.example.', DEAD, false);
  });

  it('anything of a kind whose capacity is 0', async () => {
    const lines = 'cache {\n  success 0\n  denial 0\n}';
    expect(await keptFor(answering(A), lines)).toBe(0);
    expect(await keptFor(NXDOMAIN, lines)).toBe(0);
    expect(await keptFor(DEAD, lines)).toBe(0);
  });

  it('an answer to another question (poisoning)', async () => {
    const {
      ask: look,
      upstream: below,
      host,
    } = await bench('cache', answering('bank.example. 9999 IN A 203.0.113.66'));
    look();
    look();
    look('bank.example.');
    expect(below.asked).toBe(3);
    expect(metric(host, 'coredns_cache_drops_total')).toBe(2);
    // Nor one that brings another name's address along.
    below.now(answering('mail.example. 60 IN A 192.0.2.1', 'bank.example. 9999 IN A 203.0.113.66'));
    look('mail.example.');
    look('mail.example.');
    expect(below.asked).toBe(5);
    expect(metric(host, 'coredns_cache_drops_total')).toBe(4);
    // Nor one of another class.
    below.now(answering('www.example. 60 CH A 192.0.2.1'));
    look();
    expect(metric(host, 'coredns_cache_drops_total')).toBe(5);
  });
});

describe('cache, an answer that is kept', () => {
  it('has TTLs that count down record by record, within the limits from the first reply on', async () => {
    const answers = [
      'www.example. 50 IN CNAME a.example.',
      'a.example. 20 IN A 192.0.2.1',
      'a.example. 20 IN A 192.0.2.2',
    ];
    const authority = ['example. 90000 IN NS ns.example.'];
    const additional = ['ns.example. 0 IN A 192.0.2.53'];
    const { ask: look, wait } = await bench('cache', upstream({ answers, authority, additional }));
    expect(ttlsOf(look())).toEqual([50, 20, 20, 3600, 5]);
    expect(ttlsOf(look())).toEqual([50, 20, 20, 3600, 5]);
    wait(1.999);
    expect(ttlsOf(look())).toEqual([49, 19, 19, 3599, 4]);
    wait(2.9);
    expect(ttlsOf(look())).toEqual([46, 16, 16, 3596, 1]);
  });

  it('has one TTL for an RRset, the smallest (RFC 2181 §5.2)', async () => {
    const answers = ['www.example. 50 IN A 192.0.2.1', 'WWW.example. 40 IN A 192.0.2.2'];
    const { ask: look } = await bench('cache', answering(...answers));
    expect(ttlsOf(look())).toEqual([40, 40]);
  });

  it('shows an SOA with the TTL for which the negative answer holds (RFC 2308 §5)', async () => {
    const { ask: look, wait } = await bench('cache', NXDOMAIN);
    expect(ttlsOf(look())).toEqual([120]);
    wait(100);
    expect(ttlsOf(look())).toEqual([20]);
  });

  it('shows what was stored with keepttl', async () => {
    const { ask: look, wait, upstream: below } = await bench('cache {\n  keepttl\n}', answering(A));
    look();
    wait(299);
    expect(ttlsOf(look())).toEqual([300]);
    wait(1);
    look();
    expect(below.asked).toBe(2);
  });

  it('has AA set on hits, RA and AD as stored, and its records in their order', async () => {
    const answers = ['www.example. 60 IN A 192.0.2.9', 'www.example. 60 IN A 192.0.2.1'];
    const { ask: look } = await bench('cache', upstream({ answers, authenticData: true }));
    const first = look();
    expect(first).toMatchObject({ authoritative: false, recursionAvailable: true, authenticData: true });
    const hit = look();
    expect(hit).toMatchObject({
      authoritative: true,
      recursionAvailable: true,
      authenticData: true,
      fromUpstream: true,
    });
    expect(hit.kind === 'reply' && recordsOf(hit.answers)).toEqual(answers);
  });

  it('is not changed by limits that it is within', async () => {
    const { ask: look } = await bench('cache', answering(A));
    expect(textOf(look())).toEqual({ rcode: 'NOERROR', aa: false, answers: [A], authority: [], additional: [] });
  });

  it('gives way to a newer one of the other kind', async () => {
    const { ask: look, wait, upstream: below } = await bench('cache', NXDOMAIN);
    look();
    wait(120);
    below.now(answering(A));
    look();
    expect(look()).toMatchObject({ rcode: Rcode.NOERROR });
    wait(300);
    below.now(NXDOMAIN);
    look();
    expect(look()).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect(below.asked).toBe(3);
  });

  it('comes before a failure that was met at the same time', async () => {
    const service = await serve(cache, 'cache');
    const query = () => makeQuery('www.example.', 'A', { facts: service.host.facts });
    // Two queries are on their way; the one that fails comes back first, then last.
    const outcomes: ((answer: Answer) => void)[] = [];
    const below = { answer: () => new Promise<Answer>((resolve) => outcomes.push(resolve)) };
    const waiting = [1, 2, 3].map(() => service.plugin.answer(query(), below));
    outcomes[0]?.(DEAD);
    await waiting[0];
    outcomes[1]?.(answering(A));
    await waiting[1];
    expect(ask(service.plugin, query(), next(DEAD))).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
    outcomes[2]?.(DEAD);
    await waiting[2];
    expect(ask(service.plugin, query(), next(DEAD))).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });
});

describe('cache, a failure that is remembered', () => {
  const over = (protocol: 'udp' | 'tcp') => ['www.example.', 'A', { client: { protocol } }] as const;

  it('that is no reply is of the protocol over which nobody was reached', async () => {
    const { ask: look, upstream: below } = await bench('cache', DEAD);
    look(...over('tcp'));
    below.now(answering('www.example. 300 IN A 192.0.2.1'));
    expect(look(...over('tcp'))).toMatchObject({ explanation: { word: 'cached_failure' } });
    expect(look(...over('udp'))).toMatchObject({ rcode: Rcode.NOERROR });
    expect(look(...over('tcp'))).toMatchObject({ rcode: Rcode.NOERROR });
    expect(below.asked).toBe(2);
  });

  it('that is a reply is of all clients', async () => {
    const { ask: look, upstream: below } = await bench('cache', upstream({ rcode: Rcode.SERVFAIL }));
    look(...over('tcp'));
    look(...over('udp'));
    expect(below.asked).toBe(1);
  });

  it('says so, with what was said about it, and is reported once', async () => {
    const { ask: look } = await bench('cache', DEAD);
    expect(look()).toBe(DEAD);
    expect(look()).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      error: undefined,
      explanation: {
        word: 'cached_failure',
        code: 13,
        text: 'the last try failed a moment ago: no upstream answered in time: 192.0.2.1:53 timeout',
      },
    });
  });

  it('is the same for a reply, without its records', async () => {
    const answers = ['www.example. 60 IN CNAME a.example.'];
    const { ask: look } = await bench('cache', upstream({ rcode: Rcode.SERVFAIL, answers }));
    look();
    expect(look()).toMatchObject({ kind: 'reply', rcode: Rcode.SERVFAIL, answers: [], explanation: { code: 13 } });
  });

  it('does not hide what recursion was asked for', async () => {
    const { ask: look, upstream: below } = await bench('cache', DEAD);
    look();
    look('www.example.', 'A', { flags: Flag.RD | Flag.CD });
    expect(below.asked).toBe(2);
  });
});
