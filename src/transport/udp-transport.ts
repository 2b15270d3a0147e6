/**
 * The two ways to speak UDP, which are interchangeable: through `node:dgram` everywhere, and in batches where the system and
 * Node can do it.
 */
import type { Listener, TransportReport } from './transport.ts';
import { type UdpOptions, openUdp } from './udp.ts';
import { batchSupport } from './udp-batch/support.ts';
import { openUdpBatch, openUdpBatchWildcard } from './udp-batch/udp-batch.ts';
import { type UdpWildcardListener, type UdpWildcardOptions, openUdpWildcard } from './udp-wildcard.ts';

export const udpKinds = ['batch', 'dgram'] as const;

export type UdpKind = (typeof udpKinds)[number];

export interface UdpTransport {
  readonly kind: UdpKind;
  /** As `openUdp`. */
  open(options: UdpOptions): Promise<Listener>;
  /** As `openUdpWildcard`. */
  openWildcard(options: UdpWildcardOptions): Promise<UdpWildcardListener>;
}

export const dgramUdp: UdpTransport = { kind: 'dgram', open: openUdp, openWildcard: openUdpWildcard };

const batchUdp: UdpTransport = { kind: 'batch', open: openUdpBatch, openWildcard: openUdpBatchWildcard };

/**
 * The way that was wanted, or the best that there is. Where batches are wanted, or this is a system that should have them, and they
 * are not there, a line says why, and `node:dgram` serves.
 */
export async function chooseUdp(wanted: UdpKind | undefined, report: TransportReport): Promise<UdpTransport> {
  if (wanted === 'dgram') return dgramUdp;
  const support = await batchSupport();
  if (support.kind === 'ready') return batchUdp;
  if (wanted === 'batch' || support.isExpected) report(`UDP is not spoken in batches: ${support.why}`);
  return dgramUdp;
}
