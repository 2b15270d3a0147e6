/**
 * One run of the fuzzer against the real program over its real sockets.
 *
 *     seeds ──mutate──► UDP and TCP drivers ──► server ──► replies ──► oracle ──► complaints
 *                                                 ▲
 *               a query every 50 ms ──────────────┘ prober (a thread of its own)
 *               memory, what it prints ◄──────────┘
 *
 * The packets are the same for the same seed; what the machine makes of their timing is not.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { manifests } from '../e2e/cluster.ts';
import { Program } from '../e2e/program.ts';
import { FIGURE_OCTETS, Figure, type ProberInput } from './prober.ts';
import { Random } from './random.ts';
import { controlName, corefile, query } from './seeds.ts';
import { TcpDriver } from './tcp-driver.ts';
import { UdpDriver } from './udp-driver.ts';

const HEADER_OCTETS = 12;
const QR = 0x80;
const UDP_DRIVERS = 2;
const TCP_DRIVERS = 3;
const PROBE_INTERVAL = 50;
const SAMPLE_INTERVAL = 200;
/** Complaints after which a run ends. */
const ENOUGH = 5;
/** What the program prints when an exception was caught. */
const EXCEPTION = /panic|request failed|uncaught|unhandled|Error: |\n {4}at /i;
const MEBIBYTE = 1_048_576;

export interface FuzzOptions {
  readonly seed: number;
  /** The run ends when either is reached. */
  readonly seconds: number;
  readonly packets: number;
  /** Milliseconds for which the server may say nothing. */
  readonly longestSilence: number;
  /** MiB that resident memory may grow after a third of the run. */
  readonly growth: number;
}

export interface FuzzReport {
  readonly seed: number;
  readonly packets: number;
  readonly sent: { readonly udp: number; readonly tcp: number };
  readonly replies: number;
  readonly seconds: number;
  /** MiB resident: the most in the second third of the run, and in the last. Undefined where the system does not tell. */
  readonly memory: { readonly before: number; readonly after: number } | undefined;
  readonly prober: Probed;
  /** What was wrong, with the packets in hexadecimal; empty where nothing was. */
  readonly complaints: readonly string[];
}

/** What came of the queries that were asked every 50 ms. */
export interface Probed {
  readonly asked: number;
  readonly answered: number;
  /** Milliseconds. */
  readonly longestSilence: number;
}

/** True for what may be answered: a whole header without QR. */
export function isQuery(packet: Buffer): boolean {
  return packet.length >= HEADER_OCTETS && ((packet[2] ?? 0) & QR) === 0;
}

/** What the drivers share: where to send, when to stop, and where to complain. */
export class Campaign {
  readonly port: number;
  readonly complaints: string[] = [];
  replies = 0;
  readonly #sent = { udp: 0, tcp: 0 };
  readonly #options: FuzzOptions;
  readonly #start = performance.now();
  #ended = false;

