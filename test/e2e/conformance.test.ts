/**
 * A sample of the conformance suite, asked of the real program over real sockets: every case over UDP and over TCP.
 * What a reply must hold does not depend on the transport, so the transports are compared octet by octet besides.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { groups } from '../conformance/groups/index.ts';
import { type StartAnswerer, runGroups, sampleOf } from '../conformance/runner.ts';
import { exchange } from './exchange.ts';
import { Program } from './program.ts';
import { freePort } from '../support/free-port.ts';

const start: StartAnswerer = async (setup) => {
  const startedAt = Math.floor(Date.now() / 1000);
  const folder = await mkdtemp(join(tmpdir(), 'nodens-conformance-'));
  const [corefile, manifests] = [join(folder, 'Corefile'), join(folder, 'cluster.yaml')];
  await Promise.all([writeFile(corefile, setup.corefile), writeFile(manifests, setup.manifests)]);
  const port = await freePort();
  const files = ['-conf', corefile, '--fixture', manifests];
  const program = new Program([...files, '-dns.port', String(port), '--bind', '127.0.0.1']);
  const close = async (): Promise<void> => {
    program.signal('SIGTERM');
    const ending = await program.ended();
    await rm(folder, { recursive: true });
    expect(ending).toMatchObject({ code: 0, stderr: '' });
  };
  try {
    await program.port();
  } catch (error) {
    await program.kill();
    throw error;
  }
  return {
    ask: async (request, protocol) => {
      const reply = await exchange(port, request, protocol);
      const other = await exchange(port, request, protocol === 'udp' ? 'tcp' : 'udp');
      expect(other.toString('hex')).toBe(reply.toString('hex'));
      return reply;
    },
    isSerial: (serial) => serial >= startedAt && serial <= Date.now() / 1000,
    close,
  };
};

runGroups(sampleOf(groups), start);
