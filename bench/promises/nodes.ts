/**
 * Nodes of a cluster as its DNS servers see them: each asks at a steady rate and asks no question twice, and each has its own
 * opinion of which servers there are. As kube-proxy does with conntrack, a flow that has begun stays with its server until
 * the proxy takes that server out, and a new one goes to any that the proxy knows.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { randomInt } from 'node:crypto';
import packet from 'dns-packet';

/** Of each node: flows that go on for ever, as those of a caching resolver do. */
const FLOWS = 4;
/** Every so many questions of a node, one goes over a TCP connection of its own. */
const TCP_EVERY = 50;
/**
 * Questions that are under way at most. Where this process is held up, what it has missed is asked later and not all at once,
 * which no socket has the room for.
 */
const UNDER_WAY = 200;
/** Milliseconds after which an answer comes too late: what resolvers wait. */
const PATIENCE = 5_000;

/** A question, and what its answer must be. */
export interface Expected {
  readonly name: string;
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
}

interface Question {
  readonly octets: Buffer;
  readonly rcode: number;
}

export interface Tally {
  asked: number;
  /** Without an answer in time. */
  lost: number;
  /** Answers that were not what they must be. */
  wrong: number;
}

interface Waiting {
  readonly port: number;
  readonly rcode: number;
  readonly sent: number;
}

/** A UDP socket with questions under way. */
class Flow {
  /** The server that it stays with; undefined where each question is a flow of its own. */
  pinned: number | undefined;
  readonly #socket = createSocket('udp4');
  readonly #waiting = new Map<number, Waiting>();
  readonly #tally: Tally;
  #id = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (message, { port }) => this.#answered(message, port));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  send({ octets, rcode }: Question, port: number): void {
    const id = (this.#id = (this.#id + 1) & 0xffff);
    this.#waiting.set(id, { port, rcode, sent: performance.now() });
    const request = Buffer.from(octets);
    request.writeUInt16BE(id);
    this.#socket.send(request, port, '127.0.0.1', () => undefined);
  }

  /** Counts as lost what nobody waits for any more. */
  giveUp(): void {
    const before = performance.now() - PATIENCE;
    for (const [id, { sent }] of this.#waiting) {
      if (sent > before) break;
      this.#waiting.delete(id);
      this.#tally.lost++;
    }
  }

  /** Counts what is still unanswered as lost. */
  close(): void {
    this.#tally.lost += this.#waiting.size;
    this.#waiting.clear();
    this.#socket.close();
  }

  #answered(message: Buffer, port: number): void {
    const id = message.readUInt16BE(0);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || waiting.port !== port) return;
    this.#waiting.delete(id);
    if (!isRight(message, waiting.rcode)) this.#tally.wrong++;
  }
}

/** NOERROR has records here, NXDOMAIN has none. */
function isRight(message: Buffer, rcode: number): boolean {
  const answers = message.readUInt16BE(6);
  return ((message[3] ?? 0) & 0xf) === rcode && answers > 0 === (rcode === 0);
}

class Node {
  /** The ports of the servers that its proxy knows. */
  #servers: readonly number[];
  readonly #flows: readonly Flow[];
  /** Source of questions that are flows of their own. */
  readonly #fresh: Flow;
  readonly #tally: Tally;
  #turn = 0;
  #overTcp = 0;

  constructor(servers: readonly number[], tally: Tally) {
    this.#servers = servers;
    this.#tally = tally;
    this.#fresh = new Flow(tally);
    this.#flows = Array.from({ length: FLOWS }, () => new Flow(tally));
  }

  get waiting(): number {
    return this.#flows.reduce((sum, flow) => sum + flow.waiting, this.#fresh.waiting + this.#overTcp);
  }

