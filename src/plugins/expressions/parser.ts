/**
 * From the tokens of an expression to its tree, with the precedence that expr-lang gives to operators:
 *
 *     ?:  |  or  and  == != < <= > >= in matches contains startsWith endsWith  ..  + -  not  * / %  - (sign)  **  ??  [] ()
 *     loosest ───────────────────────────────────────────────────────────────────────────────────────────────────► tightest
 *
 * `not` binds more tightly than `==`, so that `not a == b` asks for `(not a) == b`; `a not in b` is `not (a in b)`.
 */
import { bounds } from '../../bounds.ts';
import { SyntaxFault } from './fault.ts';
import { type ExpressionToken, type Span, readTokens } from './lexer.ts';
import type { BinaryOperator, Node } from './syntax.ts';

interface Operator {
  readonly precedence: number;
  readonly operator: BinaryOperator;
  readonly rightToLeft?: true;
}

const COMPARISON = 20;
const NOT = 50;
const SIGN = 90;

const row = (precedence: number, operator: BinaryOperator): Operator => ({ precedence, operator });

const operators: ReadonlyMap<string, Operator> = new Map([
  ['or', row(10, 'or')],
  ['||', row(10, 'or')],
  ['and', row(15, 'and')],
  ['&&', row(15, 'and')],
  ...(
    ['==', '!=', '<', '<=', '>', '>=', 'in', 'matches', 'contains', 'startsWith', 'endsWith'] satisfies BinaryOperator[]
  ).map((operator): [string, Operator] => [operator, row(COMPARISON, operator)]),
  ['..', row(25, '..')],
  ['+', row(30, '+')],
  ['-', row(30, '-')],
  ['*', row(60, '*')],
  ['/', row(60, '/')],
  ['%', row(60, '%')],
  ['**', { ...row(100, '**'), rightToLeft: true }],
  ['^', { ...row(100, '**'), rightToLeft: true }],
  ['??', row(500, '??')],
]);

const negatable: ReadonlySet<string> = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);

/** Words that cannot be the name of a variable. */
export const keywords: ReadonlySet<string> = new Set([
  'true',
  'false',
  'nil',
  'not',
  'let',
  ...[...operators.keys()].filter((word) => /^\w+$/.test(word)),
]);

/** @throws SyntaxFault */
export function parseExpression(source: string): Node {
  return new Parser(readTokens(source)).whole();
}

