/** Questions to a running server over UDP, encoded and decoded by dns-packet. A lost packet is asked again, as stubs do. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import packet, { type DecodedPacket, type Question } from 'dns-packet';

const RECURSION_DESIRED = 0x0100;
/** Milliseconds until a question is asked again. */
const AGAIN = 50;

export interface AskOptions {
  readonly address?: string;
  /** Milliseconds. */
  readonly deadline?: number;
}

/** Resolves with the first reply; rejects at the deadline. */
export async function reply(port: number, question: Question, options: AskOptions = {}): Promise<DecodedPacket> {
  const { address = '127.0.0.1', deadline = 5_000 } = options;
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  // Nobody listens there yet: the next attempt tells.
  socket.on('error', () => undefined);
  const request = packet.encode({ id: port, type: 'query', flags: RECURSION_DESIRED, questions: [question] });
  const asking = setInterval(() => socket.send(request, port, address, () => undefined), AGAIN);
  try {
    socket.send(request, port, address, () => undefined);
    const signal = AbortSignal.timeout(deadline);
    const [message]: readonly unknown[] = await once(socket, 'message', { signal });
    if (!(message instanceof Buffer)) throw new TypeError('a socket gave something that is not a Buffer');
    return packet.decode(message);
  } finally {
    clearInterval(asking);
    socket.close();
  }
}

/** Addresses and names that the answer section holds, sorted. */
export function dataOf(decoded: DecodedPacket): readonly string[] {
  return decoded.answers
    .flatMap((record) => ('data' in record && typeof record.data === 'string' ? record.data : []))
    .toSorted();
}

/** Asks again and again until the answer is as wanted; rejects with the last answer at the deadline. */
export async function until(
  port: number,
  question: Question,
  wanted: (decoded: DecodedPacket) => boolean,
  deadline = 5_000,
): Promise<void> {
  const end = performance.now() + deadline;
  for (;;) {
    // One question after another is the point.
    // oxlint-disable-next-line no-await-in-loop
    const decoded = await reply(port, question, { deadline });
    if (wanted(decoded)) return;
    if (performance.now() > end) {
      throw new Error(`${question.name} still answers ${decoded.rcode} ${dataOf(decoded).join(' ')}`);
    }
    // oxlint-disable-next-line no-await-in-loop
    await wait(10);
  }
}
