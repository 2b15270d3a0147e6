/** RFC 1035, domain names: the format of messages, and how they travel over UDP and TCP. */
import packet from 'dns-packet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { message, question, words } from '../conformance/octets.ts';
import { shop } from '../conformance/groups/shop.ts';
import { run, saying, tcp, udp } from '../server/running.ts';
import { stream } from '../transport/clients.ts';
import { Flag, encode, questionOctets, serving } from './asking.ts';
import { writtenNames } from './names.ts';

const { ask } = serving(shop);

const WEB = 'web.shop.svc.cluster.local. A';
const SRV = '_pg._tcp.db.shop.svc.cluster.local. SRV';

function textQuery(id: number, name = 'x.test'): Buffer {
  return packet.encode({ type: 'query', id, questions: [{ type: 'TXT', name }] });
}

/** A name of the zone in random case. */
const anyCase = fc
  .array(fc.boolean(), { minLength: 26, maxLength: 26 })
  .map((upper) =>
    Array.from('web.shop.svc.cluster.local', (c, i) => (upper[i] === true ? c.toUpperCase() : c)).join(''),
  );

describe('RFC 1035', () => {
  it('§2.3.3 names are compared without regard to case, and the question comes back in the case that it had', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (name) => {
        const request = encode({ ask: `${name}. A` });
        const reply = await ask(request);
        expect(reply.packet.answers).toMatchObject([{ type: 'A', data: '10.96.0.10' }]);
        expect(questionOctets(reply.octets)).toEqual(questionOctets(request));
      }),
      { numRuns: 25 },
    );
  });

  it('§3.2.1 a record has a class, a TTL that is not negative, and data of the length that it announces', async () => {
    const { packet: decoded, octets } = await ask({ ask: SRV });
    expect(() => writtenNames(octets)).not.toThrow();
    for (const record of [...decoded.answers, ...decoded.additionals]) {
      expect(record).toMatchObject({ class: 'IN', ttl: 5 });
    }
  });

  it('§3.3.13 the SOA record has its two names and five numbers', async () => {
    const { packet: decoded } = await ask({ ask: 'cluster.local. SOA' });
    const timers = { refresh: 7200, retry: 1800, expire: 86_400, minimum: 5 };
    const names = { mname: 'ns.dns.cluster.local', rname: 'hostmaster.cluster.local' };
    expect(decoded.answers).toMatchObject([{ type: 'SOA', data: { ...names, ...timers } }]);
  });

  it('§4.1.1 ID: any of the 65,536 comes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 0xffff }), async (id) => {
        const request = message(words(id, 0x0100, 1, 0, 0, 0), question('web.shop.svc.cluster.local', 1));
        expect((await ask(request)).packet.id).toBe(id);
      }),
      { numRuns: 25 },
    );
  });

  it('§4.1.1 QR is set, the opcode and RD are copied, Z is zero', async () => {
    for (const [opcode, flags] of [
      [0, 0],
      [0, Flag.RD],
      [4, Flag.RD],
      [2, Flag.RD],
      [0, Flag.RD | Flag.Z],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- five questions
      const reply = await ask({ ask: WEB, opcode, flags });
      expect(reply.flags & 0x8000).toBe(0x8000);
      expect((reply.flags >> 11) & 0xf).toBe(opcode);
      expect(reply.flags & Flag.RD).toBe(flags & Flag.RD);
      expect(reply.flags & Flag.Z).toBe(0);
    }
  });

  it('§4.1.1 AA is set in answers from a zone of the server, RA is not where it resolves nothing', async () => {
    for (const asked of [WEB, 'missing.shop.svc.cluster.local. A', 'cluster.local. NS']) {
      // oxlint-disable-next-line no-await-in-loop -- three questions
      const reply = await ask({ ask: asked });
      expect(reply.flags & (Flag.AA | Flag.RA)).toBe(Flag.AA);
    }
  });

  it('§4.1.1 the counts are those of the sections', async () => {
    const { octets } = await ask({ ask: SRV, edns: { size: 4096 } });
    // Two endpoints: an SRV record and an address for each, and the OPT record.
    expect([4, 6, 8, 10].map((at) => octets.readUInt16BE(at))).toEqual([1, 2, 0, 3]);
  });

  it('§4.1.4 a pointer leads to a name that stands before it', async () => {
    const { octets } = await ask({ ask: SRV });
    const names = writtenNames(octets);
    const pointers = names.flatMap(({ at, pointer }) => (pointer === undefined ? [] : [{ at, pointer }]));
    expect(pointers.length).toBeGreaterThan(0);
    for (const { at, pointer } of pointers) {
      expect(pointer).toBeGreaterThanOrEqual(12);
      expect(pointer).toBeLessThan(at);
    }
  });

  it('§4.2.1 a reply over UDP goes back to the port that the question came from', async () => {
    const { port } = await run(saying('here'));
    const clients = [await udp(port()), await udp(port()), await udp(port())];
    clients.forEach((client, i) => client.send(textQuery(i)));
    const ids = await Promise.all(clients.map(async (client) => packet.decode(await client.receive()).id));
    expect(ids).toEqual([0, 1, 2]);
  });

  it('§4.2.2 over TCP a message follows its length in two octets, wherever the stream is cut', async () => {
    const { port } = await run(saying('here'));
    const client = await tcp(port());
    const octets = stream([textQuery(1), textQuery(2)]);
    for (const octet of octets) {
      // oxlint-disable-next-line no-await-in-loop -- a segment of its own for each octet
      await new Promise((resolve) => client.socket.write(Uint8Array.of(octet), resolve));
    }
    const replies = await client.receiveAll(2);
    expect(replies.map((reply) => packet.decode(reply).id)).toEqual([1, 2]);
  });

  it('§4.2.2 the server leaves the connection open for further questions', async () => {
    const { port } = await run(saying('here'));
    const client = await tcp(port());
    for (let id = 0; id < 3; id++) {
      client.send(textQuery(id));
      // oxlint-disable-next-line no-await-in-loop -- one question after the other
      expect(packet.decode(await client.receive()).id).toBe(id);
    }
  });

  it('§4.2.2 a client that has closed its side gets what it asked before', async () => {
    const { port } = await run(saying('here'));
    const client = await tcp(port());
    client.socket.end(stream([textQuery(1), textQuery(2), textQuery(3)]));
    const replies = await client.receiveAll(3);
    expect(replies.map((reply) => packet.decode(reply).id)).toEqual([1, 2, 3]);
    await client.ended;
  });
});
