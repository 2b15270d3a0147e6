/** What bounds `forward`: equal questions are asked once, failures are remembered, and each bound is reached. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import { type Outcome, reply } from '../../../src/plugins/answer.ts';
import { FailureMemory } from '../../../src/plugins/forward/failures.ts';
import { FakeClock, makeQuery } from '../support.ts';
import { FakeNetwork, type Sent, answering, forwarding, fresh, named, onAccount, refusing, silent } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';
const B = '192.0.2.2';
const right = { answers: ['x.example. 60 IN A 203.0.113.1'] };

let evils = 0;

/** A query for a fresh name of a zone that nobody answers for. */
function evil(): ReturnType<typeof fresh> {
  return named(`n${evils++}.evil.test.`);
}

function isEvil({ decoded }: Sent): boolean {
  return decoded.question?.name.toString().endsWith('.evil.test.') === true;
}

async function settled(outcomes: readonly Outcome[]): Promise<readonly Awaited<Outcome>[]> {
  await vi.advanceTimersByTimeAsync(6_000);
  return Promise.all(outcomes.map((outcome) => Promise.resolve(outcome)));
}

describe('questions that come together', () => {
  afterEach(() => {
    vi.useFakeTimers();
  });

  it('are not sent while their queries are handled, and then a few at a time', async () => {
    const { ask, network, close } = await forwarding(`forward . ${A}`);
    vi.useRealTimers();
    for (let i = 0; i < 100; i++) void ask(fresh());
    expect(network.queries()).toHaveLength(0);
    await turn();
    const first = network.queries().length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(10);
    await vi.waitUntil(() => network.queries().length >= 100);
    close();
  });

  it('that are pushed out before their turn are never sent', async () => {
    const { ask, network, metric } = await forwarding(`forward . ${A}`);
    const first = ask(named('first.example.'));
    const later = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1_000);
    for (let i = 0; i < bounds.upstreamQueries; i++) void ask(fresh());
    later.mockRestore();
    await settled([]);
    expect((await first).kind).toBe('failure');
    expect(metric('nodens_bounds_reached_total{bound="upstreamQueries"}')).toBe(1);
    expect(network.queries().some(({ decoded }) => decoded.question?.name.toString() === 'first.example.')).toBe(false);
  });
});

describe('equal questions (CVE-2023-30464)', () => {
  it('share one message to an upstream', async () => {
    const { ask, network, metric } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering(right, 5) } });
    const outcomes = Array.from({ length: 50 }, (_, i) => ask(named(i % 2 === 0 ? 'same.example.' : 'SAME.example.')));
    for (const answer of await settled(outcomes)) expect(answer.kind).toBe('reply');
    expect(network.sent).toHaveLength(1);
    expect(metric('nodens_forward_shared_queries_total')).toBe(49);
  });

  it.each([
    ['another type', makeQuery('same.example.', 'AAAA')],
    ['another class', named('same.example.', { class: 'CH' })],
    ['no RD', named('same.example.', { flags: 0 })],
    ['CD', named('same.example.', { flags: Flag.RD | Flag.CD })],
    ['DO', named('same.example.', { edns: { dnssecOk: true } })],
    ['an option', named('same.example.', { edns: { options: [{ code: 8, data: Uint8Array.of(1) }] } })],
    ['TCP', named('same.example.', { client: { protocol: 'tcp' } })],
  ])('are not shared with %s', async (_, other) => {
    const { ask, network } = await forwarding(`forward . ${A}`);
    void ask(named('same.example.'));
    void ask(other);
    await vi.advanceTimersByTimeAsync(1);
    expect(network.sent).toHaveLength(2);
    await settled([]);
  });

  it('are asked again once the first was answered', async () => {
    const { resolve, network } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering(right) } });
    expect((await resolve(named('same.example.'))).answer.kind).toBe('reply');
    expect((await resolve(named('same.example.'))).answer.kind).toBe('reply');
    expect(network.sent).toHaveLength(2);
  });

  it('end with each client in its own time', async () => {
    const { ask } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering(right, 80) } });
    const hasty = named('same.example.');
    hasty.account.deadline = performance.now() + 40;
    const [first, second] = await settled([ask(named('same.example.')), ask(hasty)]);
    expect(first?.kind).toBe('reply');
    expect(second).toMatchObject({ kind: 'failure', explanation: { word: 'cancelled' } });
  });

  it('are all answered, as many as may wait over UDP: a hot name whose time is over', async () => {
    const { ask } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering(right, 90) } });
    const outcomes = Array.from({ length: bounds.udpInFlight }, () => ask(named('hot.example.')));
    const kinds = new Set((await settled(outcomes)).map(({ kind }) => kind));
    expect([...kinds]).toEqual(['reply']);
  });

  it('are answered with SERVFAIL beyond the bound of sharers', async () => {
    const { ask, metric } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering(right, 5) } });
    for (let i = 0; i < bounds.upstreamSharers; i++) void ask(named('same.example.'));
    expect(ask(named('same.example.'))).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      explanation: { code: 22, word: 'too_many_upstream_queries' },
    });
    expect(metric('nodens_bounds_reached_total{bound="upstreamSharers"}')).toBe(1);
    await settled([]);
  });
});

