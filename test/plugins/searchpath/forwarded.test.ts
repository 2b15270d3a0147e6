/** `complete` in the whole server: over sockets, with an upstream that must be waited for, `cache`, and the answer cache above. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAnswerCache } from '../../../src/server/answer-cache/answer-cache.ts';
import { Server } from '../../../src/server/server.ts';
import { openNetwork } from '../../../src/transport/client/network.ts';
import { encode, readReply } from '../../rfc/asking.ts';
import { addressesOf, forwardTo, forwarder, questionsTo, upstream } from '../../rfc/forwarding.ts';
import { prepare, udp } from '../../server/running.ts';
import { RIGHT, right } from '../../support/upstreams/behaviours.ts';
import { parseQuery } from '../../support/upstreams/octets.ts';

const service = (name: string, namespace: string, clusterIP: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { clusterIP: ${clusterIP}, ports: [{ port: 80 }] }
`;
const manifests = [
  service('web', 'orders', '10.96.0.10'),
  service('google', 'com', '10.96.0.81'),
  service('api', 'payments', '10.96.0.12'),
].join('---');

const COMPLETE = 'searchpath {\ncomplete\n}\nkubernetes cluster.local\ncache 30\n';
const FIRST = 'www.example.org.orders.svc.cluster.local. A';

describe('complete, with an upstream', () => {
  it('asks it for the bare name alone, and once; then the answer is given again and counted', async () => {
    const world = await upstream(right);
    const { start } = prepare(`. {\n${COMPLETE}${forwardTo([world])}\n}\n`, { manifests });
    const network = openNetwork();
    const { facts, clock, metrics } = start.parts;
    const parts = { ...start.parts, network, answers: openAnswerCache(facts, clock, metrics) };
    const server = await Server.start({ ...start, parts });
    onTestFinished(async () => {
      await server.close();
      network.close();
    });
    const client = await udp(server.listening[0]?.tcp.bound[0]?.port ?? 0);
    for (let i = 0; i < 4; i++) {
      client.send(encode({ ask: FIRST }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other: the later ones are answered again
      const reply = readReply(await client.receive());
      expect(reply.packet.answers).toMatchObject([
        { name: 'www.example.org.orders.svc.cluster.local', type: 'CNAME', data: 'www.example.org' },
        { name: 'www.example.org', type: 'A', data: RIGHT },
      ]);
    }
    client.close();
    expect(questionsTo(world).map((query) => parseQuery(query).name)).toEqual(['www.example.org.']);
    const text = metrics.render();
    expect(text).toContain('nodens_searchpath_walks_total{end="found",server="dns://127.0.0.1:0"} 4');
    expect(text).toContain('nodens_answer_cache_hits_total{server="dns://127.0.0.1:0"} 1');
  });

  it('asks each domain of `search` first', async () => {
    const world = await upstream(right);
    const lines = COMPLETE.replace('complete', 'complete\nsearch corp.example lab.example');
    const { ask } = await forwarder(lines + forwardTo([world]), { manifests });
    // The upstream has every name, so that the first domain has this one, and the question may as well be another walk's second.
    expect((await ask({ ask: FIRST })).rcode).toBe('NXDOMAIN');
    expect(questionsTo(world).map((query) => parseQuery(query).name)).toEqual([
      'www.example.org.corp.example.',
      'www.example.org.orders.corp.example.',
    ]);
  });

  it('says why where the upstream cannot be reached', async () => {
    const { ask } = await forwarder(`${COMPLETE}forward . 127.0.0.1:1`, { manifests });
    const reply = await ask({ ask: FIRST, edns: { size: 1232 } });
    expect(reply.rcode).toBe('SERVFAIL');
    expect(reply.opt?.options.map(({ data }) => data.toString('utf8', 2)).join('')).toMatch(
      /^www\.example\.org\. of the search path: /,
    );
  });

  it('bug: the bare name was answered by the block of the cluster where another serves it', async () => {
    const world = await upstream(right);
    const { ask } = await forwarder(`${forwardTo([world])}\n}\ncluster.local {\n${COMPLETE}`, { manifests });
    expect(addressesOf(await ask({ ask: FIRST }))).toEqual([RIGHT]);
    expect(addressesOf(await ask({ ask: 'api.payments.orders.svc.cluster.local. A' }))).toEqual(['10.96.0.12']);
  });
});

describe('GHSA-h828-v5pv-33qx: a namespace that is called like a top-level domain', () => {
  it('gives with completion what the walk by itself would have given, for each question of it', async () => {
    const world = await upstream(right);
    const plain = await forwarder(`kubernetes cluster.local\n${forwardTo([world])}`, { manifests });
    const completing = await forwarder(COMPLETE + forwardTo([world]), { manifests });
    const walk = (name: string): readonly string[] =>
      ['orders.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.', ''].map((domain) => `${name}.${domain} A`);
    for (const name of ['google.com', 'www.google.com', 'www.example.com', 'a.b.com']) {
      const own: (readonly string[])[] = [];
      // oxlint-disable-next-line no-await-in-loop -- in the order of the walk
      for (const question of walk(name)) own.push(addressesOf(await plain.ask({ ask: question })));
      const found = own.find((addresses) => addresses.length > 0);
      // oxlint-disable-next-line no-await-in-loop
      for (const [i, question] of walk(name).entries()) {
        // oxlint-disable-next-line no-await-in-loop
        const addresses = addressesOf(await completing.ask({ ask: question }));
        expect([question, addresses]).toEqual([question, i === 0 ? found : own[i]]);
      }
    }
  });
});
