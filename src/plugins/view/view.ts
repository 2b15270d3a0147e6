/**
 * `view`: which queries its server block takes, of those for its zones. The server asks it before any plugin of the block, so that
 * several blocks may serve one zone, each for others (server/router.ts).
 *
 *     query ──► all expressions hold? ──yes──► the block's chain
 *                  │no, or one fails
 *                  └──► the next block of the zone, then the zone above
 */
import type { Directive } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import type { Series } from '../../telemetry/metrics.ts';
import {
  Evaluation,
  type Expression,
  type ExpressionScope,
  compileExpression,
  queryFunctions,
} from '../expressions/expressions.ts';
import { offerMetadata } from '../metadata/offer.ts';
import { warnOfLabels } from '../metadata/labels.ts';
import { onlyUse } from '../once.ts';
import type { ConfigureContext, Host, Next, Plugin, PluginDirective, RunningPlugin } from '../plugin.ts';
import type { Query } from '../query.ts';

const SCOPE: ExpressionScope = { functions: queryFunctions, variables: new Map() };

export const view: PluginDirective = {
  kind: 'plugin',
  name: 'view',
  configure(uses, context) {
    const { problems } = context;
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { min: 1, max: 1, usage: 'view NAME { expr EXPRESSION }' });
    const name = use.args[0]?.text ?? '';
    const expressions = readExpressions(use, context);
    return { create: (host) => create(name, expressions, host) };
  },
};

function readExpressions(use: Directive, context: ConfigureContext): readonly Expression[] {
  const { problems } = context;
  const expressions: Expression[] = [];
  let lines = 0;
  eachOption(use, problems, {
    expr(option) {
      lines++;
      forbidBlock(option, problems);
      if (!expectArguments(option, problems, { min: 1, usage: 'expr EXPRESSION' })) return;
      const expression = compileExpression(option.args, SCOPE, 'bool', problems);
      if (expression === undefined) return;
      warnOfLabels(expression.labels, option.name, context);
      expressions.push(expression);
    },
  });
  if (lines === 0) warnOfNothing(use, problems);
  return expressions;
}

function warnOfNothing({ name }: Directive, problems: Problems): void {
  problems.warning(name, `a 'view' without 'expr' takes every query, and blocks of the same zone behind it get none`, {
    expected: 'expr EXPRESSION between braces, or no view',
  });
}

function create(name: string, expressions: readonly Expression[], host: Host): RunningPlugin {
  offerMetadata(host, 'view/name', () => name);
  const failures = host.metrics
    .counter(
      'nodens_view_failures_total',
      'Expressions of views that failed for a query, which the view did not take.',
      ['view'],
    )
    .with(name);
  const filter = new Filter(name, expressions, failures, host);
  return { plugin: new View(), accepts: (query) => filter.accepts(query) };
}

/** In the chain it does nothing; there it shows what the block is made of. */
class View implements Plugin {
  readonly name = 'view';
  readonly replayable = true;

  answer(query: Query, next: Next): ReturnType<Next['answer']> {
    return next.answer(query);
  }
}

class Filter {
  readonly #name: string;
  readonly #expressions: readonly Expression[];
  readonly #failures: Series;
  readonly #metadata: Host['neighbours']['metadata'];
  readonly #logger: ReturnType<Host['logger']>;

  constructor(name: string, expressions: readonly Expression[], failures: Series, host: Host) {
    this.#name = name;
    this.#expressions = expressions;
    this.#failures = failures;
    this.#metadata = host.neighbours.metadata;
    this.#logger = host.logger('view');
  }

  accepts(query: Query): boolean {
    const evaluation = new Evaluation(query, this.#metadata);
    for (const expression of this.#expressions) {
      const evaluated = expression.evaluate(evaluation);
      if ('fault' in evaluated) {
        this.#failures.add();
        // A failure is not told by the question alone: it is to be counted each time.
        query.replaying.forbid();
        this.#logger.debug(`${this.#name}: ${expression.source}: ${evaluated.fault}`);
        return false;
      }
      if (evaluated.value !== true) return false;
    }
    return true;
  }
}
