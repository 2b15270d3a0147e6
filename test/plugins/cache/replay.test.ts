/** What the cache declares of an answer, so that the server may give it again, and that nothing tells the two ways apart. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileFact } from '../../../src/cluster/facts.ts';
import { Rcode } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { RRset } from '../../../src/dns/rrset.ts';
import { type Answer, type Outcome, type Reply, reply } from '../../../src/plugins/answer.ts';
import { cache } from '../../../src/plugins/cache/cache.ts';
import type { Plugin } from '../../../src/plugins/plugin.ts';
import type { Query, Resolver } from '../../../src/plugins/query.ts';
import type { Kept } from '../../../src/plugins/replay.ts';
import { collected } from '../../support/collected.ts';
import { redo } from '../replay.ts';
import { type QueryOptions, type TestHost, ask, makeHost, makeQuery, serve } from '../support.ts';
import { DEAD, NXDOMAIN, Upstream, answering, metric, record, upstream as replying } from './support.ts';

const A = 'www.example. 100 IN A 192.0.2.1';

interface Given {
  readonly query: Query;
  readonly answer: Answer;
}

interface Server {
  readonly host: TestHost;
  readonly plugin: Plugin;
  readonly upstream: Upstream;
  /** Asks the chain; `www.example. A` where nothing else is said. */
  readonly ask: (name?: string, options?: QueryOptions) => Given;
  readonly wait: (seconds: number) => void;
}

async function server(lines: string, outcome: Outcome): Promise<Server> {
  const host = makeHost();
  const service = await serve(cache, lines, { host });
  const upstream = new Upstream(outcome);
  expect(service.plugin.replayable).toBe(true);
  return {
    host,
    plugin: service.plugin,
    upstream,
    ask(name = 'www.example.', options = {}) {
      const query = makeQuery(name, 'A', { facts: host.facts, ...options });
      return { query, answer: ask(service.plugin, query, upstream) };
    },
    wait: (seconds) => host.clock.advance(seconds * 1000),
  };
}

/** A server whose cache has the answer to `www.example. A`, and the hit on it. */
async function hitOf(lines: string, outcome: Outcome): Promise<Server & { readonly hit: Given; readonly kept: Kept }> {
  const one = await server(lines, outcome);
  one.ask();
  const hit = one.ask();
  return { ...one, hit, kept: keptBy(hit) };
}

function keptBy({ query }: Given): Kept {
  const { kept } = query.replaying;
  if (kept === undefined) throw new Error('the answer was expected to rest on an entry');
  return kept;
}

function replyOf({ answer }: Given): Reply {
  if (answer.kind !== 'reply') throw new Error(`a reply was expected, not a ${answer.kind}`);
  return answer;
}

function setsOf({ answers, authority, additional }: Reply): readonly RRset[] {
  return [...answers, ...authority, ...additional];
}

