/**
 * The soak: the program at full rate, with clients that are killed at random, collections of garbage by force, and reloads. At the end
 * nothing may have been lost that a client waited for, memory is what it was, and the program stops when it is told to.
 *
 *     rounds of a few seconds ──► dnsperf to its end: every query answered, with NOERROR
 *     all the time            ──► dnsperf over IPv4 and IPv6, killed after a moment; SIGUSR1; a look at the memory
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dnsperf, readReport } from '../../bench/dnsperf.ts';
import { memory, type Running, start, temporaryFolder, twoCores } from '../../bench/processes.ts';
import { freePort } from '../support/free-port.ts';
import { corefileText, manifestsText, questionsText } from './cluster.ts';
import { flatness, type Flatness, type MemorySample } from './memory.ts';
import { openUpstream } from './upstream.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly udp: string;
  /** The module that is run. */
  readonly program: string;
  /** Is told how it goes, line by line. */
  readonly tell: (line: string) => void;
}

export interface SoakReport {
  readonly answered: number;
  readonly killed: number;
  readonly reloads: number;
  readonly flatness: Flatness;
  /** What went wrong. */
  readonly findings: readonly string[];
}

/** Seconds of one round of dnsperf, at most. */
const ROUND = 5;
/** Queries under way together: of those who stay, and of each that is killed. */
const IN_FLIGHT = 100;
/** Milliseconds until a client is killed, and until the next comes; between two reloads; between two looks at the memory. */
const LIFE = 400;
const PAUSE = 200;
const RELOAD_EVERY = 3_000;
const LOOK_EVERY = 500;
/** Milliseconds that the program may take to start and to stop. */
const PATIENCE = 20_000;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const folder = temporaryFolder();
  const upstream = await openUpstream();
  const port = await freePort();
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('Corefile'), corefileText(port, upstream.port));
  writeFileSync(file('cluster.yaml'), manifestsText());
  writeFileSync(file('questions'), questionsText());
  const collector = new URL('collect.ts', import.meta.url).href;
  const words = ['-conf', file('Corefile'), '--fixture', file('cluster.yaml'), '--udp', options.udp];
  const running = start([process.execPath, '--import', collector, options.program, ...words], {
    ...onCore('server'),
    cwd: folder,
  });
  try {
    return await new Soak(options, running, port, file('questions')).run();
  } finally {
    await running.stop();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const cores = twoCores();

function onCore(whose: 'server' | 'client'): { readonly core?: number } {
  return cores === undefined ? {} : { core: cores[whose] };
}

class Soak {
  readonly #options: SoakOptions;
  readonly #running: Running;
  readonly #port: number;
  readonly #questions: string;
  readonly #samples: MemorySample[] = [];
  readonly #findings: string[] = [];
  readonly #begin = performance.now();
  #isOver = false;
  #answered = 0;
  #killed = 0;
  #reloads = 0;

  constructor(options: SoakOptions, running: Running, port: number, questions: string) {
    this.#options = options;
    this.#running = running;
    this.#port = port;
    this.#questions = questions;
  }

  get #seconds(): number {
    return (performance.now() - this.#begin) / 1_000;
  }

  async run(): Promise<SoakReport> {
    await this.#started();
    const ended = this.#ended();
    const others = [this.#killClients(), this.#reload(), this.#watchMemory()];
    while (!this.#isOver && this.#seconds < this.#options.seconds) {
      // oxlint-disable-next-line no-await-in-loop -- round after round
      await this.#round(Math.min(ROUND, Math.max(1, Math.ceil(this.#options.seconds - this.#seconds))));
    }
    const isAlive = !this.#isOver;
    this.#isOver = true;
    await Promise.all(others);
    if (isAlive) await this.#stopped(ended);
    if (this.#reloads > 0 && !this.#running.output().includes('Reloading complete'))
      this.#found('no reload came to its end');
    const wrong = this.#running.output().match(/^.*(?:\[(?:WARNING|ERROR|FATAL|PANIC)\]|panic|Error:).*$/gm) ?? [];
    for (const line of new Set(wrong)) this.#found(`the program says: ${line}`);
    const flat = flatness(this.#samples);
    if (!flat.isFlat) this.#found(`memory went from ${text(flat.first)} to ${text(flat.last)}`);
    const { answered, killed, reloads } = { answered: this.#answered, killed: this.#killed, reloads: this.#reloads };
    return { answered, killed, reloads, flatness: flat, findings: this.#findings };
  }

  #found(what: string): void {
    this.#findings.push(what);
    this.#options.tell(`WRONG at ${this.#seconds.toFixed(0)} s: ${what}`);
  }

  async #started(): Promise<void> {
    const ending = this.#running.ended().then((code) => {
      throw new Error(`the program ended with ${code} before it served:\n${this.#running.output()}`);
    });
    ending.catch(() => undefined);
    const until = performance.now() + PATIENCE;
    while (!this.#running.output().includes('\nNodens-')) {
      if (performance.now() > until) throw new Error(`the program does not start:\n${this.#running.output()}`);
      // oxlint-disable-next-line no-await-in-loop -- look after look
      await Promise.race([delay(50), ending]);
    }
  }

  async #ended(): Promise<void> {
    const code = await this.#running.ended();
    if (!this.#isOver) this.#found(`the program ended with ${code}`);
    this.#isOver = true;
  }

  async #stopped(ended: Promise<void>): Promise<void> {
    const begin = performance.now();
    process.kill(this.#running.pid, 'SIGTERM');
    await Promise.race([ended, delay(PATIENCE, undefined, { ref: false })]);
    if (performance.now() - begin >= PATIENCE) this.#found('the program does not stop');
    else if ((await this.#running.ended()) !== 0) this.#found('the program did not stop with status 0');
  }

  /** One load that nobody disturbs: all of its queries are answered. */
  async #round(seconds: number): Promise<void> {
    const asking = { port: this.#port, questions: this.#questions, seconds, inFlight: IN_FLIGHT };
    const client = start(dnsperf(asking), onCore('client'));
    const status = await client.ended();
    const report = readReport(client.output());
    if (status !== 0 || !(report.completed > 0)) this.#found(`dnsperf failed:\n${client.output()}`);
    if (report.lost > 0) this.#found(`${report.lost} of ${report.sent} queries were lost`);
    const share = report.rcodes.get('NOERROR') ?? 0;
    if (share !== 100) this.#found(`answers are ${[...report.rcodes].map((code) => code.join(' ')).join(', ')} %`);
    this.#answered += report.completed || 0;
    const mebibytes = this.#samples.at(-1)?.mebibytes ?? 0;
    const rate = (report.rate / 1_000).toFixed(0);
    this.#options.tell(
      `${this.#seconds.toFixed(0)} s: ${rate}k answers/s, ${text(mebibytes)}, ${this.#killed} clients killed`,
    );
  }

  /** Clients that are gone before their replies come. */
  async #killClients(): Promise<void> {
    while (!this.#isOver) {
      const asking = { port: this.#port, questions: this.#questions, seconds: 60, inFlight: IN_FLIGHT };
      const command = dnsperf(asking).map((word) => (word === '127.0.0.1' && this.#killed % 2 === 1 ? '::1' : word));
      const [program = 'dnsperf', ...args] = command;
      const client = start([program, ...args], onCore('client'));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await delay(Math.random() * LIFE);
      process.kill(client.pid, 'SIGKILL');
      this.#killed++;
      // oxlint-disable-next-line no-await-in-loop
      await client.ended();
      // oxlint-disable-next-line no-await-in-loop
      await delay(Math.random() * PAUSE);
    }
  }

  async #reload(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    while (await this.#pause(RELOAD_EVERY)) {
      process.kill(this.#running.pid, 'SIGUSR1');
      this.#reloads++;
    }
  }

  async #watchMemory(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- look after look
    while (await this.#pause(LOOK_EVERY)) {
      this.#samples.push({ at: this.#seconds, mebibytes: memory(this.#running.pid).now });
    }
  }

  /** Resolves with false as soon as all is over. */
  async #pause(milliseconds: number): Promise<boolean> {
    const until = performance.now() + milliseconds;
    while (!this.#isOver && performance.now() < until) {
      // oxlint-disable-next-line no-await-in-loop -- until it is over
      await delay(Math.min(100, milliseconds));
    }
    return !this.#isOver;
  }
}

function text(mebibytes: number): string {
  return `${mebibytes.toFixed(0)} MiB`;
}

export function reportText({ answered, killed, reloads, flatness: { first, last }, findings }: SoakReport): string {
  const done = `${answered} queries answered, ${killed} clients killed, ${reloads} reloads, memory ${text(first)} to ${text(last)}`;
  return `${[done, ...(findings.length === 0 ? ['nothing wrong'] : findings)].join('\n')}\n`;
}
