/**
 * What is wrong with an expression: when it is compiled, with its place in the text; or when it is evaluated, where something
 * was no address, no number, or more than is allowed. Neither leaves this folder.
 */

/** Ends the compiling of one expression. */
export class SyntaxFault extends Error {
  /** What would have been right; empty where the message says it. */
  readonly expected: string;
  /** The part of the text that it is about, by the indexes of its first character and of the one behind its last. */
  readonly start: number;
  readonly end: number;

  constructor(message: string, expected: string, { start, end }: { readonly start: number; readonly end: number }) {
    super(message);
    this.expected = expected;
    this.start = start;
    this.end = end;
  }
}

/** Ends the evaluation of one expression. */
export class EvaluationFault extends Error {}