describe('cache, what may be given again', () => {
  it('is a hit, with its entry and the age to which its TTLs have counted down', async () => {
    const { ask: look, wait, host } = await server('cache', answering(A));
    host.clock.advance(250);
    look();
    wait(2.9);
    const { query } = look();
    expect(query.replaying.allowed).toBe(true);
    expect(query.replaying.age).toBe(2);
    expect(query.replaying.kept).toMatchObject({ stored: 250, expires: 100_250 });
  });

  it('is what this server makes itself, which is a miss each time', async () => {
    const { ask: look, host } = await server('cache', reply({ answers: [record(A)] }));
    const { query } = look();
    expect(query.replaying.allowed).toBe(true);
    expect(query.replaying.kept).toBeUndefined();
    redo(query);
    redo(query);
    expect(metric(host, 'coredns_cache_requests_total')).toBe(3);
    expect(metric(host, 'coredns_cache_misses_total')).toBe(3);
  });

  it('is what is outside of its zones, of which nothing is counted', async () => {
    const { ask: look } = await server('cache example.org', reply({}));
    const { query } = look();
    expect(query.replaying.allowed).toBe(true);
    expect(query.replaying.effects).toEqual([]);
  });

  it.each<[string, string, Outcome]>([
    ['an answer that an upstream has just given', 'cache', answering(A)],
    ['one that is not kept', 'cache', replying({ rcode: Rcode.REFUSED })],
    ['a failure of the upstreams', 'cache', DEAD],
  ])('is not %s', async (_, lines, outcome) => {
    const { ask: look } = await server(lines, outcome);
    expect(look().query.replaying.allowed).toBe(false);
  });

  it('is not an answer of an upstream to a question that cannot have an entry', async () => {
    const { ask: look } = await server('cache', answering(A));
    const edns = { options: [{ code: 8, data: new Uint8Array(8) }] };
    expect(look('www.example.', { edns }).query.replaying.allowed).toBe(false);
  });

  it.each([
    ['a failure that is remembered', DEAD],
    ['a SERVFAIL that is remembered', replying({ rcode: Rcode.SERVFAIL })],
  ])('is not %s', async (_, outcome) => {
    const { ask: look, upstream } = await server('cache', outcome);
    look();
    const { query } = look();
    expect(upstream.asked).toBe(1);
    expect(query.replaying.allowed).toBe(false);
    expect(keptBy({ query, answer: DEAD }).mayReplay(0)).toBe(false);
  });

  it.each(['serve_stale', 'serve_stale 1h verify'])('is not an old answer: %s', async (option) => {
    const { ask: look, wait, upstream } = await hitOf(`cache {\n${option}\n}`, answering(A));
    wait(100);
    upstream.now(DEAD);
    const { query, answer } = look();
    expect(answer).toMatchObject({ explanation: { word: 'stale' } });
    expect(query.replaying.allowed).toBe(false);
  });

  it('is not an answer that took two entries, or a hit more than one of them', async () => {
    const one = await server('cache', answering(A));
    one.ask();
    one.upstream.now(answering('other.example. 100 IN A 192.0.2.1'));
    one.ask('other.example.');
    const allowedAfter = (...names: readonly string[]): boolean => {
      const resolver: Resolver = {
        server: 'dns://:53',
        resolve: (query) => one.plugin.answer(query, one.upstream),
      };
      const query = makeQuery('alias.example.', 'A', { facts: one.host.facts, resolver });
      for (const name of names) void query.lookup(Name.fromText(name), query.type);
      return query.replaying.allowed;
    };
    expect(allowedAfter('www.example.')).toBe(true);
    expect(allowedAfter('www.example.', 'other.example.')).toBe(false);
    expect(allowedAfter('www.example.', 'www.example.')).toBe(false);
  });
});

