/**
 * Connections to the server that carry mutated messages: framed as they should be or not, in one piece or in many, ended
 * in order or broken off. The octets that were written are read again as the server reads them, so that it is known which
 * ids it may answer, however wrong the framing is.
 */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { type Campaign, isQuery } from './campaign.ts';
import { makePacket } from './mutate.ts';
import { complaintAbout } from './oracle.ts';
import type { Random } from './random.ts';
import { controlName, query, seeds } from './seeds.ts';

const LENGTH_OCTETS = 2;
const LARGEST_MESSAGE = 0xffff;
/** Milliseconds for one connection: more than the server grants to a slow client. */
const DEADLINE = 20_000;

/** What a client does wrong on a connection. */
type Manner = 'orderly' | 'split' | 'broken framing' | 'broken off';
const MANNERS: readonly Manner[] = ['orderly', 'orderly', 'split', 'broken framing', 'broken off'];

export class TcpDriver {
  readonly #campaign: Campaign;
  readonly #random: Random;

  constructor(campaign: Campaign, random: Random) {
    this.#campaign = campaign;
    this.#random = random;
  }

  async run(): Promise<void> {
    while (!this.#campaign.over) {
      // One connection after another is the point.
      // oxlint-disable-next-line no-await-in-loop
      await this.#connection(this.#random.pick(MANNERS));
    }
  }

  async #connection(manner: Manner): Promise<void> {
    const random = this.#random;
    const made = Array.from({ length: 1 + random.below(24) }, () => this.#message());
    // An orderly client is served to its last query. A message without octets would end the connection.
    const messages =
      manner === 'orderly' ? [...made.filter(({ length }) => length > 0), query(controlName, 'A')] : made;
    const whole = Buffer.concat(messages.map(framed));
    const stream = manner === 'broken framing' ? breakFraming(whole, random) : whole;
    this.#campaign.countPackets(messages.length, 'tcp');

    const socket = connect(this.#campaign.port, '127.0.0.1');
    // The server may well close a connection on which it reads nonsense.
    socket.on('error', () => undefined);
    const received: Buffer[] = [];
    socket.on('data', (octets) => received.push(Buffer.from(octets)));
    const timer = setTimeout(() => {
      this.#campaign.complain(`a TCP connection (${manner}) stayed open after its client was done`);
      socket.destroy();
    }, DEADLINE);
    try {
      const closed = once(socket, 'close');
      await write(socket, manner === 'split' ? pieces(stream, random) : [stream]);
      if (manner === 'broken off') socket.destroy();
      else socket.end();
      await closed;
    } finally {
      clearTimeout(timer);
      socket.destroy();
    }
    this.#judge(manner, stream, Buffer.concat(received));
  }

  #message(): Buffer {
    const random = this.#random;
    const packet = makePacket(random, seeds, random.once(50) ? LARGEST_MESSAGE : 2000);
    if (packet.length >= LENGTH_OCTETS) packet.writeUInt16BE(random.below(0x10000), 0);
    return packet;
  }

  #judge(manner: Manner, stream: Buffer, received: Buffer): void {
    const requests = [...messagesIn(stream)];
    const replies = [...messagesIn(received)];
    const answerable = requests.filter(isQuery);
    for (const reply of replies) {
      this.#campaign.countReply();
      const complaint = complaintAbout(reply);
      if (complaint !== undefined) this.#campaign.complain(complaint, undefined, reply);
      const at = answerable.findIndex(
        (request) => reply.length >= 2 && request.readUInt16BE(0) === reply.readUInt16BE(0),
      );
      if (at < 0) this.#campaign.complain(`an answer over TCP (${manner}) to no query`, undefined, reply);
      else answerable.splice(at, 1);
    }
    if (manner === 'orderly' && answerable.length > 0 && !this.#campaign.over) {
      this.#campaign.complain('a query over TCP that was not answered', answerable[0]);
    }
  }
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_OCTETS);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The whole messages of a stream. */
function* messagesIn(stream: Buffer): Generator<Buffer> {
  for (let at = 0; at + LENGTH_OCTETS <= stream.length;) {
    const end = at + LENGTH_OCTETS + stream.readUInt16BE(at);
    if (end > stream.length) return;
    yield stream.subarray(at + LENGTH_OCTETS, end);
    at = end;
  }
}

/** Octets too many or too few somewhere: from there on every length is wrong. */
function breakFraming(stream: Buffer, random: Random): Buffer {
  const at = random.below(stream.length);
  return Buffer.concat([
    stream.subarray(0, at),
    random.octets(random.below(6)),
    stream.subarray(Math.min(stream.length, at + random.below(6))),
  ]);
}

/** The stream in up to 40 pieces, of which each may end within a length. */
function pieces(stream: Buffer, random: Random): readonly Buffer[] {
  const cuts = Array.from({ length: random.below(40) }, () => random.below(stream.length)).toSorted((a, b) => a - b);
  return [0, ...cuts].map((cut, i) => stream.subarray(cut, cuts[i]));
}

/** Writes the pieces one by one, each in a packet of its own. */
async function write(socket: Socket, parts: readonly Buffer[]): Promise<void> {
  socket.setNoDelay(true);
  for (const part of parts) {
    if (socket.destroyed) return;
    // The next piece leaves when this one has.
    // oxlint-disable-next-line no-await-in-loop
    await new Promise<void>((resolve) => {
      socket.write(part, () => resolve());
    });
  }
}
