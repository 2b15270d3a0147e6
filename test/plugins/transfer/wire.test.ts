/** Transfers over real sockets to clients that are slow, leave, or ask for much, and while the cluster changes. */
import packet, { type ResourceRecord } from 'dns-packet';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { tcp, udp } from '../../server/running.ts';
import type { Client } from '../../transport/clients.ts';
import {
  type Received,
  type Serving,
  TRANSFERRED,
  ZONE,
  isSoa,
  manifestsWith,
  receiveZone,
  serialOf,
  serveZone,
  transferQuestion,
} from './zones.ts';

/** More than the system takes for a client that does not read. */
const HUGE = 20_000;

function count({ rendered }: Serving, result: string): number {
  const line = rendered()
    .split('\n')
    .find((one) => one.startsWith(`nodens_transfer_requests_total{result="${result}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Octets. */
function sizeOf({ messages }: Received): number {
  return messages.reduce((sum, { length }) => sum + length, 0);
}

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds()).toBe(true), { timeout: 10_000, interval: 20 });
}

it.each([400, 60_000, 65_400])('%d octets of padding in the question take no room in each message', async (padding) => {
  const { port, log } = await serveZone(TRANSFERRED, { manifests: manifestsWith(HUGE) });
  const [client, other] = [await tcp(port), await tcp(port)];
  client.send(transferQuestion({ padding }));
  other.send(transferQuestion({ edns: true }));
  const [padded, plain] = [await receiveZone(client), await receiveZone(other)];
  expect(padded.records).toHaveLength(plain.records.length);
  // Into how many messages a zone goes depends on the time as well: one in ten more is far below what padding would make.
  expect(sizeOf(padded)).toBeLessThan(1.1 * sizeOf(plain) + padding);
  expect(log.lines.filter((line) => line.includes('panic'))).toEqual([]);
});

describe('a client that does not read', () => {
  it('is cut off when its time is over', async () => {
    const serving = await serveZone(`timeouts {\nwrite 1s\n}\n${TRANSFERRED}`, { manifests: manifestsWith(3 * HUGE) });
    const client = await tcp(serving.port);
    client.socket.pause();
    client.send(transferQuestion());
    await until(() => count(serving, 'cut') === 1);
    client.socket.resume();
    await client.closed;
  }, 30_000);

  it('and leaves, frees its place', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(HUGE) });
    const client = await tcp(serving.port);
    client.send(transferQuestion());
    await client.receive();
    client.socket.resetAndDestroy();
    await until(() => count(serving, 'cut') === 1);
  });

  it('does not keep the server from answering others', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(HUGE) });
    const stalled = await tcp(serving.port);
    stalled.socket.pause();
    stalled.send(transferQuestion());
    const client = await udp(serving.port);
    for (let id = 1; id <= 200; id++) {
      client.send(packet.encode({ type: 'query', id, questions: [{ type: 'A', name: `web.shop.svc.${ZONE}` }] }));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(packet.decode(await client.receive()).answers).toMatchObject([{ data: '10.96.0.10' }]);
    }
  });
});

describe('half a question', () => {
  it('of a transfer begins nothing', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(2) });
    const client = await tcp(serving.port);
    const question = transferQuestion();
    const whole = Buffer.concat([Buffer.from([0, question.length]), question]);
    client.socket.write(whole.subarray(0, 20));
    const other = await tcp(serving.port);
    other.send(transferQuestion());
    await receiveZone(other);
    await until(() => count(serving, 'whole') === 1);
    client.socket.write(whole.subarray(20));
    await receiveZone(client);
    await until(() => count(serving, 'whole') === 2);
  });
});

describe('a change while a zone is read', () => {
  it('is not in it, and has another serial', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(HUGE) });
    const client = await tcp(serving.port);
    client.socket.pause();
    client.send(transferQuestion());
    const watching = await udp(serving.port);
    const serial = async (): Promise<number> => {
      watching.send(packet.encode({ type: 'query', id: 1, questions: [{ type: 'SOA', name: ZONE }] }));
      return serialOf(packet.decode(await watching.receive()).answers[0]);
    };
    const before = await serial();
    const changed = join(serving.folder, 'changed.yaml');
    writeFileSync(changed, manifestsWith(2).replace('10.96.0.10', '10.96.0.11'));
    renameSync(changed, join(serving.manifests, 'cluster.yaml'));
    await vi.waitFor(async () => expect(await serial()).toBeGreaterThan(before), { timeout: 10_000, interval: 20 });
    client.socket.resume();
    const { records } = await receiveZone(client);
    expect(records).toHaveLength(4 * HUGE + 9);
    expect(serialOf(records[0])).toBe(before);
    expect(serialOf(records.at(-1))).toBe(before);
    client.send(transferQuestion({ type: 'IXFR', serial: before }));
    expect((await receiveZone(client)).records).toHaveLength(4 * 2 + 9);
  }, 30_000);
});

describe('a reload while a zone is read', () => {
  it('leaves the transfer as it is', async () => {
    const serving = await serveZone(`timeouts {\nwrite 60s\n}\n${TRANSFERRED}`, { manifests: manifestsWith(2 * HUGE) });
    const client = await tcp(serving.port);
    client.send(transferQuestion());
    const first = packet.decode(await client.receive()).answers;
    client.socket.pause();
    expect(await serving.server.reload()).toBe(true);
    client.socket.resume();
    const { records } = await receiveRest(client);
    expect(first.length + records.length).toBe(4 * 2 * HUGE + 9);
    expect(records.at(-1)).toEqual(first[0]);
    await until(() => count(serving, 'whole') === 1);
  }, 45_000);
});

/** What comes behind the first message of a transfer. */
async function receiveRest(client: Client): Promise<{ readonly records: readonly ResourceRecord[] }> {
  const records: ResourceRecord[] = [];
  while (!records.some(isSoa)) {
    // oxlint-disable-next-line no-await-in-loop -- one message after another
    records.push(...packet.decode(await client.receive()).answers);
  }
  return { records };
}