describe('cache, an entry whose answer is given again', () => {
  it('is asked for until its end', async () => {
    const { kept } = await hitOf('cache', answering(A));
    expect(kept.mayReplay(0)).toBe(true);
    expect(kept.mayReplay(99_999.9)).toBe(true);
    expect(kept.mayReplay(100_000)).toBe(false);
  });

  it('is not once a fact that it rests on has changed', async () => {
    const one = await server('cache', DEAD);
    const fact = fileFact('/etc/hosts');
    one.upstream.gives = (query) => {
      query.dependsOn(fact);
      return answering(A);
    };
    one.ask();
    const kept = keptBy(one.ask());
    expect(kept.mayReplay(0)).toBe(true);
    one.host.facts.changed(fact);
    expect(kept.mayReplay(0)).toBe(false);
  });

  it('is not once it has been replaced', async () => {
    const one = await hitOf('cache {\n  prefetch 1 1h 90%\n}', answering(A));
    one.wait(11);
    one.ask();
    expect(one.upstream.asked).toBe(2);
    expect(one.kept.mayReplay(11_000)).toBe(false);
    expect(keptBy(one.ask()).mayReplay(11_000)).toBe(true);
  });

  it('is not once an answer of the other kind has taken its place', async () => {
    const one = await hitOf('cache {\n  prefetch 1 1h 90%\n}', answering(A));
    one.upstream.now(NXDOMAIN);
    one.wait(11);
    one.ask();
    expect(one.kept.mayReplay(11_000)).toBe(false);
  });

  it('is not once it has been found out of date', async () => {
    const one = await hitOf('cache', answering(A));
    one.wait(100);
    one.ask();
    expect(one.kept.mayReplay(0)).toBe(false);
  });

  it('is not once there was no room for it', async () => {
    const one = await hitOf('cache {\n  success 1\n}', answering(A));
    one.upstream.now(answering('other.example. 100 IN A 192.0.2.1'));
    one.ask('other.example.');
    expect(one.kept.mayReplay(0)).toBe(false);
  });

  it('is not once the cache is closed', async () => {
    const host = makeHost();
    const stores: { close(): void }[] = [];
    const watched = makeHost({
      shared: (kind, key, create) => {
        const made = host.shared(kind, key, create);
        stores.push(made);
        return made;
      },
    });
    const { plugin } = await serve(cache, 'cache', { host: watched });
    const below = new Upstream(answering(A));
    ask(plugin, makeQuery('www.example.', 'A'), below);
    const query = makeQuery('www.example.', 'A');
    const kept = keptBy({ query, answer: ask(plugin, query, below) });
    expect(kept.mayReplay(0)).toBe(true);
    for (const store of stores) store.close();
    expect(kept.mayReplay(0)).toBe(false);
  });

  it('is not when the next hit is to fetch it anew, and is again while that is under way', async () => {
    const one = await hitOf('cache {\n  prefetch 3\n}', answering(A));
    expect(one.kept.mayReplay(0)).toBe(true);
    one.kept.replayed(0);
    // The third hit, early; and the third, late.
    expect(one.kept.mayReplay(0)).toBe(true);
    expect(one.kept.mayReplay(90_000)).toBe(true);
    one.wait(50);
    one.kept.replayed(50_000);
    one.kept.replayed(50_000);
    expect(one.kept.mayReplay(89_999)).toBe(true);
    one.kept.replayed(89_999);
    one.kept.replayed(89_999);
    expect(one.kept.mayReplay(90_000)).toBe(false);
    one.wait(40);
    const arrives = Promise.withResolvers<Answer>();
    one.upstream.now(arrives.promise);
    one.ask();
    expect(metric(one.host, 'coredns_cache_prefetch_total')).toBe(1);
    expect(one.kept.mayReplay(90_000)).toBe(true);
    // It fails, and nobody is asked for a while.
    arrives.resolve(DEAD);
    await arrives.promise;
    await Promise.resolve();
    expect(one.kept.mayReplay(90_000)).toBe(true);
    expect(one.kept.mayReplay(95_000)).toBe(false);
  });

  it('is not changed by the question whether it may be', async () => {
    const one = await hitOf('cache {\n  prefetch 2 10s\n}', answering(A));
    for (const now of [0, 5_000, 95_000, 100_000]) for (let i = 0; i < 9; i++) one.kept.mayReplay(now);
    one.wait(95);
    one.ask();
    expect(one.upstream.asked).toBe(1);
    one.ask();
    expect(one.upstream.asked).toBe(2);
  });

  it('stays in a full cache for as long as it is asked for', async () => {
    const one = await hitOf('cache {\n  success 2\n}', answering(A));
    const add = (name: string): Kept => {
      one.upstream.now(answering(`${name} 100 IN A 192.0.2.1`));
      one.ask(name);
      return keptBy(one.ask(name));
    };
    const other = add('other.example.');
    one.wait(1);
    one.kept.replayed(1_000);
    const third = add('third.example.');
    expect([one.kept, other, third].map((kept) => kept.mayReplay(1_000))).toEqual([true, false, true]);
    one.kept.replayed(1_001);
    const fourth = add('fourth.example.');
    expect([one.kept, third, fourth].map((kept) => kept.mayReplay(1_001))).toEqual([true, false, true]);
    // What has left is not asked for any more, whatever is said of it.
    third.replayed(1_002);
    const fifth = add('fifth.example.');
    expect([one.kept, fourth, fifth].map((kept) => kept.mayReplay(1_002))).toEqual([false, true, true]);
  });
});

/** Times at which clients ask, in milliseconds after each other. */
const pauses = fc.array(fc.oneof(fc.constantFrom(0, 1, 999, 1000, 9_000), fc.integer({ min: 0, max: 20_000 })), {
  minLength: 1,
  maxLength: 60,
});

/** What a server has said and done when clients have asked at these times, through the chain, or past it where they may. */
async function seenBy(way: 'chain' | 'replay', lines: string, times: readonly number[]): Promise<unknown> {
  const one = await server(lines, answering(A));
  const seen: unknown[] = [];
  let last: Given | undefined;
  for (const pause of times) {
    one.host.clock.advance(pause);
    const now = one.host.clock.monotonic();
    const kept = last?.query.replaying.kept;
    if (way === 'replay' && last !== undefined && kept?.mayReplay(now) === true) {
      kept.replayed(now);
      redo(last.query);
    } else {
      const given = one.ask();
      last = given.query.replaying.allowed ? given : undefined;
    }
    seen.push(one.upstream.asked);
  }
  return { seen, metrics: one.host.metrics.render() };
}

describe('cache, hits that pass it by', () => {
  it.each(['cache', 'cache {\n  prefetch 3 15s 50%\n}', 'cache 20 {\n  prefetch 1 1h 90%\n  serve_stale\n}'])(
    'are counted, and fetch answers anew, as those that do not: %s',
    async (lines) => {
      await fc.assert(
        fc.asyncProperty(pauses, async (times) => {
          expect(await seenBy('replay', lines, times)).toEqual(await seenBy('chain', lines, times));
        }),
        { numRuns: 100 },
      );
    },
  );
});

