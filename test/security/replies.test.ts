/**
 * What forged, malformed and repeated replies of upstreams must not do, each test named after the finding in another
 * server that it comes from. Over real sockets: a client, the whole server with `forward`, and upstreams that lie.
 */
import { describe, expect, it } from 'vitest';
import { addressesOf, forwardTo, forwarder, questionsTo, upstream } from '../rfc/forwarding.ts';
import {
  RIGHT,
  WRONG,
  both,
  delayed,
  forgeries,
  forging,
  fromElsewhere,
  garbageThenRight,
  right,
} from '../support/upstreams/behaviours.ts';
import { a, parseQuery, record, reply, types, wireName } from '../support/upstreams/octets.ts';

const NOERROR = 0;
const SERVFAIL = 2;

const QUESTION = { ask: 'www.example.test. A' };
/** Those that say nothing at all. */
const BARE = new Set<string>(['a header alone', 'eleven octets', 'nothing at all']);

const names = Object.keys(forgeries).filter((name): name is keyof typeof forgeries => name in forgeries);

/** Without `mix_case` a question in another case is the same question. */
const wrong = names.filter((name) => name !== 'question in another case');

describe('Cure53 DNS-01-003 and TOB-CDNS-8: a reply counts only if all of it is right', () => {
  it.each(wrong.filter((name) => !BARE.has(name)))(
    'DNS-01-003: with the right id it is no answer: %s',
    async (forgery) => {
      const lying = await upstream(both(forging(forgery), delayed(30, right)));
      const { ask, metric } = await forwarder(forwardTo([lying]));
      const answer = await ask(QUESTION);
      expect(addressesOf(answer)).toEqual([RIGHT]);
      expect(metric('coredns_panics_total')).toBe(0);
    },
  );

  it('TOB-CDNS-8: records for names that were not asked for are not kept as answers for them', async () => {
    const lying = await upstream((asked) => {
      const { name } = parseQuery(asked.octets);
      if (name === 'victim.example.test.') right(asked);
      else {
        const planted = record(wireName('victim.example.test'), types.A, 300, Buffer.from([203, 0, 113, 66]));
        asked.send(reply(asked.octets, { answers: [a(RIGHT, 300), planted] }));
      }
    });
    const { ask } = await forwarder(`cache 30\n${forwardTo([lying])}`);
    await ask(QUESTION);
    const victim = await ask({ ask: 'victim.example.test. A' });
    expect(addressesOf(victim)).toEqual([RIGHT]);
    expect(questionsTo(lying)).toHaveLength(2);
  });

  it('TOB-CDNS-8: a question that comes back in another case is refused where the case was chosen at random (0x20)', async () => {
    const lying = await upstream(both(forging('question in another case'), delayed(30, right)));
    const { ask } = await forwarder(forwardTo([lying], 'mix_case'));
    expect(addressesOf(await ask(QUESTION))).toEqual([RIGHT]);
  });
});

describe('CVE-2023-28452 (TuDoor)', () => {
  it.each(wrong)('CVE-2023-28452 (TuDoor): a bad reply does not end the wait: %s', async (forgery) => {
    const lying = await upstream(both(forging(forgery), delayed(30, right)));
    const { ask } = await forwarder(forwardTo([lying]));
    const answer = await ask(QUESTION);
    expect(answer.rcode).toBe('NOERROR');
    expect(addressesOf(answer)).toEqual([RIGHT]);
  });

  it('CVE-2023-28452 (TuDoor): nor do all of them together', async () => {
    const lying = await upstream(garbageThenRight);
    const { ask } = await forwarder(forwardTo([lying], 'mix_case'));
    expect(addressesOf(await ask(QUESTION))).toEqual([RIGHT]);
  });

  it('CVE-2023-28452 (TuDoor): nor the right reply from another port', async () => {
    const lying = await upstream(both(fromElsewhere, delayed(30, right)));
    const { ask } = await forwarder(forwardTo([lying]));
    expect(addressesOf(await ask(QUESTION))).toEqual([RIGHT]);
  });
});