describe('a failure (RFC 9520)', () => {
  it('is answered from memory in the same tick, for one second', async () => {
    const { ask, resolve, network, metric } = await forwarding(`forward . ${A}`, { behaviours: { [A]: refusing } });
    await resolve(named('dead.example.'));
    const messages = network.queries().length;
    expect(ask(named('DEAD.example.'))).toMatchObject({
      kind: 'failure',
      fromUpstream: true,
      explanation: { code: 13, text: expect.stringContaining(`${A}:53 connection refused`) },
    });
    expect(network.queries()).toHaveLength(messages);
    expect(metric('nodens_forward_remembered_failures_total')).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ask(named('dead.example.'))).toBeInstanceOf(Promise);
    await settled([]);
  });

  it('may be the SERVFAIL of an upstream', async () => {
    const { ask, resolve } = await forwarding(`forward . ${A}`, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }) },
    });
    await resolve(named('bogus.example.'));
    expect(ask(named('bogus.example.'))).toMatchObject({
      kind: 'reply',
      rcode: Rcode.SERVFAIL,
      explanation: { code: 13 },
    });
  });

  it.each([Rcode.NXDOMAIN, Rcode.REFUSED])('is not any other response code: %i', async (rcode) => {
    const { ask, resolve } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering({ rcode }) } });
    await resolve(named('other.example.'));
    expect(ask(named('other.example.'))).toBeInstanceOf(Promise);
    await settled([]);
  });

  it('is not that a client had no time', async () => {
    const { ask, resolve } = await forwarding(`forward . ${A}`);
    const query = named('hasty.example.');
    query.account.deadline = performance.now() + 50;
    await resolve(query);
    expect(ask(named('hasty.example.'))).toBeInstanceOf(Promise);
    await settled([]);
  });

  it('is remembered for no more questions than the bound says', () => {
    const clock = new FakeClock();
    const memory = new FailureMemory(clock);
    const failed = reply({ rcode: Rcode.SERVFAIL, fromUpstream: true });
    for (let i = 0; i <= bounds.upstreamFailures; i++) memory.remember(`${i}`, failed);
    expect(memory.recall('0')).toBeUndefined();
    expect(memory.recall('1')).toBeDefined();
    expect(memory.recall(`${bounds.upstreamFailures}`)).toBeDefined();
  });
});

