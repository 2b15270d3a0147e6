/** The tree that the parser makes of an expression. Types only. */
import type { Span } from './lexer.ts';

/** Operators between two values; `&&`, `||`, `^` and the like are written as the word or sign that stands for both. */
export type BinaryOperator =
  | 'or'
  | 'and'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'matches'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | '..'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '??';

export type Literal = string | number | boolean | null;

export type Node = Span &
  (
    | { readonly kind: 'literal'; readonly value: Literal; readonly isInteger: boolean }
    | { readonly kind: 'array'; readonly elements: readonly Node[] }
    | { readonly kind: 'variable'; readonly name: string }
    /** `#`: the element that a predicate looks at. */
    | { readonly kind: 'element' }
    | { readonly kind: 'call'; readonly name: string; readonly nameSpan: Span; readonly args: readonly Node[] }
    | { readonly kind: 'unary'; readonly operator: 'not' | '-' | '+'; readonly operand: Node }
    | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
    | { readonly kind: 'conditional'; readonly test: Node; readonly whenTrue: Node; readonly whenFalse: Node }
    | { readonly kind: 'index'; readonly of: Node; readonly index: Node }
    | {
        readonly kind: 'slice';
        readonly of: Node;
        readonly from: Node | undefined;
        readonly to: Node | undefined;
      }
  );

/** The nodes of a kind. */
export type Of<K extends Node['kind']> = Extract<Node, { kind: K }>;
