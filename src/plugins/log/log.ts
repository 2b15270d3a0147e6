/**
 * `log`: a line for each query when its answer is known.
 *
 * The first rule whose names cover the question decides: its format, and which classes of answers it writes. The line is
 * made only for those. Look-ups that the server makes on a client's behalf pass here as queries of their own.
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { Name } from '../../dns/name.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Answer, Outcome } from '../answer.ts';
import { warnOfLabels } from '../metadata/labels.ts';
import { readZones, zoneOf } from '../zone-arguments.ts';
import type { Clock, ConfigureContext, Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { ZoneMap } from '../zone-map.ts';
import { type AnswerClass, answerClasses, classOfType, typeOfAnswer } from './classes.ts';
import { COMMON, type Format, compileFormat } from './format.ts';
import { JSON_WORD, jsonFormat } from './json.ts';

interface LogRule {
  readonly names: readonly Name[];
  readonly format: Format;
  readonly classes: ReadonlySet<AnswerClass>;
}

export const log: PluginDirective = {
  kind: 'plugin',
  name: 'log',
  configure(uses, context) {
    const rules = uses.map((use) => readRule(use, context));
    return {
      create: (host) => ({ plugin: new Log(rules, host) }),
    };
  },
};

function readRule(use: Directive, context: ConfigureContext): LogRule {
  const { problems } = context;
  const { args } = use;
  const format = readFormat(args);
  if (format !== undefined) warnOfLabels(format.labels, args.at(-1) ?? use.name, context);
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
    format: format ?? compileFormat(COMMON),
    classes: classes.size === 0 ? new Set(['all']) : classes,
  };
}

/** The last of two or more arguments is a format if it has a brace, and one that is `json` is in any case. */
function readFormat(args: readonly Token[]): Format | undefined {
  const last = args.at(-1)?.text ?? '';
  if (last === JSON_WORD) return jsonFormat;
  return args.length > 1 && last.includes('{') ? compileFormat(last) : undefined;
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

class Log implements Plugin {
  readonly name = 'log';
  /** Of an answer that has a line this is taken back: the next query is to have one too. */
  readonly replayable = true;
  readonly #rules: readonly LogRule[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #metadata: Host['neighbours']['metadata'];
  /** What is printed of each zone of the server block. */
  readonly #zones: ZoneMap<string>;

  constructor(rules: readonly LogRule[], host: Host) {
    this.#rules = rules;
    // CoreDNS's query lines bear no plugin's name.
    this.#logger = host.logger('');
    this.#clock = host.clock;
    this.#metadata = host.neighbours.metadata;
    this.#zones = new ZoneMap(host.block.zones.map((text) => [Name.fromText(text), text]));
  }

  answer(query: Query, next: Next): Outcome {
    const rule = this.#ruleFor(query.name);
    if (rule === undefined) return next.answer(query);
    const start = rule.format.timed ? this.#clock.monotonic() : 0;
    const outcome = next.answer(query);
    if (outcome instanceof Promise) return outcome.then((answer) => this.#write(rule, query, answer, start));
    return this.#write(rule, query, outcome, start);
  }

  #ruleFor(name: Name): LogRule | undefined {
    for (const rule of this.#rules) if (zoneOf(rule.names, name) !== undefined) return rule;
    return undefined;
  }

  #write({ classes, format }: LogRule, query: Query, answer: Answer, start: number): Answer {
    if (!classes.has('all') && !classes.has(classOfType(typeOfAnswer(query, answer)))) return answer;
    query.replaying.forbid();
    const zone = this.#zones.find(query.name) ?? '';
    const duration = format.timed ? this.#clock.monotonic() - start : 0;
    const line = format.print({ query, answer, time: this.#clock.now(), duration, zone, metadata: this.#metadata });
    if (format.whole) this.#logger.plain(line);
    else this.#logger.info(line);
    return answer;
  }
}
