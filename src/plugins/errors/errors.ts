/**
 * `errors`: writes what went wrong below it to the log, one line each or counted.
 *
 *     Failure with a text ──► [ERROR] plugin/errors: 2 x.example.com. A: TEXT        RCODE NAME TYPE: TEXT
 *
 * It changes no answer. A reply with the response code SERVFAIL that a plugin made is no error.
 */
import { bounds } from '../../bounds.ts';
import type { Directive } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readChoice, readDuration } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { Rcode, typeName } from '../../dns/constants.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Answer, type Outcome, whenAnswered } from '../answer.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { compileRegexp } from '../regexp.ts';
import { Consolidation, type ConsolidationRule, levels } from './consolidation.ts';
import { onlyUse } from '../once.ts';

const CONSOLIDATE_USAGE = 'consolidate DURATION REGEXP [warning|error|info|debug] [show_first]';
/** What a timer can wait, rounded down to whole days. */
const MAX_WINDOW = 24 * 86_400_000;

export const errors: PluginDirective = {
  kind: 'plugin',
  name: 'errors',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    readDestination(use, problems);
    const rules: ConsolidationRule[] = [];
    let stacktrace = false;
    eachOption(use, problems, {
      stacktrace(option) {
        expectArguments(option, problems, { max: 0, usage: 'stacktrace' });
        forbidBlock(option, problems);
        stacktrace = true;
      },
      consolidate(option) {
        forbidBlock(option, problems);
        const rule = readConsolidation(option, problems);
        if (rule !== undefined) rules.push(rule);
      },
    });
    return {
      create(host) {
        const logger = host.logger('errors');
        const consolidations = rules.map((rule) => new Consolidation(rule, logger));
        return {
          plugin: new Errors(logger, consolidations, stacktrace),
          close: () => consolidations.forEach((consolidation) => consolidation.flush()),
        };
      },
    };
  },
};

/** `errors stdout` is the one argument that there is. */
function readDestination(use: Directive, problems: Problems): void {
  expectArguments(use, problems, { max: 1, usage: 'errors [stdout]' });
  const [file] = use.args;
  if (file !== undefined && file.text !== 'stdout') {
    problems.error(file, `invalid log file: ${file.text}`, {
      expected: 'errors are written to stdout',
      suggestion: 'stdout',
    });
  }
}

function readConsolidation(option: Directive, problems: Problems): ConsolidationRule | undefined {
  if (!expectArguments(option, problems, { min: 2, max: 4, usage: CONSOLIDATE_USAGE })) return undefined;
  const [duration, expression, ...rest] = option.args;
  if (duration === undefined || expression === undefined) return undefined;
  const window = readDuration(duration, problems, { min: 1, max: MAX_WINDOW });
  const regexp = compileRegexp(expression, problems);
  const showFirst = rest.at(-1)?.text === 'show_first';
  const [word, ...surplus] = showFirst ? rest.slice(0, -1) : rest;
  const level = word === undefined ? 'error' : readChoice(word, problems, levels);
  for (const token of surplus)
    problems.error(token, `'${token.text}' is one word too many`, { expected: CONSOLIDATE_USAGE });
  if (window === undefined || regexp === undefined || level === undefined) return undefined;
  return { regexp, window, level, showFirst };
}

class Errors implements Plugin {
  readonly name = 'errors';
  /** Of an answer on whose way something is logged this is taken back. */
  readonly replayable = true;
  readonly #logger: Logger;
  readonly #consolidations: readonly Consolidation[];
  readonly #stacktrace: boolean;

  constructor(logger: Logger, consolidations: readonly Consolidation[], stacktrace: boolean) {
    this.#logger = logger;
    this.#consolidations = consolidations;
    this.#stacktrace = stacktrace;
  }

  answer(query: Query, next: Next): Outcome {
    if (this.#stacktrace) return this.#traced(query, next);
    const outcome = next.answer(query);
    if (outcome instanceof Promise) return outcome.then((answer) => this.#report(query, answer));
    return this.#report(query, outcome);
  }

  #report(query: Query, answer: Answer): Answer {
    if (answer.kind === 'failure' && answer.error !== undefined) {
      // It may be a look-up's, and the answer to the client a reply: the next one is to be logged too.
      query.replaying.forbid();
      this.#write(query, answer.rcode, answer.error);
    }
    return answer;
  }

  #write(query: Query, rcode: number, error: string): void {
    const text = printable(error);
    const line = `${rcode} ${query.name.toLowerCase()} ${typeName(query.type)}: ${text}`;
    if (this.#consolidations.some((consolidation) => consolidation.take(text, line))) return;
    this.#logger.error(line);
  }

  /** Exceptions go on to the server, which answers SERVFAIL; here only the place where they arose is written down. */
  #traced(query: Query, next: Next): Outcome {
    const trace = (error: unknown): never => {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const [first = '', ...frames] = stack.split('\n');
      this.#write(query, Rcode.SERVFAIL, `exception: ${first}`);
      for (const frame of frames) this.#logger.error(printable(frame));
      throw error;
    };
    try {
      const outcome = whenAnswered(next.answer(query), (answer) => this.#report(query, answer));
      return outcome instanceof Promise ? outcome.catch(trace) : outcome;
    } catch (error) {
      return trace(error);
    }
  }
}

/** One line that cannot pass for two: texts may hold what an upstream or a client wrote. */
function printable(text: string): string {
  const cut = text.length > bounds.errorText ? `${text.slice(0, bounds.errorText)}…` : text;
  return cut.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );
}
