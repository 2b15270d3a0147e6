/** RFC 2181, clarifications: where replies come from, RRsets, authority, and what a name may be. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { header, message, words } from '../conformance/octets.ts';
import { shop } from '../conformance/groups/shop.ts';
import { answering, bench, ttlsOf, upstream } from '../plugins/cache/support.ts';
import { recordsOf } from '../plugins/support.ts';
import { ask as askOver, run, saying, udp } from '../server/running.ts';
import { Flag, questionOctets, serving } from './asking.ts';

const { ask } = serving({
  ...shop,
  manifests: `${shop.manifests}---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec: { clusterIP: 10.96.0.53, ports: [{ name: dns, port: 53, protocol: UDP }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: kube-dns-x, namespace: kube-system, labels: { kubernetes.io/service-name: kube-dns } }
addressType: IPv4
ports: [{ name: dns, port: 53, protocol: UDP }]
endpoints: [{ addresses: [10.244.9.9] }]
`,
  ownAddresses: ['10.244.9.9'],
});

const A = 1;
const IN = 1;

const doubled = serving({
  corefile: shop.corefile,
  manifests: `
apiVersion: v1
kind: Service
metadata: { name: twice, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
${['a', 'b']
  .map(
    (suffix) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: twice-${suffix}, namespace: shop, labels: { kubernetes.io/service-name: twice } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
  - { addresses: [10.0.0.1] }
  - { addresses: [10.0.0.${suffix === 'a' ? 2 : 3}] }
`,
  )
  .join('')}`,
});

/** One label of 1 to 63 octets, each of them anything. */
const anyLabel = fc.uint8Array({ minLength: 1, maxLength: 63 });

const ZONE = Buffer.from('\x07cluster\x05local\0', 'latin1');

describe('RFC 2181', () => {
  it('§4.1 a reply comes from the address that was asked, on a server with several', async () => {
    const addresses = ['127.0.0.2', '127.0.0.3'];
    const { port } = await run(saying('here'), { bind: addresses });
    for (const address of addresses) {
      // A connected socket: the system hands it only what comes from the address and port that it asked (§4.2).
      // oxlint-disable-next-line no-await-in-loop -- two addresses
      expect(await askOver(await udp(port(address), address))).toBe('here');
    }
  });

  it('§5 an RRset has each record once, however often the data is there', async () => {
    const { packet } = await doubled.ask({ ask: 'twice.shop.svc.cluster.local. A' });
    const addresses = packet.answers.map((record) => (record.type === 'A' ? record.data : record.type));
    expect(addresses.toSorted()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  });

  it('§5.2 the records of an RRset have one TTL', async () => {
    const { packet } = await doubled.ask({ ask: 'twice.shop.svc.cluster.local. A' });
    expect(new Set(packet.answers.map((record) => record.type === 'A' && record.ttl))).toEqual(new Set([5]));
  });

  it('§5.2 where an upstream gives them several, they have the least of them', async () => {
    const { ask: look } = await bench(
      'cache',
      answering('www.example. 300 IN A 192.0.2.1', 'www.example. 60 IN A 192.0.2.2', 'www.example. 90 IN A 192.0.2.3'),
    );
    expect(ttlsOf(look())).toEqual([60, 60, 60]);
    expect(ttlsOf(look())).toEqual([60, 60, 60]);
  });

  it('§5.4.1 additional data is no answer: what came beside one answer is asked for by itself', async () => {
    const { ask: look, upstream: below } = await bench(
      'cache',
      upstream({
        answers: ['www.example. 300 IN MX 10 mail.example.'],
        additional: ['mail.example. 300 IN A 203.0.113.66'],
      }),
    );
    look('www.example.', 'MX');
    below.now(answering('mail.example. 300 IN A 192.0.2.1'));
    const answer = look('mail.example.', 'A');
    expect(answer.kind === 'reply' && recordsOf(answer.answers)).toEqual(['mail.example. 300 IN A 192.0.2.1']);
  });

  it('§6.1 the server is authoritative for the apex of its zone: SOA and NS are answers, with AA', async () => {
    for (const type of ['SOA', 'NS']) {
      // oxlint-disable-next-line no-await-in-loop -- two questions
      const reply = await ask({ ask: `cluster.local. ${type}` });
      expect(reply.packet.answers).toMatchObject([{ name: 'cluster.local', type }]);
      expect(reply.flags & Flag.AA).toBe(Flag.AA);
    }
  });

  it('§6.1 it is not authoritative for what lies above its zone', async () => {
    const reply = await ask({ ask: 'local. SOA' });
    expect(reply.flags & Flag.AA).toBe(0);
    expect(reply.packet.answers).toEqual([]);
  });

  it('§7.1 the SOA record of a negative answer stands in the authority section, that of an answer does not', async () => {
    const negative = await ask({ ask: 'missing.shop.svc.cluster.local. A' });
    expect(negative.packet.answers).toEqual([]);
    expect(negative.packet.authorities).toMatchObject([{ type: 'SOA', name: 'cluster.local' }]);
    const positive = await ask({ ask: 'cluster.local. SOA' });
    expect(positive.packet.authorities).toEqual([]);
  });

  it('§10.3 the target of an NS record is a name with an address, and no alias', async () => {
    const { packet } = await ask({ ask: 'cluster.local. NS' });
    const [ns] = packet.answers;
    if (ns?.type !== 'NS') throw new Error('no NS record');
    const address = await ask({ ask: `${ns.data}. A` });
    expect(address.packet.answers).toMatchObject([{ type: 'A', name: ns.data, data: '10.96.0.53' }]);
    const alias = await ask({ ask: `${ns.data}. CNAME` });
    expect(alias.rcode).toBe('NOERROR');
    expect(alias.packet.answers).toEqual([]);
  });

  it('§11 any octets may be a label: the name is looked up, and comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyLabel, async (label) => {
        const name = Buffer.concat([Buffer.of(label.length), label, ZONE]);
        const request = Buffer.from(message(header(), name, words(A, IN)));
        const reply = await ask(request);
        expect(['NXDOMAIN', 'NOERROR']).toContain(reply.rcode);
        expect(reply.packet.answers).toEqual([]);
        expect(questionOctets(reply.octets)).toEqual(questionOctets(request));
      }),
      { numRuns: 100 },
    );
  });
});
