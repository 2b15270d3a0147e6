/** RFC 5936, DNS zone transfer (AXFR): what a server sends, to whom, and over what. Over real sockets. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import {
  TRANSFERRED,
  ZONE,
  isSoa,
  manifestsWith,
  receiveZone,
  serveZone,
  transferQuestion,
} from '../plugins/transfer/zones.ts';
import { tcp, udp } from '../server/running.ts';
import { Flag } from './asking.ts';

const SMALL = { manifests: manifestsWith(2) };
/** Records for several messages. */
const LARGE = { manifests: manifestsWith(3000) };

describe('RFC 5936', () => {
  it('§2.2 the zone begins and ends with its SOA record, which stands nowhere between', async () => {
    const { port } = await serveZone(TRANSFERRED, LARGE);
    const client = await tcp(port);
    client.send(transferQuestion());
    const { records, messages } = await receiveZone(client);
    expect(messages.length).toBeGreaterThan(3);
    expect(isSoa(records[0])).toBe(true);
    expect(records.at(-1)).toEqual(records[0]);
    expect(records.slice(1, -1).some(isSoa)).toBe(false);
    expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(records.length - 1);
  });

  it('§2.2 messages may be as long as TCP carries them, and all but the last are', async () => {
    const { port } = await serveZone(TRANSFERRED, LARGE);
    const client = await tcp(port);
    client.send(transferQuestion());
    const { messages } = await receiveZone(client);
    const octets = messages.reduce((sum, { length }) => sum + length, 0);
    // A machine that is busy gets shorter ones, so that questions wait no longer for them.
    expect(octets / messages.length).toBeGreaterThan(8_000);
    expect(Math.max(...messages.map(({ length }) => length))).toBeGreaterThan(16_384);
  });

  it('§2.2.1 each message has the id of the query, QR and AA, no TC, and the question', async () => {
    const { port } = await serveZone(TRANSFERRED, LARGE);
    const client = await tcp(port);
    client.send(transferQuestion({ id: 4711 }));
    const { messages, packets } = await receiveZone(client, 4711);
    for (const message of messages) {
      expect(message.readUInt16BE(2) & (Flag.QR | Flag.AA | Flag.TC | Flag.RA)).toBe(Flag.QR | Flag.AA);
    }
    for (const { questions, authorities, additionals } of packets) {
      expect(questions).toMatchObject([{ name: ZONE, type: 'AXFR' }]);
      expect([...authorities, ...additionals]).toEqual([]);
    }
  });

  it('§2.2.5 an OPT record stands in the first message where the client sent one', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion({ edns: true }));
    const { packets } = await receiveZone(client);
    expect(packets[0]?.additionals).toMatchObject([{ type: 'OPT' }]);
  });

  it('§3.4 names are compressed', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion());
    const { messages, packets } = await receiveZone(client);
    const [message, whole] = [messages[0] ?? Buffer.alloc(0), packets[0]];
    const written = message.toString('latin1').split('\x07cluster\x05local').length - 1;
    const services = whole?.answers.filter(({ type }) => type === 'SRV').length ?? 0;
    // In the question, and in the targets of SRV records, which are never compressed (RFC 2782).
    expect(written).toBe(1 + services);
  });

  it('§4.1.1 other queries of the connection are answered while it runs, and it goes on afterwards', async () => {
    const { port } = await serveZone(TRANSFERRED, LARGE);
    const client = await tcp(port);
    const web = packet.encode({ type: 'query', id: 9, questions: [{ type: 'A', name: `web.shop.svc.${ZONE}` }] });
    client.send(transferQuestion(), web, transferQuestion({ id: 8 }));
    const ids: number[] = [];
    let soas = 0;
    while (soas < 4 || !ids.includes(9)) {
      // oxlint-disable-next-line no-await-in-loop -- one message after another
      const message = await client.receive();
      ids.push(message.readUInt16BE(0));
      soas += packet.decode(message).answers.filter(isSoa).length;
    }
    expect(new Set(ids)).toEqual(new Set([7, 8, 9]));
    expect(ids.indexOf(9)).toBeLessThan(ids.lastIndexOf(7));
    client.send(web);
    expect((await client.receive()).readUInt16BE(0)).toBe(9);
  });

  it('§4.2 over UDP there is no AXFR', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await udp(port);
    client.send(transferQuestion());
    expect(packet.decode(await client.receive())).toMatchObject({ rcode: 'REFUSED', answers: [] });
  });

  it('§5 who may not have the zone is refused, and the connection goes on', async () => {
    const { port } = await serveZone(`transfer {\nto 192.0.2.1\n}\nkubernetes ${ZONE}`, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion(), transferQuestion({ id: 8 }));
    const replies = (await client.receiveAll(2)).map((message) => packet.decode(message));
    expect(replies.map(({ rcode, answers }) => [rcode, answers])).toEqual([
      ['REFUSED', []],
      ['REFUSED', []],
    ]);
  });

  it('§2.2 without a transfer directive nobody has it', async () => {
    const { port } = await serveZone(`kubernetes ${ZONE}`, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion());
    expect(packet.decode(await client.receive())).toMatchObject({ rcode: 'REFUSED', answers: [] });
  });

  it('§2.1 a name that is no zone of this server is refused', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion({ name: `shop.svc.${ZONE}` }));
    expect(packet.decode(await client.receive())).toMatchObject({ rcode: 'REFUSED', answers: [] });
  });
});
