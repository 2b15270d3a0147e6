/** The fuzzer, short and seeded, against the real program; and the same packets against the pipeline without sockets. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHeader, readMessage } from '../../src/dns/message.ts';
import { manifests } from '../e2e/cluster.ts';
import { type TestServer, startTestServer } from '../support/server.ts';
import { fuzz, isQuery } from './campaign.ts';
import { LARGEST_DATAGRAM, makePacket } from './mutate.ts';
import { complaintAbout } from './oracle.ts';
import { Random } from './random.ts';
import { corefile, seeds } from './seeds.ts';

/** Seconds over sockets; more where the environment says so. */
const SECONDS = Number(process.env['NODENS_FUZZ_SECONDS'] ?? 5);
const SEED = 20_261_120;
/** Tests run beside each other, so the machine is less patient than for the command. */
const LONGEST_SILENCE = 250;

describe('mutated packets over the real transports', () => {
  it(
    'are answered rightly or not at all, hold nothing up and leave nothing behind',
    async () => {
      const report = await fuzz({
        seed: SEED,
        seconds: SECONDS,
        packets: Infinity,
        longestSilence: LONGEST_SILENCE,
        growth: 64,
      });
      expect(report.complaints).toEqual([]);
      expect(report.replies).toBeGreaterThan(1000);
      expect(report.prober.answered).toBeGreaterThan(SECONDS);
    },
    (SECONDS + 60) * 1000,
  );
});

/** Packets made from a seed of fast-check's, so that it can say which one it was. */
const anyPacket = fc.oneof(
  fc.integer().map((seed) => makePacket(new Random(seed), seeds, LARGEST_DATAGRAM)),
  fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets)),
);

describe('mutated packets in the process itself', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ corefile, manifests });
  });
  afterAll(() => server.close());

  it('are read or found malformed', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const header = readHeader(packet);
        expect(header === undefined).toBe(packet.length < 12);
        if (header !== undefined) expect(['message', 'malformed']).toContain(readMessage(packet, header).kind);
      }),
      { numRuns: 20_000, seed: SEED },
    );
  });

  it('are answered if they are queries, and the answer is one that others understand', async () => {
    await fc.assert(
      fc.asyncProperty(anyPacket, fc.constantFrom('udp', 'tcp'), async (packet, protocol) => {
        const reply = await server.ask(packet, { protocol });
        expect(reply !== undefined).toBe(isQuery(packet));
        if (reply === undefined) return;
        expect(complaintAbout(Buffer.from(reply))).toBeUndefined();
        expect(Buffer.from(reply).readUInt16BE(0)).toBe(packet.readUInt16BE(0));
      }),
      { numRuns: 3000, seed: SEED },
    );
  });
});