  giveUp(): void {
    this.#fresh.giveUp();
    for (const flow of this.#flows) flow.giveUp();
  }

  add(port: number): void {
    this.#servers = [...this.#servers, port];
  }

  remove(port: number): void {
    this.#servers = this.#servers.filter((server) => server !== port);
    for (const flow of this.#flows) if (flow.pinned === port) flow.pinned = undefined;
  }

  /** Every other question is a new flow. */
  ask(question: Question): void {
    const turn = this.#turn++;
    this.#tally.asked++;
    if (turn % TCP_EVERY === 0) {
      this.#askOverTcp(question);
      return;
    }
    const flow = turn % 2 === 0 ? this.#fresh : (this.#flows[(turn >> 1) % FLOWS] ?? this.#fresh);
    if (flow === this.#fresh) flow.send(question, this.#any());
    else flow.send(question, (flow.pinned ??= this.#any()));
  }

  close(): void {
    this.#fresh.close();
    for (const flow of this.#flows) flow.close();
    this.#tally.lost += this.#overTcp;
  }

  #any(): number {
    return this.#servers[randomInt(this.#servers.length)] ?? 0;
  }

  #askOverTcp({ octets, rcode }: Question): void {
    this.#overTcp++;
    const socket = connect(this.#any(), '127.0.0.1');
    let reply = Buffer.alloc(0);
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      reply = Buffer.concat([reply, chunk]);
      if (reply.length >= 2 && reply.length >= 2 + reply.readUInt16BE(0)) socket.end();
    });
    socket.on('close', () => {
      this.#overTcp--;
      if (reply.length <= 2) this.#tally.lost++;
      else if (!isRight(reply.subarray(2), rcode)) this.#tally.wrong++;
    });
    socket.write(Buffer.concat([Buffer.of(octets.length >> 8, octets.length & 0xff), octets]));
  }
}

/** All nodes together. */
export class Nodes {
  readonly tally: Tally = { asked: 0, lost: 0, wrong: 0 };
  readonly #nodes: readonly Node[];
  readonly #asking: NodeJS.Timeout;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closing: Promise<void> | undefined;

  /**
   * @param servers ports of the servers that all of them know
   * @param rate questions in a second, of all nodes
   */
  constructor(count: number, servers: readonly number[], questions: readonly Expected[], rate: number) {
    this.#nodes = Array.from({ length: count }, () => new Node(servers, this.tally));
    const encoded = questions.map(encode);
    const began = performance.now();
    this.#asking = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * rate) / 1_000);
      for (const node of this.#nodes) node.giveUp();
      const most = this.tally.asked + UNDER_WAY - this.#waiting;
      while (this.tally.asked < Math.min(due, most)) {
        const question = encoded[this.tally.asked % encoded.length];
        const node = this.#nodes[this.tally.asked % count];
        if (question === undefined || node === undefined) throw new RangeError('no nodes, or no questions');
        node.ask(question);
      }
    }, 1);
  }

  /** Each proxy learns of a server in its own time, within so many milliseconds. */
  add(port: number, most: number): void {
    for (const node of this.#nodes) this.#later(Math.random() * most, () => node.add(port));
  }

  /** Each proxy learns that it is gone, one of them as late as can be. */
  remove(port: number, most: number): void {
    const last = randomInt(this.#nodes.length);
    for (const [i, node] of this.#nodes.entries()) {
      this.#later(i === last ? most : Math.random() * most, () => node.remove(port));
    }
  }

  /** Ends the asking, waits for answers, and counts those that do not come as lost. Once, however often it is called. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearInterval(this.#asking);
    for (const timer of this.#timers) clearTimeout(timer);
    const deadline = performance.now() + PATIENCE;
    while (this.#waiting > 0 && performance.now() < deadline) {
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    for (const node of this.#nodes) node.close();
  }

  get #waiting(): number {
    return this.#nodes.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  #later(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, milliseconds);
    this.#timers.add(timer);
  }
}

function encode({ name, rcode }: Expected): Question {
  const query = { type: 'query' as const, id: 0, flags: 0x0100, questions: [{ name, type: 'A' as const }] };
  return { octets: packet.encode(query), rcode: rcode === 'NOERROR' ? 0 : 3 };
}
