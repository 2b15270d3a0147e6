/**
 * A port for a program that must be told one. The system gives its ephemeral ports to whoever asks for any, so that one of
 * those may be gone by the time the program opens it; these are from below that range.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/** Below what Linux and others give out themselves, above what services have. */
const FIRST = 10_000;
const BEHIND = 32_000;
const TRIES = 100;

/** A port of 127.0.0.1 that nobody has at the moment, for UDP and for TCP. */
export async function freePort(): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(FIRST, BEHIND);
    // oxlint-disable-next-line no-await-in-loop -- the next one only where this one is taken
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port in ${TRIES} tries`);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    tcp.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(tcp, 'listening');
    udp.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(udp, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    udp.close();
    if (tcp.listening) {
      tcp.close();
      await once(tcp, 'close');
    }
  }
}
