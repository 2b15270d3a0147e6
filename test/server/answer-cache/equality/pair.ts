/** Two servers that differ in the answer cache alone, and what happens to both. Whatever differs between them is an error. */
import * as fc from 'fast-check';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { FakeClock } from '../../../plugins/support.ts';
import { deadline } from '../../../transport/clients.ts';
import { type Change, atFirst, change, changeCluster } from './changes.ts';
import { type Directives, corefileOf, directives, orderOf } from './corefiles.ts';
import { type Form, type Occasion, form, occasion, octetsOf, variation } from './questions.ts';
import { type Verdict, addressesOf, compare, glueOf } from './replies.ts';
import { type Arriving, type Came, Side, type Surroundings } from './side.ts';

export type Step =
  | { readonly kind: 'ask'; readonly form: Form; readonly occasions: readonly Occasion[] }
  /** One of the last questions once more, perhaps with something else about it: `back` of them lie between. */
  | {
      readonly kind: 'again';
      readonly back: number;
      readonly but: Partial<Form>;
      readonly occasions: readonly Occasion[];
    }
  /** Several that arrive together: each is another question, or one of the last ones once more. */
  | { readonly kind: 'together'; readonly all: readonly Together[] }
  /** Something changes while the answer is on its way. */
  | { readonly kind: 'ask-while'; readonly form: Form; readonly occasion: Occasion; readonly change: Change }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'reload'; readonly directives: Directives };

interface Together {
  readonly form: Form | number;
  readonly occasion: Occasion;
}

const together = fc.record({ form: fc.oneof(form, fc.nat(4), fc.nat(4)), occasion });

