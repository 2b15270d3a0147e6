/**
 * `var` and `expr` of a template. In: their lines. Out: what they make of a question that one of its expressions matches: values for
 * its records, or the verdict that the template is not for it.
 *
 *     var ip replace(group('ip'), '-', '.')       ──► {{ .Var.ip }}, and `ip` in the lines below
 *     expr incidr(ip, '10.0.0.0/8')               ──► false: as if nothing had matched
 */
import type { RE2JS } from 're2js';
import type { Directive } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import {
  Evaluation,
  type Expression,
  type FunctionDefinition,
  type Groups,
  type Type,
  type Value,
  compileExpression,
  isVariableName,
  queryFunctions,
  valueText,
} from '../expressions/expressions.ts';
import { warnOfLabels } from '../metadata/labels.ts';
import type { ConfigureContext, Host } from '../plugin.ts';
import type { Query } from '../query.ts';

/** A line; `name` is undefined for `expr`. */
interface Step {
  readonly name: string | undefined;
  readonly expression: Expression;
}

/** Values of variables by name. */
export type Variables = Readonly<Record<string, Value>>;

export type Verdict =
  | { readonly kind: 'holds'; readonly variables: Variables }
  | { readonly kind: 'not' }
  /** `source` as it stands in the Corefile. */
  | { readonly kind: 'fault'; readonly section: 'var' | 'expr'; readonly fault: string; readonly source: string };

export interface Conditions {
  /** Types of the variables, by name. */
  readonly variables: ReadonlyMap<string, Type>;
  /** False where there is no line. */
  readonly isAny: boolean;
  /** In the order of the file, up to the first that does not hold. */
  judge(query: Query, metadata: Host['neighbours']['metadata'], groups: Groups): Verdict;
}

const NOT: Verdict = { kind: 'not' };

/** @param lines the lines `var` and `expr` of a template, in the order of the file */
export function readConditions(
  lines: readonly Directive[],
  regexps: readonly RE2JS[],
  context: ConfigureContext,
): Conditions {
  const { problems } = context;
  const functions = new Map([...queryFunctions, ['group', groupFunction(regexps)]]);
  const variables = new Map<string, Type>();
  const steps: Step[] = [];
  const compile = (line: Directive, words: Directive['args'], gives: 'bool' | 'any'): Expression | undefined => {
    const expression = compileExpression(words, { functions, variables: new Map(variables) }, gives, problems);
    if (expression !== undefined) warnOfLabels(expression.labels, line.name, context);
    return expression;
  };
  for (const line of lines) {
    if (!forbidBlock(line, problems)) continue;
    if (line.name.text === 'expr') {
      if (!expectArguments(line, problems, { min: 1, usage: 'expr EXPRESSION' })) continue;
      const expression = compile(line, line.args, 'bool');
      if (expression !== undefined) steps.push({ name: undefined, expression });
      continue;
    }
    const [name, ...words] = line.args;
    if (!expectArguments(line, problems, { min: 2, usage: 'var NAME EXPRESSION' }) || name === undefined) continue;
    if (!isVariableName(name.text, functions)) {
      problems.error(name, `'${name.text}' is no name for a variable`, {
        expected: 'letters, digits and _, and no word or function of expressions',
      });
    } else if (variables.has(name.text)) {
      problems.error(name, `'${name.text}' is a variable of this template already`, { expected: 'another name' });
    }
    const expression = compile(line, words, 'any');
    // Also where it was wrong, so that lines below are not reported for it.
    variables.set(name.text, expression?.type ?? 'any');
    if (expression !== undefined) steps.push({ name: name.text, expression });
  }
  return {
    variables,
    isAny: lines.length > 0,
    judge: (query, metadata, groups) => judge(steps, new Evaluation(query, metadata, groups)),
  };
}

function judge(steps: readonly Step[], evaluation: Evaluation): Verdict {
  const variables: Record<string, Value> = {};
  for (const { name, expression } of steps) {
    const evaluated = expression.evaluate(evaluation);
    if ('fault' in evaluated) {
      const section = name === undefined ? 'expr' : 'var';
      return { kind: 'fault', section, fault: evaluated.fault, source: expression.source };
    }
    if (name !== undefined) {
      variables[name] = evaluated.value;
      evaluation.variables.push(evaluated.value);
    } else if (evaluated.value !== true) {
      return NOT;
    }
  }
  return { kind: 'holds', variables };
}

/** `group('NAME')` or `group(1)`: what a group of the expression that matched has matched. */
function groupFunction(regexps: readonly RE2JS[]): FunctionDefinition {
  const names = new Set(regexps.flatMap((regexp) => Object.keys(regexp.namedGroups())));
  const count = Math.max(0, ...regexps.map((regexp) => regexp.groupCount()));
  const isNumber = (group: Value): boolean => /^\d+$/.test(String(group));
  return {
    usage: "group('NAME') or group(NUMBER)",
    params: ['any'],
    returns: 'string',
    check(group) {
      if (isNumber(group) ? Number(group) <= count : typeof group === 'string' && names.has(group)) return undefined;
      return `no 'match' of this template has a group ${valueText(group)}`;
    },
    run({ groups }, [group = null]) {
      if (isNumber(group)) return groups.byNumber[Number(group)] ?? '';
      const name = String(group);
      // One that another expression of the template has.
      return Object.hasOwn(groups.byName, name) ? (groups.byName[name] ?? '') : '';
    },
  };
}
