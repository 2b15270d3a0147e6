/**
 * One campaign: the program against an API server that has bad days, while objects change and names are asked for.
 *
 *     cluster ─ changes ─► API server ─► proxy ─► the program ◄── load
 *        │                    ▲            │                        │
 *        │ history         troubles        └─ delivery ──► judge ◄──┘ answers
 *        └──────────────────────────────────────────────────►
 *
 * All choices follow from the seed; when exactly things happen does not.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { ApiServer } from '../apiserver/server.ts';
import { Random } from '../fuzz/random.ts';
import { freePort } from '../support/free-port.ts';
import { Cluster } from './cluster.ts';
import { Delivery } from './delivery.ts';
import { Findings } from './findings.ts';
import { RESOURCES } from './history.ts';
import { Judge } from './judge.ts';
import { Load } from './load.ts';
import { Proxy } from './proxy.ts';
import { Subject } from './subject.ts';
import { randomTrouble } from './troubles.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Questions a second. */
  readonly rate: number;
  /** Changes of objects a second. */
  readonly changes: number;
  /** Milliseconds that the program is given for what has been written to its socket. */
  readonly grace: number;
  /** What is run in place of src/main.ts. */
  readonly program?: string;
  /** Ends the campaign without a report. */
  readonly signal?: AbortSignal;
  /** Told of everything that is done, as it is done. */
  readonly tell?: (line: string) => void;
}

export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly changes: number;
  readonly load: Load['counts'];
  readonly judged: Judge['counts'];
  readonly findings: Findings;
  /** Milliseconds from the end of all trouble until everything had been delivered. */
  readonly recovery: number;
}

/** Milliseconds from the end of all trouble until everything must have been delivered: the longest backoff, and some. */
const RECOVERY = 75_000;
/** Milliseconds for the same where there has been no trouble for a while, and for the last answers. */
const SETTLED = 15_000;
/** Milliseconds between two looks at whether something is so. */
const LOOK = 50;
/** Milliseconds: a bookmark tells how far the stream has come where nothing happens. */
const BOOKMARKS = 1_000;
/** One trouble in so many is a restart of the program. */
const RESTARTS = 5;
/** Milliseconds between two troubles, at most. */
const BETWEEN = 3_000;
/** Milliseconds after the recovery in which objects go on changing and nothing else happens. */
const CALM = 3_000;
/** Requests to the API server that are told with a violation. */
const REQUESTS = 12;