describe('CVE-2019-19794: nobody can foresee an id or a port', () => {
  it('CVE-2019-19794: ids are spread over all 16 bits, and each query has a port of its own', async () => {
    const COUNT = 400;
    const honest = await upstream(right);
    const { ask } = await forwarder(forwardTo([honest]));
    for (let i = 0; i < COUNT; i += 20) {
      // oxlint-disable-next-line no-await-in-loop -- twenty at a time
      await Promise.all(Array.from({ length: 20 }, (_, j) => ask({ ask: `n${i + j}.example.test. A` })));
    }
    const ids = questionsTo(honest)
      .slice(0, COUNT)
      .map((query) => query.readUInt16BE(0));
    // Of 256 values about 202 are expected of each octet, with a standard deviation of 5.
    expect(new Set(ids.map((id) => id >> 8)).size).toBeGreaterThan(160);
    expect(new Set(ids.map((id) => id & 0xff)).size).toBeGreaterThan(160);
    const steps = ids.slice(1).map((id, i) => (id - (ids[i] ?? 0)) & 0xffff);
    expect(new Set(steps).size).toBeGreaterThan(COUNT * 0.9);
    // One port for all would be one value; the system may give a few of them twice over time.
    expect(new Set(honest.clientPorts).size).toBeGreaterThan(COUNT * 0.8);
  });
});

describe('CVE-2023-30464: a birthday attack needs many equal queries in flight', () => {
  it('CVE-2023-30464: a hundred clients that ask the same are one query to the upstream', async () => {
    const CLIENTS = 100;
    const slow = await upstream(delayed(100, right));
    const { ask } = await forwarder(forwardTo([slow]));
    const answers = await Promise.all(Array.from({ length: CLIENTS }, () => ask(QUESTION)));
    for (const answer of answers) expect(addressesOf(answer)).toEqual([RIGHT]);
    // A hedge to the same upstream may be a second one.
    expect(questionsTo(slow).length).toBeLessThanOrEqual(2);
  });

  it('CVE-2023-30464: while the upstream takes its time, a name has a few queries with an id each', async () => {
    const slow = await upstream(delayed(400, right));
    const { ask } = await forwarder(forwardTo([slow]));
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(QUESTION)));
    for (const answer of answers) expect(addressesOf(answer)).toEqual([RIGHT]);
    expect(questionsTo(slow).length).toBeLessThanOrEqual(4);
  });
});

describe('CVE-2026-62309 and CVE-2018-17419: no octets of an upstream end the server', () => {
  it('CVE-2026-62309: every prefix of a reply is ignored, and the server answers on', async () => {
    const cutting = await upstream((asked) => {
      const whole = reply(asked.octets, { answers: [a(WRONG)] });
      for (let length = 0; length < whole.length; length++) {
        // Records that are announced and not there count as absent: there, the message is whole.
        if (length !== parseQuery(asked.octets).end) asked.send(whole.subarray(0, length));
      }
      right(asked);
    });
    const { ask, metric } = await forwarder(forwardTo([cutting]));
    expect(addressesOf(await ask(QUESTION))).toEqual([RIGHT]);
    expect(metric('coredns_panics_total')).toBe(0);
  });

  it('CVE-2018-17419: records of every type with every length of data are read or refused', async () => {
    let type = 0;
    let length = 0;
    const odd = await upstream((asked) => {
      const data = Buffer.alloc(length, 0xc0);
      asked.send(reply(asked.octets, { answers: [record(wireName('www.example.test'), type, 30, data)] }));
      right(asked);
    });
    const { exchange, metric } = await forwarder(forwardTo([odd]));
    for (type of [1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 39, 41, 46, 47, 64, 65, 250, 257]) {
      for (length of [0, 1, 2, 5]) {
        // oxlint-disable-next-line no-await-in-loop -- one kind after the other
        const answer = await exchange({ ask: `t${type}l${length}.example.test. A` });
        expect([NOERROR, SERVFAIL]).toContain(answer.readUInt16BE(2) & 0xf);
      }
    }
    expect(metric('coredns_panics_total')).toBe(0);
  });
});
