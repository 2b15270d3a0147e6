/**
 * `health`: says over HTTP that the process lives, asks itself whether it does, and holds up the stop of the server for a
 * while (lame duck), in which questions are still answered.
 */
import type { Directive } from '../../corefile/corefile.ts';
import { formatDuration } from '../../corefile/duration.ts';
import { eachOption, expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { TEXT_TYPE, readHttpAddress } from '../http-address.ts';
import { onlyUse } from '../once.ts';
import type { Host, HttpAddress, HttpReply, PluginDirective, RunningPlugin } from '../plugin.ts';
import { SelfCheck } from './self-check.ts';

const DEFAULT_ADDRESS: HttpAddress = { address: '*', port: 8080 };
/** What a timer can wait, rounded down to whole days; milliseconds. */
const MAX_LAMEDUCK = 24 * 86_400_000;

const OK: HttpReply = { status: 200, contentType: TEXT_TYPE, body: 'OK' };

export const health: PluginDirective = {
  kind: 'plugin',
  name: 'health',
  besideChain: true,
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    const at = readHttpAddress(use, DEFAULT_ADDRESS, problems);
    let lameduck = 0;
    eachOption(use, problems, {
      lameduck(option) {
        lameduck = readLameduck(option, problems);
      },
    });
    return { create: (host) => create(host, at, lameduck) };
  },
};

function readLameduck(option: Directive, problems: Problems): number {
  forbidBlock(option, problems);
  const [duration] = option.args;
  if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'lameduck DURATION' }) || !duration) return 0;
  return Math.ceil(readDuration(duration, problems, { max: MAX_LAMEDUCK }) ?? 0);
}

/** @param lameduck milliseconds; 0 for none */
function create(host: Host, at: HttpAddress, lameduck: number): RunningPlugin {
  host.serveHttp(at, '/health', () => OK);
  const check = host.shared(SelfCheck, `${at.address} ${at.port}`, () => new SelfCheck(at, host));
  const wait = new LameDuck();
  return {
    inService: () => check.start(),
    async stopping() {
      if (lameduck > 0) {
        host.logger('health').info(`Going into lameduck mode for ${formatDuration(lameduck)}`);
        await wait.begin(lameduck);
      }
      // What follows is the end of the address that it asks.
      check.close();
    },
    close: () => wait.end(),
  };
}

/** A wait that can be cut short. */
class LameDuck {
  #timer: NodeJS.Timeout | undefined;
  #over: () => void = () => undefined;

  begin(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#over = resolve;
      this.#timer = setTimeout(resolve, milliseconds);
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#over();
  }
}
