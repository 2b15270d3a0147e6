import { describe, expect, it } from 'vitest';
import { Rcode, typeName } from '../../src/dns/constants.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { type Answer, type Outcome, type Reply, failure, reply } from '../../src/plugins/answer.ts';
import { dns64 } from '../../src/plugins/dns64/dns64.ts';
import { Prefix, parsePrefixText } from '../../src/plugins/dns64/prefix.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import type { Query, Resolver } from '../../src/plugins/query.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { searchpath } from '../../src/plugins/searchpath/searchpath.ts';
import { formatAddress, parseAddress } from '../../src/dns/address.ts';
import { upstream } from './cache/support.ts';
import { chained } from './chained.ts';
import { expectProblem } from './problems.ts';
import { redo } from './replay.ts';
import {
  type AnswerText,
  PASSED_ON,
  type QueryOptions,
  type Service,
  ask,
  makeQuery,
  next,
  problemsOf,
  serve,
  textOf,
} from './support.ts';

const SOA = 'example. 30 IN SOA ns.example. mail.example. 7 3600 600 86400 120';
const NODATA = upstream({ authority: [SOA] });
const FOUND = upstream({ answers: ['www.example. 60 IN A 192.0.2.1', 'www.example. 60 IN A 192.0.2.2'] });
const OVER_IPV6: QueryOptions = { client: { clientFamily: 6, clientAddress: '2001:db8::1' } };

interface Asked {
  readonly answer: Answer;
  readonly query: Query;
  /** Names and types that were looked up from the top. */
  readonly lookups: readonly string[];
}

interface Below {
  /** For the question itself. */
  readonly native?: Outcome;
  /** For the look-up. */
  readonly found?: Outcome;
}

async function asked(
  service: Service,
  { native = NODATA, found = FOUND }: Below,
  question: { readonly name?: string; readonly type?: string } & QueryOptions = OVER_IPV6,
): Promise<Asked> {
  const lookups: string[] = [];
  const resolver: Resolver = {
    server: 'dns://:53',
    resolve: (query) => {
      lookups.push(`${query.name.toString()} ${query.type}`);
      return found;
    },
  };
  const { name = 'www.example.', type = 'AAAA', ...options } = question;
  const query = makeQuery(name, type, { resolver, ...options });
  const answer = await service.plugin.answer(query, next(native));
  return { answer, query, lookups };
}

async function answersOf(lines: string, below: Below = {}, question = OVER_IPV6): Promise<AnswerText | string> {
  return textOf((await asked(await serve(dns64, lines), below, question)).answer);
}

const aaaa = (ttl: number, ...addresses: readonly string[]): readonly string[] =>
  addresses.map((address) => `www.example. ${ttl} IN AAAA ${address}`);

