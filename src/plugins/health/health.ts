/**
 * `health`: says over HTTP that the process lives, asks itself whether it does, and says for how long questions are still
 * answered after the server was told to stop (lame duck).
 */
import { bounds } from '../../bounds.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { formatDuration } from '../../corefile/duration.ts';
import { eachOption, expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { TEXT_TYPE, readHttpAddress } from '../http-address.ts';
import { onlyUse } from '../once.ts';
import type { Host, HttpAddress, HttpReply, LameDuck, PluginDirective, RunningPlugin } from '../plugin.ts';
import { SelfCheck } from './self-check.ts';

const DEFAULT_ADDRESS: HttpAddress = { address: '*', port: 8080 };
/** Milliseconds; far beyond what any pod is given to end. */
const MAX_DURATION = 24 * 86_400_000;
/**
 * The whole stop, in milliseconds, unless the Corefile says otherwise: within the 30 s that Kubernetes gives a pod, and long
 * enough for proxies that learn of the stop 15 s after it has begun.
 */
const STOP_WITHIN = 25_000;

const OK: HttpReply = { status: 200, contentType: TEXT_TYPE, body: 'OK' };

export const health: PluginDirective = {
  kind: 'plugin',
  name: 'health',
  besideChain: true,
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    const at = readHttpAddress(use, DEFAULT_ADDRESS, problems);
    let lameduck = 0;
    let within: { readonly time: number; readonly word: Token } | undefined;
    eachOption(use, problems, {
      lameduck(option) {
        lameduck = readOption(option, problems)?.time ?? 0;
      },
      stop_within(option) {
        within = readOption(option, problems);
      },
    });
    if (within !== undefined) warnOfStop(lameduck, within, problems);
    const lameDuck = lameduck === 0 ? undefined : { time: lameduck, within: within?.time ?? STOP_WITHIN };
    return { create: (host) => create(host, at, lameDuck) };
  },
};

/** The one argument of an option, in whole milliseconds. */
function readOption(option: Directive, problems: Problems): { time: number; word: Token } | undefined {
  forbidBlock(option, problems);
  const [word] = option.args;
  const usage = `${option.name.text} DURATION`;
  if (!expectArguments(option, problems, { min: 1, max: 1, usage }) || word === undefined) return undefined;
  const time = readDuration(word, problems, { max: MAX_DURATION });
  return time === undefined ? undefined : { time: Math.ceil(time), word };
}

/** What was written and cannot be kept. */
function warnOfStop(
  lameduck: number,
  within: { readonly time: number; readonly word: Token },
  problems: Problems,
): void {
  const rest = bounds.stopGrace + bounds.stopFinish;
  if (lameduck === 0) {
    problems.warning(within.word, "'stop_within' changes nothing without 'lameduck': the server stops at once");
  } else if (within.time < lameduck + rest) {
    const takes = formatDuration(lameduck + rest);
    problems.warning(
      within.word,
      `the stop may take ${takes}: the lame-duck time, and ${formatDuration(rest)} to end`,
      {
        expected: `at least ${takes}, or a shorter 'lameduck'`,
      },
    );
  }
}

function create(host: Host, at: HttpAddress, lameDuck: LameDuck | undefined): RunningPlugin {
  host.serveHttp(at, '/health', () => OK);
  const check = host.shared(SelfCheck, `${at.address} ${at.port}`, () => new SelfCheck(at, host));
  return {
    ...(lameDuck === undefined ? {} : { lameDuck }),
    inService: () => check.start(),
    stopping() {
      if (lameDuck === undefined) return;
      host.logger('health').info(`Going into lameduck mode for ${formatDuration(lameDuck.time)}`);
    },
    stopped() {
      // What follows is the end of the address that it asks.
      check.close();
      return Promise.resolve();
    },
  };
}
