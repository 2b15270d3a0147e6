/**
 * The whole of `forward` above upstreams that do anything at any time, with bounds so low that all of them are reached:
 * whatever happens, each query is answered once and in its time with the best that there was, and nothing stays behind.
 */
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import type { Answer } from '../../../src/plugins/answer.ts';
import { UpstreamPool } from '../../../src/plugins/forward/pool.ts';
import { type Behaviour, FakeNetwork, type Sent, forwarding, fresh, named, replyTo } from './support.ts';

vi.mock(import('../../../src/bounds.ts'), async (original) => {
  const actual = await original();
  const low = { upstreamQueries: 8, upstreamQueriesPerLine: 6, upstreamSharers: 3, upstreamFailures: 4 };
  Object.assign(actual.bounds, low);
  return actual;
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const;
const MOST_WAITING = 5;
/** NODENS_LONGER=20 plays so many times as much. */
const LONGER = Number(process.env['NODENS_LONGER'] ?? 1);
/** Milliseconds that timers may be late by. */
const SLACK = 4;

const deeds = [
  'right',
  'right',
  'cut',
  'servfail',
  'refused code',
  'nxdomain',
  'no edns',
  'bare',
  'wrong id',
  'garbled',
  'refused',
  'reset',
  'timeout',
  'socket-limit',
  'octet-limit',
  'silent',
  'silent',
] as const;

interface Deed {
  readonly what: (typeof deeds)[number];
  readonly after: number;
}

interface Asked {
  readonly at: number;
  readonly name: number;
  readonly protocol: 'udp' | 'tcp';
  /** Of the client, from the time at which it asks. */
  readonly within: number;
}

interface Settled {
  readonly asked: Asked;
  readonly at: number;
  readonly answer: Answer;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom(...deeds),
  after: fc.oneof(
    { weight: 4, arbitrary: fc.nat(30) },
    { weight: 2, arbitrary: fc.nat(400) },
    { weight: 1, arbitrary: fc.nat(6_000) },
  ),
});

const scenario = fc.record({
  options: fc.record({
    policy: fc.constantFrom('policy sequential', 'policy round_robin', 'policy random'),
    failover: fc.constantFrom('', 'failover SERVFAIL', 'failover SERVFAIL REFUSED NXDOMAIN'),
    transport: fc.constantFrom('', '', 'force_tcp', 'prefer_udp'),
    attempts: fc.constantFrom('', '', 'max_connect_attempts 0', 'max_connect_attempts 1', 'max_connect_attempts 3'),
    patience: fc.constantFrom('', '', 'read_timeout 50ms', 'read_timeout 5s'),
    health: fc.constantFrom('', '', 'max_fails 0', 'failfast_all_unhealthy_upstreams', 'mix_case'),
  }),
  next: fc.constantFrom('', 'next SERVFAIL', 'next SERVFAIL NXDOMAIN'),
  upstreams: fc.integer({ min: 1, max: 3 }),
  /** What is done with one message after the other, by protocol and address. */
  script: fc.array(fc.array(deed, { minLength: 1, maxLength: 6 }), { minLength: 6, maxLength: 6 }),
  asked: fc.array(
    fc.record({
      at: fc.oneof(fc.nat(50), fc.nat(4_000)),
      name: fc.nat(12),
      protocol: fc.constantFrom<('udp' | 'tcp')[]>('udp', 'udp', 'tcp'),
      within: fc.oneof(
        { weight: 3, arbitrary: fc.constant(Infinity) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 6_000 }) },
      ),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  closedAt: fc.oneof(fc.constant(Infinity), fc.nat(4_000)),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

const RIGHT = { answers: ['x.example. 60 IN A 203.0.113.1'] };

function bareReplyTo(message: Uint8Array): Uint8Array {
  return Uint8Array.of(message[0] ?? 0, message[1] ?? 0, 0x80, Rcode.REFUSED, 0, 0, 0, 0, 0, 0, 0, 0);
}

function garbled(message: Uint8Array): Uint8Array {
  const octets = replyTo(message, { ...RIGHT, options: null });
  return octets.subarray(0, octets.length - 2);
}

function wrong(message: Uint8Array): Uint8Array {
  const octets = replyTo(message, RIGHT);
  octets[1] = (octets[1] ?? 0) ^ 1;
  return octets;
}

/** Does it. @param good told when a whole and right reply was taken */
function act({ what, after }: Deed, sent: Sent, good: (sent: Sent) => void): void {
  const show = (octets: (message: Uint8Array) => Uint8Array, then?: () => void): void => {
    setTimeout(() => {
      const open = !sent.over;
      if (sent.show(octets(sent.message)) && open) then?.();
    }, after);
  };
  switch (what) {
    case 'right':
      return show(
        (message) => replyTo(message, RIGHT),
        () => good(sent),
      );
    case 'cut':
      return sent.reply({ ...RIGHT, flags: Flag.TC }, after);
    case 'servfail':
      return sent.reply({ rcode: Rcode.SERVFAIL }, after);
    case 'refused code':
      return sent.reply({ rcode: Rcode.REFUSED }, after);
    case 'nxdomain':
      return sent.reply({ rcode: Rcode.NXDOMAIN }, after);
    case 'no edns':
      if (sent.decoded.edns === undefined)
        return show(
          (message) => replyTo(message, { ...RIGHT, options: null }),
          () => good(sent),
        );
      return sent.reply({ rcode: Rcode.FORMERR, options: null }, after);
    case 'bare':
      return show(bareReplyTo);
    case 'wrong id':
      return show(wrong);
    case 'garbled':
      return show(garbled);
    case 'refused':
    case 'reset':
    case 'timeout':
    case 'socket-limit':
    case 'octet-limit':
      return sent.fail(what, what, after);
    case 'silent':
      return undefined;
  }
}

function linesOf({ options, next, upstreams }: Scenario): string {
  const body = Object.values(options).filter((one) => one !== '');
  const to = ADDRESSES.slice(0, upstreams).join(' ');
  const first = `forward . ${to} {\n${[...body, `max_concurrent ${MOST_WAITING}`, next].join('\n')}\n}`;
  return next === '' ? first : `${first}\nforward . ${ADDRESSES[2]} {\n${body.join('\n')}\n}`;
}

interface Weather {
  readonly settled: readonly Settled[];
  /** Names of which a right reply was taken, with the times. */
  readonly good: ReadonlyMap<string, readonly number[]>;
  readonly network: FakeNetwork;
  readonly forwarding: Awaited<ReturnType<typeof forwarding>>;
}

function nameOf({ name, protocol }: Asked): string {
  return `${protocol}${name}.example.`;
}

async function play(one: Scenario, script: (protocol: string, address: string) => readonly Deed[]): Promise<Weather> {
  vi.clearAllTimers();
  const network = new FakeNetwork();
  const good = new Map<string, number[]>();
  for (const address of ADDRESSES) {
    for (const protocol of ['udp', 'tcp']) {
      let turn = 0;
      const behaviour: Behaviour = (sent) => {
        const list = script(protocol, address);
        const next = list[turn++ % list.length];
        if (next === undefined) return;
        act(next, sent, ({ decoded }) => {
          const name = decoded.question?.name.key ?? '';
          good.set(name, [...(good.get(name) ?? []), performance.now()]);
        });
      };
      network.behaviours.set(`${protocol} ${address}`, behaviour);
    }
  }
  const service = await forwarding(linesOf(one), { network });
  const began = performance.now();
  const settled: Settled[] = [];
  let open = 0;
  const ask = async (asked: Asked): Promise<void> => {
    open++;
    const query = named(nameOf(asked), { client: { protocol: asked.protocol } });
    const at = performance.now();
    query.account.deadline = at + asked.within;
    const answer = await service.ask(query);
    settled.push({ asked: { ...asked, at }, at: performance.now(), answer });
    open--;
  };
  for (const asked of one.asked) {
    if (asked.at <= one.closedAt) setTimeout(() => void ask(asked), asked.at);
  }
  if (one.closedAt !== Infinity) setTimeout(() => service.close(), one.closedAt);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(open).toBe(0);
  expect(began).toBeLessThan(performance.now());
  return { settled, good, network, forwarding: service };
}

/** Nothing is left of all that was asked. */
async function expectNothingLeft(
  { network, forwarding: service }: Weather,
  { closedAt, options }: Scenario,
): Promise<void> {
  const closed = closedAt !== Infinity;
  const failsFast = options.health.startsWith('failfast');
  const pool = UpstreamPool.of(service.host);
  expect(pool.places.all.count).toBe(0);
  if (!closed) {
    // As many may wait as at the start, and not one more.
    network.behaviours.clear();
    await vi.advanceTimersByTimeAsync(2_000);
    const again = Array.from({ length: MOST_WAITING + 1 }, () => service.ask(fresh()));
    const waiting = again.filter((outcome) => outcome instanceof Promise).length;
    if (!failsFast) expect(waiting).toBe(MOST_WAITING);
    await vi.advanceTimersByTimeAsync(6_000);
    service.close();
  }
  await vi.advanceTimersByTimeAsync(10_000);
  expect(pool.places).toMatchObject({ all: { count: 0 }, lines: 0 });
  expect(network.sent.filter(({ over }) => !over)).toEqual([]);
  expect(network.channels.filter((channel) => !channel.closed)).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
}

function isFailure(answer: Answer): boolean {
  return answer.kind !== 'reply' || answer.rcode === Rcode.SERVFAIL;
}

it(
  'each query is answered once, in its time, with the best there was, and nothing stays behind',
  async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (one) => {
        const weather = await play(one, (protocol, address) => {
          const row = ADDRESSES.findIndex((known) => known === address) * 2 + (protocol === 'udp' ? 0 : 1);
          return one.script[row] ?? [];
        });
        for (const { asked, at, answer } of weather.settled) {
          expect(at - asked.at).toBeLessThanOrEqual(Math.min(asked.within, bounds.upstreamTime) + SLACK);
          if (asked.protocol === 'tcp' && answer.kind === 'reply') expect(answer.truncated).toBe(false);
          const had = weather.good.get(named(nameOf(asked)).name.key) ?? [];
          // What was taken while the query waited must not be lost. A query that was refused waited for nothing.
          const lost = one.next === '' && had.some((time) => time > asked.at && time < at - SLACK);
          expect({ lost, asked, at, answer, had }).toMatchObject({ lost: false });
          if (had.includes(at) && at > asked.at) expect(isFailure(answer)).toBe(false);
        }
        await expectNothingLeft(weather, one);
      }),
      { numRuns: 150 * LONGER },
    );
  },
  20_000 * LONGER,
);