describe('dns64', () => {
  it.each([
    ['dns64', ['64:ff9b::c000:201', '64:ff9b::c000:202']],
    ['dns64 2001:db8:64::/96', ['2001:db8:64::c000:201', '2001:db8:64::c000:202']],
    ['dns64 {\nprefix 2001:db8:64::/96\n}', ['2001:db8:64::c000:201', '2001:db8:64::c000:202']],
    ['dns64 2001:db8:64:0:1::/64', ['2001:db8:64:0:c0:2:100:0', '2001:db8:64:0:c0:2:200:0']],
  ])('%s puts IPv4 addresses into the prefix', async (lines, expected) => {
    expect(await answersOf(lines)).toMatchObject({ rcode: 'NOERROR', answers: aaaa(30, ...expected) });
  });

  it('reads its block also where the prefix is an argument', async () => {
    const service = await serve(dns64, 'dns64 2001:db8::/96 {\nallow_ipv4\ntranslate_all\n}');
    const native = upstream({ answers: ['www.example. 60 IN AAAA 2001:db8::1'] });
    const { answer } = await asked(service, { native }, {});
    expect(textOf(answer)).toMatchObject({ answers: aaaa(60, '2001:db8::c000:201', '2001:db8::c000:202') });
  });

  it('in the same tick where nothing must be waited for, and later where something must', async () => {
    const { plugin } = await serve(dns64, 'dns64');
    const resolver: Resolver = { server: 'dns://:53', resolve: () => FOUND };
    expect(
      textOf(ask(plugin, makeQuery('www.example.', 'AAAA', { ...OVER_IPV6, resolver }), next(NODATA))),
    ).toMatchObject({ answers: aaaa(30, '64:ff9b::c000:201', '64:ff9b::c000:202') });
    const later = await answersOf('dns64', { native: Promise.resolve(NODATA), found: Promise.resolve(FOUND) });
    expect(later).toMatchObject({ answers: aaaa(30, '64:ff9b::c000:201', '64:ff9b::c000:202') });
  });

  it('asks for A once, from the top', async () => {
    const { lookups } = await asked(await serve(dns64, 'dns64'), {});
    expect(lookups).toEqual(['www.example. 1']);
  });

  it.each([
    ['type A', { ...OVER_IPV6, type: 'A' }],
    ['class CH', { ...OVER_IPV6, class: 'CH' }],
    ['a client that came over IPv4', {}],
  ])('leaves alone: %s', async (_, question) => {
    const { answer, lookups } = await asked(await serve(dns64, 'dns64'), {}, question);
    expect(answer).toBe(NODATA);
    expect(lookups).toEqual([]);
  });

  it.each([
    ['AAAA records', upstream({ answers: ['www.example. 60 IN AAAA 2001:db8::1'] })],
    [
      'an alias to AAAA records',
      upstream({ answers: ['www.example. 60 IN CNAME w.example.', 'w.example. 60 IN AAAA 2001:db8::1'] }),
    ],
    ['NXDOMAIN', upstream({ rcode: Rcode.NXDOMAIN, authority: [SOA] })],
    ['silence', { kind: 'silence' } as const],
    ['what an access list refused', upstream({ rcode: Rcode.REFUSED, explanation: explain('blocked') })],
  ])('leaves alone: %s', async (_, native) => {
    const { answer, lookups } = await asked(await serve(dns64, 'dns64'), { native });
    expect(answer).toBe(native);
    expect(lookups).toEqual([]);
  });

  it('translates all with translate_all where there are A records', async () => {
    const native = upstream({ answers: ['www.example. 60 IN AAAA 2001:db8::1'] });
    const lines = 'dns64 {\ntranslate_all\n}';
    expect(await answersOf(lines, { native })).toMatchObject({
      answers: aaaa(60, '64:ff9b::c000:201', '64:ff9b::c000:202'),
    });
    expect(await answersOf(lines, { native, found: NODATA })).toMatchObject({ answers: aaaa(60, '2001:db8::1') });
    expect(await answersOf(lines, { native, found: PASSED_ON })).toMatchObject({ answers: aaaa(60, '2001:db8::1') });
  });

  it('translates over IPv4 too with allow_ipv4', async () => {
    const { answer } = await asked(await serve(dns64, 'dns64 {\nallow_ipv4\n}'), {}, {});
    expect(textOf(answer)).toMatchObject({ answers: aaaa(30, '64:ff9b::c000:201', '64:ff9b::c000:202') });
  });
});

