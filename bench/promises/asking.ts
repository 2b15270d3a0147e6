/** A client that asks at a steady rate, never the same name twice, and writes down how long each answer took. */
import { createSocket } from 'node:dgram';
import packet, { type DecodedPacket, type OptRecord } from 'dns-packet';

export interface Answered {
  /** Milliseconds from the beginning to the question. */
  readonly at: number;
  /** Milliseconds from the question to its answer; Infinity where none came. */
  readonly took: number;
  readonly rcode: string;
  /** INFO-CODE of the Extended DNS Error; undefined where there is none. */
  readonly extendedError: number | undefined;
}

export interface AskingOptions {
  readonly port: number;
  /** Questions in a second. */
  readonly rate: number;
  readonly seconds: number;
  /** The name of question number `i`. */
  readonly name: (i: number) => string;
  /** Milliseconds for which answers are waited for after the last question. */
  readonly patience: number;
}

/** Code of the EDNS option (RFC 8914). */
const EXTENDED_ERROR = 15;
export const OPT: OptRecord = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  options: [],
};

/** Resolves when all have been answered, or nothing more is waited for. */
export async function ask({ port, rate, seconds, name, patience }: AskingOptions): Promise<readonly Answered[]> {
  const socket = createSocket('udp4');
  const waiting = new Map<number, { readonly index: number; readonly sent: number }>();
  const answered: Answered[] = [];
  const total = Math.round(rate * seconds);
  const began = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => undefined);
  socket.on('message', (message) => {
    const reply = packet.decode(message);
    const asked = waiting.get(reply.id);
    if (asked === undefined) return;
    waiting.delete(reply.id);
    const took = performance.now() - asked.sent;
    answered.push({ at: asked.sent - began, took, rcode: reply.rcode, extendedError: extendedErrorOf(reply) });
    if (answered.length === total) resolve();
  });
  let next = 0;
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - began) * rate) / 1_000));
    for (; next < due; next++) {
      const question = { type: 'A' as const, name: name(next) };
      const id = next & 0xffff;
      socket.send(
        packet.encode({ type: 'query', id, flags: 0x0100, questions: [question], additionals: [OPT] }),
        port,
        '127.0.0.1',
        () => undefined,
      );
      waiting.set(id, { index: next, sent: performance.now() });
    }
  }, 1);
  const end = setTimeout(resolve, seconds * 1_000 + patience);
  await promise;
  clearInterval(timer);
  clearTimeout(end);
  socket.close();
  for (const { sent } of waiting.values()) {
    answered.push({ at: sent - began, took: Infinity, rcode: 'none', extendedError: undefined });
  }
  return answered;
}

export function extendedErrorOf({ additionals }: DecodedPacket): number | undefined {
  const opt = additionals.find((record) => record.type === 'OPT');
  const option = opt?.options.find(({ code }) => code === EXTENDED_ERROR);
  return option?.data === undefined ? undefined : ((option.data[0] ?? 0) << 8) | (option.data[1] ?? 0);
}

/** The value below which this share of all lies, from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
