/**
 * The Corefiles of distributions as they are: each is served, over UDP and TCP, and answers what the cluster and the
 * upstream have; probes and metrics are where its manifests look for them.
 */
import type { DecodedPacket } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { type Expected, NOTHING, questions, said } from './questions.ts';
import { type Serving, alarms, serve } from './serving.ts';
import { type Stock, stock } from './stock.ts';

const titled = stock.map(
  (one) => [one.custom === undefined ? one.name : `${one.name} with a custom folder`, one] as const,
);

describe.each(titled)('%s', (_, one) => {
  it('answers every question over UDP and TCP, probes and scrapes', async () => {
    const serving = await serve(one.name, one);
    for (const protocol of ['udp', 'tcp', 'udp'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- what one leaves in caches the next finds
      await answersAll(serving, one, protocol);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await answersFurther(serving, one, protocol);
    }
    expect(await serving.fetched('health')).toEqual({ status: 200, text: 'OK' });
    expect(await serving.fetched('ready')).toEqual({ status: 200, text: 'OK' });
    const metrics = await serving.fetched('metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(
      /^coredns_dns_requests_total\{family="1",proto="tcp",.*type="SRV",view="",zone="\."\} 2$/m,
    );
    expect(alarms(serving.log)).toEqual([]);
  });
});

it('kops-ipv6 translates addresses for clients that come over IPv6', async () => {
  const serving = await serve('kops-ipv6');
  const question = { name: 'www.v4only.test', type: 'AAAA' };
  expect(said(await serving.ask('udp', question, '::1')).answers).toEqual(['AAAA 64:ff9b::c000:201']);
  expect(said(await serving.ask('udp', question)).answers).toEqual([]);
});

async function answersAll(serving: Serving, one: Stock, protocol: 'udp' | 'tcp'): Promise<void> {
  const expected: Record<string, Expected> = {};
  const actual: Record<string, Expected> = {};
  const ttls = new Set<number>();
  for (const { what, question, expected: wanted, fromCluster } of questions) {
    expected[what] = { ...wanted, ...one.otherwise?.[what] };
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as caches are filled
    const reply = await serving.ask(protocol, question);
    actual[what] = said(reply);
    if (fromCluster) for (const { ttl } of answersOf(reply)) ttls.add(ttl);
  }
  expect(actual).toEqual(expected);
  expect([...ttls]).toEqual([one.ttl]);
}

async function answersFurther(serving: Serving, { further = [] }: Stock, protocol: 'udp' | 'tcp'): Promise<void> {
  for (const [question, wanted] of further) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    const reply = await serving.ask(protocol, question);
    expect(said(reply), question.name).toEqual({ ...NOTHING, ...wanted });
    // Whatever was rewritten on the way, the client gets an answer to what it asked.
    expect(reply.answers[0]?.name ?? question.name).toBe(question.name);
  }
}

function answersOf(reply: DecodedPacket) {
  return reply.answers.flatMap((record) => (record.type === 'OPT' ? [] : record));
}
