/**
 * `log`: a line for each query when its answer is known.
 *
 * The first rule whose names cover the question decides: its format, and which classes of answers it writes. The line is
 * made only for those. Look-ups that the server makes on a client's behalf pass here as queries of their own.
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import type { Name } from '../../dns/name.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Answer, type Outcome, whenAnswered } from '../answer.ts';
import { readZones, zoneOf } from '../zone-arguments.ts';
import type { Clock, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { type AnswerClass, answerClasses, classOfType, typeOfAnswer } from './classes.ts';
import { COMMON, type Format, compileFormat } from './format.ts';

interface LogRule {
  readonly names: readonly Name[];
  readonly format: Format;
  readonly classes: ReadonlySet<AnswerClass>;
}

export const log: PluginDirective = {
  kind: 'plugin',
  name: 'log',
  configure(uses, { problems }) {
    const rules = uses.map((use) => readRule(use, problems));
    return {
      // CoreDNS's query lines bear no plugin's name.
      create: (host) => ({ plugin: new Log(rules, host.logger(''), host.clock) }),
    };
  },
};

/** The last of two or more arguments is a format if it has a brace; a single one is always a name. */
function readRule(use: Directive, problems: Problems): LogRule {
  const { args } = use;
  const last = args.at(-1);
  const format = args.length > 1 && last?.text.includes('{') === true ? last : undefined;
  const classes = new Set<AnswerClass>();
  eachOption(use, problems, {
    class(option) {
      forbidBlock(option, problems);
      if (!expectArguments(option, problems, { min: 1, usage: 'class all|success|denial|error …' })) return;
      for (const token of option.args) {
        const word = readChoice(token, problems, answerClasses);
        if (word !== undefined) classes.add(word);
      }
    },
  });
  return {
    names: readNames(format === undefined ? args : args.slice(0, -1), problems),
    format: compileFormat(format?.text ?? COMMON),
    classes: classes.size === 0 ? new Set(['all']) : classes,
  };
}

function readNames(tokens: readonly Token[], problems: Problems): readonly Name[] {
  const [only] = tokens;
  if (tokens.length === 1 && only?.text.includes('{') === true) {
    problems.warning(only, 'a single argument is a name, not a format, so that nothing is logged here', {
      expected: 'the name first, then the format',
      suggestion: `log . "${only.text}"`,
    });
    return [];
  }
  return readZones(tokens, ['.'], problems);
}

/** Not replayable: each query is to have its line. */
class Log implements Plugin {
  readonly name = 'log';
  readonly #rules: readonly LogRule[];
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(rules: readonly LogRule[], logger: Logger, clock: Clock) {
    this.#rules = rules;
    this.#logger = logger;
    this.#clock = clock;
  }

  answer(query: Query, next: Next): Outcome {
    const rule = this.#rules.find(({ names }) => zoneOf(names, query.name) !== undefined);
    if (rule === undefined) return next.answer(query);
    const start = rule.format.timed ? this.#clock.monotonic() : 0;
    return whenAnswered(next.answer(query), (answer) => this.#write(rule, query, answer, start));
  }

  #write({ classes, format }: LogRule, query: Query, answer: Answer, start: number): Answer {
    if (classes.has('all') || classes.has(classOfType(typeOfAnswer(query, answer)))) {
      const duration = format.timed ? this.#clock.monotonic() - start : 0;
      this.#logger.info(format.print({ query, answer, duration }));
    }
    return answer;
  }
}
