/** RFC 1995, incremental zone transfer (IXFR): a server that keeps no differences. Over real sockets. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import {
  TRANSFERRED,
  isSoa,
  manifestsWith,
  receiveZone,
  serialOf,
  serveZone,
  transferQuestion,
} from '../plugins/transfer/zones.ts';
import { tcp, udp } from '../server/running.ts';
import { Flag } from './asking.ts';

const SMALL = { manifests: manifestsWith(2) };

describe('RFC 1995', () => {
  it('§2 the same or a newer serial gets the SOA record alone', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion());
    const serial = serialOf((await receiveZone(client)).records[0]);
    for (const current of [serial, serial + 1]) {
      client.send(transferQuestion({ type: 'IXFR', serial: current }));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { records } = await receiveZone(client);
      expect(records.map((record) => [isSoa(record), serialOf(record)])).toEqual([[true, serial]]);
    }
  });

  it('§4 an older one gets the whole zone, whose second record is no SOA', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await tcp(port);
    client.send(transferQuestion({ type: 'IXFR', serial: 1 }));
    const { records, packets } = await receiveZone(client);
    expect(packets[0]?.questions).toMatchObject([{ type: 'IXFR' }]);
    expect(isSoa(records[0])).toBe(true);
    expect(isSoa(records[1])).toBe(false);
    expect(records.at(-1)).toEqual(records[0]);
  });

  it('§2 over UDP the SOA record says what serial there is, so that the client asks over TCP', async () => {
    const { port } = await serveZone(TRANSFERRED, SMALL);
    const client = await udp(port);
    client.send(transferQuestion({ type: 'IXFR', serial: 1 }));
    const message = await client.receive();
    const { answers, rcode } = packet.decode(message);
    expect([answers.length, isSoa(answers[0]), rcode]).toEqual([1, true, 'NOERROR']);
    expect(message.readUInt16BE(2) & Flag.TC).toBe(0);
  });
});
