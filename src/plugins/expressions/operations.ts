/**
 * The operators of the tree as functions of an evaluation: what looks at both values (operators.ts), and what looks at the second
 * only where the first does not decide.
 */
import type { RE2JS } from 're2js';
import type { Token } from '../../corefile/corefile.ts';
import { Problems } from '../../corefile/problems.ts';
import { compileRegexp } from '../regexp.ts';
import { SyntaxFault } from './fault.ts';
import type { Span } from './lexer.ts';
import { applied, typeOfOperator } from './operators.ts';
import type { Evaluate } from './predicates.ts';
import type { Node, Of } from './syntax.ts';
import { type Type, type Wanted, asBool, asNumber, asString, either } from './values.ts';

export interface Compiled {
  readonly type: Type;
  readonly run: Evaluate;
  /** Steps of evaluating it once, predicates left out. */
  readonly steps: number;
}

/** Compiles the parts of a node. @throws SyntaxFault */
export interface NodeCompiler {
  compile(node: Node): Compiled;
  /** What must be of a type. @param what the part, for a person */
  wanted(node: Node, wanted: Wanted, what: string, expected?: string): Compiled;
}

export function compileUnary(compiler: NodeCompiler, { operator, operand }: Of<'unary'>): Compiled {
  if (operator === 'not') {
    const expected = 'true or false; more than one value stands in parentheses';
    const { run, steps } = compiler.wanted(operand, 'bool', "what stands behind 'not'", expected);
    return { type: 'bool', run: (evaluation) => !asBool(run(evaluation)), steps: steps + 1 };
  }
  const { type, run, steps } = compiler.wanted(operand, 'number', `what stands behind '${operator}'`);
  const sign = operator === '-' ? -1 : 1;
  return { type, run: (evaluation) => sign * asNumber(run(evaluation)) + 0, steps: steps + 1 };
}

export function compileBinary(compiler: NodeCompiler, node: Of<'binary'>): Compiled {
  const { operator } = node;
  if (operator === 'and' || operator === 'or') return compileLogical(compiler, node, operator);
  if (operator === '??') return compileOrElse(compiler, node);
  if (operator === 'matches') return compileMatches(compiler, node);
  const left = compiler.compile(node.left);
  const right = compiler.compile(node.right);
  const type = typeOfOperator(operator, left.type, right.type);
  if ('fault' in type) throw new SyntaxFault(type.fault, type.expected, node);
  const apply = applied[operator];
  const [runLeft, runRight] = [left.run, right.run];
  return {
    type: type.gives,
    run: (evaluation) => apply(evaluation, runLeft(evaluation), runRight(evaluation)),
    steps: left.steps + right.steps + 1,
  };
}

function compileLogical(compiler: NodeCompiler, node: Of<'binary'>, operator: 'and' | 'or'): Compiled {
  const left = compiler.wanted(node.left, 'bool', `what stands before '${operator}'`);
  const right = compiler.wanted(node.right, 'bool', `what stands behind '${operator}'`);
  const [runLeft, runRight] = [left.run, right.run];
  const run: Evaluate =
    operator === 'and'
      ? (evaluation) => asBool(runLeft(evaluation)) && asBool(runRight(evaluation))
      : (evaluation) => asBool(runLeft(evaluation)) || asBool(runRight(evaluation));
  return { type: 'bool', run, steps: left.steps + right.steps + 1 };
}

function compileOrElse(compiler: NodeCompiler, node: Of<'binary'>): Compiled {
  const left = compiler.compile(node.left);
  const right = compiler.compile(node.right);
  return {
    type: left.type === 'nil' ? right.type : either(left.type, right.type),
    run: (evaluation) => left.run(evaluation) ?? right.run(evaluation),
    steps: left.steps + right.steps + 1,
  };
}

/** Expressions are compiled with the Corefile: making one costs more than a query may. */
function compileMatches(compiler: NodeCompiler, node: Of<'binary'>): Compiled {
  const { run, steps } = compiler.wanted(node.left, 'string', "what stands before 'matches'");
  const { right } = node;
  if (right.kind !== 'literal' || typeof right.value !== 'string') {
    throw new SyntaxFault(
      'a regular expression that is not known before a query comes',
      "text in single quotes: '^www\\\\.'",
      right,
    );
  }
  const regexp = regexpOf(right.value, right);
  return {
    type: 'bool',
    run(evaluation) {
      const text = asString(run(evaluation));
      evaluation.read(text);
      return regexp.test(text);
    },
    steps: steps + 1,
  };
}

export function compileConditional(compiler: NodeCompiler, node: Of<'conditional'>): Compiled {
  const test = compiler.wanted(node.test, 'bool', "what stands before '?'");
  const whenTrue = compiler.compile(node.whenTrue);
  const whenFalse = compiler.compile(node.whenFalse);
  return {
    type: either(whenTrue.type, whenFalse.type),
    run: (evaluation) => (asBool(test.run(evaluation)) ? whenTrue : whenFalse).run(evaluation),
    steps: test.steps + whenTrue.steps + whenFalse.steps + 1,
  };
}

/** @throws SyntaxFault with what is wrong with it */
function regexpOf(text: string, span: Span): RE2JS {
  const problems = new Problems();
  const token: Token = { text, quoted: true, at: { file: '', line: 1, column: 1 } };
  const regexp = compileRegexp(token, problems);
  if (regexp !== undefined) return regexp;
  const [problem] = problems.list;
  throw new SyntaxFault(
    problem?.message ?? `'${text}' is no regular expression`,
    problem?.expected ?? 'RE2 syntax',
    span,
  );
}