const wait = fc.oneof(
  fc.integer({ min: 0, max: 1500 }),
  fc.integer({ min: 0, max: 40_000 }),
  fc.constantFrom(0, 999.5, 1000, 5000, 10_000, 7_000_000),
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      form,
      occasions: fc.array(occasion, { minLength: 1, maxLength: 5, size: 'max' }),
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant('again' as const),
      back: fc.nat(3),
      but: fc.oneof(fc.constant({}), variation),
      occasions: fc.array(occasion, { minLength: 1, maxLength: 2, size: 'max' }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      all: fc.array(together, { minLength: 1, maxLength: 9, size: 'max' }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ask-while' as const), form, occasion, change }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('change' as const), change }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: wait }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), directives }) },
);

/** A zone whose names lead elsewhere, and are made of the question's. */
const branch = `$ORIGIN branch.test.
@ 30 IN SOA ns admin 1 60 60 60 10
@ 30 IN NS ns
ns 30 IN A 192.0.2.62
to 30 IN DNAME hosts.test.
up 30 IN DNAME branch.test.
*.any 30 IN SRV 0 0 80 ns
*.any 30 IN A 192.0.2.63
`;

/** Octets of the answer cache: much too small, and enough. */
export const room = fc.constantFrom(40_000, 1_000_000);

export interface Tally {
  questions: number;
  hits: number;
  /** Hits with several addresses in the additional section, in an order left to chance. */
  glue: number;
  samples: number;
}

/** Runs the steps in two servers. @throws where they differ */
export async function runSteps(first: Directives, octets: number, steps: readonly Step[], tally: Tally): Promise<void> {
  const pair = await Pair.start(first, octets, tally);
  try {
    for (const one of steps) {
      // oxlint-disable-next-line no-await-in-loop -- one after another is the point
      await pair.take(one);
    }
    pair.compareCounts();
  } finally {
    await pair.close();
  }
}

class Pair {
  readonly #sides: readonly [Side, Side];
  readonly #surroundings: Surroundings & { readonly clock: FakeClock };
  readonly #tally: Tally;
  readonly #asked: Form[] = [];
  #directives: Directives;

  private constructor(sides: readonly [Side, Side], surroundings: Surroundings, first: Directives, tally: Tally) {
    this.#sides = sides;
    this.#surroundings = surroundings;
    this.#directives = first;
    this.#tally = tally;
  }

  static async start(first: Directives, octets: number, tally: Tally): Promise<Pair> {
    const folder = mkdtempSync(join(tmpdir(), 'nodens-answers-'));
    writeHosts(folder, 4);
    writeFileSync(join(folder, 'WEIGHTS'), 'many.a.svc.cluster.local\n10.1.0.1 200\n10.1.0.2 50\n');
    writeFileSync(join(folder, 'RESOLV'), 'search a.svc.cluster.local svc.cluster.local\n');
    writeFileSync(join(folder, 'RESOLV2'), 'search a.svc.cluster.local corp.example\n');
    writeFileSync(join(folder, 'BRANCH'), branch);
    const surroundings: Surroundings = {
      clock: new FakeClock(),
      outside: { revision: 0, failing: false },
      corefile: corefileIn(folder, first),
      folder,
      ownAddresses: ['192.0.2.53'],
    };
    const plain = await Side.start(surroundings, 0);
    const caching = await Side.start(surroundings, octets);
    for (const { state } of [plain, caching]) for (const one of atFirst) changeCluster(state, one);
    return new Pair([plain, caching], surroundings, first, tally);
  }

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'ask':
        this.#asked.push(one.form);
        return this.#askTimes(one.form, one.occasions);
      case 'again': {
        const asked = this.#asked.at(-1 - one.back);
        return asked === undefined ? undefined : this.#askTimes({ ...asked, ...one.but }, one.occasions);
      }
      case 'together':
        return this.#askTogether(one.all);
      case 'ask-while':
        return this.#askWhile(one.form, one.occasion, one.change);
      case 'change':
        return this.#change(one.change);
      case 'wait':
        this.#surroundings.clock.advance(one.milliseconds);
        return;
      case 'reload':
        this.#directives = one.directives;
        this.#surroundings.corefile = corefileIn(this.#surroundings.folder, one.directives);
        return this.#both((side) => side.reload());
    }
  }

  async #askTimes(asked: Form, occasions: readonly Occasion[]): Promise<void> {
    for (const each of occasions) {
      // oxlint-disable-next-line no-await-in-loop -- the second may be given what the first was
      await this.#ask(asked, each);
    }
  }

  async #ask(asked: Form, each: Occasion): Promise<void> {
    const [plain, caching] = await this.#send(asked, each);
    await this.#both((side) => side.idle());
    await this.#judge(asked, each, plain, caching);
  }

  async #askTogether(all: readonly Together[]): Promise<void> {
    const asked = all.flatMap(({ form: wanted, occasion: each }) => {
      const found = typeof wanted === 'number' ? this.#asked.at(-1 - wanted) : wanted;
      return found === undefined ? [] : [{ form: { ...found, protocol: 'udp' as const }, each }];
    });
    this.#asked.push(...asked.map((one) => one.form));
    const [one, other] = this.#sides;
    const arriving = asked.map((two) => arrivingOf(two.form, two.each));
    const plain = await one.askTogether(arriving);
    const caching = await other.askTogether(arriving);
    await this.#both((side) => side.idle());
    for (const [i, { form: its, each }] of asked.entries()) {
      const came = [plain[i], caching[i]] as const;
      if (came[0] === undefined || came[1] === undefined) throw new Error(`nothing came for request ${i}`);
      // oxlint-disable-next-line no-await-in-loop -- a judgement may ask once more
      await this.#judge(its, each, came[0], came[1]);
    }
  }

  async #askWhile(asked: Form, each: Occasion, meanwhile: Change): Promise<void> {
    const [one, other] = this.#sides;
    const asking = [one, other].map((side) => side.ask(arrivingOf(asked, each)));
    await this.#change(meanwhile);
    const [plain, caching] = await Promise.all(asking);
    await this.#both((side) => side.idle());
    if (plain !== undefined && caching !== undefined) this.#verdictOf(asked, plain, caching);
  }

  async #send(asked: Form, each: Occasion): Promise<readonly [Came, Came]> {
    const [one, other] = this.#sides;
    const arriving = arrivingOf(asked, each);
    return [await one.ask(arriving), await other.ask(arriving)];
  }

  async #judge(asked: Form, each: Occasion, plain: Came, caching: Came): Promise<void> {
    if (this.#verdictOf(asked, plain, caching) === 'sample') await this.#judgeSample(asked, each, [plain, caching]);
  }

  /** @throws where they are different */
  #verdictOf(asked: Form, plain: Came, caching: Came): Verdict {
    this.#tally.questions++;
    const order = orderOf(this.#directives);
    if (caching.settled) this.#tally.hits++;
    if (caching.settled && order.drawn && glueOf(caching.reply) > 1) this.#tally.glue++;
    expect(plain.settled).toBe(false);
    const verdict = compare(plain.reply, caching.reply, order);
    if (verdict !== 'different') return verdict;
    const [one, other] = [plain, caching].map(({ reply }) => reply?.toString('hex'));
    const hit = caching.settled ? 'that was given again' : 'that was made anew';
    throw new Error(
      `an answer ${hit} for ${asked.name || '.'} (type ${asked.type}) is\n  ${other}\ninstead of\n  ${one}`,
    );
  }

  /** Each address that is shown is one of the whole set, and none is shown twice. */
  async #judgeSample(asked: Form, each: Occasion, came: readonly Came[]): Promise<void> {
    this.#tally.samples++;
    const [whole] = await this.#send({ ...asked, protocol: 'tcp' }, each);
    await this.#both((side) => side.idle());
    const all = new Set(whole.reply === undefined ? [] : addressesOf(whole.reply));
    for (const { reply } of came) {
      const shown = reply === undefined ? [] : addressesOf(reply);
      expect(shown.filter((address) => !all.has(address))).toEqual([]);
      expect(new Set(shown).size).toBe(shown.length);
    }
  }

  async #change(one: Change): Promise<void> {
    const { outside, folder } = this.#surroundings;
    switch (one.what) {
      case 'own-addresses':
        this.#surroundings.ownAddresses = one.addresses;
        return this.#both((side) => side.refreshAddresses());
      case 'upstream':
        outside.revision++;
        outside.failing = one.failing;
        return;
      case 'hosts':
        if (!corefileOf(this.#directives).includes('hosts HOSTS')) return;
        return this.#changeHosts(folder, one.last);
      default:
        for (const { state } of this.#sides) changeCluster(state, one);
    }
  }

  /** The file is looked at every now and then in real time; what is counted says of when the content is that is served. */
  async #changeHosts(folder: string, last: number): Promise<void> {
    writeHosts(folder, last);
    const served = `coredns_hosts_reload_timestamp_seconds ${statSync(join(folder, 'HOSTS')).mtimeMs / 1000}\n`;
    const { signal } = deadline();
    while (!this.#sides.every(({ metrics }) => metrics.render().includes(served))) {
      signal.throwIfAborted();
      // oxlint-disable-next-line no-await-in-loop -- until both have read it
      await delay(1);
    }
  }

  /** Everything that is counted and logged, but for the answer cache's own figures. */
  compareCounts(): void {
    const [counts = [], otherCounts = []] = this.#sides.map(({ metrics }) =>
      metrics
        .render()
        .split('\n')
        .filter((line) => !line.includes('nodens_answer_cache_')),
    );
    expectSameLines(counts, otherCounts);
    const [log = [], otherLog = []] = this.#sides.map((side) => side.flushLog());
    expectSameLines(log, otherLog);
  }

  async #both(action: (side: Side) => Promise<void>): Promise<void> {
    const [one, other] = this.#sides;
    await action(one);
    await action(other);
  }

  async close(): Promise<void> {
    await this.#both((side) => side.close());
    rmSync(this.#surroundings.folder, { recursive: true, force: true });
  }
}

