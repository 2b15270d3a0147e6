/** Which line and which upstream a query goes to: FROM, `except`, `next`, `policy`, host names. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import { forward } from '../../../src/plugins/forward/forward.ts';
import { PASSED_ON, configure } from '../support.ts';
import {
  type Behaviour,
  FakeNetwork,
  answering,
  forwarding,
  fresh,
  makeForwardHost,
  named,
  onAccount,
  refusing,
  silent,
} from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';
const B = '192.0.2.2';
const C = '192.0.2.3';
const right = { answers: ['x.example. 60 IN A 203.0.113.1'] };
const all: Readonly<Record<string, Behaviour>> = {
  [A]: answering(right),
  [B]: answering(right),
  [C]: answering(right),
};

async function askedFor(lines: string, ...names: readonly string[]): Promise<readonly (string | undefined)[]> {
  const { resolve, network } = await forwarding(lines, { behaviours: all });
  const asked: (string | undefined)[] = [];
  for (const name of names) {
    const before = network.queries().length;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await resolve(named(name));
    asked.push(network.queries()[before]?.target.to.address);
  }
  return asked;
}

describe('FROM and except', () => {
  it('say which names are forwarded; the others go to the next plugin', async () => {
    const { ask } = await forwarding(`forward example.org ${A}`);
    expect(ask(named('example.com.'))).toBe(PASSED_ON);
    expect(ask(named('notexample.org.'))).toBe(PASSED_ON);
    expect(ask(named('a.example.org.'))).toBeInstanceOf(Promise);
    await vi.advanceTimersByTimeAsync(6_000);
  });

  it('except FROM itself, which is always forwarded', async () => {
    const lines = `forward example.org ${A} {\nexcept example.org internal.example.org\n}`;
    expect(await askedFor(lines, 'example.org.', 'a.example.org.', 'x.internal.example.org.')).toEqual([
      A,
      undefined,
      undefined,
    ]);
  });

  it('choose the first line that covers the name', async () => {
    const lines = `forward example.org ${A} {\nexcept b.example.org\n}\nforward . ${B}`;
    expect(await askedFor(lines, 'a.example.org.', 'b.example.org.', 'com.')).toEqual([A, B, B]);
  });

  it('allow the answer to be replayed only where no upstream was asked', async () => {
    const { ask, resolve } = await forwarding(`forward example.org ${A}`, { behaviours: all });
    const passed = named('example.com.');
    void ask(passed);
    expect(passed.account.replaying.allowed).toBe(true);
    const forwarded = named('example.org.');
    await resolve(forwarded);
    expect(forwarded.account.replaying.allowed).toBe(false);
  });
});

describe('next', () => {
  it('asks the following line on these response codes', async () => {
    const { resolve, network } = await forwarding(`forward . ${A} {\nnext NXDOMAIN\n}\nforward . ${B}`, {
      behaviours: { [A]: answering({ rcode: Rcode.NXDOMAIN }), [B]: answering(right) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ rcode: Rcode.NOERROR });
    network.behaviours.set(A, answering({ rcode: Rcode.REFUSED }));
    expect((await resolve(fresh())).answer).toMatchObject({ rcode: Rcode.REFUSED });
  });

  it('takes upstreams that fail for SERVFAIL', async () => {
    const { resolve } = await forwarding(`forward . ${A} {\nnext SERVFAIL\n}\nforward . ${B}`, {
      behaviours: { [A]: refusing, [B]: answering(right) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });

  it('has one time for all lines: a client is told within 1.8 s that all are silent', async () => {
    const lines = `forward . ${A} {\nnext SERVFAIL\n}\nforward . ${B} {\nnext SERVFAIL\n}\nforward . ${C}`;
    const { resolve, network } = await forwarding(lines);
    const { answer, took } = await resolve(fresh());
    expect(answer).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL, explanation: { code: 22 } });
    expect(took).toBeLessThan(1_800);
    expect(network.queries(C).length).toBeGreaterThan(0);
    network.behaviours.set(C, answering(right, 30));
    expect((await resolve(fresh())).answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });

  it('gives each of those that wait for the same answer its own time', async () => {
    const { ask, resolve, network } = await forwarding(`forward . ${A}`);
    const hasty = named('same.example.');
    hasty.account.upstreamsSince = performance.now() - 1_500;
    const first = resolve(hasty);
    network.behaviours.set(A, (sent) => sent.reply(right, 500));
    await vi.advanceTimersByTimeAsync(50);
    const second = ask(named('same.example.'));
    expect((await first).took).toBeLessThan(210);
    expect((await first).answer).toMatchObject({ kind: 'failure', fromUpstream: true, explanation: { code: 22 } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await second).toMatchObject({ kind: 'reply' });
  });

  it('does not remember as a failure that a query had hardly any time left', async () => {
    const { ask, resolve } = await forwarding(`forward . ${A}`);
    const hasty = named('same.example.');
    hasty.account.upstreamsSince = performance.now() - 4_950;
    expect((await resolve(hasty)).took).toBeLessThan(60);
    expect(ask(named('same.example.'))).toBeInstanceOf(Promise);
    await vi.advanceTimersByTimeAsync(6_000);
  });

  it('leaves the whole time to a line whose upstream has answered the same client query', async () => {
    const { resolve } = await forwarding(`forward . ${A}`, {
      behaviours: { [A]: (sent) => sent.reply(sent.isCheck ? {} : right, sent.isCheck ? 300 : 1_400) },
    });
    const query = fresh();
    expect((await resolve(query)).answer.kind).toBe('reply');
    const { answer } = await resolve(onAccount(query.account));
    expect(answer.kind).toBe('reply');
  });

  it('gives the reply where no further line covers the name', async () => {
    const { resolve } = await forwarding(`forward . ${A} {\nnext NXDOMAIN\n}\nforward example.org ${B}`, {
      behaviours: { [A]: answering({ rcode: Rcode.NXDOMAIN }), [B]: answering(right) },
    });
    expect((await resolve(named('example.com.'))).answer).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect((await resolve(named('example.org.'))).answer).toMatchObject({ rcode: Rcode.NOERROR });
  });

  it('next_on_nodata asks it on NOERROR without answers', async () => {
    const { resolve } = await forwarding(`forward . ${A} {\nnext_on_nodata\n}\nforward . ${B}`, {
      behaviours: { [A]: answering({}), [B]: answering(right) },
    });
    expect((await resolve(fresh())).answer).toMatchObject({ answers: [expect.anything()] });
  });

  it('is no way around max_concurrent', async () => {
    const { ask, network } = await forwarding(`forward . ${A} {\nmax_concurrent 1\nnext REFUSED\n}\nforward . ${B}`);
    void ask(fresh());
    expect(ask(fresh())).toMatchObject({ kind: 'failure', rcode: Rcode.REFUSED });
    expect(network.queries(B)).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(6_000);
  });
});

describe('policy', () => {
  const names = Array.from({ length: 60 }, (_, i) => `${i}.example.`);

  it('sequential asks in the order of the words', async () => {
    expect(new Set(await askedFor(`forward . ${A} ${B} ${C} {\npolicy sequential\n}`, ...names))).toEqual(new Set([A]));
  });

  it('round_robin asks one after the other', async () => {
    const asked = await askedFor(`forward . ${A} ${B} ${C} {\npolicy round_robin\n}`, ...names.slice(0, 6));
    expect(asked).toEqual([A, B, C, A, B, C]);
  });

  it('random asks all of them', async () => {
    expect(new Set(await askedFor(`forward . ${A} ${B} ${C}`, ...names))).toEqual(new Set([A, B, C]));
  });

  it('counts an upstream that is named twice once', async () => {
    const lines = `forward . ${A} ${A}:53 ${B} {\npolicy round_robin\n}`;
    const { resolveMany, network, close } = await forwarding(lines, { behaviours: all });
    await resolveMany(3);
    expect(network.queries().map(({ target }) => target.to.address)).toEqual([A, B, A]);
    close();
    expect(network.channels.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('a host name in TO', () => {
  const lines = 'forward . tls://dns.example {\nresolver 192.0.2.9\npolicy sequential\n}';
  const resolving: Behaviour = (sent) => {
    const aaaa = sent.decoded.question?.type === 28;
    const answers = aaaa
      ? ['dns.example. 60 IN AAAA 2001:db8::7']
      : ['dns.example. 60 IN CNAME a.example.', 'a.example. 60 IN A 192.0.2.7'];
    sent.reply({ answers });
  };

  it('is asked at all its addresses, under its name', async () => {
    const network = new FakeNetwork();
    network.behaviours.set('192.0.2.9', resolving);
    const opening = forwarding(lines, { network });
    await vi.advanceTimersByTimeAsync(10);
    const { resolve } = await opening;
    expect(network.sent.every(({ decoded }) => (decoded.flags & Flag.RD) !== 0)).toBe(true);
    await resolve(fresh());
    const targets = network.channels.map(({ target }) => target).filter(({ protocol }) => protocol === 'tls');
    expect(targets).toMatchObject([
      { to: { address: '192.0.2.7', port: 853 }, tls: { serverName: 'dns.example' } },
      { to: { address: '2001:db8::7', port: 853 }, tls: { serverName: 'dns.example' } },
    ]);
  });

  it.each([
    ['NXDOMAIN', answering({ rcode: Rcode.NXDOMAIN }), 'asked 192.0.2.9:53: NXDOMAIN'],
    ['no address', answering({}), 'asked 192.0.2.9:53: no A and no AAAA record'],
    ['silence', silent, 'asked 192.0.2.9:53: no upstream answered in time: 192.0.2.9:53 timeout'],
  ])('with %s keeps the configuration from being used, and the error names the word', async (_, behaviour, why) => {
    const network = new FakeNetwork();
    network.behaviours.set('192.0.2.9', behaviour);
    const { setup } = configure(forward, lines);
    const opening = Promise.resolve(setup?.create(makeForwardHost(network)));
    const failing = expect(opening).rejects.toThrow(
      `Corefile:2:11: the host name 'dns.example' has no address (${why})`,
    );
    await vi.advanceTimersByTimeAsync(6_000);
    await failing;
    expect(network.channels.every(({ closed }) => closed)).toBe(true);
  });
});

describe('a reload', () => {
  it('keeps upstreams whose settings are the same, with their connections', async () => {
    const network = new FakeNetwork();
    for (const [address, behaviour] of Object.entries(all)) network.behaviours.set(address, behaviour);
    const host = makeForwardHost(network);
    const before = await forwarding(`forward . ${A}`, { network, host });
    await before.resolve(fresh());
    const after = await forwarding(`forward example.org ${A} ${B} {\npolicy sequential\n}`, { network, host });
    before.close();
    await after.resolve(named('example.org.'));
    expect(network.channels).toMatchObject([{ target: { to: { address: A } }, closed: false }]);
    const changed = await forwarding(`forward . ${A} {\nexpire 5s\n}`, { network, host });
    after.close();
    await changed.resolve(fresh());
    expect(network.channels.map(({ closed }) => closed)).toEqual([true, false]);
  });
});
