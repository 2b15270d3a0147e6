/**
 * Asks for the address of a name over UDP, again and again until it is what it should be. It reads the reply with as little
 * work as it can, since what the asker takes is counted as the server's.
 */
import { createSocket } from 'node:dgram';
import packet from 'dns-packet';

/** Offsets in the header (RFC 1035 §4.1.1). */
const FLAGS = 2;
const ANSWER_COUNT = 6;
/** An A record's RDLENGTH and RDATA, which end a reply without an OPT record. */
const A_DATA = 6;
/** Milliseconds after which a question without a reply is asked again. */
const LOST = 100;

export interface AskingOptions {
  /** Milliseconds until it is given up. */
  readonly deadline: number;
  /** Milliseconds between a reply and the next question; none unless told. */
  readonly pause?: number;
  /** Is given the milliseconds that each reply took. */
  readonly asked?: (took: number) => void;
}

export interface Seen {
  /** `performance.now()` at the reply. */
  readonly at: number;
  /** As a number of 32 bits. */
  readonly address: number;
}

export class Asker {
  readonly #socket = createSocket('udp4');
  readonly #port: number;
  readonly #waiting = new Map<number, (reply: Buffer) => void>();
  #id = 0;

  /** @param port of a server on 127.0.0.1 */
  constructor(port: number) {
    this.#port = port;
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (reply) => this.#waiting.get(reply.readUInt16BE(0))?.(reply));
  }

  /**
   * Resolves at the first reply that has one address which is as wanted.
   * @throws Error when there is none in time
   */
  until(name: string, isWanted: (address: number) => boolean, options: AskingOptions): Promise<Seen> {
    const { deadline, pause = 0, asked } = options;
    this.#id = (this.#id + 1) & 0xffff;
    const id = this.#id;
    const request = packet.encode({ type: 'query', id, flags: 0x0100, questions: [{ type: 'A', name }] });
    const { promise, resolve, reject } = Promise.withResolvers<Seen>();
    let sent = performance.now();
    const ask = (): void => {
      sent = performance.now();
      this.#socket.send(request, this.#port, '127.0.0.1', () => undefined);
    };
    const askAgain = (): void => {
      if (this.#waiting.has(id)) ask();
    };
    const again = setInterval(() => {
      if (performance.now() - sent >= LOST) ask();
    }, LOST);
    const timer = setTimeout(() => reject(new Error(`${name} is not what it should be`)), deadline);
    this.#waiting.set(id, (reply) => {
      const now = performance.now();
      asked?.(now - sent);
      const address = addressOf(reply);
      if (address !== undefined && isWanted(address)) resolve({ at: now, address });
      else if (pause === 0) ask();
      else setTimeout(askAgain, pause);
    });
    ask();
    return promise.finally(() => {
      clearInterval(again);
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  close(): void {
    this.#socket.close();
  }
}

/** The address of a reply with exactly one answer, and nothing behind it. */
function addressOf(reply: Buffer): number | undefined {
  const isAnswer = (reply.readUInt16BE(FLAGS) & 0x000f) === 0 && reply.readUInt16BE(ANSWER_COUNT) === 1;
  if (!isAnswer || reply.readUInt16BE(reply.length - A_DATA) !== 4) return undefined;
  return reply.readUInt32BE(reply.length - 4);
}
