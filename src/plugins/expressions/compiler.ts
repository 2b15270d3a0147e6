/**
 * From the tree of an expression to a function of an evaluation. Types are checked here as far as they are known before any query
 * comes: what is left to the evaluation are values out of mixed lists, and texts that turn out to be no address or no number.
 */
import { nearestWord } from '../../corefile/nearest.ts';
import { type PlacedDoubt, doubtsOf } from './doubts.ts';
import { EvaluationFault, SyntaxFault } from './fault.ts';
import { type FunctionDefinition, builtins } from './functions.ts';
import { type Compiled, type NodeCompiler, compileBinary, compileConditional, compileUnary } from './operations.ts';
import { type PredicateFunction, predicates } from './predicates.ts';
import type { Literal, Node, Of } from './syntax.ts';
import {
  type Type,
  type Value,
  type Wanted,
  asArray,
  asInt,
  asString,
  either,
  isArray,
  mayBe,
  typeText,
  wantedText,
} from './values.ts';

/** What an expression may speak of beside the functions of the language. */
export interface ExpressionScope {
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  /** Types of variables, in the order in which `Evaluation.variables` has their values. */
  readonly variables: ReadonlyMap<string, Type>;
}

export class Compiler implements NodeCompiler {
  readonly #scope: ExpressionScope;
  /** The labels of metadata that stand in the expression. */
  readonly labels = new Set<string>();
  /** Comparisons that hold for no query. */
  readonly doubts: PlacedDoubt[] = [];
  /** The type of `#`; undefined outside of predicates. */
  #element: Type | undefined;

  constructor(scope: ExpressionScope) {
    this.#scope = scope;
  }

  /** @throws SyntaxFault */
  compile(node: Node): Compiled {
    switch (node.kind) {
      case 'literal': {
        const { value } = node;
        return { type: typeOfLiteral(node), run: () => value, steps: 1 };
      }
      case 'array':
        return this.#array(node);
      case 'variable':
        return this.#variable(node);
      case 'element':
        return this.#elementOf(node);
      case 'call':
        return this.#call(node);
      case 'unary':
        return compileUnary(this, node);
      case 'binary':
        this.doubts.push(...doubtsOf(node));
        return compileBinary(this, node);
      case 'conditional':
        return compileConditional(this, node);
      case 'index':
        return this.#index(node);
      case 'slice':
        return this.#slice(node);
    }
  }

  /** What must be of a type. */
  wanted(node: Node, wanted: Wanted, what: string, expected = wantedText[wanted]): Compiled {
    const compiled = this.compile(node);
    if (mayBe(compiled.type, wanted)) return compiled;
    throw new SyntaxFault(`${what} is ${typeText(compiled.type)}`, expected, node);
  }

