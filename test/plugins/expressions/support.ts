/** Expressions as a Corefile has them: compiled from a line, evaluated for a query. */
import { loadCorefile } from '../../../src/corefile/corefile.ts';
import { Problems, renderProblem } from '../../../src/corefile/problems.ts';
import {
  Evaluation,
  type Expression,
  type ExpressionScope,
  type Value,
  compileExpression,
  queryFunctions,
} from '../../../src/plugins/expressions/expressions.ts';
import type { MetadataProvider } from '../../../src/plugins/neighbours.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { makeQuery } from '../support.ts';

export const SCOPE: ExpressionScope = { functions: queryFunctions, variables: new Map() };

/** The expression behind `expr` of a line, and what is wrong with it as a person reads it. */
export function compileLine(
  line: string,
  scope = SCOPE,
): { readonly expression: Expression | undefined; readonly problems: readonly string[] } {
  const problems = new Problems();
  const text = `. {\n  ${line}\n}\n`;
  const [option] =
    loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/' }, {}, problems)?.blocks[0]?.directives ?? [];
  if (option === undefined) throw new Error(`no directive in ${text}`);
  const expression = compileExpression(option.args, scope, 'any', problems);
  return { expression, problems: problems.list.map(renderProblem) };
}

/** An expression in double quotes, so that it comes through the Corefile as it is. */
export function compile(source: string): Expression {
  const { expression, problems } = compileLine(`expr "${source.replaceAll('"', '\\"')}"`);
  if (expression === undefined) throw new Error(problems.join('\n'));
  return expression;
}

/** The value, or the fault as `fault: …`. */
export function evaluate(
  source: string,
  query: Query = makeQuery('WWW.Example.org.', 'A'),
  metadata: ReadonlyMap<string, MetadataProvider> = new Map(),
): Value {
  const evaluated = compile(source).evaluate(new Evaluation(query, metadata));
  return 'fault' in evaluated ? `fault: ${evaluated.fault}` : evaluated.value;
}
