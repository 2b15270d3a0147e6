/**
 * The words of a `cache` directive. In: the directive. Out: its options, all times in the unit that their docs name; what
 * is wrong is reported, and the option then has its default.
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import {
  eachOption,
  expectArguments,
  forbidBlock,
  readChoice,
  readDuration,
  readInteger,
  warnOfSecond,
  wordsAsZones,
} from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readZones, warnOfZonesOutside } from '../zone-arguments.ts';
import type { TtlLimits } from './ttl.ts';

/** Which of the two stores an entry is in, as metrics call it. */
export type EntryKind = 'success' | 'denial';

/** One kind of answers. */
export interface KindOptions extends TtlLimits {
  /** Entries; 0 for none. */
  readonly capacity: number;
  /** Zones in which nothing of this kind is kept. */
  readonly disabled: readonly Name[];
}

export interface PrefetchOptions {
  /** Hits that make an entry worth it. */
  readonly amount: number;
  /** Milliseconds that may lie between two of them. */
  readonly gap: number;
  /** How much of the lifetime is left when it begins, 0 to 1. */
  readonly share: number;
}

export interface StaleOptions {
  /** Milliseconds for which an entry is served after its end. */
  readonly duration: number;
  /** Milliseconds that upstreams are waited for, possibly infinite; undefined where the old answer is sent at once. */
  readonly verify: number | undefined;
  /** Seconds, for the records of old answers; undefined for what RFC 8767 recommends. */
  readonly ttl: number | undefined;
  /** Milliseconds after a failed attempt in which there is no other. */
  readonly recheck: number;
  /** An old positive answer is served rather than a newer negative one. */
  readonly preferPositive: boolean;
}

export interface CacheOptions {
  /** Names outside of these are passed on. */
  readonly zones: readonly Name[];
  /** As metrics call them. */
  readonly zonesLabel: string;
  readonly kinds: Readonly<Record<EntryKind, KindOptions>>;
  readonly prefetch: PrefetchOptions | undefined;
  readonly stale: StaleOptions | undefined;
  /** Milliseconds that a failure is remembered; 0 for not at all. */
  readonly failure: number;
  /** Hits show the TTL that was stored. */
  readonly keepTtl: boolean;
}

/** 256 shards of 39 entries, as CoreDNS counts them; the figure is kept, the shards are not. */
const DEFAULT_CAPACITY = 9984;
const DEFAULT_TTL: Readonly<Record<EntryKind, number>> = { success: 3600, denial: 1800 };
const DEFAULT_MIN_TTL = 5;
/** RFC 2181 §8 */
const MAX_TTL = 0x7fff_ffff;
const MINUTE = 60_000;
const DEFAULT_PREFETCH_GAP = MINUTE;
const DEFAULT_PREFETCH_PERCENT = 10;
const DEFAULT_STALE = 60 * MINUTE;
/** RFC 8767 §5: what a client may be kept waiting before it is given an old answer. */
const DEFAULT_VERIFY = 1_800;
/** A client has long gone by then, and a timer that is longer than 24 days would not wait at all. */
const MAX_VERIFY = 5 * MINUTE;
/** RFC 9520 §3.2: at least a second and at most five minutes. */
const DEFAULT_FAILURE = 5_000;
const MAX_FAILURE = 5 * MINUTE;
const MAX_RECHECK = 5 * MINUTE;

