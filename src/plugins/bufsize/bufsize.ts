/**
 * `bufsize [N]`: the UDP size that a client offers counts as `N` at most (RFC 6891 §6.2.5), for what is sent to it and for
 * what is asked of upstreams on its behalf.
 */
import { expectArguments, forbidBlock, readInteger } from '../../corefile/options.ts';
import type { Outcome } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

/** What fits in one packet nearly everywhere, and so is never a fragment. */
const DEFAULT_SIZE = 1232;
const MIN_SIZE = 512;
const MAX_SIZE = 4096;

export const bufsize: PluginDirective = {
  kind: 'plugin',
  name: 'bufsize',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    const [word] = use.args;
    expectArguments(use, problems, { max: 1, usage: 'bufsize [OCTETS]' });
    forbidBlock(use, problems);
    const range = { min: MIN_SIZE, max: MAX_SIZE, what: 'bufsize' };
    const size = word === undefined ? DEFAULT_SIZE : readInteger(word, problems, range);
    if (size === undefined) return undefined;
    return { create: () => ({ plugin: new BufSize(size) }) };
  },
};

class BufSize implements Plugin {
  readonly name = 'bufsize';
  readonly replayable = true;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  answer(query: Query, next: Next): Outcome {
    const { account } = query;
    if (account.udpSize > this.#size) account.udpSize = this.#size;
    return next.answer(query);
  }
}
