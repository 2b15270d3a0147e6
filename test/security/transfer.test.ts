/** Zone transfers: findings in other servers. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { isSoa, receiveZone, serveZone, transferQuestion } from '../plugins/transfer/zones.ts';
import { tcp } from '../server/running.ts';

const EMPTY_CLUSTER = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
`;

describe('CVE-2026-62994: transfers with nothing in them', () => {
  it('CVE-2026-62994: a cluster without Services is a zone that can be transferred, and the server goes on', async () => {
    const serving = await serveZone('transfer {\nto *\n}\nkubernetes cluster.local', { manifests: EMPTY_CLUSTER });
    const client = await tcp(serving.port);
    for (const type of ['AXFR', 'IXFR'] as const) {
      client.send(transferQuestion({ type }));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { records } = await receiveZone(client);
      expect(isSoa(records[0])).toBe(true);
      expect(records.at(-1)).toEqual(records[0]);
      expect(records.slice(1, -1).map((record) => record.type)).toEqual(expect.arrayContaining(['NS']));
    }
    client.send(packet.encode({ type: 'query', id: 1, questions: [{ type: 'SOA', name: 'cluster.local' }] }));
    expect(packet.decode(await client.receive()).answers.some(isSoa)).toBe(true);
    expect(serving.log.lines.filter((line) => line.includes('panic'))).toEqual([]);
  });

  it('CVE-2026-62994: an IXFR question whose authority section is empty, or is about another zone, is no current one', async () => {
    const { port } = await serveZone('transfer {\nto *\n}\nkubernetes cluster.local', { manifests: EMPTY_CLUSTER });
    const client = await tcp(port);
    const other = packet.decode(
      transferQuestion({ type: 'IXFR', serial: 0x7fff_ffff, name: 'example.org' }),
    ).authorities;
    const questions = [{ type: 'IXFR' as const, name: 'cluster.local' }];
    for (const authorities of [[], other]) {
      client.send(packet.encode({ type: 'query', id: 7, questions, authorities }));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { records } = await receiveZone(client);
      expect(records.filter(isSoa)).toHaveLength(2);
    }
  });
});
