/**
 * The words of one `forward` line. In: the directive. Out: its options, times in milliseconds; what is wrong is reported,
 * and the option then has its default.
 */
import { isIP } from 'node:net';
import type { Directive, Token } from '../../corefile/corefile.ts';
import {
  eachOption,
  expectArguments,
  forbidBlock,
  readChoice,
  readDuration,
  readInteger,
} from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { Rcode } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { Endpoint } from '../network.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readZones } from '../zone-arguments.ts';
import { readFrom } from './from.ts';
import { type CheckOptions, readCheck, readEndpoint, readRcodes, wrongAddress } from './option-words.ts';
import { type Target, readTargets } from './targets.ts';
import { NO_TLS, type TlsFiles, readTls, readTlsServerName, warnOfTls } from './tls-options.ts';

export type Policy = 'random' | 'round_robin' | 'sequential';

export interface ForwardOptions {
  /** Where the line stands: `Corefile:3:5`. */
  readonly at: string;
  /** Names at or below this one are forwarded, */
  readonly from: Name;
  /** but none at or below these. */
  readonly except: readonly Name[];
  readonly to: readonly Target[];
  /** Over what a plain upstream is asked: as the client asks, or always over the same. */
  readonly transport: 'client' | 'udp' | 'tcp';
  /** Idle connections are closed after this. */
  readonly expire: number;
  /** Connections take no more queries after this; 0 for no limit. */
  readonly maxAge: number;
  /** Idle connections that are kept of each upstream and protocol; 0 for no limit. */
  readonly maxIdle: number;
  readonly readTimeout: number;
  readonly maxFails: number;
  /** Messages for one query; 0 where only time ends it, undefined for two for each upstream. */
  readonly attempts: number | undefined;
  readonly check: CheckOptions;
  readonly policy: Policy;
  /** Queries that may wait at once; 0 for no limit. */
  readonly maxConcurrent: number;
  readonly next: ReadonlySet<number>;
  readonly nextOnNodata: boolean;
  readonly failover: ReadonlySet<number>;
  readonly failfast: boolean;
  readonly tls: TlsFiles;
  readonly serverName: string | undefined;
  readonly method: 'GET' | 'POST';
  readonly source: string | undefined;
  readonly resolvers: readonly Endpoint[];
  readonly mixCase: boolean;
}