function arrivingOf(asked: Form, each: Occasion): Arriving {
  return { request: octetsOf(asked, each), ends: { ...each.client, protocol: asked.protocol }, before: each.before };
}

let writes = 0;

/** Each time with another length, so that it is seen that it changed. */
function writeHosts(folder: string, last: number): void {
  writes++;
  const text = `192.0.2.${last} pair.hosts.test\n192.0.2.5 pair.hosts.test box.hosts.test\n2001:db8::${last} pair.hosts.test\n`;
  writeFileSync(join(folder, 'HOSTS'), `${text}#${'.'.repeat(writes % 1000)}\n`);
}

function corefileIn(folder: string, wanted: Directives): string {
  return corefileOf(wanted).replace('hosts HOSTS', `hosts ${join(folder, 'HOSTS')}`);
}

/** Says which lines one of them lacks, out of hundreds. */
function expectSameLines(one: readonly string[], other: readonly string[]): void {
  const lacking = (from: readonly string[], of: readonly string[]): readonly string[] =>
    from.filter((line) => !of.includes(line));
  const [caching, plain] = [lacking(other, one), lacking(one, other)];
  if (caching.length + plain.length > 0) {
    throw new Error(`counted or logged\n  ${caching.join('\n  ')}\ninstead of\n  ${plain.join('\n  ')}`);
  }
  expect(other).toEqual(one);
}
