/** A nameserver on loopback that answers every question with no data. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** QR and RA, as the first and second octet of the flags. */
const IS_RESPONSE = 0x80;
const RECURSION_AVAILABLE = 0x80;

export interface Upstream {
  readonly port: number;
  close(): void;
}

export async function openUpstream(): Promise<Upstream> {
  const socket = createSocket({ type: 'udp4', lookup: (literal, _, found) => found(null, literal, 4) });
  socket.on('message', (message, { address, port }) => {
    if (message.length < 12) return;
    message.writeUInt8(message.readUInt8(2) | IS_RESPONSE, 2);
    message.writeUInt8(RECURSION_AVAILABLE, 3);
    socket.send(message, port, address);
  });
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return { port: socket.address().port, close: () => void socket.close() };
}
