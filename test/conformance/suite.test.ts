/** The suite itself: that its data says what it means to say. */
import { describe, expect, test } from 'vitest';
import type { Case, ExpectedReply, Setup } from './case.ts';
import { compare } from './compare.ts';
import { groups } from './groups/index.ts';
import type { SerialCheck } from './reply.ts';
import { requestOf } from './request.ts';
import { setupOf, titleOf } from './runner.ts';
import { startTestServer } from '../support/server.ts';

const LEAST_CASES = 250;
const NOW_SECONDS = 1_700_000_000;

const cases: readonly Case[] = groups.flatMap((group) => group.rules.flatMap((rule) => rule.cases));
const anySerial = (): boolean => true;
const lines = (reply: ExpectedReply): readonly string[] =>
  [reply.answer, reply.authority, reply.additional].flatMap((section) => section ?? []);

describe('the conformance suite', () => {
  test(`has at least ${LEAST_CASES} cases`, () => {
    expect(cases.length).toBeGreaterThanOrEqual(LEAST_CASES);
  });

  test('has no two cases of one title under a rule, and no rule twice in a group', () => {
    for (const { name, rules } of groups) {
      expect(new Set(rules.map(({ rule }) => rule)).size, name).toBe(rules.length);
      for (const { rule, cases: own } of rules) {
        expect(new Set(own.map((testCase) => titleOf(testCase))).size, `${name}: ${rule}`).toBe(own.length);
      }
    }
  });

  test('writes every record as a line of a zone file', () => {
    const owner = /^(\S+\.|@|_udp\.@) \d+ IN (A|AAAA|CNAME|NS|PTR|SRV|TXT|SOA) \S/;
    for (const { reply } of cases) {
      if (reply !== 'none') for (const line of lines(reply)) expect(line).toMatch(owner);
    }
  });

  test('has negative replies with a SOA record alone, and no other reply with an authority section', () => {
    for (const { reply } of cases) {
      if (reply === 'none') continue;
      const empty = lines({ ...reply, authority: [] }).length === 0;
      const negative = reply.aa && empty && reply.tc === undefined;
      expect(reply.authority?.length ?? 0, JSON.stringify(reply)).toBe(negative ? 1 : 0);
    }
  });

  test('does not hold where nothing answers', () => {
    for (const testCase of cases) {
      if (testCase.reply === 'none') continue;
      const request = requestOf(testCase);
      const { expected, actual } = compare(testCase, request, undefined, anySerial);
      expect(actual).not.toBe(expected);
    }
  });

  test('sees every bit of a reply that is not as it should be', async () => {
    // One case for each kind of record and section, and a reply with an OPT record.
    const sample = [
      'web.shop.svc.cluster.local. AAAA',
      'db.shop.svc.cluster.local. A',
      '_http._tcp.web.shop.svc.cluster.local. SRV',
      '11.1.244.10.in-addr.arpa. PTR',
      'dns-version.cluster.local. TXT',
    ];
    const found = groups.flatMap((group) =>
      group.rules.flatMap((rule) =>
        rule.cases.map((testCase) => ({ setup: setupOf(group, rule), testCase, title: titleOf(testCase) })),
      ),
    );
    for (const title of sample) {
      const one = found.find((candidate) => candidate.title === title);
      if (one === undefined) throw new Error(`no case is called ${title}`);
      const request = requestOf(one.testCase);
      // One after the other: a server takes a process while it starts.
      // oxlint-disable-next-line no-await-in-loop
      const reply = await replyOf(one.setup, request);
      const isSerial = (serial: number): boolean => serial === NOW_SECONDS;
      const right = compare(one.testCase, request, reply, isSerial);
      expect(right.actual).toBe(right.expected);
      for (let bit = 0; bit < reply.length * 8; bit++) {
        const wrong = Uint8Array.from(reply);
        wrong[bit >> 3] = (reply[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
        expect(holds(one.testCase, request, wrong, isSerial), `${title}: bit ${bit}`).toBe(false);
      }
    }
  });
});

async function replyOf(setup: Setup, request: Uint8Array): Promise<Uint8Array> {
  const server = await startTestServer({ ...setup, now: () => NOW_SECONDS * 1000 });
  try {
    const reply = await server.ask(request);
    if (reply === undefined) throw new Error('no reply');
    return reply;
  } finally {
    await server.close();
  }
}

/** False also where a decoder gives up. */
function holds(testCase: Case, request: Buffer, reply: Uint8Array, isSerial: SerialCheck): boolean {
  try {
    const { expected, actual } = compare(testCase, request, reply, isSerial);
    return actual === expected;
  } catch {
    return false;
  }
}