const DEFAULT_EXPIRE = 10_000;
const DEFAULT_READ_TIMEOUT = 2_000;
const DEFAULT_MAX_FAILS = 2;
const DEFAULT_CHECK_INTERVAL = 500;
const HOUR = 3_600_000;
const MAX_COUNT = 1_000_000;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function readForwardOptions(use: Directive, { folder, problems }: ConfigureContext): ForwardOptions {
  const [, ...to] = use.args;
  const options = defaults(use, problems);
  warnOfRepeats(use, problems);
  const flag = (usage: string, set: () => void) => (option: Directive) => {
    forbidBlock(option, problems);
    if (expectArguments(option, problems, { max: 0, usage })) set();
  };
  const one = (usage: string, read: (word: Token) => void) => (option: Directive) => {
    forbidBlock(option, problems);
    const fits = expectArguments(option, problems, { min: 1, max: 1, usage });
    const [word] = option.args;
    if (fits && word !== undefined) read(word);
  };
  const time = (usage: string, min: number, set: (value: number) => void) =>
    one(usage, (word) => set(readDuration(word, problems, { min, max: HOUR }) ?? min));
  const count = (name: string, set: (value: number) => void) =>
    one(`${name} N`, (word) => set(readInteger(word, problems, { min: 0, max: MAX_COUNT, what: name }) ?? 0));
  let transport: readonly Token[] = [];
  let serverName: Token | undefined;
  let maxAge: Token | undefined;

  eachOption(use, problems, {
    except(option) {
      forbidBlock(option, problems);
      if (!expectArguments(option, problems, { min: 1, usage: 'except NAME…' })) return;
      options.except = [...options.except, ...readZones(option.args, [], problems)];
    },
    force_tcp(option) {
      flag('force_tcp', () => (options.transport = 'tcp'))(option);
      transport = [...transport, option.name];
    },
    prefer_udp(option) {
      flag('prefer_udp', () => (options.transport = options.transport === 'tcp' ? 'tcp' : 'udp'))(option);
      transport = [...transport, option.name];
    },
    expire: time('expire DURATION', 0, (value) => (options.expire = value)),
    max_age(option) {
      time('max_age DURATION', 0, (value) => (options.maxAge = value))(option);
      [maxAge] = option.args;
    },
    max_idle_conns: count('max_idle_conns', (value) => (options.maxIdle = value)),
    read_timeout: time('read_timeout DURATION', 1, (value) => (options.readTimeout = value)),
    max_fails: count('max_fails', (value) => (options.maxFails = value)),
    max_connect_attempts: count('max_connect_attempts', (value) => (options.attempts = value)),
    health_check(option) {
      options.check = readCheck(option, options.check, problems);
    },
    policy: one('policy random|round_robin|sequential', (word) => {
      options.policy = readChoice(word, problems, ['random', 'round_robin', 'sequential']) ?? options.policy;
    }),
    max_concurrent: count('max_concurrent', (value) => (options.maxConcurrent = value)),
    next(option) {
      options.next = readRcodes(option, 'next RCODE…', options.next, problems);
    },
    next_on_nodata: flag('next_on_nodata', () => (options.nextOnNodata = true)),
    failover(option) {
      options.failover = readRcodes(option, 'failover RCODE…', options.failover, problems, Rcode.NOERROR);
    },
    failfast_all_unhealthy_upstreams: flag('failfast_all_unhealthy_upstreams', () => (options.failfast = true)),
    tls(option) {
      options.tls = readTls(option, folder, problems);
    },
    tls_servername: one('tls_servername NAME', (word) => {
      options.serverName = readTlsServerName(word, problems);
      serverName = word;
    }),
    doh_method: one('doh_method GET|POST', (word) => {
      options.method = readChoice(word, problems, ['GET', 'POST']) ?? 'POST';
    }),
    source_address: one('source_address ADDRESS', (word) => {
      if (isIP(word.text) === 0) wrongAddress(word, problems);
      else options.source = word.text;
    }),
    resolver(option) {
      forbidBlock(option, problems);
      expectArguments(option, problems, { min: 1, usage: 'resolver ADDRESS[:PORT]…' });
      options.resolvers = [...options.resolvers, ...option.args.flatMap((word) => readEndpoint(word, problems) ?? [])];
    },
    mix_case: flag('mix_case', () => (options.mixCase = true)),
  });

  options.to = readTargets(to, folder, problems);
  const [, second] = transport;
  if (options.transport === 'tcp' && second !== undefined && transport.some(({ text }) => text === 'prefer_udp')) {
    problems.warning(second, "'force_tcp' and 'prefer_udp' exclude each other: 'force_tcp' holds", {
      expected: 'one of them',
    });
  }
  if (maxAge !== undefined && options.maxAge > 0 && options.maxAge < options.expire) {
    problems.error(maxAge, 'max_age cannot be less than expire', { expected: 'max_age of at least expire, or 0' });
  }
  checkAgainstTargets(options, serverName, problems);
  warnOfTls(use, options.to, problems);
  return options;
}

function defaults(use: Directive, problems: Problems): Writable<ForwardOptions> {
  const { file, line, column } = use.name.at;
  return {
    at: `${file}:${line}:${column}`,
    from: readFrom(use, problems),
    except: [],
    to: [],
    transport: 'client',
    expire: DEFAULT_EXPIRE,
    maxAge: 0,
    maxIdle: 0,
    readTimeout: DEFAULT_READ_TIMEOUT,
    maxFails: DEFAULT_MAX_FAILS,
    attempts: undefined,
    check: { interval: DEFAULT_CHECK_INTERVAL, recursion: true, domain: Name.root },
    policy: 'random',
    maxConcurrent: 0,
    next: new Set(),
    nextOnNodata: false,
    failover: new Set(),
    failfast: false,
    tls: NO_TLS,
    serverName: undefined,
    method: 'POST',
    source: undefined,
    resolvers: [],
    mixCase: false,
  };
}

/** CoreDNS takes the last one without a word, and so do we with one. */
function warnOfRepeats(use: Directive, problems: Problems): void {
  const lists = new Set(['except', 'next', 'failover', 'resolver']);
  const seen = new Set<string>();
  for (const { name } of use.block ?? []) {
    if (seen.has(name.text) && !lists.has(name.text)) {
      problems.warning(name, `'${shorten(name.text)}' is given twice: this one holds`, {
        expected: `one '${shorten(name.text)}'`,
      });
    }
    seen.add(name.text);
  }
}

/** What only the upstreams together with the options show to be wrong. */
function checkAgainstTargets(
  { to, source, serverName }: ForwardOptions,
  word: Token | undefined,
  problems: Problems,
): void {
  for (const target of to) {
    if (serverName !== undefined && target.serverName !== undefined) {
      problems.error(word ?? target.token, `'tls_servername' and '${shorten(target.token.text)}' exclude each other`, {
        expected: "'tls_servername', or '%NAME' behind the address",
      });
    }
    if (source !== undefined && target.kind === 'address' && isIP(source) !== isIP(target.to.address)) {
      problems.error(target.token, `${shorten(target.token.text)} cannot be reached from ${source}`, {
        expected: "upstreams of the address family of 'source_address'",
      });
    }
  }
}
