/** `rewrite edns0`: options of the request that goes on. */
import { describe, expect, it } from 'vitest';
import { type EdnsOption, optRecordSize } from '../../../src/dns/edns.ts';
import { bounds } from '../../../src/bounds.ts';
import { reply } from '../../../src/plugins/answer.ts';
import { noNeighbours } from '../../../src/plugins/neighbours.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { rewrite } from '../../../src/plugins/rewrite/rewrite.ts';
import { configure, makeHost, makeQuery, problemsOf } from '../support.ts';
import { type AskOptions, through } from './support.ts';

const option = (code: number, ...data: readonly number[]): EdnsOption => ({ code, data: Uint8Array.from(data) });
const ABCD = [0x61, 0x62, 0x63, 0x64];

function optionsOf({ request }: Query): readonly (readonly [code: number, hex: string])[] | undefined {
  return request.edns?.options.map(({ code, data }) => [code, Buffer.from(data).toString('hex')]);
}

async function options(rule: string, asked: AskOptions = {}): Promise<ReturnType<typeof optionsOf>> {
  return optionsOf((await through(`rewrite edns0 ${rule}`, 'Www.example.test.', 'AAAA', asked)).asked);
}

describe('local', () => {
  const with1 = { edns: { options: [option(0xffee, 1), option(65_001, 2)] } };
  const without = { edns: { options: [option(65_001, 2)] } };

  it.each([
    ['set 0xffee abcd', with1, [0xffee, '61626364'], [65_001, '02']],
    ['set 0xffee abcd', without, [65_001, '02'], [0xffee, '61626364']],
    ['set 0xffee 0x61626364', without, [65_001, '02'], [0xffee, '61626364']],
    ['set 65518 abcd', without, [65_001, '02'], [0xffee, '61626364']],
    ['append 0xffee abcd', with1, [0xffee, '01'], [65_001, '02']],
    ['append 0xffee abcd', without, [65_001, '02'], [0xffee, '61626364']],
    ['replace 0xffee abcd', with1, [0xffee, '61626364'], [65_001, '02']],
    ['replace 0xffee abcd', without, [65_001, '02']],
    ['unset 0xffee', with1, [65_001, '02']],
    ['unset 0xffee', without, [65_001, '02']],
    ['set 0xffee abcd revert', with1, [0xffee, '61626364'], [65_001, '02']],
    ['unset 0xffee revert', with1, [65_001, '02']],
    ['set 0xffee revert', without, [65_001, '02'], [0xffee, '726576657274']],
    ['set 0xffee ""', without, [65_001, '02'], [0xffee, '']],
  ])('%s %#', async (rule, asked, ...expected) => {
    expect(await options(`local ${rule}`, asked)).toEqual(expected);
  });

  it('gives a request without EDNS some, with the size that counts without it', async () => {
    const { asked, query } = await through('rewrite edns0 local set 0xffee abcd', 'a.test.');
    expect(asked.request.edns).toMatchObject({ udpSize: 512, version: 0, dnssecOk: false });
    expect(asked.request.additionals).toBe(1);
    // The client's request is as it was.
    expect(query.request.edns).toBeUndefined();
    expect(await options('local replace 0xffee abcd')).toBeUndefined();
    expect(await options('local unset 0xffee')).toBeUndefined();
  });

  it.each([
    ['qname', Buffer.from('Www.example.test.').toString('hex')],
    ['qtype', '001c'],
    ['client_ip', '7f000001'],
    ['client_port', 'cefc'],
    ['protocol', Buffer.from('udp').toString('hex')],
    ['server_ip', '7f000035'],
    ['server_port', '0035'],
  ])('{%s}', async (variable, hex) => {
    expect(await options(`local set 0xffee {${variable}}`)).toEqual([[0xffee, hex]]);
  });

  it('{client_ip} of IPv6 has 16 octets', async () => {
    const client = { clientFamily: 6, clientAddress: '2001:db8::1' } as const;
    expect(await options('local set 0xffee {client_ip}', { client })).toEqual([
      [0xffee, '20010db8000000000000000000000001'],
    ]);
  });

  it('{plugin/label} is what metadata says of the query; where it says nothing, the rule does not apply', async () => {
    const neighbours = noNeighbours();
    const host = makeHost({ neighbours });
    const { setup, problems } = configure(rewrite, 'metadata\nrewrite edns0 local set 0xffee {kubernetes/namespace}');
    expect(problems).toEqual([]);
    expect(setup).toBeDefined();
    const lines = 'metadata\nrewrite edns0 local set 0xffee {kubernetes/namespace}\nrewrite name a.test b.test';
    expect((await through(lines, 'a.test.', 'A', { host })).asked.request.edns).toBeUndefined();
    neighbours.metadata.set('kubernetes/namespace', (query) => `of ${query.name.toString()}`);
    const { asked, query } = await through(lines, 'a.test.', 'A', { host });
    expect(optionsOf(asked)).toEqual([[0xffee, Buffer.from('of a.test.').toString('hex')]]);
    // It stopped there.
    expect(asked.name.toString()).toBe('a.test.');
    expect(query.replaying.allowed).toBe(false);
    neighbours.metadata.set('kubernetes/namespace', () => 'x'.repeat(bounds.rewriteOption + 1));
    expect((await through(lines, 'a.test.', 'A', { host })).asked.name.toString()).toBe('b.test.');
  });

  it('rewriteOption: no option of more octets', () => {
    expect(problemsOf(rewrite, `rewrite edns0 local set 1 ${'a'.repeat(bounds.rewriteOption)}`)).toEqual([]);
    expect(problemsOf(rewrite, `rewrite edns0 local set 1 ${'a'.repeat(bounds.rewriteOption + 1)}`)[0]).toContain(
      `an option of ${bounds.rewriteOption + 1} octets`,
    );
  });
});

