/**
 * DNS over TCP (RFC 7766, RFC 9210), and over TLS (RFC 7858), which is the same with a handshake before it: messages behind
 * their length, as many on one connection as its client likes.
 */
import { FrameWriter } from './frames.ts';
import { type StreamOptions, openStream } from './stream-listener.ts';
import { TcpConnection } from './tcp-connection.ts';
import { TcpExchange } from './tcp-exchange.ts';
import type { Listener } from './transport.ts';

export type { StreamOptions as TcpOptions } from './stream-listener.ts';

/**
 * Opens a TCP listener; with `tls`, one for DNS over TLS. Rejects with the system's error (`code`, `address`, `port`). `*` is
 * one dual-stack socket, or one for IPv4 where the machine has no IPv6; `::` is IPv6 alone.
 */
export function openTcp(options: StreamOptions): Promise<Listener> {
  const exchange = new TcpExchange();
  const writer = new FrameWriter();
  return openStream(options, {
    connections: ({ tcpConnections }) => tcpConnections,
    serve: (accepted, serving) => new TcpConnection(accepted, serving, exchange, writer),
  });
}