describe('an answer is for other clients too', () => {
  const mayReplay = async (lines: string, below: Below, question?: QueryOptions): Promise<boolean> => {
    const service = await serve(dns64, lines);
    expect(service.plugin.replayable).toBe(true);
    return (await asked(service, below, question)).query.replaying.allowed;
  };
  const native = upstream({ answers: ['www.example. 60 IN AAAA 2001:db8::1'] });

  it('where the family of the client did not matter', async () => {
    expect(await mayReplay('dns64', { native })).toBe(true);
    expect(await mayReplay('dns64', { native: upstream({ rcode: Rcode.NXDOMAIN }) }, {})).toBe(true);
    expect(await mayReplay('dns64 {\nallow_ipv4\n}', {})).toBe(true);
    expect(await mayReplay('dns64', {}, { ...OVER_IPV6, type: 'A' } as QueryOptions)).toBe(true);
  });

  it('but not where it did', async () => {
    expect(await mayReplay('dns64', {})).toBe(false);
    expect(await mayReplay('dns64', {}, {})).toBe(false);
    expect(await mayReplay('dns64 {\ntranslate_all\n}', { native }, {})).toBe(false);
  });

  const aging = (text: string): Reply => {
    const made = upstream({ answers: [text] });
    return { ...made, answers: made.answers.map((set) => ({ ...set, aging: true })) };
  };
  const firstOf = ({ answer }: Asked): RRset | undefined => (answer.kind === 'reply' ? answer.answers[0] : undefined);
  const reverse = { name: '1.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.', type: 'PTR' };
  it.each<[string, string, typeof reverse | QueryOptions]>([
    ['the address', 'www.example. TTL IN A 192.0.2.1', OVER_IPV6],
    ['the name of an address', '1.2.0.192.in-addr.arpa. TTL IN PTR host.example.', reverse],
  ])(
    'unless %s counts down and is made to live shorter than that: it would be too long some day',
    async (_, text, question) => {
      const service = await serve(dns64, 'dns64 {\nallow_ipv4\n}');
      const of = (ttl: string): Promise<Asked> =>
        asked(service, { native: upstream({}), found: aging(text.replace('TTL', ttl)) }, question);
      const short = await of('60');
      expect(firstOf(short)).toMatchObject({ ttl: 60, aging: true });
      expect(short.query.replaying.allowed).toBe(true);
      const long = await of('3600');
      expect(firstOf(long)).toMatchObject({ ttl: 600 });
      expect(firstOf(long)).not.toHaveProperty('aging');
      expect(long.query.replaying.allowed).toBe(false);
    },
  );

  it('with its addresses in an order that is drawn again', async () => {
    const service = await serve(dns64, 'dns64 {\nallow_ipv4\n}');
    const drawn = FOUND.answers.filter((set) => set.kind === 'address');
    const found = { ...FOUND, drawn };
    const { answer, query } = await asked(service, { found });
    if (answer.kind !== 'reply') throw new Error(answer.kind);
    expect(answer.drawn).toEqual(answer.answers);
    expect(query.replaying.drawn).toBe(answer.drawn);
    // Another order than the one of the answers cannot be said in octets.
    const mixed = await asked(service, { found: { ...FOUND, drawn: drawn.toReversed() } });
    expect(mixed.answer).toMatchObject({ drawn: undefined });
  });
});

describe('dns64 counts', () => {
  it('what it translates, once more whenever that is given again', async () => {
    const service = await serve(dns64, 'dns64');
    await asked(service, { native: upstream({ answers: ['www.example. 60 IN AAAA 2001:db8::1'] }) });
    await asked(service, { found: NODATA });
    expect(service.host.metrics.render()).not.toContain('translated_total{');
    const { query } = await asked(service, {});
    redo(query);
    expect(service.host.metrics.render()).toContain('coredns_dns64_requests_translated_total{server="dns://:53"} 2');
  });
});