describe('nsid', () => {
  /** It has a warning: the chain is asked with it, and upstreams are not. */
  it.each([
    ['set', [option(3, 1)], ['', 3]],
    ['set', [], ['', 3]],
    ['append', [], ['', 3]],
    ['replace', [option(3, 1)], ['', 3]],
  ])('%s %#', async (action, sent, [hex, code]) => {
    const { setup } = configure(rewrite, `rewrite edns0 nsid ${action}`);
    const { plugin } = (await setup?.create(makeHost())) ?? {};
    let asked: Query | undefined;
    await plugin?.answer(makeQuery('a.test', 'A', { edns: { options: sent } }), {
      answer(query) {
        asked = query;
        return { kind: 'silence' };
      },
    });
    expect(asked && optionsOf(asked)).toEqual([[code, hex]]);
  });

  it('unset', async () => {
    expect(await options('nsid unset', { edns: { options: [option(3), option(10, ...ABCD)] } })).toEqual([
      [10, '61626364'],
    ]);
  });
});

describe('subnet (RFC 7871)', () => {
  const client6 = { clientFamily: 6, clientAddress: '2001:db8:1:ffff::1' } as const;
  const client4 = { clientFamily: 4, clientAddress: '192.0.2.255' } as const;

  it.each([
    ['set 24 56', client4, '00011800c00002'],
    ['set 25 56', client4, '00011900c0000280'],
    ['set 0 0', client4, '00010000'],
    ['set 32 128', client4, '00012000c00002ff'],
    ['set 24 52', client6, '0002340020010db80001f0'],
    ['set 24 56 revert', client4, '00011800c00002'],
    ['append 24 56', client4, '00011800c00002'],
  ])('%s', async (rule, client, hex) => {
    expect(await options(`subnet ${rule}`, { client })).toEqual([[8, hex]]);
  });

  it('says no more of a client than it says itself', async () => {
    const edns = { options: [option(8, 0, 1, 16, 0, 192, 0)] };
    expect(await options('subnet set 24 56', { client: client4, edns })).toEqual([[8, '00011000c000']]);
    expect(await options('subnet replace 8 56', { client: client4, edns })).toEqual([[8, '00010800c0']]);
    expect(await options('subnet append 24 56', { client: client4, edns })).toEqual([[8, '00011000c000']]);
    const none = { options: [option(8, 0, 1, 0, 0)] };
    expect(await options('subnet set 24 56', { client: client4, edns: none })).toEqual([[8, '00010000']]);
    expect(await options('subnet unset', { client: client4, edns })).toEqual([]);
    expect(await options('subnet replace 24 56', { client: client4 })).toBeUndefined();
  });
});

