/**
 * The shapes that the stages of reading a Corefile hand to each other: a token, a directive, a server block.
 * Types only.
 */

/** A place in a file that a person can open. Line and column count from 1, columns in UTF-16 code units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One word of a Corefile, without its quotes and with its environment variables replaced. */
export interface Token {
  readonly text: string;
  /** Whether it stood in quotes: then `{` and `}` are ordinary text. */
  readonly quoted: boolean;
  readonly at: Position;
  /** Columns that the word takes on its first line as it was written; the text's length where absent. */
  readonly width?: number;
  /** Environment variables in this word that are not set, and so left nothing in `text`. */
  readonly unset?: readonly string[];
  /** The same of those that are set to nothing. */
  readonly empty?: readonly string[];
}

/** A line that begins with a name, and the lines between its braces. */
export interface Directive {
  readonly name: Token;
  readonly args: readonly Token[];
  /** The lines between the braces; undefined where no braces stand. */
  readonly block: readonly Directive[] | undefined;
}

/** One zone of a server block, and where it is served. A key that is a CIDR gives one of these for each reverse zone. */
export interface ServerKey {
  /** `dns`, `tls`, `quic`, `grpc`, `https` or `https3`. */
  readonly scheme: string;
  /** Presentation form, lower case, fully qualified: `cluster.local.`, `.`. */
  readonly zone: string;
  /** The port that was written, or the scheme's own; undefined for `dns` without one, where the program's default holds. */
  readonly port: number | undefined;
  readonly token: Token;
}

/** A server block. `keys` is empty only where each of its keys was reported as an error. */
export interface ServerBlockSource {
  readonly keys: readonly ServerKey[];
  /** In the order of the file; a name may occur several times. */
  readonly directives: readonly Directive[];
  /** Whether it is the form without braces, which goes on to the end of its file. */
  readonly withoutBraces?: boolean;
}

/** A Corefile with everything that it imports. */
export interface Corefile {
  readonly blocks: readonly ServerBlockSource[];
  /** Absolute paths of every file that was read or looked for, and of every folder that a glob looked into. */
  readonly inputs: readonly string[];
  /** Hexadecimal SHA-512 over all tokens with their positions: it changes exactly when one of them does. */
  readonly fingerprint: string;
}

/** A file, or a text in a file's place. */
export interface Source {
  /** What positions call it. */
  readonly name: string;
  /** Absolute path; undefined for a text that was not read from a file. */
  readonly path: string | undefined;
  /** Absolute path of the folder that its imports are relative to. */
  readonly folder: string;
}

/** A token as the lexer gives it: variables not yet replaced. */
export interface SourceToken extends Token {
  readonly width: number;
  /** Whether a line end stands between the token before it and this one. */
  readonly startsLine: boolean;
  readonly source: Source;
}
