/** What one view answers is for nobody else: findings about caches that served the wrong client, for blocks that differ in their view alone. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnswerCache } from '../../src/server/answer-cache/answer-cache.ts';
import { Server } from '../../src/server/server.ts';
import { openNetwork } from '../../src/transport/client/network.ts';
import { encode, readReply } from '../rfc/asking.ts';
import { addressesOf, forwardTo, questionsTo, upstream } from '../rfc/forwarding.ts';
import { prepare, udp } from '../server/running.ts';
import { a, reply } from '../support/upstreams/octets.ts';

interface Asking {
  /** The addresses in the reply to `NAME TYPE`, from a client whose query has this id. */
  readonly ask: (ask: string, id: number) => Promise<readonly string[]>;
  /** The value of a metric, all series added up. */
  readonly metric: (name: string) => number;
}

/** A server with its answer cache, asked over a socket. */
async function serving(corefile: string): Promise<Asking> {
  const { start } = prepare(corefile);
  const network = openNetwork();
  const { facts, clock, metrics } = start.parts;
  const answers = new AnswerCache({ octets: 1_048_576, facts, clock });
  const server = await Server.start({ ...start, parts: { ...start.parts, network, answers } });
  onTestFinished(async () => {
    await server.close();
    network.close();
  });
  const client = await udp(server.listening[0]?.tcp.bound[0]?.port ?? 0);
  return {
    ask: async (ask, id) => {
      const request = encode({ ask });
      request.writeUInt16BE(id, 0);
      client.send(request);
      return addressesOf(readReply(await client.receive()));
    },
    metric: (name) =>
      metrics
        .render()
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
  };
}

const answering = (address: string) =>
  upstream((query) => query.send(reply(query.octets, { answers: [a(address, 300)] })));

describe('CVE-2024-0874: the view is part of what an answer is kept for', () => {
  it('CVE-2024-0874: what one view keeps is no answer in another, though the blocks are alike word for word', async () => {
    const even = await answering('192.0.2.2');
    const odd = await answering('192.0.2.1');
    const block = (expression: string, to: typeof even): string =>
      `. {\nview v {\nexpr ${expression}\n}\ncache 300\n${forwardTo([to])}\n}\n`;
    const { ask } = await serving(block('id() % 2 == 0', even) + block('id() % 2 == 1', odd));
    for (let id = 1; id <= 40; id++) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before it
      expect(await ask('www.example.test. A', id)).toEqual([id % 2 === 0 ? '192.0.2.2' : '192.0.2.1']);
    }
    // Each of them was kept, in the cache of its own block.
    expect([questionsTo(even).length, questionsTo(odd).length]).toEqual([1, 1]);
  });

  it('CVE-2024-0874: blocks that forward alike keep their answers apart all the same', async () => {
    const shared = await answering('192.0.2.7');
    const block = (name: string, expression: string): string =>
      `. {\nview ${name} {\nexpr ${expression}\n}\ncache 300\n${forwardTo([shared])}\n}\n`;
    const { ask } = await serving(block('even', 'id() % 2 == 0') + block('odd', 'id() % 2 == 1'));
    await ask('www.example.test. A', 1);
    await ask('www.example.test. A', 2);
    await ask('www.example.test. A', 3);
    expect(questionsTo(shared)).toHaveLength(2);
  });

  it('an answer that the question alone decides is given again from the answer cache', async () => {
    const hosts = (address: string): string => `hosts {\n${address} www.example.test\n}\n`;
    const { ask, metric } = await serving(
      `. {\nview v4 {\nexpr type() == 'A' && name() endsWith '.test.'\n}\n${hosts('192.0.2.1')}}\n` +
        `. {\n${hosts('192.0.2.2')}}\n`,
    );
    for (let id = 1; id <= 5; id++) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before it
      expect(await ask('www.example.test. A', id)).toEqual(['192.0.2.1']);
    }
    expect(metric('nodens_answer_cache_hits_total')).toBeGreaterThan(0);
  });

  it('an answer for which the client was looked at is made anew, also where the view said no', async () => {
    const hosts = 'hosts {\n192.0.2.1 www.example.test\n}\n';
    const { ask, metric } = await serving(
      `. {\nview none {\nexpr client_ip() == '198.51.100.1'\n}\n${hosts}}\n. {\n${hosts}}\n`,
    );
    for (let id = 1; id <= 5; id++) {
      // oxlint-disable-next-line no-await-in-loop -- each after the one before it
      expect(await ask('www.example.test. A', id)).toEqual(['192.0.2.1']);
    }
    expect(metric('nodens_answer_cache_hits_total')).toBe(0);
  });
});
