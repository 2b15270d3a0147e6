/** RFC 2136, dynamic updates: this server takes none, and says so in the way that the document wants. */
import packet from 'dns-packet';
import { expect, describe, it } from 'vitest';
import { manifestsWith, serveZone, transferQuestion, TRANSFERRED, ZONE } from '../plugins/transfer/zones.ts';
import { askEncrypted, serveEncrypted } from '../plugins/transfer/encrypted.ts';
import { run, saying, tcp, udp } from '../server/running.ts';
import { Flag } from './asking.ts';

const UPDATE = 5 << 11;
const NOTIMP = 4;

/** Adds an address to a name of the zone, without any condition (§2.5.1). */
function update(id: number, zone = ZONE, additions = 1): Buffer {
  const answers = Array.from({ length: additions }, (_, i) => ({
    type: 'A' as const,
    name: `new.${zone}`,
    class: 'IN' as const,
    ttl: 5,
    data: `192.0.2.${i & 0xff}`,
  }));
  // The zone section is the question section, the updates are the authority section (§2).
  const message = packet.encode({ type: 'query', id, questions: [{ type: 'SOA', name: zone }], authorities: answers });
  message.writeUInt16BE(UPDATE | Flag.RD, 2);
  return message;
}

describe('RFC 2136', () => {
  it.each(['udp', 'tcp'] as const)(
    '§3 an UPDATE over %s gets NOTIMP with its id and opcode, and nothing else',
    async (way) => {
      const { port } = await serveZone(TRANSFERRED, { manifests: manifestsWith(2) });
      const client = await (way === 'udp' ? udp(port) : tcp(port));
      for (const message of [update(4711), update(4712, ZONE, 20), update(4713, 'example.net')]) {
        client.send(message);
        // oxlint-disable-next-line no-await-in-loop -- one after another
        const reply = await client.receive();
        expect(reply).toHaveLength(12);
        expect(reply.readUInt16BE(0)).toBe(message.readUInt16BE(0));
        expect(reply.readUInt16BE(2) & 0xf).toBe(NOTIMP);
        expect(reply.readUInt16BE(2) & (Flag.QR | UPDATE)).toBe(Flag.QR | UPDATE);
      }
    },
  );

  it.each(['tls', 'https'] as const)('§3 an UPDATE over %s gets the same', async (scheme) => {
    const port = await serveEncrypted(scheme, 2);
    const reply = await askEncrypted(scheme, port, update(0));
    expect(reply).toHaveLength(12);
    expect(reply.readUInt16BE(2) & 0xf).toBe(NOTIMP);
    expect(reply.readUInt16BE(2) & (Flag.QR | UPDATE)).toBe(Flag.QR | UPDATE);
  });

  it('§3 nothing has changed then, and the connection goes on', async () => {
    const { port } = await serveZone(TRANSFERRED, { manifests: manifestsWith(2) });
    const client = await tcp(port);
    client.send(update(1), packet.encode({ type: 'query', id: 2, questions: [{ type: 'A', name: `new.${ZONE}` }] }));
    const [, reply = Buffer.alloc(0)] = await client.receiveAll(2);
    expect(packet.decode(reply)).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
  });

  it('§3 no plugin sees it, not even one that answers everything', async () => {
    const { port } = await run(saying('here'));
    const client = await udp(port());
    client.send(update(1, 'x.test'));
    expect((await client.receive()).readUInt16BE(2) & 0xf).toBe(NOTIMP);
  });

  it('§3 it comes no further while a zone is transferred over the same connection', async () => {
    const { port } = await serveZone(TRANSFERRED, { manifests: manifestsWith(1000) });
    const client = await tcp(port);
    client.send(transferQuestion(), update(9));
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one message after another
      const reply = await client.receive();
      if (reply.readUInt16BE(0) !== 9) continue;
      expect(reply.readUInt16BE(2) & 0xf).toBe(NOTIMP);
      return;
    }
  });
});
