/** `rewrite` among the other directives, in the real order and over real sockets: forms that distributions write, and policy. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { directives } from '../../../src/plugins/order.ts';
import { openAnswerCache } from '../../../src/server/answer-cache/answer-cache.ts';
import { Server } from '../../../src/server/server.ts';
import { type Reply, encode, readReply } from '../../rfc/asking.ts';
import { type Forwarder, forwardTo, forwarder, questionsTo, upstream } from '../../rfc/forwarding.ts';
import { prepare, udp } from '../../server/running.ts';
import { RIGHT, right } from '../../support/upstreams/behaviours.ts';
import { parseQuery } from '../../support/upstreams/octets.ts';

const manifests = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.10, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web-tenant, namespace: shop }
spec: { clusterIP: 10.96.0.11, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, selector: { app: db }, ports: [{ name: pg, port: 5432 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db-0, namespace: shop, labels: { app: db } }
spec: { hostname: db-0, subdomain: db, containers: [{ name: c, image: i, ports: [{ name: pg, containerPort: 5432 }] }] }
status: { podIP: 10.244.0.7, phase: Running, conditions: [{ type: Ready, status: "True" }] }
`;

/** Question and records of all sections, `NAME TTL TYPE DATA`. */
function shown({ packet: { questions, answers, authorities, additionals } }: Reply): readonly string[] {
  return [
    ...questions.map(({ name, type }) => `? ${name} ${type}`),
    ...[...answers, ...authorities, ...additionals].flatMap((record) =>
      record.type === 'A' || record.type === 'CNAME'
        ? `${record.name} ${record.ttl} ${record.type} ${record.data}`
        : record.type === 'SRV'
          ? `${record.name} ${record.ttl} SRV ${record.data.port} ${record.data.target}`
          : [],
    ),
  ];
}

const ask = async (server: Forwarder, question: string): Promise<readonly string[]> =>
  shown(await server.ask({ ask: question }));

describe('the form that Gardener writes', () => {
  const lines = String.raw`
    rewrite stop {
      name regex (.*)\.local\.svc\.cluster\.local {1}.svc.cluster.local
      answer name (.*)\.svc\.cluster\.local {1}.local.svc.cluster.local
      answer value (.*)\.svc\.cluster\.local {1}.local.svc.cluster.local
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    loadbalance round_robin`;

  it('answers with the names that were asked for, in owners, targets and additional records', async () => {
    const server = await forwarder(lines, { manifests });
    expect(await ask(server, 'web.shop.local.svc.cluster.local. A')).toEqual([
      '? web.shop.local.svc.cluster.local A',
      'web.shop.local.svc.cluster.local 30 A 10.96.0.10',
    ]);
    expect(await ask(server, '_http._tcp.web.shop.local.svc.cluster.local. SRV')).toEqual([
      '? _http._tcp.web.shop.local.svc.cluster.local SRV',
      '_http._tcp.web.shop.local.svc.cluster.local 30 SRV 80 web.shop.local.svc.cluster.local',
      'web.shop.local.svc.cluster.local 30 A 10.96.0.10',
    ]);
    // Others are not rewritten.
    expect(await ask(server, 'web.shop.svc.cluster.local. A')).toEqual([
      '? web.shop.svc.cluster.local A',
      'web.shop.svc.cluster.local 30 A 10.96.0.10',
    ]);
  });
});

describe('the form that MicroShift writes', () => {
  const lines = `
    hosts {
        192.0.2.9 node.example.test
        fallthrough
    }
    rewrite stop {
        name suffix .apps.example.test .shop.svc.cluster.local answer auto
    }
    kubernetes cluster.local`;

  it('answers with the suffix that was asked for', async () => {
    const server = await forwarder(lines, { manifests });
    expect(await ask(server, 'Web.Apps.example.test. A')).toEqual([
      '? Web.Apps.example.test A',
      'Web.Apps.example.test 5 A 10.96.0.10',
    ]);
    expect(await ask(server, 'db-0.db.apps.example.test. A')).toEqual([
      '? db-0.db.apps.example.test A',
      'db-0.db.apps.example.test 5 A 10.244.0.7',
    ]);
    expect(await ask(server, 'node.example.test. A')).toEqual([
      '? node.example.test A',
      'node.example.test 3600 A 192.0.2.9',
    ]);
  });
});

describe('what users add most', () => {
  it('one name in place of another', async () => {
    const server = await forwarder('rewrite name shop.test web.shop.svc.cluster.local\nkubernetes cluster.local', {
      manifests,
    });
    expect(await ask(server, 'shop.TEST. A')).toEqual(['? shop.TEST A', 'shop.TEST 5 A 10.96.0.10']);
  });
});