const USAGE = {
  success: 'success CAPACITY [TTL [MINTTL]]',
  denial: 'denial CAPACITY [TTL [MINTTL]]',
  prefetch: 'prefetch AMOUNT [DURATION [PERCENT%]]',
  serve_stale:
    'serve_stale [DURATION [immediate [RESPONSE_TTL [RECHECK]]]] or serve_stale [DURATION [verify [TIMEOUT [RESPONSE_TTL [RECHECK]]]]]',
  serve_stale_policy: 'serve_stale_policy prefer_positive',
  servfail: 'servfail DURATION',
  disable: 'disable success|denial [ZONES…]',
  keepttl: 'keepttl',
} as const;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function readCacheOptions(use: Directive, context: ConfigureContext): CacheOptions {
  const { zones, problems } = context;
  const { cap, zoneWords } = readArguments(use.args, problems);
  const kind = (name: EntryKind): Writable<KindOptions> => ({
    capacity: DEFAULT_CAPACITY,
    ttl: cap ?? DEFAULT_TTL[name],
    minTtl: DEFAULT_MIN_TTL,
    disabled: [],
  });
  const kinds = { success: kind('success'), denial: kind('denial') };
  let prefetch: PrefetchOptions | undefined;
  let stale: StaleOptions | undefined;
  let policy: Token | undefined;
  let failure = DEFAULT_FAILURE;
  let keepTtl = false;

  const readers = {
    success: (option: Directive) => readKind(option, kinds.success, problems),
    denial: (option: Directive) => readKind(option, kinds.denial, problems),
    prefetch(option: Directive) {
      prefetch = readPrefetch(option.args, problems);
    },
    serve_stale(option: Directive) {
      stale = readStale(option.args, problems);
    },
    serve_stale_policy(option: Directive) {
      const [word] = option.args;
      if (word && readChoice(word, problems, ['prefer_positive'])) policy = option.name;
    },
    servfail(option: Directive) {
      const [word] = option.args;
      if (word) failure = readDuration(word, problems, { max: MAX_FAILURE }) ?? failure;
    },
    disable(option: Directive) {
      const [word, ...disabled] = option.args;
      const which = word && readChoice(word, problems, ['success', 'denial']);
      if (which) kinds[which].disabled = readZones(disabled, ['.'], problems);
    },
    keepttl() {
      keepTtl = true;
    },
  };
  const counts = {
    success: { min: 1, max: 3 },
    denial: { min: 1, max: 3 },
    prefetch: { min: 1, max: 3 },
    serve_stale: { max: 5 },
    serve_stale_policy: { min: 1, max: 1 },
    servfail: { min: 1, max: 1 },
    disable: { min: 1 },
    keepttl: { max: 0 },
  } as const;
  const seen = new Map<string, Token>();
  const reader =
    (name: keyof typeof readers) =>
    (option: Directive): void => {
      forbidBlock(option, problems);
      const word = option.args[0]?.text ?? '';
      warnOfSecond(option, name === 'disable' ? `disable ${word}` : name, seen, problems);
      if (expectArguments(option, problems, { ...counts[name], usage: USAGE[name] })) readers[name](option);
    };
  eachOption(use, problems, {
    success: reader('success'),
    denial: reader('denial'),
    prefetch: reader('prefetch'),
    serve_stale: reader('serve_stale'),
    serve_stale_policy: reader('serve_stale_policy'),
    servfail: reader('servfail'),
    disable: reader('disable'),
    keepttl: reader('keepttl'),
  });
  if (policy !== undefined && stale === undefined) {
    problems.error(policy, `'serve_stale_policy' means nothing without 'serve_stale'`, { expected: USAGE.serve_stale });
  }
  warnOfZonesOutside(zoneWords, context);
  return {
    zones: readZones(zoneWords, zones, problems),
    zonesLabel: wordsAsZones(zoneWords, zones, problems).join(','),
    kinds,
    prefetch,
    stale: stale && withPolicy(stale, policy !== undefined),
    failure,
    keepTtl,
  };
}

function withPolicy(stale: StaleOptions, preferPositive: boolean): StaleOptions {
  return { ...stale, preferPositive };
}

