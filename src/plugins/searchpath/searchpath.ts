/**
 * The `searchpath` directive: goes search paths to their end for clients that have one, and completes short names for clients that
 * have none (README.md beside this file is its manual page).
 *
 *     a client's question ─┬─ below svc.ZONE ─► completion.ts    complete
 *                          ├─ outside of ZONE ─► short-names.ts  short_names
 *                          └─ else, and every look-up ─► the chain, untouched
 *
 * The names of look-ups (targets of CNAMEs, candidates of a walk) are full ones: nobody searches for them.
 */
import { onlyUse } from '../once.ts';
import type { Outcome } from '../answer.ts';
import type { Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { Completion } from './completion.ts';
import { type SearchPathOptions, readSearchPath } from './options.ts';
import { ShortNames } from './short-names.ts';

export const searchpath: PluginDirective = {
  kind: 'plugin',
  name: 'searchpath',
  configure(uses, context) {
    const options = readSearchPath(onlyUse(uses, context.problems), context);
    return options && { create: (host) => ({ plugin: new SearchPath(options, host) }) };
  },
};

class SearchPath implements Plugin {
  readonly name = 'searchpath';
  readonly replayable = true;
  readonly #completion: Completion | undefined;
  readonly #shortNames: ShortNames | undefined;

  constructor({ completion, shortNames }: SearchPathOptions, host: Host) {
    this.#completion = completion && new Completion(completion, host);
    this.#shortNames = shortNames && new ShortNames(shortNames);
  }

  answer(query: Query, next: Next): Outcome {
    if (query.isLookup) return next.answer(query);
    const full = this.#shortNames?.complete(query);
    if (this.#shortNames !== undefined && full !== undefined) return this.#shortNames.answer(query, full, next);
    return this.#completion === undefined ? next.answer(query) : this.#completion.answer(query, next);
  }
}