describe('bounds', () => {
  it('upstreamQueries: one more is answered with SERVFAIL, and the log has one line', async () => {
    const { ask, host, metric } = await forwarding(`forward . ${A}`);
    for (let i = 0; i < bounds.upstreamQueries; i++) void ask(fresh());
    host.takeLines();
    for (let i = 0; i < 3; i++) {
      expect(ask(fresh())).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL, explanation: { code: 22 } });
    }
    expect(metric('nodens_bounds_reached_total{bound="upstreamQueries"}')).toBe(3);
    expect(host.takeLines()).toEqual([
      `[WARNING] plugin/forward: the bound upstreamQueries is reached: ${bounds.upstreamQueries} queries wait for upstreams`,
    ]);
    await settled([]);
    expect(ask(fresh())).toBeInstanceOf(Promise);
    await settled([]);
  });

  it('upstreamQueries: the oldest gives way to a new one, so that a flood of names without answers stops nobody', async () => {
    const { ask, resolve, network, metric } = await forwarding(`forward . ${A}`, {
      behaviours: { [A]: (sent) => void (isEvil(sent) || sent.reply(sent.isCheck ? {} : right)) },
    });
    const oldest = ask(evil());
    await vi.advanceTimersByTimeAsync(50);
    for (let i = 1; i < bounds.upstreamQueries; i++) void ask(evil());
    await vi.advanceTimersByTimeAsync(60);
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
    expect(await oldest).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      fromUpstream: false,
      explanation: { code: 22, word: 'too_many_upstream_queries' },
    });
    expect(metric('nodens_bounds_reached_total{bound="upstreamQueries"}')).toBe(1);
    // The next oldest came 50 ms later, and has not had its time yet.
    void ask(evil());
    expect(ask(evil())).toMatchObject({ kind: 'failure' });
    const open = network.queries().filter((sent) => isEvil(sent) && !sent.over);
    expect(open.length).toBeGreaterThanOrEqual(bounds.upstreamQueries - 1);
    await settled([]);
    expect(network.sent.every(({ over }) => over)).toBe(true);
  });

  it('nobody is asked the same again while half of the places are taken, but others are', async () => {
    const { ask, network } = await forwarding(`forward . ${A} ${B} {\npolicy sequential\n}`);
    const count = bounds.upstreamQueries / 2 + 1;
    for (let i = 0; i < count; i++) void ask(evil());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.queries(A)).toHaveLength(count);
    expect(network.queries(B)).toHaveLength(count);
    await settled([]);
  });

  it('upstreamQueriesPerLine: a line has no more than half where there are others', async () => {
    const { ask, resolve, metric, host } = await forwarding(`forward test ${A}\nforward . ${B}`, {
      behaviours: { [A]: silent, [B]: answering(right) },
    });
    const first = ask(evil());
    for (let i = 1; i < bounds.upstreamQueriesPerLine; i++) void ask(evil());
    host.takeLines();
    expect(ask(evil())).toMatchObject({ kind: 'failure', explanation: { word: 'too_many_upstream_queries' } });
    expect(metric('nodens_bounds_reached_total{bound="upstreamQueriesPerLine"}')).toBe(1);
    expect(host.takeLines()).toEqual([
      `[WARNING] plugin/forward: the bound upstreamQueriesPerLine is reached: ${bounds.upstreamQueriesPerLine} queries of one 'forward' line wait for upstreams`,
    ]);
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply' });
    await vi.advanceTimersByTimeAsync(100);
    expect(ask(evil())).toBeInstanceOf(Promise);
    expect(await first).toMatchObject({ kind: 'failure', explanation: { word: 'too_many_upstream_queries' } });
    await settled([]);
  });

  it('upstreamQueriesPerLine: a line that is alone has all', async () => {
    const before = await forwarding(`forward test ${A}\nforward . ${B}`);
    before.close();
    const { ask, metric } = await forwarding(`forward . ${A}`, { host: before.host, network: before.network });
    for (let i = 0; i < bounds.upstreamQueries; i++) expect(ask(evil())).toBeInstanceOf(Promise);
    expect(metric('nodens_bounds_reached_total{bound="upstreamQueriesPerLine"}')).toBe(0);
    await settled([]);
  });

  it('max_concurrent: one more is refused', async () => {
    const { ask, metric } = await forwarding(`forward . ${A} {\nmax_concurrent 2\n}`, {
      behaviours: { [A]: answering(right) },
    });
    void ask(named('same.example.'));
    void ask(named('same.example.'));
    expect(ask(fresh())).toMatchObject({
      kind: 'failure',
      rcode: Rcode.REFUSED,
      error: 'concurrent queries exceeded maximum 2',
      fromUpstream: false,
    });
    expect(metric('coredns_forward_max_concurrent_rejects_total')).toBe(1);
    await settled([]);
    expect(ask(fresh())).toBeInstanceOf(Promise);
    await settled([]);
  });

  it('upstreamAttemptsPerQuery: the budget goes over retries, TCP and all look-ups of a client query', async () => {
    const { resolve, network, metric } = await forwarding(`forward . ${A} ${B} {\nmax_connect_attempts 0\n}`, {
      behaviours: {
        [`udp ${A}`]: answering({ ...right, flags: Flag.TC }),
        [`udp ${B}`]: answering({ ...right, flags: Flag.TC }),
        [`tcp ${A}`]: answering(right),
        [`tcp ${B}`]: answering(right),
      },
    });
    const { account } = fresh();
    for (let i = 0; i < bounds.upstreamAttemptsPerQuery / 2; i++) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before
      expect((await resolve(onAccount(account))).answer).toMatchObject({ kind: 'reply', truncated: false });
    }
    expect((await resolve(onAccount(account))).answer).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      explanation: { code: 22, word: 'too_many_attempts' },
    });
    expect(network.queries()).toHaveLength(bounds.upstreamAttemptsPerQuery);
    expect(metric('nodens_bounds_reached_total{bound="upstreamAttemptsPerQuery"}')).toBe(1);
  });

  it.each([
    ['socket-limit', 'upstreamSockets', 'too_many_upstream_sockets'],
    ['octet-limit', 'upstreamOctets', 'too_many_octets'],
  ] as const)('%s of the network: SERVFAIL that is not remembered', async (kind, bound, word) => {
    const { resolve, ask, metric } = await forwarding(`forward . ${A} ${B}`, {
      behaviours: { [A]: (sent) => sent.fail(kind), [B]: (sent) => sent.fail(kind) },
    });
    expect((await resolve(named('full.example.'))).answer).toMatchObject({
      kind: 'failure',
      fromUpstream: false,
      explanation: { code: 23, word },
    });
    expect(metric(`nodens_bounds_reached_total{bound="${bound}"}`)).toBe(1);
    expect(ask(named('full.example.'))).toBeInstanceOf(Promise);
    await settled([]);
  });

  it('a shortage of the system is no bound: SERVFAIL that says so, one line, and no upstream is blamed', async () => {
    const text = 'the process has no file descriptor left (limit 64; raise it with ulimit -n or LimitNOFILE)';
    const short = (sent: Sent): void => sent.failWith({ kind: 'socket-limit', text, shortage: true });
    const lines = `forward . ${A} {\nfailfast_all_unhealthy_upstreams\n}`;
    const { resolve, ask, host, metric, network } = await forwarding(lines, { behaviours: { [A]: silent } });
    // A check is under way when the descriptors run out.
    await resolve(fresh());
    network.behaviours.set(A, short);
    host.takeLines();
    const told = `no socket to an upstream can be opened: ${text}`;
    for (let i = 0; i < 3; i++) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before
      expect((await resolve(fresh())).answer).toMatchObject({
        kind: 'failure',
        rcode: Rcode.SERVFAIL,
        fromUpstream: false,
        error: told,
        explanation: { code: 23, word: 'no_socket', text: told },
      });
    }
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ask(fresh())).toBeInstanceOf(Promise);
    expect(host.takeLines().filter((line) => line.includes('socket'))).toEqual([`[ERROR] plugin/forward: ${told}`]);
    expect(metric('nodens_bounds_reached_total{bound="upstreamSockets"}')).toBe(0);
    await settled([]);
  });

  it('leave nothing behind when upstreams are silent', async () => {
    const network = new FakeNetwork();
    network.behaviours.set(A, silent);
    const { ask, close } = await forwarding(`forward . ${A}`, { network });
    await settled(Array.from({ length: 100 }, () => ask(fresh())));
    close();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(network.channels.every(({ closed }) => closed)).toBe(true);
    expect(network.sent.every(({ over }) => over)).toBe(true);
  });
});
