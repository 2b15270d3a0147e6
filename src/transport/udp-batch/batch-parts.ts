/**
 * What all sockets that work in batches share: the functions of the system, and memory that is made once and kept for the life of the
 * process. A socket uses it within one callback only.
 */
import { bounds } from '../../bounds.ts';
import { AddressTexts } from './address-texts.ts';
import { ClientSockets } from './client-sockets.ts';
import { LoopTurns } from './loop-turns.ts';
import type { Native } from '../../native/native.ts';
import { PollHandles } from './poll-handles.ts';
import { Slots } from './slots.ts';
import { SystemSockets } from './system-sockets.ts';

export interface BatchParts {
  readonly native: Native;
  readonly sockets: SystemSockets;
  readonly polls: PollHandles;
  readonly texts: AddressTexts;
  readonly loop: LoopTurns;
  readonly clients: ClientSockets;
  readonly inbox: Slots;
  /** Has one slot more than the inbox: the last is for replies that come by themselves. */
  readonly outbox: Slots;
}

export function createBatchParts(native: Native): BatchParts {
  const texts = new AddressTexts(native);
  const sockets = new SystemSockets(native, texts);
  const polls = new PollHandles(native);
  const loop = new LoopTurns();
  return {
    native,
    texts,
    sockets,
    polls,
    loop,
    clients: new ClientSockets({ native, texts, sockets, polls, loop }),
    inbox: new Slots(native, bounds.udpBatch, bounds.udpMessage),
    outbox: new Slots(native, bounds.udpBatch + 1, bounds.udpMessage),
  };
}
