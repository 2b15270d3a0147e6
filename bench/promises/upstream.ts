/** An upstream that a benchmark holds in its hand: it answers every A question at once, late, or not at all. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import packet from 'dns-packet';

export interface Upstream {
  readonly port: number;
  /** Answers from now on, or falls silent. */
  answering: boolean;
  /** Questions that came, answered or not. */
  readonly asked: () => number;
  close(): void;
}

/** @param ttl of its answers, in seconds */
export async function openUpstream(ttl = 1): Promise<Upstream> {
  const socket = createSocket('udp4');
  let asked = 0;
  const upstream = { port: 0, answering: true, asked: () => asked, close: () => socket.close() };
  socket.on('message', (message, { port, address }) => {
    asked++;
    if (!upstream.answering) return;
    const { id, questions } = packet.decode(message);
    const [question] = questions;
    const answers =
      question?.type === 'A' ? [{ type: 'A' as const, name: question.name, class: 'IN', ttl, data: '192.0.2.1' }] : [];
    const reply = { type: 'response' as const, id, flags: 0x0180, questions, answers };
    socket.send(packet.encode(reply), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  upstream.port = socket.address().port;
  return upstream;
}