/** `[TTL] [ZONES…]`: a first word that is a number is the TTL. */
function readArguments(
  args: readonly Token[],
  problems: Problems,
): { readonly cap: number | undefined; readonly zoneWords: readonly Token[] } {
  const [first, ...rest] = args;
  if (first !== undefined && /^[+-]?\d+$/.test(first.text)) {
    return { cap: readInteger(first, problems, { min: 1, max: MAX_TTL, what: 'TTL' }), zoneWords: rest };
  }
  const seconds = first && /^(\d+)s$/.exec(first.text)?.[1];
  if (first !== undefined && seconds !== undefined) {
    problems.warning(first, `'${first.text}' is taken for a zone: a TTL has no unit`, { suggestion: seconds });
  }
  return { cap: undefined, zoneWords: args };
}

function readKind({ args }: Directive, kind: Writable<KindOptions>, problems: Problems): void {
  const [capacity, ttl, minTtl] = args;
  if (capacity) kind.capacity = readInteger(capacity, problems, { min: 0, what: 'CAPACITY' }) ?? kind.capacity;
  if (ttl) kind.ttl = readInteger(ttl, problems, { min: 1, max: MAX_TTL, what: 'TTL' }) ?? kind.ttl;
  if (minTtl) kind.minTtl = readInteger(minTtl, problems, { min: 0, max: MAX_TTL, what: 'MINTTL' }) ?? kind.minTtl;
}

function readPrefetch([count, pause, part]: readonly Token[], problems: Problems): PrefetchOptions | undefined {
  const amount = (count && readInteger(count, problems, { min: 0, what: 'AMOUNT' })) ?? 0;
  const gap = (pause && readDuration(pause, problems)) ?? DEFAULT_PREFETCH_GAP;
  const percent = (part && readPercent(part, problems)) ?? DEFAULT_PREFETCH_PERCENT;
  return amount === 0 ? undefined : { amount, gap, share: percent / 100 };
}

function readPercent(token: Token, problems: Problems): number | undefined {
  const digits = /^(\d{1,9})%$/.exec(token.text)?.[1];
  const percent = Number(digits);
  if (digits !== undefined && percent >= 10 && percent <= 90) return percent;
  const bare = /^[1-8]\d$|^90$/.test(token.text);
  problems.error(token, `'${token.text}' is not a percentage from 10% to 90%`, {
    expected: 'a whole number from 10 to 90 with a percent sign',
    ...(bare ? { suggestion: `${token.text}%` } : {}),
  });
  return undefined;
}

function readStale(args: readonly Token[], problems: Problems): StaleOptions {
  const [length, mode, ...times] = args;
  const duration = (length && readDuration(length, problems)) ?? DEFAULT_STALE;
  const lowerCase = mode && { ...mode, text: mode.text.toLowerCase() };
  const verifies = lowerCase !== undefined && readChoice(lowerCase, problems, ['immediate', 'verify']) === 'verify';
  const timeout = verifies ? times.shift() : undefined;
  const [response, again, extra] = times;
  if (extra !== undefined) {
    problems.error(extra, `'serve_stale ${mode?.text ?? ''}' takes no more words`, { expected: USAGE.serve_stale });
  }
  const wait = (timeout && readDuration(timeout, problems, { max: MAX_VERIFY })) ?? DEFAULT_VERIFY;
  return {
    duration,
    verify: verifies ? (wait === 0 ? Infinity : wait) : undefined,
    ttl: response && readWholeSeconds(response, problems),
    recheck: (again && readDuration(again, problems, { max: MAX_RECHECK })) ?? 0,
    preferPositive: false,
  };
}

/** A duration that is put into records, in seconds. */
function readWholeSeconds(token: Token, problems: Problems): number | undefined {
  const duration = readDuration(token, problems, { max: MAX_TTL * 1000 });
  if (duration === undefined || duration % 1000 === 0) return duration === undefined ? undefined : duration / 1000;
  problems.error(token, `'${token.text}' is no whole number of seconds`, {
    expected: 'a TTL: a duration of whole seconds, such as 30s',
    suggestion: `${Math.ceil(duration / 1000)}s`,
  });
  return undefined;
}