class Parser {
  readonly #tokens: readonly ExpressionToken[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly ExpressionToken[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#expression();
    const surplus = this.#token;
    if (surplus.kind !== 'end') throw this.#unexpected('an operator, or the end');
    return node;
  }

  get #token(): ExpressionToken {
    return this.#tokens[this.#next] ?? END;
  }

  /** The word of a token that is a name or a sign. */
  get #word(): string {
    const token = this.#token;
    return token.kind === 'name' || token.kind === 'sign' ? token.text : '';
  }

  /** Takes the next token if it is this sign or word. */
  #takes(word: string): boolean {
    if (this.#word !== word) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string, why: string): Span {
    const token = this.#token;
    if (!this.#takes(sign)) throw this.#unexpected(`'${sign}' ${why}`);
    return token;
  }

  #unexpected(expected: string): SyntaxFault {
    const token = this.#token;
    switch (token.kind) {
      case 'end':
        return new SyntaxFault('the expression ends too early', expected, token);
      case 'number':
        return new SyntaxFault(`a number where none can stand`, `${expected}; addresses stand in single quotes`, token);
      case 'string':
        return new SyntaxFault(`text where none can stand`, expected, token);
      case 'name':
      case 'sign':
        if (token.text === '=') return new SyntaxFault(`'=' where it cannot stand`, '==', token);
        return new SyntaxFault(`'${token.text}' where it cannot stand`, expected, token);
    }
  }

  /** Any expression, at one level more. */
  #expression(): Node {
    this.#enter();
    const node = this.#conditional();
    this.#depth--;
    return node;
  }

  #enter(): void {
    if (++this.#depth <= bounds.expressionDepth) return;
    const expected = `at most ${bounds.expressionDepth} levels`;
    throw new SyntaxFault('the expression is nested too deeply', expected, this.#token);
  }

  #conditional(): Node {
    const test = this.#binary(0);
    if (!this.#takes('?')) return test;
    const whenTrue = this.#expression();
    this.#expect(':', 'and the value for false');
    const whenFalse = this.#expression();
    return { kind: 'conditional', test, whenTrue, whenFalse, start: test.start, end: whenFalse.end };
  }

  /** Operators that bind at least so tightly. */
  #binary(least: number): Node {
    let left = this.#unary();
    for (;;) {
      if (least === 0 && this.#takes('|')) {
        left = this.#handedOn(left);
        continue;
      }
      const before = this.#next;
      const isNegated = this.#takes('not');
      const word = this.#word;
      const found = operators.get(word);
      if (found === undefined || found.precedence < least || (isNegated && !negatable.has(word))) {
        this.#next = before;
        if (isNegated && !negatable.has(word)) throw this.#unexpected('an operator, or the end');
        return left;
      }
      this.#next++;
      const right = this.#binary(found.rightToLeft === true ? found.precedence : found.precedence + 1);
      const span = { start: left.start, end: right.end };
      const node: Node = { kind: 'binary', operator: found.operator, left, right, ...span };
      left = isNegated ? { kind: 'unary', operator: 'not', operand: node, ...span } : node;
    }
  }

  /** The function behind a |, with what stands before it as its first argument. */
  #handedOn(value: Node): Node {
    const token = this.#token;
    if (token.kind !== 'name' || keywords.has(token.text)) throw this.#unexpected('a function behind the |');
    this.#next++;
    const call = this.#call(token, token.text, [value]);
    return this.#behind({ ...call, start: value.start });
  }

  #unary(): Node {
    const { start } = this.#token;
    const word = this.#word;
    if (word !== 'not' && word !== '!' && word !== '-' && word !== '+') return this.#behind(this.#primary());
    this.#next++;
    this.#enter();
    const isNot = word === 'not' || word === '!';
    const operand = this.#binary(isNot ? NOT : SIGN);
    this.#depth--;
    return { kind: 'unary', operator: isNot ? 'not' : word, operand, start, end: operand.end };
  }

  #primary(): Node {
    const token = this.#token;
    if (token.kind === 'number' || token.kind === 'string') {
      this.#next++;
      const isInteger = token.kind === 'number' && token.isInteger;
      return { kind: 'literal', value: token.value, isInteger, start: token.start, end: token.end };
    }
    if (token.kind === 'name') return this.#named(token, token.text);
    if (this.#takes('(')) {
      const inner = this.#expression();
      const { end } = this.#expect(')', 'for the ( before it');
      return { ...inner, start: token.start, end };
    }
    if (this.#takes('[')) return this.#array(token.start);
    if (this.#takes('#')) {
      if (this.#token.kind === 'name' && this.#token.start === token.end) {
        throw new SyntaxFault(`'#${this.#word}' is not known here`, '# for the element', {
          ...token,
          end: this.#token.end,
        });
      }
      return { kind: 'element', start: token.start, end: token.end };
    }
    if (this.#word === '{') throw new SyntaxFault('maps are not known here', 'a list: [a, b, c]', token);
    throw this.#unexpected('a value');
  }

  #named(token: Span, text: string): Node {
    if (text === 'let' || text === '$env') {
      throw new SyntaxFault(`'${text}' is not known here`, 'the value itself in its place', token);
    }
    const constant = text === 'true' ? true : text === 'false' ? false : text === 'nil' ? null : undefined;
    if (constant === undefined && keywords.has(text)) throw this.#unexpected('a value');
    this.#next++;
    const { start, end } = token;
    if (constant !== undefined) return { kind: 'literal', value: constant, isInteger: false, start, end };
    return this.#word === '(' ? this.#call(token, text, []) : { kind: 'variable', name: text, start, end };
  }

  /** A call whose name has been taken. @param first the arguments that stand before the | */
  #call(nameSpan: Span, name: string, first: readonly Node[]): Node {
    this.#expect('(', `and the arguments of '${name}'`);
    const args = [...first];
    while (this.#word !== ')') {
      if (args.length > first.length) this.#expect(',', 'between two arguments');
      args.push(this.#argument());
    }
    const { end } = this.#expect(')', `behind the arguments of '${name}'`);
    return { kind: 'call', name, nameSpan, args, start: nameSpan.start, end };
  }

  /** A predicate may stand in braces. */
  #argument(): Node {
    if (!this.#takes('{')) return this.#expression();
    const inner = this.#expression();
    this.#expect('}', 'behind the predicate');
    return inner;
  }

  #array(start: number): Node {
    const elements: Node[] = [];
    while (this.#word !== ']') {
      if (elements.length > 0) {
        this.#expect(',', 'between two elements');
        if (this.#word === ']') break;
      }
      elements.push(this.#expression());
    }
    const { end } = this.#expect(']', 'behind the elements');
    return { kind: 'array', elements, start, end };
  }

  /** What stands behind a value: `[1]`, `[1:3]`. */
  #behind(value: Node): Node {
    let node = value;
    while (this.#takes('[')) {
      const first = this.#word === ':' ? undefined : this.#expression();
      if (first !== undefined && this.#word === ']') {
        const { end } = this.#expect(']', 'behind the index');
        node = { kind: 'index', of: node, index: first, start: node.start, end };
      } else {
        this.#expect(':', "or ']' behind the index");
        const last = this.#word === ']' ? undefined : this.#expression();
        const { end } = this.#expect(']', 'behind the last index');
        node = { kind: 'slice', of: node, from: first, to: last, start: node.start, end };
      }
    }
    if (this.#word === '.' || this.#word === '?.') {
      throw new SyntaxFault(
        'no value has members here',
        'a function, or [index]; text stands in single quotes, as the Corefile takes double quotes away',
        this.#token,
      );
    }
    return node;
  }
}

const END: ExpressionToken = { kind: 'end', start: 0, end: 0 };
