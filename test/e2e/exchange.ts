/** One request as octets to a running server on loopback, and its reply as octets, over UDP or TCP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

const ADDRESS = '127.0.0.1';
/** Milliseconds. */
const DEADLINE = 10_000;
/** Octets of the length in front of a message over TCP (RFC 1035 §4.2.2). */
const LENGTH_OCTETS = 2;

/** Resolves with the reply; rejects at the deadline. */
export function exchange(port: number, request: Uint8Array, protocol: 'udp' | 'tcp'): Promise<Buffer> {
  return protocol === 'udp' ? overUdp(port, request) : overTcp(port, request);
}

async function overUdp(port: number, request: Uint8Array): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    socket.send(request, port, ADDRESS);
    const [message]: readonly unknown[] = await once(socket, 'message', { signal: AbortSignal.timeout(DEADLINE) });
    if (!(message instanceof Buffer)) throw new TypeError('a socket gave something that is not a Buffer');
    return message;
  } finally {
    socket.close();
  }
}

async function overTcp(port: number, request: Uint8Array): Promise<Buffer> {
  const length = Buffer.alloc(LENGTH_OCTETS);
  length.writeUInt16BE(request.length);
  const socket = connect(port, ADDRESS);
  const timer = setTimeout(() => socket.destroy(new Error('no reply over TCP before the deadline')), DEADLINE);
  try {
    socket.write(Buffer.concat([length, request]));
    let received: Buffer = Buffer.alloc(0);
    for await (const chunk of socket) {
      if (!(chunk instanceof Buffer)) throw new TypeError('a socket gave something that is not a Buffer');
      received = Buffer.concat([received, chunk]);
      if (received.length < LENGTH_OCTETS) continue;
      const end = LENGTH_OCTETS + received.readUInt16BE(0);
      if (received.length >= end) return received.subarray(LENGTH_OCTETS, end);
    }
    throw new Error('the server closed the connection without a reply');
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
