/**
 * RFC 5452, resilience against forged answers: what a reply of an upstream must have, and what makes it hard to guess.
 * What forged replies do to the whole server stands in test/security; here each rule is a rule of the one acceptance.
 */
import { describe, expect, it } from 'vitest';
import { Class, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { type Expected, type Verdict, judge } from '../../src/plugins/forward/acceptance.ts';
import { answering, bench } from '../plugins/cache/support.ts';
import { recordsOf } from '../plugins/support.ts';
import { RIGHT, delayed, right, silent } from '../support/upstreams/behaviours.ts';
import { a, parseQuery, query, reply, uint16 } from '../support/upstreams/octets.ts';
import { addressesOf, forwardTo, forwarder, questionsTo, upstream } from './forwarding.ts';

const NAME = 'www.example.test';
const UPSTREAM = { address: '192.0.2.1', port: 53 };
const sent = query(NAME);

const expected: Expected = {
  to: UPSTREAM,
  sent,
  questionEnd: parseQuery(sent).end,
  question: { name: Name.fromText(NAME), type: Type.A, class: Class.IN },
  exactCase: false,
  connected: false,
};

const honest = reply(sent, { answers: [a(RIGHT)] });

function verdict(octets: Buffer, change: Partial<Expected> = {}, from = UPSTREAM): Verdict['kind'] {
  return judge(octets, from, { ...expected, ...change }).kind;
}

/** The honest reply with some octets written over. */
function forged(at: number, ...octets: readonly number[]): Buffer {
  const copy = Buffer.from(honest);
  Buffer.from(octets).copy(copy, at);
  return copy;
}

describe('RFC 5452', () => {
  it('§9.1 a reply in which all agrees is accepted', () => {
    expect(verdict(honest)).toBe('reply');
  });

  it.each([
    ['another address', { address: '192.0.2.2', port: 53 }],
    ['another port', { address: '192.0.2.1', port: 54 }],
    ['another family', { address: '::1', port: 53 }],
  ])('§9.1 it must come from the address and port that were asked: not from %s', (_, from) => {
    expect(verdict(honest, {}, from)).toBe('ignored');
  });

  it.each([
    ['the id, upper octet', forged(0, 0xff)],
    ['the id, lower octet', forged(1, 0xff)],
    ['the name', forged(13, 0x78)],
    ['the type', reply(query(NAME, { type: 28 }), { answers: [a(RIGHT)] })],
    ['the class', forged(expected.questionEnd - 1, 3)],
    ['the QR bit', forged(2, 0x01)],
    ['the opcode', forged(2, 0xa1)],
    ['the number of questions', forged(4, 0, 2)],
  ])('§9.1 it must agree in %s', (_, octets) => {
    expect(octets).not.toEqual(honest);
    expect(verdict(octets)).toBe('ignored');
  });

  it('§9.1 a reply with the wrong id is as wrong over a connection', () => {
    expect(verdict(forged(1, 0xff), { connected: true })).toBe('ignored');
  });

  it('§9.1 where names are asked in random case, the case counts too (draft-vixie-dnsext-dns0x20)', () => {
    const other = Buffer.from(honest);
    other[13] = (other[13] ?? 0) ^ 0x20;
    expect(verdict(other)).toBe('reply');
    expect(verdict(other, { exactCase: true })).toBe('ignored');
  });

  it('§9.1 the letters of names that are sent are in random case with mix_case, and clients get their own back', async () => {
    const world = await upstream(right);
    const { ask } = await forwarder(forwardTo([world], 'mix_case'));
    const LONG = 'aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbb.cccccccccccccccc.example.test';
    const answer = await ask({ ask: `${LONG}. A` });
    expect(addressesOf(answer)).toEqual([RIGHT]);
    expect(answer.packet.questions).toMatchObject([{ name: LONG }]);
    const [asked] = questionsTo(world).map((octets) => parseQuery(octets).name);
    expect(asked?.toLowerCase()).toBe(`${LONG}.`);
    expect(asked).not.toBe(`${LONG}.`);
    expect(asked).not.toBe(`${LONG}.`.toUpperCase());
  });

  it('§9.2 each message has an id and a port of its own, retransmissions too', async () => {
    let asked = 0;
    const losing = await upstream((one) => (asked++ === 0 ? silent(one) : right(one)));
    const { ask } = await forwarder(forwardTo([losing]));
    for (const name of ['one', 'two', 'three']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(addressesOf(await ask({ ask: `${name}.example.test. A` }))).toEqual([RIGHT]);
    }
    const ids = questionsTo(losing).map((octets) => octets.readUInt16BE(0));
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(losing.clientPorts).size).toBe(losing.clientPorts.length);
  });

  it('§5 equal questions at the same time are one query', async () => {
    const slow = await upstream(delayed(80, right));
    const { ask } = await forwarder(forwardTo([slow]));
    await Promise.all(Array.from({ length: 20 }, () => ask({ ask: `${NAME}. A` })));
    expect(questionsTo(slow).length).toBeLessThanOrEqual(2);
  });

  it('§6 records for names that the question does not lead to make a reply that is not kept', async () => {
    const stray = answering('www.example. 300 IN A 192.0.2.1', 'victim.example. 300 IN A 203.0.113.66');
    const { ask, upstream: below } = await bench('cache', stray);
    ask('www.example.', 'A');
    below.now(answering('victim.example. 300 IN A 192.0.2.9'));
    const victim = ask('victim.example.', 'A');
    expect(victim.kind === 'reply' && recordsOf(victim.answers)).toEqual(['victim.example. 300 IN A 192.0.2.9']);
    ask('www.example.', 'A');
    expect(below.asked).toBe(3);
  });

  it('§9.1 a failure without a question ends no wait over UDP', () => {
    const bare = Buffer.concat([uint16(parseQuery(sent).id, 0x8182, 0, 0, 0, 0)]);
    expect(verdict(bare)).toBe('bare');
    // Not accepted: what became of it stands in test/security.
    expect(judge(bare, UPSTREAM, expected)).toMatchObject({ connected: false });
  });
});
