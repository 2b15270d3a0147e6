/**
 * UDP in batches: many datagrams with one call of the system, on Linux, through `node:ffi`.
 *
 *     openUdpBatch, openUdpBatchWildcard ──► UdpListener ──► BatchSocket ──► BatchParts ──► Native
 *
 * A listener is what it is over `node:dgram`, with other sockets. On all addresses it has one socket for each family, which is told of
 * each datagram what address it is for, and answers from there.
 *
 * Where the system refuses a socket, `node:dgram` is asked for the same: its error says why, and where it has none, its socket serves.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { codeOf } from '../system-error.ts';
import type { Listener, TransportReport } from '../transport.ts';
import { UdpListener, type UdpOptions } from '../udp.ts';
import type { OpenUdpEndpoint, UdpServing } from '../udp-serving.ts';
import { UdpSocket } from '../udp-socket.ts';
import {
  machineAddresses,
  NO_SUCH_SOCKET,
  openUdpWildcard,
  startUdpWildcard,
  type UdpWildcardListener,
  type UdpWildcardOptions,
} from '../udp-wildcard.ts';
import { type BatchParts, createBatchParts } from './batch-parts.ts';
import { BatchSocket, type BatchSocketOptions } from './batch-socket.ts';
import { nativeSupport } from '../../native/native.ts';
import type { Binding } from './system-sockets.ts';

const EVERY_IPV4 = '0.0.0.0';
const EVERY_IPV6 = '::';

let processParts: BatchParts | undefined;

/** The parts of the process, made when they are first wanted. Throws where there can be none. */
export function batchParts(): BatchParts {
  if (processParts === undefined) {
    const support = nativeSupport();
    if (support.kind === 'absent') throw new Error(`UDP in batches is not there: ${support.why}`);
    processParts = createBatchParts(support.native);
  }
  return processParts;
}

/** As `openUdp`. */
export async function openUdpBatch(options: UdpOptions, parts: BatchParts = batchParts()): Promise<Listener> {
  const listener = new UdpListener(options, oneAddress(parts, options.report));
  await listener.open(options.address, options.port);
  return listener;
}

function oneAddress(parts: BatchParts, report: TransportReport): OpenUdpEndpoint {
  return async (address, port, shared, broke) => {
    const isOwn = (client: string): boolean => shared.own.has(client);
    const socket = openBatchSocket(parts, { address, port, isWildcard: false }, shared, { isOwn, broke });
    if (socket !== undefined) return socket;
    const portable = await UdpSocket.open(address, port, shared);
    report(`UDP: ${address} port ${portable.port} cannot be served in batches, and is served without`);
    return portable;
  };
}

/**
 * As `openUdpWildcard`, with one socket for each family that the machine has an address of. Where another program has the port on an
 * address that no interface has, as a resolver on 127.0.0.53 does, there is one for each address instead.
 */
export async function openUdpBatchWildcard(
  options: UdpWildcardOptions,
  parts: BatchParts = batchParts(),
): Promise<UdpWildcardListener> {
  const machine = new Machine(options.interfaces ?? machineAddresses);
  const open: OpenUdpEndpoint = async (address, port, shared, broke) => {
    const socket = openBatchSocket(parts, { address, port, isWildcard: true }, shared, { isOwn: machine.has, broke });
    if (socket !== undefined) return socket;
    const portable = await UdpSocket.open(address, port, shared);
    await portable.close();
    throw new NoBatchesError(`UDP: port ${portable.port} cannot be served in batches, and is served without`);
  };
  try {
    return await startUdpWildcard({ ...options, interfaces: machine.families }, open);
  } catch (error) {
    if (error instanceof NoBatchesError) {
      options.report(error.message);
      return openUdpWildcard(options);
    }
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    return startUdpWildcard(options, oneAddress(parts, options.report));
  }
}

/** The system refuses a socket here, and gives it to `node:dgram`. */
class NoBatchesError extends Error {
  readonly code = NO_SUCH_SOCKET;
}

/** A socket that works in batches; undefined where the system refuses. */
export function openBatchSocket(
  parts: BatchParts,
  binding: Pick<Binding, 'address' | 'port' | 'isWildcard'>,
  shared: UdpServing,
  options: Pick<BatchSocketOptions, 'isOwn' | 'broke'>,
): BatchSocket | undefined {
  const bound = parts.sockets.open({
    ...binding,
    receiveBuffer: shared.serving.limits.udpReceiveBuffer,
  });
  if (bound === undefined) return undefined;
  try {
    return new BatchSocket(parts, bound, shared, {
      ...options,
      isWildcard: binding.isWildcard,
    });
  } catch {
    return undefined;
  }
}

/** The addresses of the machine, as they were when last looked at. */
class Machine {
  readonly #read: () => readonly string[];
  #addresses: ReadonlySet<string> = new Set();

  constructor(read: () => readonly string[]) {
    this.#read = read;
  }

  /** Looks at the addresses, and gives the unspecified one of each family that there is. */
  readonly families = (): readonly string[] => {
    const addresses = this.#read();
    this.#addresses = new Set(addresses);
    return [
      ...(addresses.some((address) => isIPv4(address)) ? [EVERY_IPV4] : []),
      ...(addresses.some((address) => isIPv6(address)) ? [EVERY_IPV6] : []),
    ];
  };

  /** Every address of 127.0.0.0/8 is the machine's, though it lists one. */
  readonly has = (address: string): boolean => this.#addresses.has(address) || address.startsWith('127.');
}
