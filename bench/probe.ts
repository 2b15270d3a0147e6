/** Asks a server until it answers, which tells that it has started; and finds a port for it. */
import { createSocket } from 'node:dgram';
import packet from 'dns-packet';
import type { Running } from './processes.ts';

/** Milliseconds between questions: the precision of what is measured with them. */
const AGAIN = 5;
const DEADLINE = 60_000;

/** Resolves with the milliseconds until `name` had an A record; rejects with the server's output where it never has. */
export async function untilAnswered(server: Running, port: number, name: string): Promise<number> {
  const began = performance.now();
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  const request = packet.encode({ id: 1, type: 'query', flags: 0x0100, questions: [{ name, type: 'A' }] });
  const asking = setInterval(() => socket.send(request, port, '127.0.0.1', () => undefined), AGAIN);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (why: string): void => reject(new Error(`${name} has no answer: ${why}\n${server.output()}`));
  const timer = setTimeout(() => fail(`none within ${DEADLINE / 1_000} s`), DEADLINE);
  server.ended().then(
    (status) => fail(`the server has ended, status ${status}`),
    (error: unknown) => fail(String(error)),
  );
  socket.on('message', (message) => {
    const { rcode, answers } = packet.decode(message);
    if (rcode === 'NOERROR' && answers.length > 0) resolve(performance.now() - began);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearInterval(asking);
    socket.close();
  }
}
