/**
 * The two ways to speak UDP, which are interchangeable: through `node:dgram` everywhere, and in batches where the system and
 * Node can do it.
 */
import type { UdpSockets } from './client/udp-sockets.ts';
import type { Listener, TransportReport } from './transport.ts';
import { type UdpOptions, openUdp } from './udp.ts';
import { batchSupport } from './udp-batch/support.ts';
import { batchParts, openUdpBatch, openUdpBatchWildcard } from './udp-batch/udp-batch.ts';
import { type UdpWildcardListener, type UdpWildcardOptions, openUdpWildcard } from './udp-wildcard.ts';

export const udpKinds = ['batch', 'dgram'] as const;

export type UdpKind = (typeof udpKinds)[number];

export interface UdpTransport {
  /** As `openUdp`. */
  open(options: UdpOptions): Promise<Listener>;
  /** As `openUdpWildcard`. */
  openWildcard(options: UdpWildcardOptions): Promise<UdpWildcardListener>;
}

export const dgramUdp: UdpTransport = { open: openUdp, openWildcard: openUdpWildcard };

const batchUdp: UdpTransport = { open: openUdpBatch, openWildcard: openUdpBatchWildcard };

const ways: Readonly<Record<UdpKind, UdpTransport>> = { batch: batchUdp, dgram: dgramUdp };

/**
 * The way that was wanted, or the best that there is. Where batches are wanted, or this is a system that should have them, and they
 * are not there, a line says why, and `node:dgram` serves.
 */
export async function chooseUdp(wanted: UdpKind | undefined, report: TransportReport): Promise<UdpKind> {
  if (wanted === 'dgram') return 'dgram';
  const support = await batchSupport();
  if (support.kind === 'ready') return 'batch';
  if (wanted === 'batch' || support.isExpected) report(`UDP is not spoken in batches: ${support.why}`);
  return 'dgram';
}

/** The way that is being chosen: whoever opens a socket waits for it. */
export function chosenUdp(choice: Promise<UdpKind>): UdpTransport {
  return {
    open: async (options) => ways[await choice].open(options),
    openWildcard: async (options) => ways[await choice].openWildcard(options),
  };
}

/** What opens sockets to upstreams, by the way that is being chosen: undefined until then, and where `node:dgram` serves. */
export function chosenSockets(choice: Promise<UdpKind>): () => UdpSockets | undefined {
  let sockets: UdpSockets | undefined;
  const choose = async (): Promise<void> => {
    if ((await choice) === 'batch') sockets = batchParts().clients;
  };
  void choose();
  return () => sockets;
}