const SOA_OF = (ttl: number, minimum: number): string =>
  `example. ${ttl} IN SOA ns.example. mail.example. 7 3600 600 86400 ${minimum}`;

describe('cache, TTLs that count down', () => {
  const ttl = fc.integer({ min: 0, max: 40 });
  const options = fc.constantFrom('', 'success 100 12 9', 'denial 100 12 0', 'denial 100 30 9', 'prefetch 1 1h 90%');
  const replies = fc.oneof(
    fc.tuple(ttl, ttl, ttl).map(([one, other, third]) =>
      replying({
        answers: [`www.example. ${one} IN CNAME w.example.`, `w.example. ${other} IN A 192.0.2.1`],
        additional: [`ns.example. ${third} IN A 192.0.2.53`],
      }),
    ),
    // A referral lives for five seconds.
    ttl.map((one) => replying({ authority: [`example. ${one} IN NS ns.example.`] })),
    fc.tuple(ttl, ttl).map(([one, minimum]) => replying({ rcode: Rcode.NXDOMAIN, authority: [SOA_OF(one, minimum)] })),
  );

  it('are at any time until the end those of an earlier hit less the whole seconds of age between the two', async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        replies,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        async (line, from, parts) => {
          const one = await server(`cache {\n${line}\n}`, from);
          one.host.clock.advance(123.456);
          one.ask();
          let earlier: Given | undefined;
          for (const part of parts.toSorted((a, b) => a - b)) {
            const kept = earlier && keptBy(earlier);
            const life = kept === undefined ? 1_000 : kept.expires - kept.stored;
            const start = kept?.stored ?? 123.456;
            one.host.clock.advance(Math.max(0, start + part * life - one.host.clock.monotonic()));
            const now = one.host.clock.monotonic();
            if (kept !== undefined && now >= kept.expires) return;
            const hit = one.ask();
            if (!hit.query.replaying.allowed) return;
            if (earlier !== undefined && kept === keptBy(hit)) {
              const passed = Math.floor((now - kept.stored) / 1000) - earlier.query.replaying.age;
              const counted = setsOf(replyOf(earlier)).map((set) => (set.aging === true ? set.ttl - passed : set.ttl));
              expect(setsOf(replyOf(hit)).map((set) => set.ttl)).toEqual(counted);
              expect(Math.min(...counted)).toBeGreaterThan(0);
            }
            earlier = hit;
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are marked as such from the first hit on', async () => {
    const {
      hit,
      ask: look,
      wait,
    } = await hitOf('cache', replying({ answers: [A], additional: ['x. 100 IN A 192.0.2.2'] }));
    expect(setsOf(replyOf(hit)).map(({ aging }) => aging)).toEqual([true, true]);
    wait(3);
    expect(setsOf(replyOf(look())).map(({ aging, ttl: left }) => [aging, left])).toEqual([
      [true, 97],
      [true, 97],
    ]);
  });

  it('are not where keepttl is set, or the answer is an old one', async () => {
    const keeping = await hitOf('cache {\n  keepttl\n}', answering(A));
    keeping.wait(3);
    expect(setsOf(replyOf(keeping.ask())).map(({ aging, ttl: left }) => [aging, left])).toEqual([[undefined, 100]]);
    const stale = await hitOf('cache {\n  serve_stale\n}', answering(A));
    stale.wait(100);
    stale.upstream.now(DEAD);
    expect(setsOf(replyOf(stale.ask())).map(({ aging }) => aging)).toEqual([undefined]);
  });

  it('are those of the entry alone, where the answer came from another entry', async () => {
    const marked: readonly RRset[] = [{ ...record(A), aging: true }];
    const from = { ...replying({}), answers: marked };
    const keeping = await hitOf('cache {\n  keepttl\n}', from);
    expect(setsOf(replyOf(keeping.hit)).map(({ aging }) => aging)).toEqual([undefined]);
  });
});

it('bug: what the server held of an answer kept all of its entry, long after that had left', async () => {
  const { ask: look, wait, kept } = await hitOf('cache', answering(A));
  const records = new WeakRef(look().answer);
  wait(101);
  look();
  await collected([records]);
  // The handle is still held, here as in the table; the records that the entry had are gone.
  expect(kept.mayReplay(0)).toBe(false);
  expect(records.deref()).toBeUndefined();
});
