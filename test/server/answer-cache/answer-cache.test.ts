/** The answer cache as the responder uses it: what is given again, and what never is. */
import { describe, expect, it } from 'vitest';
import { ownAddressesFact, serviceFact } from '../../../src/cluster/facts.ts';
import { Class, Rcode, Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { formatRecord } from '../../../src/dns/presentation-format.ts';
import type { RRset, SerialSource } from '../../../src/dns/rrset.ts';
import { failure, reply } from '../../../src/plugins/answer.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import type { Effect, Hit, Kept } from '../../../src/plugins/replay.ts';
import { AnswerCounts } from '../../../src/server/answer-counts.ts';
import { Router } from '../../../src/server/router.ts';
import { Responder } from '../../../src/server/responder.ts';
import { linkChain } from '../../../src/server/chain.ts';
import { addressesOf, answerData, decode } from './equality/replies.ts';
import { exchangeOf, requestOf } from './requests.ts';
import { type Answering, Serving, addressSet, answered } from './serving.ts';

const REQUEST = requestOf({ name: 'web.test', edns: { size: 1232 } });

/** Asks so many times; which of them were given again. */
function hits(serving: Serving, request = REQUEST, times = 4): readonly boolean[] {
  return Array.from({ length: times }, () => serving.ask(request).settled);
}

const SECOND_SIGHT = [false, false, true, true];
const NEVER = [false, false, false, false];

describe('an answer', () => {
  it('is given again from the third time on: it is let in at the second sight', () => {
    const serving = new Serving((query) => answered(query));
    expect(hits(serving)).toEqual(SECOND_SIGHT);
    expect(serving.asked).toBe(2);
    expect(serving.answers.table.size).toBe(1);
    expect(serving.count('nodens_answer_cache_hits_total')).toBe(2);
    expect(serving.count('nodens_answer_cache_misses_total')).toBe(2);
  });

  it('has the same octets as the one that was made', () => {
    const serving = new Serving((query) => answered(query));
    const replies = Array.from({ length: 4 }, () => serving.ask(REQUEST).reply?.toString('hex'));
    expect(new Set(replies).size).toBe(1);
    expect(replies[0]).toBeDefined();
  });

  it("bears the id, the spelling and the UDP size of the one who asks, wherever the request's octets stand", () => {
    const serving = new Serving((query) => answered(query));
    hits(serving);
    const other = requestOf({ id: 0xbeef, name: 'WeB.tEsT', edns: { size: 1232 } });
    const plain = new Serving((query) => answered(query));
    const given = serving.ask(other, { before: 33, behind: 7 });
    expect(given.settled).toBe(true);
    expect(given.reply).toEqual(plain.ask(other).reply);
    expect(given.reply?.readUInt16BE(0)).toBe(0xbeef);
    expect(given.reply?.toString('latin1', 13, 16)).toBe('WeB');
  });

  it.each([4096, 5000, 65_535])('names a UDP size of %i as the client does: all of them leave as much room', (size) => {
    const serving = new Serving((query) => answered(query));
    hits(serving, requestOf({ name: 'web.test', edns: { size: 4097 } }));
    const given = serving.ask(requestOf({ name: 'web.test', edns: { size } }));
    expect(given.settled).toBe(true);
    expect(given.reply?.readUInt16BE(given.reply.length - 8)).toBe(size);
  });

  it('names a UDP size that bufsize has lowered, and none that is larger than the client has', () => {
    const serving = new Serving((query) => {
      query.account.udpSize = 600;
      return answered(query);
    });
    const asked = (size: number) => serving.ask(requestOf({ name: 'web.test', edns: { size } }));
    for (const size of [100, 100, 100, 512, 1232, 1232]) asked(size);
    for (const [size, named] of [
      [100, 100],
      [512, 512],
      [1232, 600],
    ] as const) {
      const { settled, reply: octets } = asked(size);
      expect(settled).toBe(true);
      expect(octets?.readUInt16BE(octets.length - 8)).toBe(named);
    }
  });

  it('is of those who ask alike alone', () => {
    const serving = new Serving((query) => answered(query));
    hits(serving);
    for (const [what, request] of Object.entries({
      name: requestOf({ name: 'web.tess', edns: { size: 1232 } }),
      type: requestOf({ name: 'web.test', type: 28, edns: { size: 1232 } }),
      flags: requestOf({ name: 'web.test', flags: 0, edns: { size: 1232 } }),
      edns: requestOf({ name: 'web.test' }),
      size: requestOf({ name: 'web.test', edns: { size: 1400 } }),
      dnssecOk: requestOf({ name: 'web.test', edns: { size: 1232, dnssecOk: true } }),
    })) {
      expect(serving.ask(request).settled, what).toBe(false);
    }
    expect(serving.ask(REQUEST, { ends: { protocol: 'tcp' } }).settled).toBe(false);
    expect(serving.ask(REQUEST).settled).toBe(true);
  });

  it('is of one listener alone, and leaves with its generation', () => {
    const serving = new Serving((query) => answered(query));
    hits(serving);
    const { answers, facts, metrics } = serving;
    const chain = linkChain([{ name: 'other', replayable: true, answer: () => reply({ rcode: Rcode.NXDOMAIN }) }]);
    const router = new Router([{ zone: Name.root, chain, anyClass: false }], 'dns://:54');
    const other = new Responder({
      resolver: router,
      facts,
      counts: new AnswerCounts(metrics, router.server),
      panic: () => undefined,
      idle: 10,
      answers: answers.forListener(metrics, router.server),
    });
    const exchange = exchangeOf(REQUEST);
    other.respond(exchange);
    expect(exchange.settled).toBe(false);
    expect((exchange.reply[3] ?? 0) & 15).toBe(Rcode.NXDOMAIN);
    expect(serving.ask(REQUEST).settled).toBe(true);
    answers.clear();
    expect(answers.table.size).toBe(0);
    expect(answers.table.used).toBe(0);
    expect(serving.ask(REQUEST).settled).toBe(false);
  });
});

describe('is never kept:', () => {
  it.each<[string, Answering]>([
    ['a failure', () => failure(Rcode.SERVFAIL, explain('internalError'))],
    ['silence', () => ({ kind: 'silence' })],
    [
      'what a plugin has forbidden',
      (query) => {
        query.replaying.forbid();
        return answered(query);
      },
    ],
    [
      'an exception',
      () => {
        throw new Error('broken');
      },
    ],
    ['an answer that comes later', (query) => Promise.resolve(answered(query))],
    [
      'an answer that ages and has no entry behind it',
      (query) => reply({ answers: [{ ...addressSet(query.name, 1), aging: true }] }),
    ],
    ['an answer whose order was left to chance, without a word about it', (query) => answered(query, { drawn: [] })],
  ])('%s', async (_, answering) => {
    const serving = new Serving(answering);
    for (let i = 0; i < 4; i++) {
      expect(serving.ask(REQUEST).settled).toBe(false);
      // oxlint-disable-next-line no-await-in-loop -- what comes later has come before the next one
      await serving.later;
    }
    expect(serving.asked).toBe(4);
    expect(serving.answers.table.size).toBe(0);
  });

  it('what passed a plugin that does not speak of it', () => {
    const serving = new Serving((query) => answered(query), { replayable: false });
    expect(hits(serving)).toEqual(NEVER);
  });

  it('a reply that could not be written', () => {
    let broken = true;
    const serving = new Serving((query) => {
      const set = addressSet(query.name, 1);
      if (broken) {
        Object.defineProperty(set, 'octets', {
          get: () => {
            throw new Error('no octets');
          },
        });
      }
      return reply({ answers: [set] });
    });
    expect(hits(serving)).toEqual(NEVER);
    expect(serving.panics).toHaveLength(4);
    broken = false;
    const { reply: octets } = serving.ask(REQUEST);
    expect((octets?.[3] ?? 0) & 15).toBe(Rcode.NOERROR);
    // What was not kept has not been seen either.
    expect(hits(serving)).toEqual([false, true, true, true]);
  });

  it.each<[string, Uint8Array]>([
    ['with an option', requestOf({ name: 'web.test', edns: { size: 1232, options: Uint8Array.of(0, 10, 0, 0) } })],
    ['of another EDNS version', requestOf({ name: 'web.test', edns: { size: 1232, version: 1 } })],
    ['of a class that nobody takes', requestOf({ name: 'web.test', class: 3 })],
    ['that is a response', requestOf({ name: 'web.test', flags: 0x8000 })],
    ['with octets behind it', Buffer.concat([requestOf({ name: 'web.test' }), Buffer.of(1)])],
  ])('the answer to a request %s', (_, request) => {
    const serving = new Serving((query) => answered(query));
    for (let i = 0; i < 4; i++) expect(serving.ask(request).settled).toBe(false);
    expect(serving.answers.table.size).toBe(0);
  });
});

describe('a fact that changes', () => {
  const FACT = serviceFact('default', 'web');

  it('makes the very next answer a new one, which is kept at once in the place of the old one', () => {
    let last = 1;
    const serving = new Serving((query) => {
      query.dependsOn(ownAddressesFact);
      query.dependsOn(FACT);
      return reply({ answers: [addressSet(query.name, last)] });
    });
    hits(serving);
    for (last = 2; last < 40; last++) {
      serving.facts.changed(FACT);
      const now = serving.ask(REQUEST);
      expect(now.settled).toBe(false);
      expect(addressesOf(now.reply ?? Buffer.alloc(0))).toEqual([Buffer.of(192, 0, 2, last).toString('hex')]);
      expect(serving.ask(REQUEST)).toEqual({ ...now, settled: true });
    }
    expect(serving.answers.table.size).toBe(1);
  });

  it('while the answer is made makes it one that does not hold', () => {
    const serving = new Serving((query) => {
      query.dependsOn(FACT);
      serving.facts.changed(FACT);
      return answered(query);
    });
    expect(hits(serving)).toEqual(NEVER);
  });

  it('that nobody looked at changes nothing', () => {
    const serving = new Serving((query) => {
      query.dependsOn(FACT);
      return answered(query);
    });
    hits(serving);
    serving.facts.changed(serviceFact('default', 'other'));
    expect(hits(serving)).toEqual([true, true, true, true]);
    serving.facts.changed(FACT);
    serving.facts.changed(serviceFact('default', 'other'));
    expect(hits(serving)).toEqual([false, true, true, true]);
  });

  it('where the next answer may not be kept, none is kept', () => {
    let allowed = true;
    const serving = new Serving((query) => {
      query.dependsOn(FACT);
      if (!allowed) query.replaying.forbid();
      return answered(query);
    });
    hits(serving);
    allowed = false;
    serving.facts.changed(FACT);
    expect(hits(serving)).toEqual(NEVER);
  });

  it('may have wrapped around: counters are compared as they are', () => {
    const serving = new Serving((query) => {
      query.dependsOn(FACT);
      return answered(query);
    });
    // 2³¹ changes are not to be waited for.
    serving.facts.version = () => 0x9000_0000;
    expect(hits(serving)).toEqual(SECOND_SIGHT);
  });
});

describe('what changes with time', () => {
  const soa = (query: Query, serialSource: SerialSource): RRset => ({
    kind: 'soa',
    owner: query.name.ancestor(1),
    type: Type.SOA,
    class: Class.IN,
    ttl: 5,
    soa: {
      primary: query.name,
      mailbox: query.name,
      serial: serialSource.serial,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 4,
    },
    serialSource,
  });

  it('the serial of an SOA is that of the moment', () => {
    const source = { serial: 1 };
    const serving = new Serving((query) => reply({ rcode: Rcode.NXDOMAIN, authority: [soa(query, source)] }));
    hits(serving);
    source.serial = 0xfedc_ba98;
    const given = serving.ask(REQUEST);
    expect(given.settled).toBe(true);
    // Five numbers of 32 bits, and the OPT record of 11 octets, are at the end.
    expect(given.reply?.readUInt32BE(given.reply.length - 31)).toBe(0xfedc_ba98);
    expect(given.reply).toEqual(
      new Serving((query) => reply({ rcode: Rcode.NXDOMAIN, authority: [soa(query, source)] })).ask(REQUEST).reply,
    );
  });

  it('two serials in one answer are more than is kept', () => {
    const serving = new Serving((query) =>
      reply({ authority: [soa(query, { serial: 1 })], additional: [soa(query, { serial: 2 })] }),
    );
    expect(hits(serving)).toEqual(NEVER);
  });

  class Entry implements Kept {
    readonly stored: number;
    readonly expires: number;
    hits = 0;
    willing = true;

    constructor(stored: number, expires: number) {
      this.stored = stored;
      this.expires = expires;
    }

    mayReplay(now: number): boolean {
      return this.willing && now < this.expires;
    }

    replayed(): void {
      this.hits++;
    }
  }

  /** An answer of an entry that was stored at 500 ms, with TTLs of 30 and 2 seconds. */
  function aging(entry: Entry): Serving {
    const serving: Serving = new Serving((query) => {
      const age = Math.floor((serving.clock.monotonic() - entry.stored) / 1000);
      query.replaying.restsOn(entry, age);
      const left = (ttl: number): number => Math.max(ttl - age, 0);
      return reply({
        answers: [
          { ...addressSet(query.name, 1), ttl: left(30), aging: true },
          { ...addressSet(query.name, 2), ttl: 77 },
        ],
        additional: [{ ...addressSet(query.name, 3), ttl: left(2), aging: true }],
      });
    });
    serving.clock.advance(entry.stored);
    return serving;
  }

  const ttlsOf = (octets: Buffer | undefined): readonly number[] =>
    answerData(octets ?? Buffer.alloc(12)).map(({ at }) => octets?.readUInt32BE(at - 6) ?? 0);

  it('TTLs count down with the entry, at the same moment as they would in a new answer', () => {
    const entry = new Entry(500, 1_000_000);
    const serving = aging(entry);
    hits(serving);
    const fresh = aging(entry);
    for (const wait of [0, 999, 1, 0.5, 999, 0.5, 1000, 5500, 20_000, 900_000]) {
      serving.clock.advance(wait);
      fresh.clock.advance(wait);
      const given = serving.ask(REQUEST);
      expect(given.settled).toBe(true);
      // Each has a name of its own there: nothing is given again.
      fresh.answers.clear();
      expect(given.reply).toEqual(fresh.ask(REQUEST).reply);
    }
    expect(ttlsOf(serving.ask(REQUEST).reply)).toEqual([0, 77]);
  });

  it('an answer that was kept when it was old counts down from there', () => {
    const entry = new Entry(500, 1_000_000);
    const serving = aging(entry);
    serving.clock.advance(4200);
    hits(serving);
    expect(ttlsOf(serving.ask(REQUEST).reply)).toEqual([26, 77]);
    serving.clock.advance(800);
    expect(serving.ask(REQUEST).settled).toBe(true);
    expect(ttlsOf(serving.ask(REQUEST).reply)).toEqual([25, 77]);
  });

  it('an entry is asked whether it may be given, and told each time that it was', () => {
    const entry = new Entry(0, 10_000);
    const serving = aging(entry);
    hits(serving);
    expect(entry.hits).toBe(2);
    entry.willing = false;
    expect(serving.ask(REQUEST).settled).toBe(false);
    expect(entry.hits).toBe(2);
    entry.willing = true;
    expect(serving.ask(REQUEST).settled).toBe(true);
    serving.clock.advance(10_000);
    expect(serving.ask(REQUEST).settled).toBe(false);
    expect(entry.hits).toBe(3);
  });

  it('an answer of two entries is not kept', () => {
    const serving = new Serving((query) => {
      query.replaying.restsOn(new Entry(0, 9000), 0);
      query.replaying.restsOn(new Entry(0, 9000), 0);
      return answered(query);
    });
    expect(hits(serving)).toEqual(NEVER);
  });
});

describe('what is done for each query', () => {
  class Noted implements Effect {
    readonly seen: { readonly hit: Hit; readonly amount: number }[] = [];

    again({ clientFamily, requestSize, duration }: Hit, amount: number): void {
      this.seen.push({ hit: { clientFamily, requestSize, duration }, amount });
    }
  }

  it('is done again for each hit, with its amount and what the query is', () => {
    const [one, other] = [new Noted(), new Noted()];
    const serving = new Serving((query) => {
      query.replaying.each(one, 7);
      query.replaying.each(other);
      query.replaying.each(one, -1);
      return answered(query);
    });
    serving.ask(REQUEST);
    serving.ask(REQUEST);
    expect(one.seen).toEqual([]);
    serving.ask(REQUEST, { ends: { clientFamily: 6 } });
    const hit = { clientFamily: 6, requestSize: REQUEST.length, duration: 0 };
    expect(one.seen).toEqual([
      { hit, amount: 7 },
      { hit, amount: -1 },
    ]);
    expect(other.seen).toEqual([{ hit, amount: 0 }]);
  });

  it('is told the time that it took only where it looks at it', () => {
    const noted = new Noted();
    const timed = Object.assign(new Noted(), { timed: true as const });
    const serving = new Serving((query) => {
      query.replaying.each(query.name.label(0) === 'timed' ? timed : noted);
      return answered(query);
    });
    // Each look at the clock takes a millisecond.
    const { clock } = serving;
    clock.monotonic = () => {
      clock.advance(1);
      return clock.now();
    };
    hits(serving, requestOf({ name: 'plain.test' }));
    expect(noted.seen.map(({ hit }) => hit.duration)).toEqual([0, 0]);
    hits(serving, requestOf({ name: 'timed.test' }));
    expect(timed.seen.map(({ hit }) => hit.duration)).toEqual([1, 1]);
    serving.answers.clear();
    hits(serving, requestOf({ name: 'plain.test' }));
    expect(noted.seen.at(-1)?.hit.duration).toBe(0);
  });

  it('is not done for another answer', () => {
    const noted = new Noted();
    const serving = new Serving((query) => {
      if (query.name.label(0) === 'counted') query.replaying.each(noted, 1);
      return answered(query);
    });
    hits(serving, requestOf({ name: 'counted.test' }));
    hits(serving, requestOf({ name: 'plain.test' }));
    expect(noted.seen).toHaveLength(2);
  });

  it('is forgotten with the answers', () => {
    const noted = new Noted();
    const serving = new Serving((query) => {
      query.replaying.each(noted, 1);
      return answered(query);
    });
    hits(serving);
    serving.answers.clear();
    hits(serving);
    expect(noted.seen).toHaveLength(2 + 3);
  });

  it('an answer with more of it than is kept is made anew', () => {
    const noted = new Noted();
    const serving = new Serving((query) => {
      for (let i = 0; i < 17; i++) query.replaying.each(noted, i);
      return answered(query);
    });
    expect(hits(serving)).toEqual(NEVER);
  });

  it('a reason is counted for hits as well', () => {
    const serving = new Serving((query) =>
      answered(query, { rcode: Rcode.NXDOMAIN, explanation: explain('noSuchHost') }),
    );
    hits(serving);
    expect(serving.count('nodens_explained_answers_total')).toBe(4);
  });
});

describe('more than a record can say', () => {
  it.each([
    [64, SECOND_SIGHT],
    [65, NEVER],
  ])('%i facts', (count, expected) => {
    const serving = new Serving((query) => {
      for (let i = 0; i < count; i++) query.dependsOn(i);
      return answered(query);
    });
    expect(hits(serving)).toEqual(expected);
    serving.facts.changed(63);
    expect(serving.ask(REQUEST).settled).toBe(false);
  });

  it('an answer that is larger than is kept', () => {
    const serving = new Serving((query) => {
      const octets = new Uint8Array(4 * 3000);
      return reply({ answers: [{ ...addressSet(query.name, 1), octets }] });
    });
    const ends = { protocol: 'tcp' as const };
    for (let i = 0; i < 4; i++) expect(serving.ask(REQUEST, { ends }).settled).toBe(false);
  });
});

describe('addresses that were drawn', () => {
  const numbered = Array.from({ length: 200 }, (_, i) => i);
  const drawing =
    (count: number): Answering =>
    (query) => {
      const drawn = [addressSet(query.name, ...numbered.slice(0, count))];
      query.replaying.drew(drawn);
      return reply({ answers: drawn, drawn });
    };

  it('come in another order each time, and are the same ones', () => {
    const serving = new Serving(drawing(20));
    hits(serving);
    const orders = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { settled, reply: octets = Buffer.alloc(12) } = serving.ask(REQUEST);
      expect(settled).toBe(true);
      const shown = addressesOf(octets);
      orders.add(shown.join());
      expect(shown.toSorted()).toEqual(numbered.slice(0, 20).map((last) => Buffer.of(192, 0, 2, last).toString('hex')));
    }
    expect(orders.size).toBeGreaterThan(15);
  });

  it('of which a reply shows but some are drawn from all', () => {
    const serving = new Serving(drawing(200));
    const short = requestOf({ name: 'web.test' });
    hits(serving, short);
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const { settled, reply: octets = Buffer.alloc(12) } = serving.ask(short);
      expect(settled).toBe(true);
      expect(octets.length).toBeLessThanOrEqual(512);
      const shown = addressesOf(octets);
      expect(new Set(shown).size).toBe(shown.length);
      for (const address of shown) seen.add(address);
    }
    // Of 200 each is left out 100 times with a chance of 1e-7.
    expect(seen.size).toBe(200);
  });

  describe('in the additional section', () => {
    const request = requestOf({ name: '_http._tcp.web.test', type: Type.SRV });
    const overTcp = { ends: { protocol: 'tcp' as const } };

    interface Parts {
      readonly types?: readonly number[];
      readonly ttl?: number;
      /** The addresses are those of names that stand nowhere else. */
      readonly ofOthers?: boolean;
    }

    /** SRV records of so many targets, with their addresses in an order left to chance. */
    const ports =
      (count: number, { types = [Type.A], ttl, ofOthers = false }: Parts = {}): Answering =>
      (query) => {
        const targets = numbered
          .slice(0, count)
          .map((i) => Name.fromText(`${'pod'.repeat(1 + (i % 3))}-${i}.web.test.`));
        const services = targets.map((target) => ({ priority: 0, weight: 1, port: 80, target }));
        const srv: RRset = { owner: query.name, type: Type.SRV, class: Class.IN, ttl: 5, kind: 'srv', services };
        const glue: RRset[] = targets.flatMap((target, i) =>
          types.map((type) => ({
            ...addressSet(ofOthers ? Name.fromText(`other-${i}.web.test.`) : target),
            type,
            octets: new Uint8Array(type === Type.A ? 4 : 16).fill(i),
          })),
        );
        glue.sort(() => Math.random() - 0.5);
        query.replaying.drewGlue(glue);
        const additional = ttl === undefined ? glue : glue.map((set) => ({ ...set, ttl }));
        return reply({ answers: [srv], additional });
      };

    it('come in another order each time, and are the same ones', () => {
      const serving = new Serving(ports(20, { types: [Type.A, Type.AAAA] }));
      const read = () => {
        const { settled, reply: octets = Buffer.alloc(12) } = serving.ask(request, overTcp);
        const { answerRecords, additionalRecords } = decode(octets);
        return { settled, answerRecords, additional: additionalRecords.map((record) => formatRecord(record, 0) ?? '') };
      };
      const made = read();
      expect(made.additional).toHaveLength(40);
      read();
      const orders = new Set<string>();
      for (let i = 0; i < 20; i++) {
        const { settled, answerRecords, additional } = read();
        expect(settled).toBe(true);
        expect(answerRecords).toEqual(made.answerRecords);
        expect(additional.toSorted()).toEqual(made.additional.toSorted());
        orders.add(additional.join());
      }
      expect(orders.size).toBeGreaterThan(15);
    });

    it.each([
      ['behind 32 KiB of other records', 600, 'near'],
      ['with owners of more than 200 octets', 1, Array.from({ length: 4 }, () => 'far'.repeat(20)).join('.')],
    ])('are the same ones %s', (_, fillers, label) => {
      const targets = [1, 2, 3].map((i) => Name.fromText(`${label}.x${i}.test.`));
      const make: Answering = (query) => {
        const fixed = { owner: query.name, class: Class.IN, ttl: 5 };
        const texts = Array.from({ length: fillers }, (_text, i) => [Buffer.alloc(60, i)]);
        const glue = targets.map((target, i) => ({ ...addressSet(target), octets: new Uint8Array(4).fill(i) }));
        query.replaying.drewGlue(glue);
        return reply({ answers: [{ ...fixed, kind: 'text', type: Type.TXT, texts }], additional: glue });
      };
      const serving = new Serving(make, { octets: 16 * 1_048_576 });
      const seen = Array.from({ length: 6 }, () => {
        const { settled, reply: octets = Buffer.alloc(12) } = serving.ask(request, overTcp);
        const records = decode(octets).additionalRecords.map((record) => formatRecord(record, 0) ?? '');
        return { settled, records: records.toSorted() };
      });
      const [{ records } = { records: [] }] = seen;
      expect(records).toHaveLength(3);
      expect(seen.map(({ settled }) => settled)).toEqual([false, false, true, true, true, true]);
      for (const one of seen) expect(one.records).toEqual(records);
    });

    it('stand beside what else is noted of the answer', () => {
      const fact = serviceFact('default', 'web');
      const counted: number[] = [];
      const effect: Effect = { again: (_, amount) => void counted.push(amount) };
      const make = ports(6);
      const serving = new Serving((query) => {
        query.dependsOn(ownAddressesFact);
        query.dependsOn(fact);
        for (const amount of [7, 8]) query.replaying.each(effect, amount);
        return make(query);
      });
      const read = () => {
        const { settled, reply: octets = Buffer.alloc(12) } = serving.ask(request, overTcp);
        const { additionalRecords } = decode(octets);
        return { settled, additional: additionalRecords.map((record) => formatRecord(record, 0) ?? '').toSorted() };
      };
      const { additional } = read();
      read();
      for (let i = 0; i < 10; i++) expect(read()).toEqual({ settled: true, additional });
      expect(counted).toEqual(Array.from({ length: 10 }, () => [7, 8]).flat());
      serving.facts.changed(fact);
      expect(read()).toEqual({ settled: false, additional });
      expect(read()).toEqual({ settled: true, additional });
    });

    it('do not matter where nothing of it is sent', () => {
      const serving = new Serving(ports(20));
      expect(decode(serving.ask(request).reply ?? Buffer.alloc(12)).additionalRecords).toEqual([]);
      expect(hits(serving, request)).toEqual([false, true, true, true]);
    });

    it.each<[string, Answering, typeof overTcp | undefined]>([
      ['some of them have no room', ports(10), undefined],
      ['there are more than can be noted', ports(65), overTcp],
      ['one points to the name of another', ports(4, { types: [Type.A, Type.AAAA], ofOthers: true }), overTcp],
      ['they were changed after that', ports(4, { ttl: 7 }), overTcp],
    ])('are never given again where %s', (_, answering, options) => {
      const serving = new Serving(answering);
      const settled = Array.from({ length: 4 }, () => serving.ask(request, options).settled);
      expect(settled).toEqual(NEVER);
    });

    it('are never given again where the first of them has no room, for another might have had it', () => {
      // The SRV records and the OPT record leave six octets.
      const tight = requestOf({ name: '_http._tcp.web.test', type: Type.SRV, edns: { size: 535 } });
      const serving = new Serving(ports(13));
      const { answerRecords, additionalRecords } = decode(serving.ask(tight).reply ?? Buffer.alloc(12));
      expect([answerRecords.length, additionalRecords.length]).toEqual([13, 0]);
      expect(hits(serving, tight)).toEqual(NEVER);
    });
  });

  it.each(['a', 'ab', 'abc', 'abcd'])(
    'stand where they are written, whatever the length of the name (%s.test)',
    (label) => {
      const serving = new Serving((query) => {
        const drawn = [
          { ...addressSet(query.name), type: Type.AAAA, octets: Uint8Array.from({ length: 48 }, (_, i) => i) },
        ];
        query.replaying.drew(drawn);
        const target = Name.fromText('x.other.');
        const text: RRset = {
          kind: 'name',
          owner: query.name,
          type: Type.CNAME,
          class: Class.IN,
          ttl: 1,
          targets: [target],
        };
        return reply({ answers: [text, ...drawn], drawn });
      });
      const request = requestOf({ name: `${label}.test`, type: 28 });
      const made = serving.ask(request).reply ?? Buffer.alloc(12);
      hits(serving, request);
      for (let i = 0; i < 10; i++) {
        const { settled, reply: octets = Buffer.alloc(12) } = serving.ask(request);
        expect(settled).toBe(true);
        expect(addressesOf(octets).toSorted()).toEqual(addressesOf(made).toSorted());
        expect(octets.length).toBe(made.length);
      }
    },
  );
});
