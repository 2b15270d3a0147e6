/** What an answer may be kept for, and whom it may be given to: findings about caches in other servers. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Flag, typeName } from '../../src/dns/constants.ts';
import { answering, bench, upstream as answer } from '../plugins/cache/support.ts';
import { forwardTo, forwarder, questionsTo, upstream } from '../rfc/forwarding.ts';
import { a, parseQuery, reply } from '../support/upstreams/octets.ts';
import { RIGHT } from '../support/upstreams/behaviours.ts';

/** Types and what a record of each may hold. */
const DATA: Readonly<Record<string, string>> = {
  A: '192.0.2.1',
  AAAA: '2001:db8::1',
  TXT: '"x"',
  TYPE65280: String.raw`\# 4 c0000201`,
  TYPE65281: String.raw`\# 4 c0000201`,
};

const FIELDS = ['name', 'type', 'class', 'dnssecOk', 'checkingDisabled', 'recursionDesired'] as const;

/** All that tells one question from another, as far as its answer goes. */
const question = fc.record({
  name: fc.constantFrom('www.example.', 'WWW.example.', 'ww.wexample.', 'www.examplf.'),
  type: fc.constantFrom(...Object.keys(DATA)),
  class: fc.constantFrom('IN', 'CH'),
  dnssecOk: fc.boolean(),
  checkingDisabled: fc.boolean(),
  recursionDesired: fc.boolean(),
});
type Asked = typeof question extends fc.Arbitrary<infer T> ? T : never;

/** Two questions that differ in one thing, or in nothing: whatever the key left out would show. */
const neighbours = fc
  .tuple(question, question, fc.constantFrom<keyof Asked>(...FIELDS))
  .map(([first, other, field]): readonly [Asked, Asked] => [first, { ...first, [field]: other[field] }]);

describe('CVE-2024-0874: the key of an answer is all that the answer depends on', () => {
  it('CVE-2024-0874: only a question that is equal in name, type, class and flags is answered from the cache', async () => {
    const same = (one: Asked, other: Asked): boolean =>
      JSON.stringify({ ...one, name: one.name.toLowerCase() }) ===
      JSON.stringify({ ...other, name: other.name.toLowerCase() });
    await fc.assert(
      fc.asyncProperty(neighbours, async ([first, second]) => {
        const service = await bench('cache', answering('www.example. 300 IN A 192.0.2.1'));
        service.upstream.gives = ({ question: { name, type, class: klass } }) => {
          const written = typeName(type);
          const className = klass === Class.IN ? 'IN' : 'CH';
          return answer({ answers: [`${name.toString()} 300 ${className} ${written} ${DATA[written] ?? ''}`] });
        };
        for (const { name, type, class: klass, dnssecOk, checkingDisabled, recursionDesired } of [first, second]) {
          const flags = (checkingDisabled ? Flag.CD : 0) | (recursionDesired ? Flag.RD : 0);
          service.ask(name, type, { class: klass, flags, ...(dnssecOk ? { edns: { dnssecOk } } : {}) });
        }
        const asked = service.upstream.asked;
        service.close();
        expect(asked).toBe(same(first, second) ? 1 : 2);
      }),
      { numRuns: 200 },
    );
  });

  it('CVE-2024-0874: an answer to a client that checks for itself is not given to one that does not', async () => {
    const asked: number[] = [];
    const validating = await upstream((query) => {
      const checkingDisabled = (query.octets.readUInt16BE(2) & Flag.CD) !== 0;
      asked.push(checkingDisabled ? 1 : 0);
      query.send(checkingDisabled ? reply(query.octets, { answers: [a(RIGHT)] }) : reply(query.octets, { rcode: 2 }));
    });
    const { ask } = await forwarder(`cache 30\n${forwardTo([validating])}`);
    expect((await ask({ ask: 'bogus.example.test. A', flags: Flag.RD | Flag.CD })).rcode).toBe('NOERROR');
    expect((await ask({ ask: 'bogus.example.test. A', flags: Flag.RD })).rcode).toBe('SERVFAIL');
    expect(asked).toContain(0);
  });
});

describe('CoreDNS #8272: a class is part of the key', () => {
  it('CoreDNS #8272: what was kept for IN is no answer for CH', async () => {
    const { ask, upstream: below } = await bench('cache', answering('www.example. 300 IN A 192.0.2.1'));
    ask('www.example.', 'A');
    ask('www.example.', 'A', { class: 'CH' });
    expect(below.asked).toBe(2);
  });
});

describe('CoreDNS #8232: no data without an SOA record', () => {
  it('CoreDNS #8232: is passed on and not kept, so that the name may have data a moment later', async () => {
    let filled = false;
    const growing = await upstream((query) => {
      query.send(reply(query.octets, filled ? { answers: [a(RIGHT)] } : {}));
    });
    const { ask } = await forwarder(`cache 30\n${forwardTo([growing])}`);
    const empty = await ask({ ask: 'new.example.test. A' });
    expect([empty.rcode, empty.packet.answers.length]).toEqual(['NOERROR', 0]);
    filled = true;
    expect((await ask({ ask: 'new.example.test. A' })).packet.answers).toHaveLength(1);
    expect(questionsTo(growing).map((query) => parseQuery(query).name)).toEqual([
      'new.example.test.',
      'new.example.test.',
    ]);
  });
});

describe('CVE-2025-58063: nothing but a TTL is a TTL', () => {
  it('CVE-2025-58063: no upstream can have its answer kept for longer than the configuration says', async () => {
    const { ask, wait, upstream: below } = await bench('cache 30', answering('www.example. 2147483647 IN A 192.0.2.1'));
    ask();
    wait(31);
    ask();
    expect(below.asked).toBe(2);
  });
});