  constructor(port: number, options: FuzzOptions) {
    this.port = port;
    this.#options = options;
  }

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** How much of the run is done, from 0 to 1. */
  get progress(): number {
    return Math.max(this.packets / this.#options.packets, this.seconds / this.#options.seconds);
  }

  get over(): boolean {
    return this.#ended || this.progress >= 1;
  }

  end(): void {
    this.#ended = true;
  }

  get packets(): number {
    return this.#sent.udp + this.#sent.tcp;
  }

  /** Packets sent so far by transport. */
  get sent(): FuzzReport['sent'] {
    return this.#sent;
  }

  countPackets(count: number, transport: keyof FuzzReport['sent']): void {
    this.#sent[transport] += count;
  }

  countReply(): void {
    this.replies++;
  }

  complain(what: string, request?: Buffer, reply?: Buffer): void {
    if (this.complaints.length < ENOUGH) {
      this.complaints.push(`${what}${hexadecimal('request', request)}${hexadecimal('reply', reply)}`);
    }
    if (this.complaints.length >= ENOUGH) this.#ended = true;
  }
}

function hexadecimal(name: string, message: Buffer | undefined): string {
  return message === undefined ? '' : `\n  ${name} ${message.toString('hex')}`;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-fuzz-'));
  const file = join(folder, 'Corefile');
  writeFileSync(file, corefile);
  const { program, port } = await start(['-conf', file, '--fixture', '-', '--bind', '127.0.0.1', '-dns.port', '0']);
  try {
    return await run(program, port, options);
  } finally {
    await program.kill();
    rmSync(folder, { recursive: true });
  }
}

/** Starts the program at a port that is free for UDP and TCP: one that is free for the first may not be for the second. */
async function start(flags: readonly string[], attempts = 5): Promise<{ program: Program; port: number }> {
  const program = new Program(flags, { stdin: manifests });
  try {
    return { program, port: await program.port() };
  } catch (error) {
    await program.kill();
    if (attempts === 1 || !program.stderr.includes('in use')) throw error;
    return start(flags, attempts - 1);
  }
}

async function run(program: Program, port: number, options: FuzzOptions): Promise<FuzzReport> {
  const campaign = new Campaign(port, options);
  const prober = new Prober(port, program.pid);
  const memory = new MemoryWatch(program.pid);
  const sampling = setInterval(() => {
    memory.sample(campaign.progress);
    if (!isAlive(program.pid)) campaign.end();
  }, SAMPLE_INTERVAL);
  const drivers = [
    ...Array.from({ length: UDP_DRIVERS }, (_, i) => new UdpDriver(campaign, new Random(options.seed + i))),
    ...Array.from({ length: TCP_DRIVERS }, (_, i) => new TcpDriver(campaign, new Random(options.seed + 100 + i))),
  ];
  await Promise.all(drivers.map((driver) => driver.run()));
  clearInterval(sampling);
  const { seconds } = campaign;
  const probed = await prober.stop();
  memory.sample(1);

  if (!isAlive(program.pid)) campaign.complain('the program has ended');
  const printed = `${program.stdout}\n${program.stderr}`;
  const exception = EXCEPTION.exec(printed);
  if (exception !== null) {
    campaign.complain(
      `the program printed:\n${printed.slice(Math.max(0, exception.index - 200), exception.index + 2000)}`,
    );
  }
  if (probed.longestSilence > options.longestSilence) {
    campaign.complain(`the server said nothing for ${Math.round(probed.longestSilence)} ms`);
  }
  const { range } = memory;
  if (range !== undefined && range.after - range.before > options.growth) {
    campaign.complain(`resident memory grew from ${range.before} to ${range.after} MiB`);
  }
  const { packets, sent, replies, complaints } = campaign;
  return { seed: options.seed, packets, sent, replies, seconds, memory: range, prober: probed, complaints };
}

class Prober {
  readonly #figures = new SharedArrayBuffer(FIGURE_OCTETS);
  readonly #worker: Worker;

  constructor(port: number, pid: number) {
    const input: ProberInput = {
      port,
      pid,
      query: query(controlName, 'A'),
      interval: PROBE_INTERVAL,
      figures: this.#figures,
    };
    this.#worker = new Worker(new URL('prober.ts', import.meta.url), { workerData: input });
  }

  async stop(): Promise<Probed> {
    await this.#worker.terminate();
    const figures = new Float64Array(this.#figures);
    const figure = (place: number): number => figures[place] ?? 0;
    return {
      asked: figure(Figure.ASKED),
      answered: figure(Figure.ANSWERED),
      longestSilence: figure(Figure.LONGEST_SILENCE),
    };
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resident memory of a process, as /proc shows it. */
class MemoryWatch {
  readonly #file: string;
  #before = 0;
  #after = 0;

  constructor(pid: number) {
    this.#file = `/proc/${pid}/status`;
  }

  /** `progress` from 0 to 1. In the first third the program warms up. */
  sample(progress: number): void {
    const size = this.#resident();
    if (progress >= 1 / 3 && progress < 2 / 3) this.#before = Math.max(this.#before, size);
    if (progress >= 2 / 3) this.#after = Math.max(this.#after, size);
  }

  /** MiB; undefined where there was nothing to read. */
  get range(): FuzzReport['memory'] {
    return this.#before === 0 ? undefined : { before: this.#before, after: this.#after };
  }

  #resident(): number {
    try {
      const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(this.#file, 'utf8'))?.[1] ?? 0;
      return Math.round((Number(kibibytes) * 1024) / MEBIBYTE);
    } catch {
      return 0;
    }
  }
}
