/**
 * `header`: sets or clears AA, RA and RD (RFC 1035 §4.1.1) in what the plugins below are asked, and in what they answer.
 *
 *     query ──query set|clear──► next ──► reply ──response set|clear──► client
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { Flag } from '../../dns/constants.ts';
import { hasFlag } from '../../dns/message.ts';
import type { Answer, Outcome, Reply } from '../answer.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

export const header: PluginDirective = {
  kind: 'plugin',
  name: 'header',
  configure(uses, { problems }) {
    const rules: Rules = { query: { set: 0, clear: 0 }, response: { set: 0, clear: 0 } };
    for (const use of uses) readRules(use, rules, problems);
    return { create: () => ({ plugin: new Header(rules) }) };
  },
};

/** Bits of the header that are changed; none is in both. */
interface Change {
  set: number;
  clear: number;
}

interface Rules {
  readonly query: Change;
  readonly response: Change;
}

const SELECTORS = ['query', 'response'] as const;
const ACTIONS = ['set', 'clear'] as const;
type Action = (typeof ACTIONS)[number];

const FLAGS = { aa: Flag.AA, ra: Flag.RA, rd: Flag.RD } as const;
const FLAG_NAMES = ['aa', 'ra', 'rd'] as const;

const USAGE = 'query|response set|clear aa|ra|rd…';

function readRules(use: Directive, rules: Rules, problems: Problems): void {
  expectArguments(use, problems, { max: 0, usage: `header { ${USAGE} }` });
  if ((use.block ?? []).length === 0) {
    problems.error(use.name, "'header' has nothing to do", { expected: `header { ${USAGE} }` });
  }
  for (const line of use.block ?? []) {
    forbidBlock(line, problems);
    readRule(line, rules, problems);
  }
}

function readRule(line: Directive, rules: Rules, problems: Problems): void {
  const word = line.name.text.toLowerCase();
  const bare = ACTIONS.find((one) => one === word);
  if (bare !== undefined) {
    // Older releases of CoreDNS had no selector.
    problems.warning(line.name, `'${word}' without query or response is read as response`, {
      suggestion: `response ${word}`,
    });
    readFlags(line, 'response', bare, line.args, rules, problems);
    return;
  }
  const selector = SELECTORS.find((one) => one === word);
  if (selector === undefined) {
    problems.unknownWord(line.name, "option of 'header'", SELECTORS);
    return;
  }
  const [actionWord, ...flags] = line.args;
  if (actionWord === undefined) {
    problems.error(line.name, `'${word}' needs set or clear, and flags`, { expected: USAGE });
    return;
  }
  const action = readChoice(actionWord, problems, ACTIONS);
  if (action !== undefined) readFlags(line, selector, action, flags, rules, problems);
}

function readFlags(
  line: Directive,
  selector: keyof Rules,
  action: Action,
  words: readonly Token[],
  rules: Rules,
  problems: Problems,
): void {
  if (words.length === 0) {
    problems.error(line.name, `no flags stand behind '${action}'`, { expected: USAGE });
  }
  for (const word of words) {
    const flag = readChoice(word, problems, FLAG_NAMES);
    if (flag === undefined) continue;
    if (selector === 'query' && flag !== 'rd') {
      problems.warning(word, `'${flag}' says nothing in a query, and no plugin looks at it`, {
        expected: `rd, or response ${action} ${flag}`,
      });
    }
    const change = rules[selector];
    change[action] |= FLAGS[flag];
    change[action === 'set' ? 'clear' : 'set'] &= ~FLAGS[flag];
  }
}

class Header implements Plugin {
  readonly name = 'header';
  /** What is changed is the same for all who ask alike. */
  readonly replayable = true;
  readonly #query: Change;
  readonly #response: Change;

  constructor({ query, response }: Rules) {
    this.#query = query;
    this.#response = response;
  }

  answer(query: Query, next: Next): Outcome {
    const { set, clear } = this.#query;
    const { request } = query;
    const flags = (request.flags | set) & ~clear;
    const asked = flags === request.flags ? query : query.asking(query.question, { ...request, flags });
    const outcome = next.answer(asked);
    return outcome instanceof Promise ? outcome.then((answer) => this.#change(answer)) : this.#change(outcome);
  }

  /** What the server says itself, in place of a plugin, stays as it is. */
  #change(answer: Answer): Answer {
    if (answer.kind !== 'reply' || (this.#response.set | this.#response.clear) === 0) return answer;
    const changed: Reply = {
      ...answer,
      authoritative: this.#flag(Flag.AA) ?? answer.authoritative,
      recursionAvailable: this.#flag(Flag.RA) ?? answer.recursionAvailable,
      recursionDesired: this.#flag(Flag.RD) ?? answer.recursionDesired,
    };
    return changed;
  }

  /** What a flag is to be; undefined where it is left alone. */
  #flag(flag: (typeof FLAGS)[keyof typeof FLAGS]): boolean | undefined {
    if (hasFlag(this.#response.set, flag)) return true;
    return hasFlag(this.#response.clear, flag) ? false : undefined;
  }
}
