/**
 * Whether UDP in batches is there: the functions are looked for, and then used, over loopback, before anything rests on them. Another
 * layout of memory, a seccomp filter or a strange kernel shows here, and `node:dgram` serves.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { Serving } from '../serving.ts';
import { textOf } from '../system-error.ts';
import { DEFERRED, type Exchange, requestOf } from '../transport.ts';
import { UdpServing } from '../udp-serving.ts';
import type { BatchParts } from './batch-parts.ts';
import { type NativeAbsence, nativeSupport } from '../../native/native.ts';
import { batchParts, openBatchSocket } from './udp-batch.ts';

/** Absent though it is expected: the functions are there, and do not do what they should. */
export type BatchSupport = { readonly kind: 'ready' } | NativeAbsence;

/** Milliseconds that the test of one family may take; it takes one or two. */
const DEADLINE = 1_000;
/** Turns of the event loop that it may take beyond that. */
const TURNS = 10;
/** Datagrams of the test: more than a batch has. */
const DATAGRAMS = 40;
/** Octets of the longest of them; its reply, which says both ends too, fits into a message. */
const LONGEST = 3_900;

let support: Promise<BatchSupport> | undefined;

/** Looks once in the life of the process. Never rejects. */
export function batchSupport(): Promise<BatchSupport> {
  support ??= look();
  return support;
}

async function look(): Promise<BatchSupport> {
  const native = nativeSupport();
  return native.kind === 'absent' ? native : testBatches(batchParts);
}

/** Asks sockets in batches over loopback, IPv4 and, where the machine has it, IPv6. Never rejects. */
export async function testBatches(findParts: () => BatchParts): Promise<BatchSupport> {
  try {
    const parts = findParts();
    await exchangeAt('127.0.0.1', parts);
    if (hasIpv6()) await exchangeAt('::1', parts);
    return { kind: 'ready' };
  } catch (error) {
    return { kind: 'absent', why: textOf(error), isExpected: true };
  }
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'));
}

/** Asks a socket on this address by `node:dgram`; rejects where a reply does not come, or is not what it should be. */
async function exchangeAt(address: string, parts: BatchParts): Promise<void> {
  const serving = new Serving({ handler: describeEnds, report: () => undefined });
  const shared = new UdpServing(serving);
  const options = { isOwn: () => false, broke: () => undefined };
  const server = openBatchSocket(parts, { address, port: 0, isWildcard: true }, shared, options);
  if (server === undefined) throw new Error(`no socket can be opened at ${address}`);
  const client = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    client.bind({ address, port: 0, exclusive: true });
    await once(client, 'listening');
    await allAnswered(client, { address, port: server.port });
    await upstreamAnswers(parts, { address, port: server.port });
  } finally {
    client.close();
    await server.close();
  }
}

/** Replies with the ends of the exchange as text, and the request; to every second request by way of a promise. */
function describeEnds(exchange: Exchange): number {
  const { clientAddress, clientPort, localAddress, localPort } = exchange;
  const reply = expectedReply([clientAddress, clientPort, localAddress, localPort], requestOf(exchange));
  if ((exchange.octets[exchange.start] ?? 0) % 2 === 0) {
    exchange.reply.set(reply);
    return reply.length;
  }
  const handle = exchange.defer();
  void Promise.resolve().then(() => handle.send(reply));
  return DEFERRED;
}

function expectedReply(ends: readonly (string | number)[], request: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(ends.join(' ')), request]);
}

/** Sends all datagrams at once, and resolves when each has been answered with what it should be, from where it was sent to. */
async function allAnswered(client: Socket, server: RemoteEnd): Promise<void> {
  const { address, port } = client.address();
  const ends = [address, port, server.address, server.port];
  const missing = new Set<string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.on('error', reject);
  client.on('message', (message, from) => {
    if (from.address !== server.address || from.port !== server.port) {
      reject(
        new Error(`a reply from ${server.address} port ${server.port} came from ${from.address} port ${from.port}`),
      );
    }
    if (!missing.delete(message.toString('latin1'))) reject(new Error(`a reply from ${server.address} is wrong`));
    if (missing.size === 0) resolve();
  });
  const late = whenLate(() => {
    reject(new Error(`${missing.size} of ${DATAGRAMS} replies from ${server.address} did not come in ${DEADLINE} ms`));
  });
  for (let i = 0; i < DATAGRAMS; i++) {
    const request = Buffer.alloc(i === 0 ? LONGEST : 1 + i, i);
    missing.add(expectedReply(ends, request).toString('latin1'));
    client.send(request, server.port, server.address);
  }
  try {
    await promise;
  } finally {
    clearTimeout(late);
  }
}

/**
 * Calls back when the time is over. Where the event loop was kept from turning until then, by other parts of the start or by a busy
 * machine, what has come in the meantime is read first, which takes `node:dgram` a turn for each 32 datagrams.
 */
function whenLate(call: () => void): NodeJS.Timeout {
  const turn = (left: number): void => {
    if (left === 0) call();
    else setImmediate(turn, left - 1);
  };
  return setTimeout(turn, DEADLINE, TURNS);
}

/** Asks through a socket to an upstream, and resolves when its reply has come from there. */
async function upstreamAnswers({ clients }: BatchParts, server: RemoteEnd): Promise<void> {
  const request = Buffer.alloc(3, 1);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = whenLate(() => reject(new Error(`no reply from ${server.address} came to a socket of its own`)));
  const socket = clients.peer(server, server.address)?.open(request, {
    isWaiting: true,
    datagram: (octets, from) => {
      const isRight = from === server && Buffer.from(octets).subarray(-request.length).equals(request);
      if (isRight) resolve();
      else reject(new Error(`a reply from ${server.address} to a socket of its own is wrong`));
    },
    error: reject,
  });
  try {
    if (socket === undefined) throw new Error(`no socket to ${server.address} can be opened`);
    await promise;
  } finally {
    clearTimeout(late);
    socket?.close();
  }
}

interface RemoteEnd {
  readonly address: string;
  readonly port: number;
}
