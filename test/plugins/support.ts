/**
 * What tests of directives need: a directive read from a Corefile, put in service on a host whose clock, log and facts
 * the test holds, and asked questions as the server would ask it.
 */
import { FactCounters } from '../../src/cluster/facts.ts';
import { type Directive, loadCorefile } from '../../src/corefile/corefile.ts';
import { zonesOfKeys } from '../../src/corefile/options.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { Class, Flag, Rcode, classOf, rcodeName, typeOf } from '../../src/dns/constants.ts';
import type { Edns } from '../../src/dns/edns.ts';
import { Name } from '../../src/dns/name.ts';
import { formatRecord } from '../../src/dns/presentation-format.ts';
import { type RRset, recordCount } from '../../src/dns/rrset.ts';
import { uncompressedSize } from '../../src/dns/size.ts';
import { type Answer, type Outcome, failure } from '../../src/plugins/answer.ts';
import type {
  BlockSettings,
  ConfigureContext,
  Host,
  HttpReply,
  Next,
  Plugin,
  PluginDirective,
  PluginSetup,
  RunningPlugin,
  SettingDirective,
} from '../../src/plugins/plugin.ts';
import { noNeighbours } from '../../src/plugins/neighbours.ts';
import type { Network } from '../../src/plugins/network.ts';
import { Account, type Client, Query, type Resolver } from '../../src/plugins/query.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { LogWriter } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { explain } from '../../src/plugins/reasons.ts';

/** A clock that stands until it is moved. */
export class FakeClock {
  #elapsed = 0;

  now(): number {
    return 1_700_000_000_000 + Math.floor(this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  advance(milliseconds: number): void {
    this.#elapsed += milliseconds;
  }
}

export const NO_NETWORK: Network = {
  httpStatus: () => Promise.reject(new Error('no network was expected to be used')),
  channel: () => {
    throw new Error('no network was expected to be used');
  },
};

export interface TestHost extends Host {
  readonly clock: FakeClock;
  readonly metrics: Metrics;
  /** What is served over HTTP, by `ADDRESS PORT PATH`. */
  readonly http: ReadonlyMap<string, () => HttpReply>;
  /** What was said to be fatal. */
  readonly fatalMessages: readonly string[];
  /** Whole lines of the log since the last call. */
  takeLines(): readonly string[];
}

/** @param parts what is not as a host has it by itself, such as a network */
export function makeHost(parts: Partial<Host> = {}): TestHost {
  let written = '';
  const writer = new LogWriter({
    write(lines) {
      written += lines;
      return true;
    },
    drained: () => undefined,
  });
  writer.debugging = true;
  const shared = new SharedThings();
  const fatal: string[] = [];
  const http = new Map<string, () => HttpReply>();
  return {
    facts: new FactCounters(),
    stores: { acquire: () => Promise.reject(new Error('these directives have no cluster')) },
    logger: (plugin) => writer.logger(plugin === '' ? '' : `plugin/${plugin}: `),
    ownAddresses: () => [],
    metrics: new Metrics(),
    network: NO_NETWORK,
    block: { zones: ['.'], servers: ['dns://:53'], view: '', plugins: [], fingerprintFrom: (plugin) => plugin },
    neighbours: noNeighbours(),
    shared: (kind, key, create) => shared.hold(kind, key, create).thing,
    serveHttp: ({ address, port }, path, answer) => void http.set(`${address} ${port} ${path}`, answer),
    fatal: (message) => void fatal.push(message),
    notReady: () => [],
    http,
    fatalMessages: fatal,
    ...parts,
    clock: new FakeClock(),
    takeLines() {
      writer.flush();
      const lines = written.split('\n').slice(0, -1);
      written = '';
      return lines;
    },
  };
}

interface Block {
  readonly uses: readonly [Directive, ...Directive[]];
  readonly context: ConfigureContext;
  /** Errors and warnings as a person reads them, in the order in which they were found. */
  problems(): readonly string[];
}

/** The uses of a directive in a block; `lines` are the lines of the block and begin at line 2, column 1. */
function readBlock(directive: string, lines: string, zones: readonly string[], folder: string): Block {
  const problems = new Problems();
  const text = `${zones.join(' ')} {\n${lines}\n}\n`;
  const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder }, {}, problems);
  const block = corefile?.blocks[0];
  const usesOf = (name: string): readonly Directive[] =>
    block?.directives.filter((one) => one.name.text === name) ?? [];
  const [first, ...further] = usesOf(directive);
  if (first === undefined) throw new Error(`no '${directive}' in:\n${text}`);
  return {
    uses: [first, ...further],
    context: { zones: zonesOfKeys(block?.keys ?? []), problems, fixtures: [], folder, usesOf },
    problems: () => problems.list.map(renderProblem),
  };
}

export interface BlockOptions {
  /** Of the block; `.` if left out. */
  readonly zones?: readonly string[];
  readonly folder?: string;
}

/** What is wrong with a directive. */
export function problemsOf(directive: PluginDirective, lines: string, options: BlockOptions = {}): readonly string[] {
  return configure(directive, lines, options).problems;
}

