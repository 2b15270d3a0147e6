/**
 * `autopath`: goes search paths to their end for clients, so that a client that looks a name up asks once (README.md beside
 * this file is its manual page).
 *
 *     question ─► chain ─► not NXDOMAIN ─────────────────────────► as it is
 *                   └────► NXDOMAIN ─► paths.ts: a first question? ─► no ──► as it is
 *                                           └─────────────────────► yes ─► walk.ts
 *
 * The names of look-ups (targets of CNAMEs) are full ones: nobody searches for them.
 */
import { Class } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { CounterFamily } from '../../telemetry/metrics.ts';
import type { Answer, Outcome } from '../answer.ts';
import { CountedAgain } from '../counted-again.ts';
import { onlyUse } from '../once.ts';
import type { Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { zoneOf } from '../zone-arguments.ts';
import { type AutopathOptions, type Source, readAutopath } from './options.ts';
import { FilePaths, PodPaths, type SearchPaths } from './paths.ts';
import { SearchFile, checkSearchFile } from './search-file.ts';
import { isNameError } from '../searchpath/candidate-answer.ts';
import { Walk } from './walk.ts';

/** @param ownResolvConf the resolver's file of this machine: what it searches is what nodes add to the paths of pods */
export function autopathWith(ownResolvConf: string): PluginDirective {
  return {
    kind: 'plugin',
    name: 'autopath',
    configure(uses, context) {
      const options = readAutopath(onlyUse(uses, context.problems), context);
      if (options === undefined) return undefined;
      const { source } = options;
      return {
        async create(host) {
          const path = source.kind === 'file' ? source.path : ownResolvConf;
          const file = await SearchFile.open(path, host);
          const paths = pathsOf(source, file, host);
          return { plugin: new Autopath(options, paths, host), close: () => file.close() };
        },
        check: async () => (source.kind === 'file' ? checkSearchFile(source.path) : []),
      };
    },
  };
}

export const autopath = autopathWith('/etc/resolv.conf');

function pathsOf({ kind }: Source, file: SearchFile, { neighbours }: Host): SearchPaths {
  return kind === 'file' ? new FilePaths(file) : new PodPaths(neighbours.clusters, file);
}

class Autopath implements Plugin {
  readonly name = 'autopath';
  /** Where the client's address was looked at this is taken back. */
  readonly replayable = true;
  readonly #zones: readonly Name[];
  readonly #paths: SearchPaths;
  readonly #family: CounterFamily;
  readonly #counts = new Map<string, CountedAgain>();
  readonly #found = (query: Query): void => this.#count(query);

  constructor({ zones }: AutopathOptions, paths: SearchPaths, { metrics }: Host) {
    this.#zones = zones;
    this.#paths = paths;
    const help = 'Questions that were answered by another name of the search path.';
    this.#family = metrics.counter('coredns_autopath_success_total', help, ['server']);
  }

  answer(query: Query, next: Next): Outcome {
    const outcome = next.answer(query);
    if (query.isLookup || query.question.class !== Class.IN) return outcome;
    if (zoneOf(this.#zones, query.name) === undefined) return outcome;
    if (!(outcome instanceof Promise)) return this.#consider(query, outcome);
    return outcome.then((answer) => this.#consider(query, answer));
  }

  #consider(query: Query, answer: Answer): Outcome {
    if (!isNameError(answer)) return answer;
    const path = this.#paths.find(query);
    if (path === undefined) return answer;
    return new Walk({ query, path, missing: answer, found: this.#found }).go();
  }

  #count({ server, replaying }: Query): void {
    let counted = this.#counts.get(server);
    if (counted === undefined) {
      counted = new CountedAgain(this.#family.with(server));
      this.#counts.set(server, counted);
    }
    counted.again();
    replaying.each(counted);
  }
}
