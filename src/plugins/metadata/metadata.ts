/**
 * `metadata`: lets the plugins of its server block tell each other about a query, by labels such as `kubernetes/namespace`.
 * A value is worked out when somebody asks for it, not before: who offers one gives a function, and it rests on the query's facts.
 *
 *     metadata ──zones──► neighbours ◄──offerMetadata── kubernetes, view
 *                             └──► log {/kubernetes/namespace}, view metadata('…'), template .Meta, rewrite
 */
import type { Directive } from '../../corefile/corefile.ts';
import { eachOption } from '../../corefile/options.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { readZones } from '../zone-arguments.ts';

export const metadata: PluginDirective = {
  kind: 'plugin',
  name: 'metadata',
  configure(uses, { problems, zones: ofBlock }) {
    const use = onlyUse(uses, problems);
    eachOption(use, problems, {
      map(option: Directive) {
        problems.error(option.name, "'map' of 'metadata' is not served here", {
          expected: "a 'view' for each of the inputs, or 'var' in a 'template'",
        });
      },
    });
    const zones = readZones(use.args, ofBlock, problems);
    return {
      create(host) {
        host.neighbours.metadataZones = zones;
        return { plugin: new Metadata() };
      },
    };
  },
};

/** In the chain it does nothing; there it shows what the block is made of. */
class Metadata implements Plugin {
  readonly name = 'metadata';
  readonly replayable = true;

  answer(query: Query, next: Next): ReturnType<Next['answer']> {
    return next.answer(query);
  }
}
