/**
 * Mutated datagrams to the server, many in flight. Each packet carries an id of its own, so that every reply can be laid
 * to the packet that it answers. A batch ends with a query that has to be answered: then the whole batch was read.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Campaign, isQuery } from './campaign.ts';
import { LARGEST_DATAGRAM, makePacket } from './mutate.ts';
import { complaintAbout } from './oracle.ts';
import type { Random } from './random.ts';
import { controlName, query, seeds } from './seeds.ts';

const BATCH = 64;
const IDS = 0x10000;
/** The largest request that the server reads over UDP. */
const LARGEST_READ = 4096;
/** Milliseconds until the last query of a batch is sent again: the system may drop datagrams. */
const AGAIN = 500;
/** How often it is sent before the server counts as gone. */
const ATTEMPTS = 20;

export class UdpDriver {
  readonly #campaign: Campaign;
  readonly #random: Random;
  readonly #socket: Socket = createSocket('udp4');
  /** What was sent under each id and may be answered once. */
  readonly #answerable = new Map<number, Buffer>();
  /** The same for what must not be answered. */
  readonly #silent = new Map<number, Buffer>();
  #id = 0;
  #waiting: { readonly ids: Set<number>; readonly resolve: (answered: boolean) => void } | undefined;

  constructor(campaign: Campaign, random: Random) {
    this.#campaign = campaign;
    this.#random = random;
    this.#socket.on('message', (reply) => this.#reply(reply));
  }

  async run(): Promise<void> {
    this.#socket.connect(this.#campaign.port, '127.0.0.1');
    await once(this.#socket, 'connect');
    this.#socket.setRecvBufferSize(4_194_304);
    this.#socket.on('error', (error) => this.#campaign.complain(`the UDP socket: ${error.message}`));
    try {
      while (!this.#campaign.over) {
        for (let i = 0; i < BATCH; i++) this.#send(makePacket(this.#random, seeds, LARGEST_DATAGRAM));
        this.#campaign.countPackets(BATCH, 'udp');
        // The next batch begins when this one is read.
        // oxlint-disable-next-line no-await-in-loop
        await this.#settled();
      }
    } finally {
      this.#socket.close();
    }
  }

  #send(packet: Buffer): number {
    const id = this.#id++ % IDS;
    if (packet.length >= 2) packet.writeUInt16BE(id, 0);
    const answerable = isQuery(packet) && packet.length <= LARGEST_READ;
    this.#answerable.delete(id);
    this.#silent.delete(id);
    (answerable ? this.#answerable : this.#silent).set(id, packet);
    this.#socket.send(packet);
    return id;
  }

  /** Asks until there is an answer. */
  async #settled(): Promise<void> {
    const ids = new Set<number>();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#waiting = { ids, resolve };
      ids.add(this.#send(query(controlName, 'A')));
      const timer = setTimeout(resolve, AGAIN, false);
      // oxlint-disable-next-line no-await-in-loop
      const answered = await promise;
      clearTimeout(timer);
      if (answered || this.#campaign.over) return;
    }
    this.#campaign.complain('no answer over UDP any more');
  }

  #reply(reply: Buffer): void {
    this.#campaign.countReply();
    const id = reply.length >= 2 ? reply.readUInt16BE(0) : -1;
    const request = this.#answerable.get(id);
    const complaint = complaintAbout(reply);
    if (complaint !== undefined) this.#campaign.complain(complaint, request, reply);
    if (request === undefined) {
      const wrong = this.#silent.get(id);
      const what = wrong === undefined ? 'a second answer, or one to nothing' : 'an answer to what is no query';
      this.#campaign.complain(`${what} over UDP`, wrong, reply);
    }
    this.#answerable.delete(id);
    if (this.#waiting?.ids.has(id)) this.#waiting.resolve(true);
  }
}
