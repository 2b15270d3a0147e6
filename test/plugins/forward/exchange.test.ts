/** Who is asked when, and which reply is the answer: hedges, retransmissions, deadlines, fallbacks. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import { recordsOf, textOf } from '../support.ts';
import { FakeNetwork, answering, forwarding, fresh, named, refusing, replyTo, silent } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';
const B = '192.0.2.2';
const right = { answers: ['x.example. 60 IN A 203.0.113.1'] };
const cut = answering({ ...right, flags: Flag.TC });
const TWO = `forward . ${A} ${B} {\npolicy sequential\n}`;

describe('an exchange with one upstream', () => {
  it('gives what the upstream said', async () => {
    const { resolve } = await forwarding(`forward . ${A}`, {
      behaviours: {
        [A]: answering({ ...right, flags: Flag.AA | Flag.AD, authority: ['example. 60 IN NS ns.example.'] }),
      },
    });
    const { answer, took } = await resolve(fresh());
    expect(took).toBeLessThan(3);
    expect(answer).toMatchObject({
      kind: 'reply',
      authoritative: true,
      recursionAvailable: true,
      authenticData: true,
      truncated: false,
      fromUpstream: true,
    });
    expect(textOf(answer)).toMatchObject({
      answers: ['x.example. 60 IN A 203.0.113.1'],
      authority: ['example. 60 IN NS ns.example.'],
      additional: [],
    });
  });

  it('asks again when a datagram was lost, from a new socket with a new id', async () => {
    const network = new FakeNetwork();
    let first = true;
    network.behaviours.set(A, (sent) => {
      if (!sent.isCheck && first) first = false;
      else sent.reply(right);
    });
    const { resolve, metric } = await forwarding(`forward . ${A}`, { network });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(110);
    expect(new Set(network.queries().map(({ decoded }) => decoded.id)).size).toBe(2);
    expect(metric(`nodens_forward_retransmissions_total{to="${A}:53"}`)).toBe(1);
  });

  it.each([
    ['the first message', 0],
    ['a later one', 1],
  ])('tells those who wait what sending %s threw, and keeps no place for it', async (_, sound) => {
    let sent = 0;
    const behaviour = (): void => {
      if (sent++ >= sound) throw new Error('no such thing');
    };
    const { ask, resolve, network } = await forwarding(`forward . ${A}`, { behaviours: { [A]: behaviour } });
    const outcome = Promise.resolve(ask(named('same.example.')));
    const failing = expect(outcome).rejects.toThrow('no such thing');
    await vi.advanceTimersByTimeAsync(1_000);
    await failing;
    network.behaviours.set(A, answering(right));
    expect((await resolve(named('same.example.'))).answer.kind).toBe('reply');
  });

  it('goes on waiting after replies that are not the one, and counts them', async () => {
    const { resolve, metric } = await forwarding(`forward . ${A}`, {
      behaviours: {
        [A]: (sent) => {
          const wrong = replyTo(sent.message, right);
          wrong[0] = (wrong[0] ?? 0) ^ 1;
          setTimeout(() => expect(sent.show(wrong)).toBe(false), 1);
          setTimeout(() => expect(sent.show(Uint8Array.of(1, 2, 3))).toBe(false), 2);
          setTimeout(
            () => expect(sent.show(replyTo(sent.message), { address: '192.0.2.99', port: 53 })).toBe(false),
            3,
          );
          sent.reply(right, 4);
        },
      },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(6);
    for (const reason of ['id', 'short', 'source']) {
      expect(metric(`nodens_forward_ignored_replies_total{reason="${reason}",to="${A}:53"}`)).toBe(1);
    }
  });

  it('asks again over TCP what was cut off, and gives the cut one if that fails', async () => {
    const { resolve, network } = await forwarding(`forward . ${A}`, {
      behaviours: { [`udp ${A}`]: cut, [`tcp ${A}`]: answering(right) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ truncated: false });
    network.behaviours.set(`tcp ${A}`, refusing);
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', truncated: true });
    expect(took).toBeLessThan(10);
    network.behaviours.set(`tcp ${A}`, answering({ rcode: Rcode.SERVFAIL }));
    expect((await resolve(fresh())).answer).toMatchObject({ rcode: Rcode.NOERROR, truncated: true });
    network.behaviours.set(`tcp ${A}`, silent);
    expect((await resolve(fresh())).took).toBeLessThan(1_100);
  });

  it.each(['FORMERR', 'NOTIMP', 'BADVERS'] as const)(
    'asks again without EDNS after %s, and remembers',
    async (name) => {
      const network = new FakeNetwork();
      network.behaviours.set(A, (sent) => {
        if (sent.decoded.edns === undefined) sent.reply({ ...right, options: null });
        else sent.reply({ rcode: Rcode[name], ...(name === 'BADVERS' ? {} : { options: null }) });
      });
      const { resolve } = await forwarding(`forward . ${A}`, { network });
      expect(recordsOf(repliesOf((await resolve(fresh())).answer))).toHaveLength(1);
      expect(network.queries()).toHaveLength(2);
      await resolve(fresh());
      expect(network.queries()).toHaveLength(3);
      await vi.advanceTimersByTimeAsync(61_000);
      await resolve(fresh());
      expect(network.queries()).toHaveLength(5);
    },
  );

  it("leaves out no more than a client's own options where those cannot be read, and learns nothing of it", async () => {
    const unreadable = { edns: { dnssecOk: true, options: [{ code: 8, data: Uint8Array.of(0) }] } };
    const { resolve, network } = await forwarding(`forward . ${A}`, {
      behaviours: {
        [A]: (sent) => {
          if (sent.decoded.edns?.options.length === 0) sent.reply(right);
          else sent.reply({ rcode: Rcode.FORMERR, options: null });
        },
      },
    });
    expect(recordsOf(repliesOf((await resolve(fresh(unreadable))).answer))).toHaveLength(1);
    await resolve(fresh({ edns: { dnssecOk: true } }));
    const sent = network.queries().map(({ decoded }) => [decoded.edns?.dnssecOk, decoded.edns?.options.length]);
    expect(sent).toEqual([
      [true, 1],
      [true, 0],
      [true, 0],
    ]);
  });

  it('learns that a server reads no EDNS from a message with options too', async () => {
    const { resolve, network } = await forwarding(`forward . ${A}`, {
      behaviours: {
        [A]: (sent) => {
          if (sent.decoded.edns === undefined) sent.reply({ ...right, options: null });
          else sent.reply({ rcode: Rcode.FORMERR, options: null });
        },
      },
    });
    const withOption = { edns: { options: [{ code: 8, data: Uint8Array.of(0) }] } };
    expect(recordsOf(repliesOf((await resolve(fresh(withOption))).answer))).toHaveLength(1);
    expect(network.queries()).toHaveLength(3);
    await resolve(fresh(withOption));
    expect(network.queries()).toHaveLength(4);
  });

  it('passes a FORMERR on that has nothing to do with EDNS', async () => {
    const { resolve } = await forwarding(`forward . ${A}`, {
      behaviours: { [A]: answering({ rcode: Rcode.FORMERR, options: null }) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', rcode: Rcode.FORMERR });
  });

  it('believes a failure without a question over UDP only when nothing else came', async () => {
    const bare = (message: Uint8Array): Uint8Array =>
      Uint8Array.of(message[0] ?? 0, message[1] ?? 0, 0x80, 5, 0, 0, 0, 0, 0, 0, 0, 0);
    const { resolve, network } = await forwarding(`forward . ${A}`, {
      behaviours: {
        [A]: (sent) => {
          setTimeout(() => sent.show(bare(sent.message)), 1);
          sent.reply(right, 20);
        },
      },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ rcode: Rcode.NOERROR });
    network.behaviours.set(A, (sent) => void setTimeout(() => sent.show(bare(sent.message)), 1));
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', rcode: Rcode.REFUSED });
    const { answer, took } = await resolve(fresh({ client: { protocol: 'tcp' } }));
    expect(answer).toMatchObject({ kind: 'reply', rcode: Rcode.REFUSED });
    expect(took).toBeLessThan(3);
  });

  it('waits up to 5 s for a slow answer of an upstream that is there', async () => {
    const { resolve } = await forwarding(`forward . ${A} {\nread_timeout 5s\n}`, {
      behaviours: { [A]: (sent) => (sent.isCheck ? sent.reply() : sent.reply(right, 3_000)) },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeGreaterThanOrEqual(3_000);
  });

  it('gives up after 5 s on one that is there and says nothing to this', async () => {
    const { resolve } = await forwarding(`forward . ${A} {\nmax_connect_attempts 0\n}`, {
      behaviours: { [A]: (sent) => (sent.isCheck ? sent.reply() : undefined) },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL });
    expect(took).toBeGreaterThan(4_000);
    expect(took).toBeLessThanOrEqual(bounds.upstreamTime + 2);
  });

  it("honours the client's own deadline", async () => {
    const { resolve } = await forwarding(`forward . ${A}`);
    const query = fresh();
    query.account.deadline = performance.now() + 300;
    const { answer, took } = await resolve(query);
    expect(answer).toMatchObject({ kind: 'failure', explanation: { word: 'cancelled' } });
    expect(took).toBeLessThanOrEqual(302);
  });

  it('fails at once where the time is over already', async () => {
    const { ask, network } = await forwarding(`forward . ${A}`);
    const query = fresh();
    query.account.deadline = performance.now();
    expect(ask(query)).toMatchObject({ kind: 'failure', explanation: { word: 'cancelled' } });
    expect(network.sent).toHaveLength(0);
  });

  it('stops after max_connect_attempts messages', async () => {
    const { resolve, network } = await forwarding(
      `forward . ${A} {\nmax_connect_attempts 3\nmax_fails 0\nread_timeout 50ms\n}`,
    );
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('failure');
    expect(network.queries()).toHaveLength(3);
    expect(took).toBeLessThan(200);
  });
});

describe('an exchange over connections', () => {
  const overTcp = (): ReturnType<typeof fresh> => fresh({ client: { protocol: 'tcp' } });

  it('asks once more where the first message met with silence: the connection may have died', async () => {
    const network = new FakeNetwork();
    let first = true;
    network.behaviours.set(`tcp ${A}`, (sent) => {
      if (first) first = false;
      else sent.reply(right);
    });
    const { resolve } = await forwarding(`forward . ${A} {\nforce_tcp\n}`, { network });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(120);
    expect(network.queries()).toHaveLength(2);
  });

  it('asks no more than twice, and finds out over the same protocol whether anybody is there', async () => {
    const { resolve, network } = await forwarding(`forward . ${A}`, {
      behaviours: { [`udp ${A}`]: silent, [`tcp ${A}`]: (sent) => sent.reply(right, sent.isCheck ? 1 : 2_500) },
    });
    const { answer, took } = await resolve(overTcp());
    expect(answer.kind).toBe('reply');
    expect(took).toBeGreaterThanOrEqual(2_500);
    expect(network.queries()).toHaveLength(2);
    expect(network.checks(A).some(({ target }) => target.protocol === 'tcp')).toBe(true);
  });

  it('fails within 1.8 s where only UDP of the upstreams is alive', async () => {
    const alive = answering(right);
    const { resolve, network } = await forwarding(TWO, {
      behaviours: { [`udp ${A}`]: alive, [`udp ${B}`]: alive, [`tcp ${A}`]: silent, [`tcp ${B}`]: silent },
    });
    for (let i = 0; i < 2; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { answer, took } = await resolve(overTcp());
      expect(answer).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL, explanation: { code: 22 } });
      expect(took).toBeLessThan(1_800);
    }
    expect(network.checks(A).filter(({ target }) => target.protocol === 'udp')).not.toHaveLength(0);
  });

  it('asks for the whole over TCP once more where the first message met with silence', async () => {
    const network = new FakeNetwork();
    let first = true;
    network.behaviours.set(`udp ${A}`, cut);
    network.behaviours.set(`tcp ${A}`, (sent) => {
      if (first) first = false;
      else sent.reply(right);
    });
    const { resolve } = await forwarding(`forward . ${A}`, { network });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', truncated: false });
    expect(took).toBeLessThan(120);
  });
});

describe('an exchange with two upstreams', () => {
  it('asks the second when the first is late, and takes whoever answers first', async () => {
    const { resolve, network, metric } = await forwarding(TWO, {
      behaviours: { [A]: silent, [B]: answering(right) },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(110);
    expect(metric(`nodens_forward_hedges_total{to="${B}:53"}`)).toBe(1);
    network.behaviours.set(A, answering(right, 105));
    network.behaviours.set(B, silent);
    expect((await resolve(fresh())).answer.kind).toBe('reply');
  });

  it('asks the second earlier where the first is known to be fast', async () => {
    const { resolve, resolveMany, network } = await forwarding(TWO, {
      behaviours: { [A]: answering(right, 2), [B]: answering(right) },
    });
    await resolveMany(20);
    expect(network.queries(B)).toHaveLength(0);
    network.behaviours.set(A, silent);
    expect((await resolve(fresh())).took).toBeLessThan(20);
  });

  it('does not hold a query up by more than 300 ms when one of them dies, and hardly at all soon after', async () => {
    const { resolve, resolveMany, network } = await forwarding(`forward . ${A} ${B}`, {
      behaviours: { [A]: answering(right, 30), [B]: answering(right, 30) },
    });
    await resolveMany(20);
    network.behaviours.set(A, silent);
    const died = performance.now();
    const late: number[] = [];
    while (performance.now() < died + 6_000) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before
      const { answer, took } = await resolve(fresh());
      expect(answer.kind).toBe('reply');
      expect(took).toBeLessThan(300);
      if (performance.now() > died + 3_000) late.push(took);
    }
    expect(late.length).toBeGreaterThan(20);
    expect(Math.max(...late)).toBeLessThan(80);
    network.behaviours.set(A, answering(right, 30));
    await vi.advanceTimersByTimeAsync(2_000);
    const before = network.queries(A).length;
    await resolveMany(20);
    expect(network.queries(A).length).toBeGreaterThan(before);
  });

  it('asks the second soon where both take now little time and now much, as resolvers do', async () => {
    let turn = 0;
    const network = new FakeNetwork();
    for (const one of [A, B]) network.behaviours.set(one, (sent) => sent.reply(right, turn++ % 3 === 0 ? 180 : 2));
    const { resolve, resolveMany } = await forwarding(`forward . ${A} ${B} {\npolicy round_robin\n}`, { network });
    await resolveMany(60);
    network.behaviours.set(A, silent);
    network.behaviours.set(B, answering(right, 2));
    for (let i = 0; i < 2; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await resolve(fresh())).took).toBeLessThan(200);
    }
  });

  it('fails within 1.8 s when both are silent, and says what each did', async () => {
    const { resolve } = await forwarding(`forward . ${A} ${B} {\npolicy sequential\n}`);
    const { answer, took } = await resolve(fresh());
    expect(took).toBeLessThan(1_800);
    expect(answer).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      fromUpstream: true,
      error: `read udp ${A}:53: i/o timeout, read udp ${B}:53: i/o timeout`,
      explanation: { code: 22, text: `no upstream answered in time: ${A}:53 timeout, ${B}:53 timeout` },
    });
  });

  it('fails at once when both refuse', async () => {
    const { resolve } = await forwarding(TWO, { behaviours: { [A]: refusing, [B]: refusing } });
    const { answer, took } = await resolve(fresh());
    expect(took).toBeLessThan(20);
    expect(answer).toMatchObject({
      kind: 'failure',
      explanation: {
        code: 23,
        text: `no upstream can be reached: ${A}:53 connection refused, ${B}:53 connection refused`,
      },
    });
  });

  it('asks the second at once when the first refuses', async () => {
    const { resolve } = await forwarding(TWO, { behaviours: { [A]: refusing, [B]: answering(right) } });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(10);
  });

  it('asks the second for the whole where TCP to the first is black-holed', async () => {
    const { resolve, network } = await forwarding(TWO, {
      behaviours: { [`udp ${A}`]: cut, [`udp ${B}`]: cut, [`tcp ${A}`]: silent, [`tcp ${B}`]: answering(right) },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', truncated: false });
    expect(took).toBeLessThan(120);
    network.behaviours.set(`tcp ${B}`, silent);
    const dead = await resolve(fresh());
    expect(dead.answer).toMatchObject({ kind: 'reply', truncated: true });
    expect(dead.took).toBeLessThan(1_100);
  });

  it('asks the second at once for the whole where TCP to the first fails', async () => {
    const { resolve } = await forwarding(TWO, {
      behaviours: { [`udp ${A}`]: cut, [`tcp ${A}`]: refusing, [B]: answering(right) },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', truncated: false });
    expect(took).toBeLessThan(10);
  });

  it('gives the truncated reply soon where TCP fails and the other says nothing', async () => {
    const { resolve } = await forwarding(TWO, {
      behaviours: { [`udp ${A}`]: answering({ ...right, flags: Flag.TC }, 110), [`tcp ${A}`]: refusing, [B]: silent },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', truncated: true });
    expect(took).toBeLessThan(300);
  });

  it('goes on waiting for the whole over TCP when a message to another upstream fails', async () => {
    const { resolve } = await forwarding(TWO, {
      behaviours: {
        [`udp ${A}`]: answering({ ...right, flags: Flag.TC }, 105),
        [`tcp ${A}`]: answering(right, 60),
        [B]: (sent) => sent.fail('unreachable', 'network unreachable', 20),
      },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', truncated: false });
    expect(took).toBeGreaterThanOrEqual(160);
  });

  it('gives no truncated reply to a client that came over TCP', async () => {
    const lines = `forward . ${A} ${B} {\npolicy sequential\nprefer_udp\n}`;
    const { resolve, network } = await forwarding(lines, {
      behaviours: { [`udp ${A}`]: cut, [`tcp ${A}`]: refusing, [B]: answering(right) },
    });
    const overTcp = (): ReturnType<typeof fresh> => fresh({ client: { protocol: 'tcp' } });
    expect((await resolve(overTcp())).answer).toMatchObject({ kind: 'reply', truncated: false });
    network.behaviours.set(B, answering({ ...right, flags: Flag.TC }));
    expect((await resolve(overTcp())).answer).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      explanation: { text: expect.stringContaining(`${B}:53 a truncated reply`) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', truncated: true });
  });

  it('waits no longer than 300 ms for a black-holed upstream after a response code of failover', async () => {
    const lines = `forward . ${A} ${B} {\npolicy sequential\nfailover SERVFAIL\n}`;
    const { resolve } = await forwarding(lines, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }), [B]: silent },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', rcode: Rcode.SERVFAIL });
    expect(took).toBeLessThan(300);
  });

  it('waits for an upstream that is known to be slow after a response code of failover', async () => {
    const lines = `forward . ${A} ${B} {\npolicy sequential\nfailover SERVFAIL\n}`;
    const { resolve, resolveMany } = await forwarding(lines, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }), [B]: answering(right, 240) },
    });
    await resolveMany(2);
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });

  it('passes SERVFAIL on where no other was asked', async () => {
    const { resolve, network } = await forwarding(TWO, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }), [B]: answering(right) },
    });
    const { answer } = await resolve(fresh());
    expect(answer).toMatchObject({
      kind: 'reply',
      rcode: Rcode.SERVFAIL,
      explanation: { code: 0, text: `the upstream answered with a failure: ${A}:53 answered SERVFAIL` },
    });
    expect(network.queries(B)).toHaveLength(0);
  });

  it.each([
    ['REFUSED', 'answered REFUSED'],
    ['NOTIMP', 'answered NOTIMP'],
    ['NXDOMAIN', undefined],
    ['NOERROR', undefined],
  ] as const)('says of %s who answered so, unless it is no failure', async (rcode, said) => {
    const { resolve } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering({ rcode: Rcode[rcode] }) } });
    const { answer } = await resolve(fresh());
    const explanation = said && { text: `the upstream answered with a failure: ${A}:53 ${said}` };
    expect(answer).toMatchObject({ rcode: Rcode[rcode], explanation });
  });

  it('prefers a reply that is under way to SERVFAIL', async () => {
    const { resolve } = await forwarding(TWO, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }, 110), [B]: answering(right, 40) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ rcode: Rcode.NOERROR });
  });

  it('gives the SERVFAIL soon where the other says nothing', async () => {
    const { resolve } = await forwarding(TWO, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }, 110), [B]: silent },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ rcode: Rcode.SERVFAIL });
    expect(took).toBeLessThan(300);
  });

  it('asks the next for the response codes of failover, and gives the last reply', async () => {
    const lines = `forward . ${A} ${B} {\npolicy sequential\nfailover SERVFAIL REFUSED\n}`;
    const { resolve, network } = await forwarding(lines, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }), [B]: answering(right) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ rcode: Rcode.NOERROR });
    network.behaviours.set(B, answering({ rcode: Rcode.REFUSED }));
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ rcode: Rcode.REFUSED });
    expect(took).toBeLessThan(10);
  });

  it("gives the upstream's own explanation, in one line of bounded length", async () => {
    const text = `no\u0007 key\n${'x'.repeat(500)}`;
    const data = Uint8Array.of(0, 9, ...Buffer.from(text));
    const { resolve } = await forwarding(TWO, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL, options: [{ code: 15, data }] }) },
    });
    const { answer } = await resolve(fresh());
    expect(answer).toMatchObject({ explanation: { code: 9, text: `no key${'x'.repeat(194)}` } });
  });

  it('over a connection, takes what cannot be read as a failure of that upstream', async () => {
    const garbled = (message: Uint8Array): Uint8Array => {
      const octets = replyTo(message, { ...right, options: null });
      return octets.subarray(0, octets.length - 2);
    };
    const { resolve, network } = await forwarding(TWO, {
      behaviours: { [A]: (sent) => void setTimeout(() => sent.show(garbled(sent.message)), 1), [B]: answering(right) },
    });
    const { answer, took } = await resolve(fresh({ client: { protocol: 'tcp' } }));
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(10);
    expect(network.queries(A)).toHaveLength(1);
  });
});

describe('an exchange with three upstreams', () => {
  const C = '192.0.2.3';
  const THREE = `forward . ${A} ${B} ${C} {\npolicy sequential\nfailover SERVFAIL\n}`;

  it('asks the third at once when the second refuses and the first is silent', async () => {
    const { resolve } = await forwarding(THREE, {
      behaviours: { [A]: silent, [B]: refusing, [C]: answering(right) },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(110);
  });

  it('asks the third before it gives a response code of failover, however slow the second usually is', async () => {
    const { resolve, resolveMany, network } = await forwarding(THREE, {
      behaviours: { [A]: answering({ rcode: Rcode.SERVFAIL }), [B]: answering({ rcode: Rcode.SERVFAIL }, 240) },
    });
    network.behaviours.set(C, answering(right, 240));
    await resolveMany(20);
    network.behaviours.set(B, silent);
    const { answer } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });

  it('asks the next where a bound that concerns one of them is reached', async () => {
    const { resolve, metric } = await forwarding(THREE, {
      behaviours: { [A]: (sent) => sent.fail('socket-limit'), [B]: answering(right), [C]: silent },
    });
    const { answer, took } = await resolve(fresh());
    expect(answer.kind).toBe('reply');
    expect(took).toBeLessThan(10);
    expect(metric('nodens_bounds_reached_total{bound="upstreamSockets"}')).toBe(1);
  });
});

describe('closing', () => {
  it('lets queries under way end, and then closes the channels', async () => {
    const { resolve, close, network, host } = await forwarding(`forward . ${A}`, {
      behaviours: { [A]: answering(right, 50) },
    });
    expect(host.fatalMessages).toEqual([]);
    const waiting = resolve(named('late.example.'));
    close();
    expect((await waiting).answer.kind).toBe('reply');
    await vi.advanceTimersByTimeAsync(1);
    expect(network.channels.map(({ closed }) => closed)).toEqual([true]);
  });

  it('closes as well what a query under way opens later: TCP, and the upstreams of another line', async () => {
    const { resolve, close, network } = await forwarding(`forward . ${A} {\nnext NXDOMAIN\n}\nforward . ${B}`, {
      behaviours: { [`udp ${A}`]: cut, [`tcp ${A}`]: answering({ rcode: Rcode.NXDOMAIN }), [B]: answering(right) },
    });
    const waiting = resolve(fresh());
    close();
    expect((await waiting).answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.channels.map(({ closed }) => closed)).toEqual([true, true, true]);
  });
});

function repliesOf(answer: Parameters<typeof textOf>[0]) {
  return answer.kind === 'reply' ? answer.answers : [];
}
