/**
 * The plugin chain of a server block: each plugin is handed the rest as `Next`. It is linked once, when the block is
 * built, so that a query walks it without anything being made for it.
 */
import { Rcode } from '../dns/constants.ts';
import { type Outcome, failure } from '../plugins/answer.ts';
import type { Next, Plugin } from '../plugins/plugin.ts';
import type { Query } from '../plugins/query.ts';
import { explain } from '../plugins/reasons.ts';

/** Links plugins in the order given; undefined where there are none. */
export function linkChain(plugins: readonly Plugin[]): Next | undefined {
  const last = plugins.at(-1);
  if (last === undefined) return undefined;
  return plugins.reduceRight<Next>((next, plugin) => new Link(plugin, next), new End(last.name));
}

class Link implements Next {
  readonly #plugin: Plugin;
  readonly #next: Next;

  constructor(plugin: Plugin, next: Next) {
    this.#plugin = plugin;
    this.#next = next;
  }

  /** Replaying is opt-in: a plugin that does not speak of it forbids it for every query that enters it. */
  answer(query: Query): Outcome {
    const { name, replayable } = this.#plugin;
    if (replayable !== true) query.replaying.forbid();
    query.lastEntered = name;
    return this.#plugin.answer(query, this.#next);
  }
}

/** What stands below the last plugin: nobody has answered. */
class End implements Next {
  readonly #error: string;

  constructor(last: string) {
    this.#error = `plugin/${last}: no next plugin found`;
  }

  answer(): Outcome {
    return failure(Rcode.SERVFAIL, explain('nothingAnswers'), this.#error);
  }
}
