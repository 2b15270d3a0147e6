/**
 * One run of the suite: what its steps share, and how a step says what it expects.
 *
 *     objects ─► API server ─► the program ─► answers
 *                     ▲                          │
 *                     └── steps change objects ◄─┴─ and ask until the answer is the new one
 */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { freePort } from '../../support/free-port.ts';
import { Program } from '../program.ts';
import { type ApiClient, type JsonObject, at } from './api-client.ts';
import { Asker, type Reply, textOf } from './asker.ts';
import { addressType } from './objects.ts';
import type { OwnObjects } from './own-objects.ts';

/** One thing that must be so. */
export interface Step {
  readonly title: string;
  run(suite: Suite): Promise<void>;
}

export interface SuiteOptions {
  readonly api: ApiClient;
  readonly own: OwnObjects;
  /** Of the cluster. */
  readonly kubeconfig: string;
  /** For files; gone when the run is over. */
  readonly folder: string;
  /** What is run in place of src/main.ts. */
  readonly program: string | undefined;
  /** Milliseconds in which an answer must follow a change. */
  readonly changeDeadline: number;
}

interface Started {
  readonly program: Program;
  readonly asker: Asker;
}

const NO_ERROR = 'NOERROR';

export class Suite {
  readonly api: ApiClient;
  readonly own: OwnObjects;
  readonly kubeconfig: string;
  readonly folder: string;
  /** The namespaces that the steps share; the first step makes them. */
  main = '';
  other = '';
  /** Milliseconds from each change to its answer. */
  readonly delays: number[] = [];
  readonly #options: SuiteOptions;
  #started: Started | undefined;
  #isOver = false;

  constructor(options: SuiteOptions) {
    this.#options = options;
    this.api = options.api;
    this.own = options.own;
    this.kubeconfig = options.kubeconfig;
    this.folder = options.folder;
  }

  /** Starts the program on an API server, with the snapshot that an earlier start has left. */
  async start(kubeconfig = this.kubeconfig): Promise<Program> {
    const port = await freePort();
    if (this.#isOver) throw new Error('the run is over');
    const corefile = join(this.folder, 'Corefile');
    writeFileSync(corefile, corefileText(kubeconfig, join(this.folder, 'snapshot')));
    const { program: file } = this.#options;
    const program = new Program(['-conf', corefile, '-dns.port', String(port), '--bind', '127.0.0.1'], {
      ...(file === undefined ? {} : { program: file }),
      environment: { KUBERNETES_SERVICE_HOST: undefined },
    });
    this.#started = { program, asker: new Asker(port) };
    return program;
  }

  /** Ends the program as Kubernetes does, and returns what it printed. */
  async stop(): Promise<string> {
    const { program } = this.#running;
    program.signal('SIGTERM');
    const { code, stdout, stderr } = await program.ended();
    this.#forget();
    if (code !== 0) throw new Error(`the program ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Ends the program, whatever it is doing; steps that go on find nothing to ask. */
  async end(): Promise<void> {
    this.#isOver = true;
    const running = this.#started;
    this.#forget();
    await running?.program.kill();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the program has printed. */
  get log(): string {
    return this.#started === undefined ? '' : this.#started.program.stdout + this.#started.program.stderr;
  }

  #forget(): void {
    this.#started?.asker.close();
    this.#started = undefined;
  }

  get #running(): Started {
    if (this.#started === undefined) throw new Error('the program is not running');
    return this.#started;
  }

  /** `web` → `web.NAMESPACE.svc.cluster.local`, in the namespace that the steps share. */
  name(service: string, namespace = this.main): string {
    return `${service}.${namespace}.svc.cluster.local`;
  }

  /** Over both transports. */
  ask(name: string, type: string): Promise<Reply> {
    return this.#running.asker.askBoth(name, type);
  }

  /** Over UDP alone, where the answer may be another in the next moment. */
  askOnce(name: string, type: string): Promise<Reply> {
    return this.#running.asker.ask(name, type);
  }

  /** The name has exactly these records of the type. */
  async expect(name: string, type: string, records: readonly string[]): Promise<Reply> {
    const reply = await this.ask(name, type);
    const wanted = records.map((record) => `${type} ${record}`).toSorted();
    if (reply.rcode === NO_ERROR && reply.isAuthoritative && isSame(reply.answer, wanted)) return reply;
    throw new Error(`${name} ${type}: ${textOf(reply)}, not ${wanted.join(' ')}`);
  }

  /** The name exists and has no such record. */
  async expectNoData(name: string, type: string): Promise<void> {
    const reply = await this.ask(name, type);
    if (reply.rcode === NO_ERROR && reply.answer.length === 0 && reply.negativeTtl !== undefined) return;
    throw new Error(`${name} ${type}: ${textOf(reply)}, not NODATA with an SOA record`);
  }

  async expectNoName(name: string, type = 'A'): Promise<Reply> {
    const reply = await this.ask(name, type);
    if (reply.rcode === 'NXDOMAIN' && reply.negativeTtl !== undefined) return reply;
    throw new Error(`${name} ${type}: ${textOf(reply)}, not NXDOMAIN with an SOA record`);
  }

  /** A change has been made just now: its answer must follow. Notes how long that takes. */
  async changes(name: string, type: string, records: readonly string[] | 'NXDOMAIN'): Promise<void> {
    const { changeDeadline: deadline } = this.#options;
    const wanted = records === 'NXDOMAIN' ? [] : records.map((record) => `${type} ${record}`).toSorted();
    const rcode = records === 'NXDOMAIN' ? 'NXDOMAIN' : NO_ERROR;
    const isWanted = (reply: Reply): boolean => reply.rcode === rcode && isSame(reply.answer, wanted);
    this.delays.push(await this.#running.asker.until(name, type, isWanted, { deadline }));
  }

  /** Asks until the name has an answer as wanted; a reply that is not to be is an error at once. */
  until(
    name: string,
    type: string,
    isWanted: (reply: Reply) => boolean,
    never?: (reply: Reply) => void,
  ): Promise<number> {
    return this.#running.asker.until(name, type, isWanted, never === undefined ? {} : { never });
  }

  /** The addresses that the API server has given a Service, as A and AAAA records must have them. */
  async expectAddresses(name: string, service: JsonObject): Promise<readonly string[]> {
    const addresses = clusterIPsOf(service);
    for (const type of ['A', 'AAAA']) {
      const own = addresses.filter((address) => addressType(address) === type);
      // oxlint-disable-next-line no-await-in-loop -- two questions
      await (own.length === 0 ? this.expectNoData(name, type) : this.expect(name, type, own));
    }
    return addresses;
  }
}

export function clusterIPsOf(service: JsonObject): readonly string[] {
  const ips = at(service, 'spec', 'clusterIPs');
  const texts = Array.isArray(ips) ? ips.filter((ip) => typeof ip === 'string') : [];
  if (texts.length === 0) throw new Error(`the API server gave a Service no address: ${JSON.stringify(service)}`);
  return texts;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

function corefileText(kubeconfig: string, snapshot: string): string {
  return `. {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${JSON.stringify(kubeconfig)}
        snapshot ${JSON.stringify(snapshot)}
        pods verified
        ttl 5
        startup_timeout 1s
    }
}
`;
}
