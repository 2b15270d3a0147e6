/**
 * How soon a change that the API server tells is answered, while other clients ask. Who asks is a process of its own: what holds the
 * API server up, its garbage above all, is not the time of a change.
 */
import { cpuTime } from '../processes.ts';
import { type Api, type Change, monotonic } from './api.ts';
import { Asker } from './asker.ts';
import { tellsOf } from './counted.ts';
import { type Surroundings, startNodens, untilRight } from './nodens.ts';
import { type Loaded, steadyLoad, writeQuestions } from './steady.ts';

export interface ChangeOptions {
  /** Of the Service that changes. */
  readonly endpoints: number;
  /** Changes in a second, and how many. */
  readonly rate: number;
  readonly events: number;
  /** As many before those that count: the JavaScript engine compiles while it runs. */
  readonly warmUp: number;
  /** Queries in a second meanwhile. */
  readonly load: number;
}

/** All in milliseconds. */
interface Times {
  /** From the octets of the event to the first answer that knows of it, for each change. */
  readonly took: readonly number[];
  /** What writing it took before that: JSON, TLS and the socket. */
  readonly writing: readonly number[];
  /** How long each of the answers took that were asked for meanwhile. */
  readonly asking: readonly number[];
}

export interface Changes extends Times, Loaded {
  /** The share of its core that the server used, from 0 to 1. */
  readonly busy: number;
}

export async function measureChanges(around: Surroundings, api: Api, options: ChangeOptions): Promise<Changes> {
  const { endpoints, rate, events, warmUp, load } = options;
  const nodens = await startNodens(around, api);
  const asker = new ChangeAsker(nodens.dnsPort);
  try {
    await untilRight(nodens, around.size);
    const questions = await writeQuestions(around);
    const end = steadyLoad({ port: nodens.dnsPort, questions, rate: load, core: around.cores?.client });
    const write = async (count: number): Promise<Times> => {
      const counted = { name: `of-${endpoints}`, endpoints };
      await api.write({ counted, rate, events: count }, asker.told);
      return asker.take();
    };
    await write(warmUp);
    const [began, used] = [performance.now(), cpuTime(nodens.process.pid)];
    const times = await write(events);
    const busy = (cpuTime(nodens.process.pid) - used) / 1_000 / (performance.now() - began);
    return { ...times, busy, ...(await end()) };
  } finally {
    asker.close();
    await nodens.process.stop();
  }
}

/** Changes that are asked for at once: one after the other, each would wait for all that were held up before it. */
const ASKED_TOGETHER = 4;
/** Milliseconds for an answer to know of a change. */
const DEADLINE = 10_000;

/** Asks for each change that it is told of until it is answered. */
class ChangeAsker {
  readonly #asker: Asker;
  #took: number[] = [];
  #writing: number[] = [];
  #asking: number[] = [];
  /** The changes that no answer is known to tell of, oldest first. */
  #open: Change[] = [];
  readonly #asked = new Map<string, Promise<void>>();

  constructor(dnsPort: number) {
    this.#asker = new Asker(dnsPort);
  }

  readonly told = (change: Change): void => {
    this.#writing.push(change.writing);
    this.#open.push(change);
    this.#askForMore();
  };

  /** All times since the last call, when all changes are answered. They begin behind the first, which stands for the whole Service. */
  async take(): Promise<Times> {
    // oxlint-disable-next-line no-await-in-loop -- those behind them are asked for only then
    while (this.#asked.size > 0) await Promise.all(this.#asked.values());
    const [took, writing, asking] = [this.#took.slice(1), this.#writing.slice(1), this.#asking];
    [this.#took, this.#writing, this.#asking] = [[], [], []];
    return { took, writing, asking };
  }

  close(): void {
    this.#asker.close();
  }

  #askForMore(): void {
    for (const change of this.#open) {
      if (this.#asked.size >= ASKED_TOGETHER) return;
      if (!this.#asked.has(change.name)) this.#asked.set(change.name, this.#ask(change));
    }
  }

  async #ask({ name, count }: Change): Promise<void> {
    const { address } = await this.#asker.until(name, tellsOf(count), {
      deadline: DEADLINE,
      asked: (answered) => this.#asking.push(answered),
    });
    const at = monotonic();
    const isSeen = (one: Change): boolean => one.name === name && tellsOf(one.count)(address);
    for (const change of this.#open) if (isSeen(change)) this.#took.push(at - change.at);
    this.#open = this.#open.filter((change) => !isSeen(change));
    this.#asked.delete(name);
    this.#askForMore();
  }
}