it('a rewritten answer that is given again is the same, and follows the client in its spelling', async () => {
  const corefile = '. {\nrewrite name shop.test web.shop.svc.cluster.local\nkubernetes cluster.local\n}\n';
  const { start } = prepare(corefile, { manifests });
  const { facts, clock, metrics } = start.parts;
  const parts = { ...start.parts, answers: openAnswerCache(facts, clock, metrics) };
  const server = await Server.start({ ...start, parts });
  onTestFinished(() => server.close());
  const client = await udp(server.listening[0]?.tcp.bound[0]?.port ?? 0);
  const names = ['shop.test', 'shop.test', 'shop.test', 'SHOP.test'];
  const replies = [];
  for (const name of names) {
    client.send(encode({ ask: `${name}. A` }));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    replies.push(shown(readReply(await client.receive())));
  }
  client.close();
  expect(replies).toEqual(names.map((name) => [`? ${name} A`, `${name} 5 A 10.96.0.10`]));
  expect(metrics.render()).toContain('nodens_answer_cache_hits_total{server="dns://127.0.0.1:0"} 2');
});

it('upstreams are asked the rewritten name with the options of the rules', async () => {
  const world = await upstream(right);
  const server = await forwarder(
    `rewrite continue edns0 local set 0xffee {client_ip}\nrewrite edns0 subnet set 24 56\n${forwardTo([world])}`,
  );
  const reply = await server.ask({ ask: 'a.test. A' });
  expect(reply.opt).toBeUndefined();
  const [asked] = questionsTo(world);
  const hex = Buffer.from(asked ?? []).toString('hex');
  expect(hex).toContain('ffee00047f000001');
  expect(hex).toContain('00080007000118007f0000');
});

describe('CVE-2026-26017: an access list judges the name that is looked up', () => {
  const acl = 'acl web-tenant.shop.svc.cluster.local {\nblock\n}';

  it('CVE-2026-26017: what is rewritten to a name that is blocked is blocked, and the other way round', async () => {
    const order = directives.map(({ name }) => name);
    expect(order.indexOf('rewrite')).toBeLessThan(order.indexOf('acl'));
    const server = await forwarder(
      `rewrite name alias.test web-tenant.shop.svc.cluster.local\nrewrite name blocked.test web.shop.svc.cluster.local
       ${acl}\nacl blocked.test {\nblock\n}\ncache 30\nkubernetes cluster.local`,
      { manifests },
    );
    const rcodes = [];
    for (const name of [
      'alias.test',
      'web-tenant.shop.svc.cluster.local',
      'blocked.test',
      'web.shop.svc.cluster.local',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      rcodes.push((await server.ask({ ask: `${name}. A` })).rcode);
    }
    expect(rcodes).toEqual(['REFUSED', 'REFUSED', 'NOERROR', 'NOERROR']);
  });

  it('the target of a rewritten alias is judged as well', async () => {
    const world = await upstream(right);
    const lines = `rewrite continue cname web.shop.svc.cluster.local web-tenant.shop.svc.cluster.local
      template IN A alias.test {\nanswer "alias.test. 5 CNAME web.shop.svc.cluster.local."\n}
      kubernetes cluster.local\n`;
    const open = await forwarder(`${lines}${forwardTo([world])}`, { manifests });
    expect(await ask(open, 'alias.test. A')).toEqual([
      '? alias.test A',
      'alias.test 5 CNAME web-tenant.shop.svc.cluster.local',
      'web-tenant.shop.svc.cluster.local 5 A 10.96.0.11',
    ]);
    const closed = await forwarder(`${lines}${acl}\n${forwardTo([world])}`, { manifests });
    expect(await ask(closed, 'alias.test. A')).toEqual([
      '? alias.test A',
      'alias.test 5 CNAME web-tenant.shop.svc.cluster.local',
    ]);
  });
});

it('classes are rewritten where a directive lets others than IN in', async () => {
  const world = await upstream(right);
  const server = await forwarder(`rewrite class CH IN\n${forwardTo([world])}`);
  const reply = await server.ask({ ask: 'a.test. A CH' });
  expect(questionsTo(world).map((query) => parseQuery(query).name)).toEqual(['a.test.']);
  expect(shown(reply).at(-1)).toContain(RIGHT);
  expect(reply.packet.questions[0]?.class).toBe('CH');
});

it('failures are told in the log with the name that the client asked for', async () => {
  const server = await forwarder('errors\nrewrite name suffix .bad.test ..test\nkubernetes cluster.local');
  expect((await server.ask({ ask: 'a.bad.test. A' })).rcode).toBe('SERVFAIL');
  await server.log.until(
    'plugin/errors: 2 a.bad.test. A: a rule of rewrite makes of a.bad.test., the question, what is no domain name',
  );
});