/** @throws Error where it is interrupted, or where the program does not start */
export async function campaign(options: CampaignOptions): Promise<Report> {
  const running = await Campaign.start(options);
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  options.signal?.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
  try {
    return await Promise.race([running.run(), interrupted]);
  } finally {
    await running.close();
  }
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #findings: Findings;
  /** There is no more trouble. */
  readonly #over = new AbortController();
  /** Nothing changes any more. */
  readonly #finished = new AbortController();
  readonly #random: Random;
  readonly #api: ApiServer;
  readonly #cluster: Cluster;
  readonly #delivery: Delivery;
  readonly #proxy: Proxy;
  readonly #judge: Judge;
  readonly #load: Load;
  readonly #subject: Subject;

  static async start(options: CampaignOptions): Promise<Campaign> {
    const api = await ApiServer.open({ isSecure: false, settings: { bookmarkMilliseconds: BOOKMARKS } });
    const delivery = new Delivery(options.grace);
    const proxy = await Proxy.open(api.port, delivery);
    return new Campaign(options, { api, delivery, proxy, port: await freePort() });
  }

  private constructor(
    options: CampaignOptions,
    parts: { readonly api: ApiServer; readonly delivery: Delivery; readonly proxy: Proxy; readonly port: number },
  ) {
    const { api, delivery, proxy, port } = parts;
    const { seed, rate, program: file, tell = () => undefined } = options;
    this.#options = options;
    this.#api = api;
    this.#delivery = delivery;
    this.#proxy = proxy;
    this.#findings = new Findings(() => this.#standing(), tell);
    // Each has numbers of its own, so that what is chosen does not hang on what is quicker.
    this.#random = new Random(seed);
    this.#cluster = new Cluster(api, new Random(seed ^ 0x5eed));
    this.#judge = new Judge(delivery);
    this.#subject = new Subject({ port, apiPort: proxy.port, file, delivery, judge: this.#judge });
    this.#load = new Load({
      port,
      questions: this.#cluster.questions,
      rate,
      judge: this.#judge,
      random: new Random(seed ^ 0xa5c),
      violation: (violation) => this.#findings.violation(violation),
    });
  }

  async run(): Promise<Report> {
    this.#load.start();
    const isAlone = this.#random.once(2);
    if (isAlone) this.#isolate();
    this.#findings.did(`the program starts${isAlone ? ' without an API server' : ''}`);
    await this.#start();
    if (isAlone) await this.#connect();
    const changing = this.#change();
    const end = setTimeout(() => this.#over.abort(), this.#options.seconds * 1000);
    // oxlint-disable-next-line no-await-in-loop -- one trouble after another
    while (!this.#over.signal.aborted) await this.#trouble();
    clearTimeout(end);
    const recovery = await this.#recover();
    // With all streams as they should be, most answers have one version alone that may be.
    await wait(CALM);
    this.#finished.abort();
    await changing;
    await this.#settle();
    this.#load.stop();
    return {
      seed: this.#options.seed,
      seconds: this.#findings.seconds,
      changes: this.#cluster.changes,
      load: this.#load.counts,
      judged: this.#judge.counts,
      findings: this.#findings,
      recovery,
    };
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.#finished.abort();
    await this.#subject.close();
    this.#load.stop();
    await this.#proxy.close();
    await this.#api.close();
  }

  // The program.

  async #start(): Promise<void> {
    await this.#subject.start(this.#cluster.places);
    this.#load.isUp = true;
  }

  async #restart(): Promise<void> {
    const signal = this.#random.once(2) ? 'SIGKILL' : 'SIGTERM';
    const isAlone = this.#random.once(2);
    const isEmpty = this.#random.once(4);
    const how = `${isAlone ? ', without an API server' : ''}${isEmpty ? ', without its snapshot' : ''}`;
    this.#findings.did(`the program is ${signal === 'SIGKILL' ? 'killed' : 'stopped'} and starts again${how}`);
    if (isAlone) this.#isolate();
    this.#load.isUp = false;
    const ending = await this.#subject.end(signal);
    if (signal === 'SIGTERM' && ending?.code !== 0) {
      this.#findings.complaint(`the program ended with ${ending?.code}: ${ending?.stdout}${ending?.stderr}`);
    }
    if (isEmpty) this.#subject.forget();
    await this.#start();
    if (isAlone) await this.#connect();
  }

  #isolate(): void {
    this.#proxy.refuse();
    this.#proxy.reset();
  }

  async #connect(): Promise<void> {
    await this.#pause(500 + this.#random.below(2_000));
    await this.#proxy.listen();
  }

  // What happens.

  async #change(): Promise<void> {
    const { changes, seed } = this.#options;
    const random = new Random(seed ^ 0xc4a);
    const { signal } = this.#finished;
    while (!signal.aborted) {
      // Now and then many at once.
      const count = random.once(40) ? 50 : 1;
      for (let i = 0; i < count; i++) this.#cluster.change();
      // oxlint-disable-next-line no-await-in-loop -- at a rate
      await wait((1000 / changes) * count, undefined, { signal }).catch(() => undefined);
    }
  }

  async #trouble(): Promise<void> {
    await this.#pause(this.#random.below(BETWEEN));
    if (this.#over.signal.aborted) return;
    if (this.#random.once(RESTARTS)) return this.#restart();
    const trouble = randomTrouble(this.#random);
    this.#findings.did(trouble.name);
    await trouble.run({ api: this.#api, proxy: this.#proxy, random: this.#random, signal: this.#over.signal });
  }

  async #pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }

  // The end.

  /** All is well again: what there is now must arrive. Returns the milliseconds until it has. */
  async #recover(): Promise<number> {
    this.#findings.did('all trouble is over');
    this.#api.faults.clear();
    this.#proxy.isSilent = false;
    this.#proxy.resume();
    await this.#proxy.listen();
    return this.#delivered(RECOVERY);
  }

  /** Nothing changes any more: when all has arrived, each name has one right answer, and is asked for many times over. */
  async #settle(): Promise<void> {
    await this.#delivered(SETTLED);
    const enough = this.#load.counts.answered + this.#cluster.questions.length * 10;
    const deadline = performance.now() + SETTLED;
    // oxlint-disable-next-line no-await-in-loop -- until it is so
    while (this.#load.counts.answered < enough && performance.now() < deadline) await wait(LOOK);
    if (this.#load.counts.answered < enough) this.#findings.complaint('the program does not answer at the end');
  }

  /** Resolves when everything that the cluster is now has been delivered, with the milliseconds that it took. */
  async #delivered(most: number): Promise<number> {
    const begun = performance.now();
    const { revision } = this.#api;
    const isThere = (): boolean => Object.values(this.#delivery.places()).every((place) => place >= revision);
    while (!isThere()) {
      if (performance.now() - begun > most) {
        this.#findings.complaint(`after ${most / 1000} s without trouble not everything has been delivered`);
        break;
      }
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      await wait(LOOK);
    }
    return performance.now() - begun;
  }

  /** How the streams stand, for a person who wonders why. */
  #standing(): string {
    const requests = this.#api.requests.slice(-REQUESTS).map(({ at, method, path, query, status }) => {
      return `${this.#findings.at(at)}: ${method} ${path}?${query.toString()} ${status ?? 'unanswered'}`;
    });
    const streams = RESOURCES.map((resource) => `${this.#api.openWatches(resource)} watches of ${resource}`);
    return [
      `delivered ${JSON.stringify(this.#delivery.places())} of ${this.#api.revision}; ${streams.join(', ')}`,
      ...requests,
      this.#subject.log,
    ].join('\n');
  }
}