  #array({ elements }: Of<'array'>): Compiled {
    const compiled = elements.map((element) => this.compile(element));
    const runs = compiled.map(({ run }) => run);
    const [first, ...others] = compiled.map(({ type }) => type);
    const type = { elements: others.reduce(either, first ?? 'any') };
    const steps = sum(compiled);
    // A list of nothing but literals is made once.
    if (elements.every(({ kind }) => kind === 'literal')) {
      const list = elements.map((element) => (element.kind === 'literal' ? element.value : null));
      return { type, run: () => list, steps };
    }
    return { type, run: (evaluation) => evaluation.listed(runs.map((run) => run(evaluation))), steps };
  }

  #variable(node: Of<'variable'>): Compiled {
    const { name } = node;
    const names = [...this.#scope.variables.keys()];
    const slot = names.indexOf(name);
    const type = this.#scope.variables.get(name);
    if (slot >= 0 && type !== undefined) return { type, run: ({ variables }) => variables[slot] ?? null, steps: 1 };
    if (this.#definitionOf(name) !== undefined || predicates.has(name)) {
      throw new SyntaxFault(`'${name}' is a function`, `${name}(…)`, node);
    }
    const nearest = nearestWord(name, names);
    const text = `'${name}', if it is text: the Corefile takes double quotes away`;
    throw new SyntaxFault(`nothing is called '${name}'`, nearest === undefined ? text : `${nearest}, or ${text}`, node);
  }

  #elementOf(node: Of<'element'>): Compiled {
    if (this.#element !== undefined) return { type: this.#element, run: ({ element }) => element, steps: 1 };
    throw new SyntaxFault("'#' outside of a predicate", 'any(LIST, … # …), and others of this kind', node);
  }

  #definitionOf(name: string): FunctionDefinition | undefined {
    return this.#scope.functions.get(name) ?? builtins.get(name);
  }

  #call(node: Of<'call'>): Compiled {
    const { name, nameSpan, args } = node;
    const definition = this.#definitionOf(name);
    if (definition === undefined) {
      const predicate = predicates.get(name);
      if (predicate !== undefined) return this.#predicate(node, predicate);
      const known = [...this.#scope.functions.keys(), ...builtins.keys(), ...predicates.keys()];
      const nearest = nearestWord(name, known);
      const expected = nearest === undefined ? known.toSorted().join(', ') : `${nearest}(…)`;
      throw new SyntaxFault(`there is no function '${name}'`, expected, nameSpan);
    }
    const [label] = args;
    if (name === METADATA && label?.kind === 'literal') this.labels.add(String(label.value));
    const { params, optional = 0, usage, returns, run } = definition;
    if (args.length > params.length || args.length < params.length - optional) {
      throw new SyntaxFault(`'${name}' with ${countText(args.length)}`, usage, node);
    }
    const compiled = args.map((arg, i) => {
      checkLiteral(definition, arg, i);
      return this.wanted(arg, params[i] ?? 'any', `argument ${i + 1} of '${name}'`);
    });
    const type = typeof returns === 'function' ? returns(compiled.map((one) => one.type)) : returns;
    const steps = sum(compiled);
    const runs = compiled.map((one) => one.run);
    if (runs.length === 0) return { type, run: (evaluation) => run(evaluation, NO_ARGUMENTS), steps };
    return {
      type,
      run: (evaluation) =>
        run(
          evaluation,
          runs.map((one) => one(evaluation)),
        ),
      steps,
    };
  }

  #predicate(node: Of<'call'>, { gives, returns, run }: PredicateFunction): Compiled {
    const { name, args } = node;
    const [listNode, bodyNode] = args;
    if (listNode === undefined || bodyNode === undefined || args.length > 2) {
      throw new SyntaxFault(`'${name}' with ${countText(args.length)}`, `${name}(LIST, PREDICATE)`, node);
    }
    const list = this.wanted(listNode, 'array', `argument 1 of '${name}'`);
    const element = typeof list.type === 'string' ? 'any' : list.type.elements;
    const outer = this.#element;
    this.#element = element;
    const body = this.wanted(bodyNode, gives, `the predicate of '${name}'`);
    this.#element = outer;
    return {
      type: returns(element, body.type),
      run: (evaluation) => run(evaluation, asArray(list.run(evaluation)), body),
      steps: list.steps + 1,
    };
  }

  #index(node: Of<'index'>): Compiled {
    const list = this.wanted(node.of, 'array', 'what stands before [');
    const index = this.wanted(node.index, 'int', 'the index');
    return {
      type: typeof list.type === 'string' ? 'any' : list.type.elements,
      run(evaluation) {
        const values = asArray(list.run(evaluation));
        const at = asInt(index.run(evaluation));
        const value = values.at(at);
        if (value === undefined) throw new EvaluationFault(`a list of ${values.length} elements has none at ${at}`);
        return value;
      },
      steps: list.steps + index.steps + 1,
    };
  }

  #slice(node: Of<'slice'>): Compiled {
    const of = this.compile(node.of);
    if (!mayBe(of.type, 'array') && !mayBe(of.type, 'string')) {
      throw new SyntaxFault(`what stands before [ is ${typeText(of.type)}`, 'a list or a string', node.of);
    }
    const ends = [node.from, node.to].map((end) => end && this.wanted(end, 'int', 'the index'));
    const [from, to] = ends.map((end) => end?.run);
    return {
      type: of.type,
      run(evaluation) {
        const value = of.run(evaluation);
        const start = from === undefined ? 0 : asInt(from(evaluation));
        const end = to === undefined ? undefined : asInt(to(evaluation));
        if (!isArray(value)) return asString(value).slice(start, end);
        return evaluation.listed(value.slice(start, end));
      },
      steps: of.steps + sum(ends.flatMap((end) => end ?? [])),
    };
  }
}

/** The function that takes a label. */
const METADATA = 'metadata';

const NO_ARGUMENTS: readonly Value[] = [];

function sum(parts: readonly { readonly steps: number }[]): number {
  return parts.reduce((total, { steps }) => total + steps, 1);
}

function countText(count: number): string {
  return count === 0 ? 'no arguments' : count === 1 ? 'one argument' : `${count} arguments`;
}

function typeOfLiteral({ value, isInteger }: { readonly value: Literal; readonly isInteger: boolean }): Type {
  if (value === null) return 'nil';
  if (typeof value === 'number') return isInteger ? 'int' : 'float';
  return typeof value === 'string' ? 'string' : 'bool';
}

function checkLiteral({ check, usage }: FunctionDefinition, node: Node, index: number): void {
  const fault = node.kind === 'literal' ? check?.(node.value, index) : undefined;
  if (fault !== undefined) throw new SyntaxFault(fault, usage, node);
}
