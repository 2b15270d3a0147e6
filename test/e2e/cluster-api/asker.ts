/** Questions to the running program: the same over UDP and over TCP, and the answer as lines that a person can compare. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as wait } from 'node:timers/promises';
import packet, { type DecodedPacket, type OptRecord, type ResourceRecord } from 'dns-packet';
import { exchange } from '../exchange.ts';

const ADDRESS = '127.0.0.1';
const RECURSION_DESIRED = 0x0100;
const AUTHORITATIVE = 0x0400;
const EDE = 15;
/** Milliseconds: between two attempts of one question, and for all of them. */
const AGAIN = 250;
const DEADLINE = 10_000;
/** Milliseconds between two questions of one who waits for an answer to change. */
const LOOK = 2;

/** What a reply says, without what varies: ids, the order of records, the serial. */
export interface Reply {
  readonly rcode: string;
  /** `A 10.96.0.1`, `SRV 8080 db-0.db.shop.svc.cluster.local`, `CNAME …`, `PTR …`; sorted. */
  readonly answer: readonly string[];
  /** The lowest time to live in the answer section, in seconds; undefined where it is empty. */
  readonly ttl: number | undefined;
  /** Time to live and minimum of the SOA record in the authority section, the lower one. */
  readonly negativeTtl: number | undefined;
  readonly isAuthoritative: boolean;
  /** Code of the Extended DNS Error (RFC 8914). */
  readonly ede: number | undefined;
}

export class Asker {
  readonly #port: number;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Buffer>>();
  #id = 0;
  #isClosed = false;

  constructor(port: number) {
    this.#port = port;
    this.#socket = createSocket('udp4');
    // Nobody listens there yet: the next attempt tells.
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (message) => this.#waiting.get(message.readUInt16BE(0))?.resolve(message));
  }

  /** Whoever waits for a reply is told that there will be none. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(new Error('the run is over'));
    this.#socket.close();
  }

  /** Over UDP; a lost packet is asked again. */
  async ask(name: string, type: string): Promise<Reply> {
    return readReply(await this.#overUdp(this.#request(name, type)));
  }

  /** Over both transports, whose replies must say the same. */
  async askBoth(name: string, type: string): Promise<Reply> {
    const request = this.#request(name, type);
    const [udp, tcp] = [await this.#overUdp(request), await exchange(this.#port, request, 'tcp')];
    const reply = readReply(udp);
    const other = readReply(tcp);
    if (JSON.stringify(reply) !== JSON.stringify(other)) {
      throw new Error(`${name} ${type}: ${textOf(reply)} over UDP, ${textOf(other)} over TCP`);
    }
    return reply;
  }

  /** Asks until the reply is as wanted and returns the milliseconds until then. `never` throws where a reply may not be. */
  async until(
    name: string,
    type: string,
    isWanted: (reply: Reply) => boolean,
    {
      deadline = DEADLINE,
      never = () => undefined,
    }: { readonly deadline?: number; readonly never?: (reply: Reply) => void } = {},
  ): Promise<number> {
    const begun = performance.now();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one question after another is the point
      const reply = await this.ask(name, type);
      const taken = performance.now() - begun;
      if (isWanted(reply)) return taken;
      never(reply);
      if (taken > deadline)
        throw new Error(`${name} ${type} still gives ${textOf(reply)} after ${Math.round(taken)} ms`);
      // oxlint-disable-next-line no-await-in-loop
      await wait(LOOK);
    }
  }

  #request(name: string, type: string): Buffer {
    this.#id = (this.#id + 1) & 0xffff;
    const opt: OptRecord = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      options: [],
    };
    return packet.encode({
      id: this.#id,
      type: 'query',
      flags: RECURSION_DESIRED,
      questions: [{ name, type }],
      additionals: [opt],
    });
  }

  async #overUdp(request: Buffer): Promise<Buffer> {
    const id = request.readUInt16BE(0);
    if (this.#isClosed) throw new Error('the run is over');
    const waiting = Promise.withResolvers<Buffer>();
    this.#waiting.set(id, waiting);
    const send = (): void => this.#socket.send(request, this.#port, ADDRESS, () => undefined);
    const asking = setInterval(send, AGAIN);
    const deadline = setTimeout(
      () => waiting.reject(new Error(`no reply on port ${this.#port} for ${DEADLINE} ms`)),
      DEADLINE,
    );
    send();
    try {
      return await waiting.promise;
    } finally {
      this.#waiting.delete(id);
      clearInterval(asking);
      clearTimeout(deadline);
    }
  }
}

/** For messages. */
export function textOf({ rcode, answer, ede }: Reply): string {
  return [rcode, ...answer, ...(ede === undefined ? [] : [`(EDE ${ede})`])].join(' ');
}

function readReply(message: Buffer): Reply {
  const decoded: DecodedPacket = packet.decode(message);
  const opt = decoded.additionals.find((record) => record.type === 'OPT');
  const ede = opt?.type === 'OPT' ? opt.options.find(({ code }) => code === EDE) : undefined;
  const ttls = decoded.answers.flatMap((record) => (record.type === 'OPT' ? [] : [record.ttl]));
  return {
    rcode: decoded.rcode,
    answer: decoded.answers.map(lineOf).toSorted(),
    ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
    negativeTtl: negativeTtlOf(decoded.authorities),
    isAuthoritative: (message.readUInt16BE(2) & AUTHORITATIVE) !== 0,
    ede: ede?.data.readUInt16BE(0),
  };
}

function lineOf(record: ResourceRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return `${record.type} ${record.data}`;
    case 'SRV':
      return `SRV ${record.data.port} ${record.data.target}`;
    default:
      return record.type;
  }
}

function negativeTtlOf(authorities: readonly ResourceRecord[]): number | undefined {
  const soa = authorities.find((record) => record.type === 'SOA');
  return soa?.type === 'SOA' ? Math.min(soa.ttl, soa.data.minimum) : undefined;
}
