/** When a server first gives a right answer, and what that answer says of itself (RFC 8914). */
import { createSocket } from 'node:dgram';
import packet from 'dns-packet';
import type { Running } from '../processes.ts';
import { OPT, extendedErrorOf } from '../promises/asking.ts';

export interface FirstAnswer {
  /** Milliseconds from the start of the server. */
  readonly time: number;
  /** INFO-CODE of its Extended DNS Error; undefined where it has none. */
  readonly extendedError: number | undefined;
}

/** @throws Error with the server's output where there is none in time, all in milliseconds */
export async function askUntil(
  { process: running, dnsPort, began }: { readonly process: Running; readonly dnsPort: number; readonly began: number },
  { name, address }: { readonly name: string; readonly address: string },
  { again, deadline }: { readonly again: number; readonly deadline: number },
): Promise<FirstAnswer> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  const questions = [{ name, type: 'A' as const }];
  const request = packet.encode({ id: 1, type: 'query', flags: 0x0100, questions, additionals: [OPT] });
  const { promise, resolve, reject } = Promise.withResolvers<FirstAnswer>();
  const asking = setInterval(() => socket.send(request, dnsPort, '127.0.0.1', () => undefined), again);
  const timer = setTimeout(() => reject(new Error(`${name} has no right answer:\n${running.output()}`)), deadline);
  socket.on('message', (message) => {
    const time = performance.now() - began;
    const reply = packet.decode(message);
    const [answer] = reply.answers;
    if (answer?.type === 'A' && answer.data === address) resolve({ time, extendedError: extendedErrorOf(reply) });
  });
  return promise.finally(() => {
    clearInterval(asking);
    clearTimeout(timer);
    socket.close();
  });
}
