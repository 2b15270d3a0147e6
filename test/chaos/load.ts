/** Questions over UDP at a rate, from a fixed pool, each judged when its answer comes. */
import { type Socket, createSocket } from 'node:dgram';
import type { Random } from '../fuzz/random.ts';
import { type Question, questionName } from './expected.ts';
import type { Judge, Mark, Violation } from './judge.ts';
import { readReply, requestOctets } from './message.ts';

const HOST = '127.0.0.1';
/** The receive buffer of one would be small for what comes while this process does something else. */
const SOCKETS = 8;
const TICK = 2;
/** Questions that a late tick makes up for; the program's receive buffer has room for some 250. */
const MOST_AT_ONCE = 100;
/** Milliseconds after which an answer does not count as one. */
const PATIENCE = 2_000;

interface Asked {
  readonly question: Question;
  readonly mark: Mark;
  readonly at: number;
}

interface Counts {
  sent: number;
  answered: number;
  /** Without an answer, while the program was running. */
  lost: number;
  stale: number;
  failures: number;
  noNames: number;
  /** The longest time without any answer while the program was running, in milliseconds. */
  silence: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly questions: readonly Question[];
  /** Questions a second. */
  readonly rate: number;
  readonly judge: Judge;
  readonly random: Random;
  readonly violation: (violation: Violation) => void;
}

export class Load {
  readonly counts: Counts = { sent: 0, answered: 0, lost: 0, stale: 0, failures: 0, noNames: 0, silence: 0 };
  readonly #options: LoadOptions;
  readonly #requests: ReadonlyMap<Question, Buffer>;
  readonly #sockets: { readonly socket: Socket; readonly waiting: Map<number, Asked>; id: number }[];
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #last = 0;
  #isUp = false;
  #lastReply = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#requests = new Map(
      options.questions.map((question) => [question, requestOctets(questionName(question), question.aspect)]),
    );
    this.#sockets = Array.from({ length: SOCKETS }, () => {
      const socket = createSocket('udp4');
      const one = { socket, waiting: new Map<number, Asked>(), id: 0 };
      socket.on('error', () => undefined);
      socket.on('message', (message) => this.#answered(one.waiting, message));
      return one;
    });
  }

  start(): void {
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#sockets.splice(0)) socket.close();
  }

  /** Whether the program is running, so that an answer may be expected. */
  set isUp(isUp: boolean) {
    this.#isUp = isUp;
    this.#lastReply = performance.now();
    if (isUp) return;
    for (const { waiting } of this.#sockets) waiting.clear();
  }

  #tick(): void {
    const now = performance.now();
    const { rate, questions, random } = this.#options;
    this.#due = Math.min(this.#due + ((now - this.#last) * rate) / 1000, MOST_AT_ONCE);
    this.#last = now;
    for (; this.#due >= 1; this.#due--) this.#ask(random.pick(questions), now);
    this.#giveUp(now);
    if (this.#isUp) this.counts.silence = Math.max(this.counts.silence, now - this.#lastReply);
  }

  #ask(question: Question, now: number): void {
    const { judge, port } = this.#options;
    const one = this.#sockets[this.counts.sent % SOCKETS];
    const request = this.#requests.get(question);
    if (one === undefined || request === undefined || !this.#isUp) return;
    one.id = (one.id + 1) & 0xffff;
    request.writeUInt16BE(one.id, 0);
    one.waiting.set(one.id, { question, mark: judge.asking(question), at: now });
    this.counts.sent++;
    // The socket may hold on to what it is given until later.
    one.socket.send(Buffer.from(request), port, HOST, () => undefined);
  }

  #answered(waiting: Map<number, Asked>, message: Buffer): void {
    const id = message.readUInt16BE(0);
    const asked = waiting.get(id);
    if (asked === undefined) return;
    waiting.delete(id);
    this.#lastReply = performance.now();
    const reply = readReply(message);
    this.counts.answered++;
    if (reply.isStale) this.counts.stale++;
    if (reply.rcode === 'SERVFAIL') this.counts.failures++;
    if (reply.rcode === 'NXDOMAIN') this.counts.noNames++;
    const violation = this.#options.judge.judge(asked.question, asked.mark, reply);
    if (violation !== undefined) this.#options.violation(violation);
  }

  /** Questions are in the order in which they were asked. */
  #giveUp(now: number): void {
    for (const { waiting } of this.#sockets) {
      for (const [id, { at }] of waiting) {
        if (now - at < PATIENCE) break;
        waiting.delete(id);
        this.counts.lost++;
      }
    }
  }
}