describe('dns64 reports', () => {
  it.each([
    ['dns64 a b', "'dns64' takes at most 1 argument", 'expected: dns64 [PREFIX]'],
    ['dns64 64:ff9b::', "'64:ff9b::' is no IPv6 prefix", 'expected: a prefix such as 64:ff9b::/96'],
    ['dns64 10.0.0.0/32', "'10.0.0.0/32' is no IPv6 prefix", ''],
    ['dns64 {\nprefix x\n}', "'x' is no IPv6 prefix", ''],
    ['dns64 64:ff9b::/24', 'a prefix cannot have 24 bits', 'expected: 32, 40, 48, 56, 64, 96'],
    ['dns64 64:ff9b::/97', 'a prefix cannot have 97 bits', ''],
    ['dns64 64:ff9b::/128', 'a prefix cannot have 128 bits', ''],
    ['dns64 {\nprefix\n}', "'prefix' needs an argument", 'expected: prefix PREFIX'],
    [
      'dns64 64:ff9b::/96 {\nprefix 64:ff9b::/96\n}',
      "a prefix is given already: '64:ff9b::/96'",
      'expected: one prefix',
    ],
    ['dns64 {\ntranslate_all yes\n}', "'translate_all' takes no arguments", ''],
    ['dns64 {\nallow_ipv6\n}', "unknown option of 'dns64' 'allow_ipv6'", "did you mean 'allow_ipv4'?"],
    ['dns64 {\nprefix 64:ff9b::/96 {\n}\n}', "'prefix' takes no block", ''],
    ['dns64\ndns64', "'dns64' can be used once per server block, and stands at Corefile:2:1 already", ''],
    ['dns64 2001:db8::/72', 'warning: RFC 6052 has no prefix of 72 bits', 'expected: 32, 40, 48, 56, 64, 96'],
    ['dns64 2001:db8:0:0:ff00::/96', 'warning: bits 64 to 71 of the prefix are not zero', ''],
  ])('%s', (lines, message, hint) => {
    expectProblem(problemsOf(dns64, lines), message, hint);
  });
});

describe('RFC 6052 §2.4: text of addresses with 192.0.2.33 in them', () => {
  const IPV4 = parseAddress('192.0.2.33') ?? new Uint8Array(4);

  it.each([
    ['2001:db8::/32', '2001:db8:c000:221::'],
    ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
    ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
    ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
    ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
    ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
    ['64:ff9b::/96', '64:ff9b::c000:221'],
    ['2001:db8:122:344::/72', '2001:db8:122:344:c0:2:2100:0'],
    ['2001:db8:122:344::/80', '2001:db8:122:344:0:c000:221:0'],
    ['2001:db8:122:344::/88', '2001:db8:122:344:0:c0:2:2100'],
  ])('%s: %s, and back', (text, expected) => {
    const { octets = new Uint8Array(16), bits = 0 } = parsePrefixText(text) ?? {};
    const prefix = new Prefix(octets, bits);
    const made = new Uint8Array(16);
    prefix.embed(IPV4, 0, made, 0);
    expect(formatAddress(made)).toBe(expected);
    expect(prefix.extract(made)).toEqual(IPV4);
    const other = made.slice();
    other[0] = 0x30;
    expect(prefix.extract(other)).toBeUndefined();
    // Octet 8 is a part of neither.
    if (bits <= 64) expect(prefix.extract(made.with(8, 1))).toBeUndefined();
  });
});

it('what fails is said by the failure for A', async () => {
  const { plugin } = await serve(dns64, 'dns64');
  const dead = failure(Rcode.SERVFAIL, explain('upstreamsSilent'), 'nobody answered');
  const resolver: Resolver = { server: 'dns://:53', resolve: () => dead };
  const query = makeQuery('www.example.', 'AAAA', { ...OVER_IPV6, resolver });
  expect(ask(plugin, query, next(NODATA))).toBe(dead);
});

describe('a name that searchpath goes to its end', () => {
  it('has no IPv4 addresses where its end has none: it is asked for A as the client asked, and not as a look-up', async () => {
    const questions: string[] = [];
    const exists: Plugin = {
      name: 'exists',
      answer({ name, type }) {
        questions.push(`${name.toString()} ${typeName(type)}`);
        return reply({ rcode: name.labelCount === 1 ? Rcode.NXDOMAIN : Rcode.NOERROR });
      },
    };
    const lines = 'dns64 {\nallow_ipv4\n}\nsearchpath {\nshort_names shop\n}\nkubernetes cluster.local';
    const { answer, query } = await chained(lines, [dns64, searchpath], [exists]);
    expect(await answer(query('empty.', 'AAAA'))).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
    expect(questions).not.toContain('empty. A');
    expect(questions).toContain('empty.shop.svc.cluster.local. A');
  });
});