it('an answer that other options were asked for is for one query alone', async () => {
  const allowed = async (rule: string, asked: AskOptions = {}): Promise<boolean> =>
    (await through(`rewrite edns0 ${rule}`, 'a.test.', 'A', asked)).query.replaying.allowed;
  expect(await allowed('local set 0xffee abcd')).toBe(false);
  expect(await allowed('local set 0xffee {client_ip}')).toBe(false);
  expect(await allowed('subnet set 24 56')).toBe(false);
  expect(await allowed('local unset 0xffee', { edns: { options: [option(0xffee)] } })).toBe(false);
  // Nothing was changed.
  expect(await allowed('local unset 0xffee')).toBe(true);
  expect(await allowed('local replace 0xffee {client_ip}')).toBe(true);
});

describe('what a rule says of a client, the client does not say itself', () => {
  const forged = { edns: { options: [option(0xffee, 1), option(7, 1), option(0xffee, 2), option(0xffee, 3)] } };

  it.each([
    ['set 0xffee abcd', [0xffee, '61626364'], [7, '01']],
    ['replace 0xffee abcd', [0xffee, '61626364'], [7, '01']],
    ['set 0xffee {nobody/knows}', [7, '01']],
    ['replace 0xffee {nobody/knows}', [7, '01']],
  ])('local %s: no second option of the code is left', async (rule, ...expected) => {
    const { setup } = configure(rewrite, `rewrite edns0 local ${rule}\nmetadata`);
    const { plugin } = (await setup?.create(makeHost())) ?? {};
    let seen: ReturnType<typeof optionsOf>;
    const query = makeQuery('a.test.', 'A', forged);
    await plugin?.answer(query, {
      answer(asked) {
        seen = optionsOf(asked);
        return reply({});
      },
    });
    expect(seen).toEqual(expected);
    expect(query.replaying.allowed).toBe(false);
  });

  it('upstreamOptions: the client’s options leave where they would leave no room for those of the rules', async () => {
    const filling = (octets: number): AskOptions => ({
      edns: { options: [option(10, 1), { code: 65_002, data: new Uint8Array(octets) }] },
    });
    const set = 'local set 0xffee abcd';
    // 11 octets of the OPT record, two times 4 of a code and a length, and what is meant for the next hop does not count.
    const most = bounds.upstreamOptions - 11 - 8 - ABCD.length;
    expect(await options(set, filling(most))).toHaveLength(3);
    expect(await options(set, filling(most + 1))).toEqual([
      [10, '01'],
      [0xffee, '61626364'],
    ]);
    // Without a rule that has something to say they are nobody's business.
    expect(await options('local unset 0xffee', filling(most + 1))).toHaveLength(2);
  });

  it('upstreamOptions: a name that takes all of the room leaves the other options of rules there', async () => {
    const rules = 'rewrite continue edns0 local set 1 {qname}\nrewrite edns0 local set 2 {client_ip}';
    const label = '\\001'.repeat(63);
    const long = await through(rules, `${label}.${label}.${label}.test.`);
    expect(optionsOf(long.asked)).toEqual([[2, '7f000001']]);
    expect(optionsOf((await through(rules, 'a.test.')).asked)).toHaveLength(2);
  });

  it('an option of the most octets that a rule may set reaches upstreams', () => {
    expect(optRecordSize([{ code: 1, data: new Uint8Array(bounds.rewriteOption) }])).toBeLessThanOrEqual(
      bounds.upstreamOptions,
    );
  });
});
