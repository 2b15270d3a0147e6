/**
 * `ready`: says over HTTP whether the answers of this server are right yet, that is, whether every plugin of it is ready.
 */
import { eachOption, expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import { TEXT_TYPE, readHttpAddress } from '../http-address.ts';
import { onlyUse } from '../once.ts';
import type { Host, HttpAddress, HttpReply, PluginDirective, RunningPlugin } from '../plugin.ts';

const DEFAULT_ADDRESS: HttpAddress = { address: '*', port: 8181 };
const MONITORS = ['until-ready', 'continuously'] as const;
type Monitor = (typeof MONITORS)[number];

/** Milliseconds between two lines of the log. */
const QUIET = 1_000;

const OK: HttpReply = { status: 200, contentType: TEXT_TYPE, body: 'OK' };
const SHUTTING_DOWN: HttpReply = { status: 503, contentType: TEXT_TYPE, body: 'Shutting down' };

export const ready: PluginDirective = {
  kind: 'plugin',
  name: 'ready',
  besideChain: true,
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    const at = readHttpAddress(use, DEFAULT_ADDRESS, problems);
    let monitor: Monitor = 'until-ready';
    eachOption(use, problems, {
      monitor(option) {
        forbidBlock(option, problems);
        const [word] = option.args;
        const usage = 'monitor until-ready|continuously';
        if (!expectArguments(option, problems, { min: 1, max: 1, usage }) || word === undefined) return;
        monitor = readChoice(word, problems, MONITORS) ?? monitor;
      },
    });
    return { create: (host) => create(host, at, monitor) };
  },
};

function create(host: Host, at: HttpAddress, monitor: Monitor): RunningPlugin {
  const readiness = new Readiness(host, monitor);
  host.serveHttp(at, '/ready', () => readiness.answer());
  return {
    stopping: () => readiness.stop(),
  };
}

class Readiness {
  readonly #host: Pick<Host, 'notReady' | 'clock'>;
  readonly #logger: ReturnType<Host['logger']>;
  readonly #monitor: Monitor;
  /** Names that were not ready each time so far; undefined before the first time. */
  #waitedFor: ReadonlySet<string> | undefined;
  #stopped = false;
  #lastLine = -Infinity;

  constructor(host: Host, monitor: Monitor) {
    this.#host = host;
    this.#logger = host.logger('ready');
    this.#monitor = monitor;
  }

  stop(): void {
    this.#stopped = true;
  }

  answer(): HttpReply {
    if (this.#stopped) return SHUTTING_DOWN;
    const names = this.#notReady().join(',');
    if (names === '') return OK;
    this.#tell(`Plugins not ready: "${names}"`);
    return { status: 503, contentType: TEXT_TYPE, body: names };
  }

  /** With `until-ready` a plugin that was ready at one request counts as ready at all that follow. */
  #notReady(): readonly string[] {
    const now = this.#host.notReady();
    if (this.#monitor === 'continuously') return now;
    const before = this.#waitedFor;
    const waitedFor = before === undefined ? now : now.filter((name) => before.has(name));
    this.#waitedFor = new Set(waitedFor);
    return waitedFor;
  }

  #tell(line: string): void {
    const now = this.#host.clock.monotonic();
    if (now - this.#lastLine < QUIET) return;
    this.#lastLine = now;
    this.#logger.info(line);
  }
}
