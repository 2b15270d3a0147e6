/**
 * The least that a server on `node:dgram` can do: it sends each datagram back with the QR bit set. What it costs is the
 * share of the transport in every other figure. Run: `node bench/echo.ts PORT`; serves 127.0.0.1 until it is ended.
 */
import { createSocket } from 'node:dgram';

/** The octet of the header that holds QR, and QR in it (RFC 1035 §4.1.1). */
const FLAGS = 2;
const QR = 0x80;

const socket = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 });
socket.on('message', (message, { port, address }) => {
  message[FLAGS] = (message[FLAGS] ?? 0) | QR;
  socket.send(message, port, address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1');