export function configure(
  directive: PluginDirective,
  lines: string,
  { zones = ['.'], folder = '/' }: BlockOptions = {},
): { readonly setup: PluginSetup | undefined; readonly problems: readonly string[] } {
  const block = readBlock(directive.name, lines, zones, folder);
  const setup = directive.configure(block.uses, block.context);
  return { setup, problems: block.problems() };
}

/** What a setting makes of a block. */
export function settingsOf(
  directive: SettingDirective,
  lines: string,
): { readonly settings: BlockSettings; readonly problems: readonly string[] } {
  const block = readBlock(directive.name, lines, ['.'], '/');
  const settings: BlockSettings = { bind: [], bindExcept: [], debug: false, reload: undefined, timeouts: undefined };
  directive.apply(block.uses, block.context, settings);
  return { settings, problems: block.problems() };
}

export interface Service {
  /** One that passes everything on where the directive stands beside the chain. */
  readonly plugin: Plugin;
  readonly running: RunningPlugin;
  readonly host: TestHost;
  close(): void;
}

/** A directive in service; it must have been read without a problem. */
export async function serve(
  directive: PluginDirective,
  lines: string,
  options: BlockOptions & { readonly host?: TestHost } = {},
): Promise<Service> {
  const { setup, problems } = configure(directive, lines, options);
  if (setup === undefined || problems.length > 0) throw new Error(problems.join('\n'));
  const host = options.host ?? makeHost();
  const running = await setup.create(host);
  return { plugin: running.plugin ?? PASSING, running, host, close: () => running.close?.() };
}

const PASSING: Plugin = { name: 'passing', answer: (query, below) => below.answer(query) };

export interface QueryOptions {
  readonly client?: Partial<Client>;
  readonly class?: string;
  /** Header flags; RD if left out. */
  readonly flags?: number;
  readonly edns?: Partial<Edns>;
  readonly facts?: FactCounters;
  /** Answers look-ups; without it they fail. */
  readonly resolver?: Resolver;
  readonly lookups?: number;
}

const CLIENT: Client = {
  protocol: 'udp',
  clientFamily: 4,
  clientAddress: '127.0.0.1',
  clientPort: 52_988,
  localAddress: '127.0.0.53',
  localPort: 53,
};

const NO_RESOLVER: Resolver = {
  server: 'dns://:53',
  resolve: () => failure(Rcode.SERVFAIL, explain('internalError'), 'no look-up was expected'),
};

/** A client's query, with the id 58857. */
export function makeQuery(name: string, type: string, options: QueryOptions = {}): Query {
  const klass = classOf(options.class ?? 'IN') ?? Class.IN;
  const question = { name: Name.fromText(name), type: typeOf(type) ?? 0, class: klass };
  const edns = options.edns && {
    udpSize: 1232,
    version: 0,
    extendedRcode: 0,
    dnssecOk: false,
    options: [],
    ...options.edns,
  };
  const request = {
    id: 58_857,
    flags: options.flags ?? Flag.RD,
    questions: 1,
    answers: 0,
    authorities: 0,
    additionals: edns === undefined ? 0 : 1,
    question,
    answerRecords: [],
    authorityRecords: [],
    additionalRecords: [],
    edns,
  };
  const account = new Account(options.facts ?? new FactCounters(), options.lookups ?? 16);
  const client = { ...CLIENT, ...options.client };
  return new Query(question, request, uncompressedSize(question), client, account, options.resolver ?? NO_RESOLVER);
}

/** What the chain below a plugin gives where a test says nothing else. */
export const PASSED_ON: Answer = failure(Rcode.REFUSED, explain('internalError'), 'passed on');

/** A chain below that gives this outcome. */
export function next(outcome: Outcome): Next {
  return { answer: () => outcome };
}

/** Asks a plugin; the outcome must be there in the same tick. */
export function ask(plugin: Plugin, query: Query, below: Next = next(PASSED_ON)): Answer {
  const outcome = plugin.answer(query, below);
  if (outcome instanceof Promise) throw new Error('the answer was expected in the same tick');
  return outcome;
}

/** The records of sets as text. */
export function recordsOf(sets: readonly RRset[]): readonly string[] {
  return sets.flatMap((set) => Array.from({ length: recordCount(set) }, (_, i) => formatRecord(set, i) ?? ''));
}

export interface AnswerText {
  readonly rcode: string;
  readonly aa: boolean;
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** An answer as text: a reply in full, a failure as `RCODE TEXT`. */
export function textOf(answer: Answer): AnswerText | string {
  if (answer.kind === 'silence') return 'silence';
  if (answer.kind === 'transfer') return `transfer ${recordsOf([answer.soa]).join('')}`;
  if (answer.kind === 'failure') return `${rcodeName(answer.rcode)} ${answer.error ?? ''}`.trim();
  return {
    rcode: rcodeName(answer.rcode),
    aa: answer.authoritative,
    answers: recordsOf(answer.answers),
    authority: recordsOf(answer.authority),
    additional: recordsOf(answer.additional),
  };
}

/** `textOf` a NOERROR reply with AA, of these records. */
export function answered(...answers: readonly string[]): AnswerText {
  return { rcode: 'NOERROR', aa: true, answers, authority: [], additional: [] };
}
