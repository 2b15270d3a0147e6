/**
 * Who may not ask gets nothing, whatever others have asked before and however the question is put: findings about access lists
 * in other servers, on the whole server over real sockets. Two clients: 127.0.0.1, who may ask, and 127.0.0.2, who may not.
 */
import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAnswerCache } from '../../src/server/answer-cache/answer-cache.ts';
import { Server } from '../../src/server/server.ts';
import { openNetwork } from '../../src/transport/client/network.ts';
import { temporaryFile } from '../plugins/chained.ts';
import { encode, readReply } from '../rfc/asking.ts';
import { forwardTo, upstream } from '../rfc/forwarding.ts';
import { prepare } from '../server/running.ts';
import { TcpClient, deadline } from '../transport/clients.ts';
import { RIGHT, right } from '../support/upstreams/behaviours.ts';

const MAY = '127.0.0.1';
const MAY_NOT = '127.0.0.2';

const manifests = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: out, namespace: shop }
spec: { type: ExternalName, externalName: www.example.test }
`;
const WEB = 'web.shop.svc.cluster.local';
const WEB_ADDRESS = '10.96.0.10';

interface Serving {
  readonly ask: (client: string, name: string, type?: string) => Promise<Outcome>;
  readonly askOverTcp: Serving['ask'];
  readonly metric: (name: string) => number;
  readonly port: number;
}

/** A response code, and the addresses behind it. */
type Outcome = readonly [rcode: string, ...addresses: readonly string[]];

const REFUSED: Outcome = ['REFUSED'];
const EMPTY: Outcome = ['NOERROR'];

/** The program as it is put together for service, with both of its caches. */
async function serving(lines: string): Promise<Serving> {
  const { start } = prepare(`. {\n${lines}\n}\n`, { manifests });
  const network = openNetwork();
  const { facts, clock, metrics } = start.parts;
  const parts = { ...start.parts, network, answers: openAnswerCache(facts, clock, metrics) };
  const server = await Server.start({ ...start, parts });
  onTestFinished(async () => {
    await server.close();
    network.close();
  });
  const port = server.listening[0]?.tcp.bound[0]?.port ?? 0;
  return {
    port,
    ask: async (client, name, type = 'A') => {
      const socket = await udpFrom(client, port);
      socket.send(encode({ ask: `${name}. ${type}` }));
      const [message] = await once(socket, 'message', deadline());
      if (!(message instanceof Buffer)) throw new Error('no message');
      return outcomeOf(message);
    },
    askOverTcp: async (client, name, type = 'A') => {
      const connection = await TcpClient.connect(port, { localAddress: client });
      onTestFinished(() => connection.close());
      connection.send(encode({ ask: `${name}. ${type}` }));
      return outcomeOf(await connection.receive());
    },
    metric: (name) =>
      metrics
        .render()
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
  };
}

async function udpFrom(client: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, client);
  await once(socket, 'listening', deadline());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect', deadline());
  return socket;
}

function outcomeOf(message: Uint8Array): Outcome {
  const { rcode, packet } = readReply(message);
  return [rcode, ...packet.answers.flatMap((one) => (one.type === 'A' || one.type === 'AAAA' ? [one.data] : []))];
}

/** More often than it takes to be given again by either cache. */
const OFTEN = 5;

async function often(ask: () => Promise<Outcome>): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other, so that each may be given what came before
  for (let i = 0; i < OFTEN; i++) outcomes.push(await ask());
  return outcomes;
}

/** What `often` gives where it is the same each time. */
function each(outcome: Outcome): readonly Outcome[] {
  return Array.from({ length: OFTEN }, () => outcome);
}

describe('CoreDNS #8289: whoever is blocked gets nothing out of a cache', () => {
  it.each([
    ['block', REFUSED],
    ['filter', EMPTY],
  ])(
    'CoreDNS #8289: %s, over UDP and TCP, after others have filled the caches, and before',
    async (action, outcome) => {
      const world = await upstream(right);
      const { ask, askOverTcp, metric } = await serving(
        `acl {\n${action} net ${MAY_NOT}\n}\ncache 30\nkubernetes cluster.local\n${forwardTo([world])}`,
      );
      for (const [name, address] of [
        ['www.example.test', RIGHT],
        [WEB, WEB_ADDRESS],
      ] as const) {
        for (const way of [ask, askOverTcp]) {
          // oxlint-disable no-await-in-loop -- one after the other
          expect(await way(MAY_NOT, name)).toEqual(outcome);
          expect(await often(() => way(MAY, name))).toEqual(each(['NOERROR', address]));
          expect(await often(() => way(MAY_NOT, name))).toEqual(each(outcome));
          expect(await way(MAY, name)).toEqual(['NOERROR', address]);
          // oxlint-enable no-await-in-loop
        }
      }
      expect(metric('nodens_answer_cache_hits_total')).toBe(0);
      expect(metric('coredns_cache_hits_total')).toBeGreaterThan(0);
    },
  );

  it('CoreDNS #8289: drop: nothing comes', async () => {
    const { ask, metric, port } = await serving(`acl {\ndrop net ${MAY_NOT}\n}\nkubernetes cluster.local`);
    await often(() => ask(MAY, WEB));
    const socket = await udpFrom(MAY_NOT, port);
    let received = 0;
    socket.on('message', () => received++);
    for (let i = 0; i < OFTEN; i++) socket.send(encode({ ask: `${WEB}. A` }));
    while (metric('coredns_acl_dropped_requests_total') < OFTEN) {
      // oxlint-disable-next-line no-await-in-loop -- those that may ask are answered in the meantime
      expect(await ask(MAY, WEB)).toEqual(['NOERROR', WEB_ADDRESS]);
    }
    expect(await ask(MAY, WEB)).toEqual(['NOERROR', WEB_ADDRESS]);
    expect(received).toBe(0);
  });

  it('CoreDNS #8289: what is the same for every client is given again all the same', async () => {
    const { ask, metric } = await serving(
      `acl {\nblock type MX\nallow\nblock net ${MAY_NOT}\n}\nkubernetes cluster.local`,
    );
    await often(() => ask(MAY, WEB));
    expect(metric('nodens_answer_cache_hits_total')).toBeGreaterThan(0);
    expect(metric('coredns_acl_allowed_requests_total')).toBe(OFTEN);
    expect(await often(() => ask(MAY, WEB, 'MX'))).toEqual(each(REFUSED));
    expect(metric('coredns_acl_blocked_requests_total')).toBe(OFTEN);
  });
});

describe('CVE-2026-26017 and CoreDNS #8290: the name that is looked up is the one that is judged', () => {
  it('CoreDNS #8290: a short name that is completed to one that is blocked gives nothing', async () => {
    const { ask } = await serving(
      `searchpath {\nshort_names shop\n}\nacl cluster.local {\nblock net ${MAY_NOT}\n}\nkubernetes cluster.local`,
    );
    for (const name of ['web', 'web.shop', 'web.shop.svc']) {
      // oxlint-disable no-await-in-loop -- one after the other
      expect((await often(() => ask(MAY, name))).at(-1)).toEqual(['NOERROR', WEB_ADDRESS]);
      for (const [, ...addresses] of await often(() => ask(MAY_NOT, name))) expect(addresses).toEqual([]);
      // oxlint-enable no-await-in-loop
    }
  });

  it('CoreDNS #8290: a search path that autopath goes to its end at a blocked name gives nothing', async () => {
    const world = await upstream(right);
    const path = temporaryFile('search nowhere.cluster.local shop.svc.cluster.local\n');
    const { ask, askOverTcp } = await serving(
      `autopath ${path}\nacl example.test shop.svc.cluster.local {\nblock net ${MAY_NOT}\n}\ncache 30\n` +
        `kubernetes cluster.local\n${forwardTo([world])}`,
    );
    for (const [name, address] of [
      ['www.example.test.nowhere.cluster.local', RIGHT],
      ['web.nowhere.cluster.local', WEB_ADDRESS],
    ] as const) {
      for (const way of [ask, askOverTcp]) {
        // oxlint-disable no-await-in-loop -- one after the other
        expect(await way(MAY_NOT, name)).toEqual(REFUSED);
        expect(await often(() => way(MAY, name))).toEqual(each(['NOERROR', address]));
        expect(await often(() => way(MAY_NOT, name))).toEqual(each(REFUSED));
        // oxlint-enable no-await-in-loop
      }
    }
  });

  it('CVE-2026-26017: a name is judged as it has been rewritten, not as it was asked', async () => {
    const { ask } = await serving(
      `rewrite name exact alias.test ${WEB}\nrewrite name exact ${WEB} open.test\nacl cluster.local {\nblock net ${MAY_NOT}\n}\n` +
        `cache 30\nhosts {\n192.0.2.9 open.test\nfallthrough\n}\nkubernetes cluster.local`,
    );
    expect(await often(() => ask(MAY, 'alias.test'))).toEqual(each(['NOERROR', WEB_ADDRESS]));
    expect(await often(() => ask(MAY_NOT, 'alias.test'))).toEqual(each(REFUSED));
    // What leads out of the zone is no business of a list for the zone.
    expect(await often(() => ask(MAY_NOT, WEB))).toEqual(each(['NOERROR', '192.0.2.9']));
  });

  it('CVE-2026-26017: an alias does not lead around the list, neither of a template nor of an ExternalName', async () => {
    const world = await upstream(right);
    const alias = (to: string): string => `match .*\nanswer "{{ .Name }} 5 IN CNAME ${to}."`;
    const { ask } = await serving(
      `acl example.test ${WEB} {\nblock net ${MAY_NOT}\n}\ncache 30\ntemplate IN A a.test {\n${alias(WEB)}\n}\n` +
        `template IN A b.test {\n${alias('www.example.test')}\n}\nkubernetes cluster.local\n${forwardTo([world])}`,
    );
    for (const [name, address] of [
      ['a.test', WEB_ADDRESS],
      ['b.test', RIGHT],
      ['out.shop.svc.cluster.local', RIGHT],
    ] as const) {
      // oxlint-disable no-await-in-loop -- one after the other
      expect((await often(() => ask(MAY, name))).at(-1)).toEqual(['NOERROR', address]);
      for (const [, ...addresses] of await often(() => ask(MAY_NOT, name))) expect(addresses).toEqual([]);
      // oxlint-enable no-await-in-loop
    }
  });

  it('CVE-2026-26017: a question that dns64 asks in the place of a blocked one is blocked too', async () => {
    const { ask } = await serving(`dns64 {\nallow_ipv4\n}\nacl {\nblock net ${MAY_NOT}\n}\nkubernetes cluster.local`);
    expect((await often(() => ask(MAY, WEB, 'AAAA'))).at(-1)).toEqual(['NOERROR', '64:ff9b::a60:a']);
    expect(await often(() => ask(MAY_NOT, WEB, 'AAAA'))).toEqual(each(REFUSED));
  });
});

describe('CVE-2026-33489: zones end at labels', () => {
  it('CVE-2026-33489: a name that only ends with the same letters is neither allowed nor blocked with the zone', async () => {
    const world = await upstream(right);
    const allowing = await serving(`acl example.test {\nallow\n}\nacl {\nblock\n}\n${forwardTo([world])}`);
    expect(await allowing.ask(MAY, 'www.example.test')).toEqual(['NOERROR', RIGHT]);
    expect(await allowing.ask(MAY, 'notexample.test')).toEqual(REFUSED);
    const blocking = await serving(`acl example.test {\nblock\n}\n${forwardTo([world])}`);
    expect(await blocking.ask(MAY, 'www.EXAMPLE.test')).toEqual(REFUSED);
    expect(await blocking.ask(MAY, 'notexample.test')).toEqual(['NOERROR', RIGHT]);
  });
});
