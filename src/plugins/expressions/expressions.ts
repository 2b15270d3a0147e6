/**
 * The language of `view`, and of `var` and `expr` of `template`: the part of expr-lang that Corefiles use (README.md beside this
 * file is its manual page). In: the words of a line of the Corefile. Out: a function of a query, or problems with their place.
 *
 *     words ──lexer──► tokens ──parser──► tree ──compiler──► closures ──evaluate──► value, or why there is none
 *                                                (types)                 (query, budget of steps)
 *
 * Nothing that is given to an expression can make it run long: there are no loops but over the elements of lists, regular
 * expressions are linear, and steps, texts and lists have bounds (bounds.ts). It reaches nothing but the functions that it is given.
 */
import { bounds } from '../../bounds.ts';
import type { Position, Token } from '../../corefile/corefile.ts';
import type { Problems } from '../../corefile/problems.ts';
import { Compiler, type ExpressionScope } from './compiler.ts';
import type { Evaluation } from './evaluation.ts';
import { EvaluationFault, SyntaxFault } from './fault.ts';
import type { Span } from './lexer.ts';
import { keywords, parseExpression } from './parser.ts';
import { type Type, type Value, type Wanted } from './values.ts';

export type { ExpressionScope } from './compiler.ts';
export { Evaluation, type Groups } from './evaluation.ts';
export type { FunctionDefinition } from './functions.ts';
export { queryFunctions } from './query-functions.ts';
export { type Type, type Value, printable, typeText, valueText } from './values.ts';

/** A value, or for a person why there is none. */
export type Evaluated = { readonly value: Value } | { readonly fault: string };

export interface Expression {
  /** As it stands in the Corefile, its words joined with spaces. */
  readonly source: string;
  readonly type: Type;
  /** The labels of metadata that it names. */
  readonly labels: ReadonlySet<string>;
  evaluate(evaluation: Evaluation): Evaluated;
}

/**
 * Compiles an expression that stands in one or more words of a line; they count as joined with spaces, as CoreDNS does it. What
 * is wrong is reported at its place within the words.
 *
 * @param gives what the whole must give
 */
export function compileExpression(
  words: readonly Token[],
  scope: ExpressionScope,
  gives: Wanted,
  problems: Problems,
): Expression | undefined {
  const source = words.map(({ text }) => text).join(' ');
  const compiler = new Compiler(scope);
  try {
    if (source.length > bounds.expressionLength) {
      throw new SyntaxFault(
        `an expression of ${source.length} characters`,
        `at most ${bounds.expressionLength} characters`,
        {
          start: 0,
          end: source.length,
        },
      );
    }
    const { type, run } = compiler.wanted(parseExpression(source), gives, 'the whole expression');
    for (const { message, expected, at } of compiler.doubts)
      problems.warning(tokenAt(words, at), message, { expected });
    return { source, type, labels: compiler.labels, evaluate: (evaluation) => evaluated(run, evaluation) };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    // What stands behind a # outside of quotes never came here.
    const mayBeCut = error.start >= source.length && !words.some(({ quoted }) => quoted);
    const hint = mayBeCut ? `${error.expected}; an expression with a # stands in double quotes` : error.expected;
    problems.error(tokenAt(words, error), error.message, { expected: hint });
    return undefined;
  }
}

function evaluated(run: (evaluation: Evaluation) => Value, evaluation: Evaluation): Evaluated {
  try {
    return { value: run(evaluation) };
  } catch (error) {
    if (!(error instanceof EvaluationFault)) throw error;
    return { fault: error.message };
  }
}

/** Whether a variable may have this name: it is none of the language's words, nor of its functions. */
export function isVariableName(name: string, functions: ExpressionScope['functions']): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !keywords.has(name) && !functions.has(name);
}

/** A part of an expression as a word of the Corefile; the whole word where its characters do not stand there as they are. */
function tokenAt(words: readonly Token[], { start, end }: Span): Token {
  let offset = 0;
  for (const [i, word] of words.entries()) {
    const isLast = i === words.length - 1;
    if (start <= offset + word.text.length || isLast) {
      const at = placeIn(word, Math.min(start - offset, word.text.length));
      if (at === undefined) return word;
      const width = Math.max(1, Math.min(end, offset + word.text.length) - start);
      return { text: word.text, quoted: word.quoted, at, width };
    }
    offset += word.text.length + 1;
  }
  throw new RangeError('an expression has at least one word');
}

/** Undefined where an escape or a variable of the environment moved what stands behind it. */
function placeIn(word: Token, index: number): Position | undefined {
  const quotes = word.quoted ? 2 : 0;
  const isAsWritten = (word.width ?? word.text.length) === word.text.length + quotes && !word.text.includes('\n');
  if (!isAsWritten) return undefined;
  return { ...word.at, column: word.at.column + index + quotes / 2 };
}
