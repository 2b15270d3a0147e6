/**
 * What the parser takes tokens with: word by word, line by line, or a whole block as it stands. In: the stream of
 * tokens and the environment. Out: words with their variables replaced.
 */
import { replaceVariables } from './environment.ts';
import type { Fingerprint } from './fingerprint.ts';
import { bounds } from '../bounds.ts';
import { shorten } from './problems.ts';
import type { Problems } from './problems.ts';
import type { Scope, TokenStream, Upcoming } from './stream.ts';
import type { SourceToken, Token } from './tokens.ts';

export class TokenReader {
  readonly #stream: TokenStream;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #fingerprint: Fingerprint;
  readonly #problems: Problems;
  #variableCharacters = 0;

  constructor(
    stream: TokenStream,
    environment: Readonly<Record<string, string | undefined>>,
    fingerprint: Fingerprint,
    problems: Problems,
  ) {
    this.#stream = stream;
    this.#environment = environment;
    this.#fingerprint = fingerprint;
    this.#problems = problems;
  }

  /** The next token, which stays; undefined at the end. */
  peek(): Upcoming | undefined {
    return this.#stream.peek();
  }

  /** Takes the `}` that is next, and reports it. */
  surplus(): void {
    const next = this.#stream.next();
    if (next !== undefined) {
      this.#problems.error(next.token, `surplus '}': no '{' is open here`, {
        expected: 'a key or a directive',
      });
    }
  }

  /** Takes the words that are left on the line, up to a brace. */
  restOfLine(): readonly Token[] {
    const words: Token[] = [];
    for (let next = this.#stream.peek(); next !== undefined && !next.newLine; next = this.#stream.peek()) {
      if (isBrace(next.token, '{') || isBrace(next.token, '}')) break;
      words.push(this.take(next));
    }
    return words;
  }

  /** Takes the next word, with its variables replaced. */
  take(next: Upcoming): Token {
    this.#stream.next();
    return this.expand(next.token);
  }

  /** Takes a `{` and everything up to its `}`, as it stands. */
  collect(open: Upcoming): readonly SourceToken[] {
    this.#stream.next();
    const tokens: SourceToken[] = [];
    let level = 1;
    for (
      let next = this.#stream.peek();
      next !== undefined && !hasEnded(open.scope, next);
      next = this.#stream.peek()
    ) {
      this.#stream.next();
      if (isBrace(next.token, '{')) level++;
      else if (isBrace(next.token, '}')) level--;
      if (level === 0) return tokens;
      tokens.push(next.token);
    }
    this.unclosed(open.token);
    return tokens;
  }

  /** Reports a `{` that the text ended in. */
  unclosed(brace: SourceToken | undefined): void {
    // A text that was cut off says nothing about its braces.
    if (brace === undefined || this.#stream.stopped) return;
    this.#problems.error(brace, `this '{' is never closed`, {
      expected: `a '}' before the end of ${shorten(brace.at.file)}`,
    });
  }

  /** A token with its variables replaced. */
  expand(token: SourceToken): Token {
    const name = variableOfShell(token);
    if (name !== undefined) {
      this.#problems.warning(token, `'${shorten(token.text)}' is no environment variable here, and stays as it is`, {
        suggestion: `{$${name}}`,
      });
    }
    const [placeholder] = /__PILLAR__\w+__/.exec(token.text) ?? [];
    if (placeholder !== undefined) {
      this.#problems.warning(token, `nothing fills in '${shorten(placeholder)}' here: it stays as it is`, {
        expected: 'the address or name itself, where node-cache and its manifests leave a place for it',
      });
    }
    const left = bounds.corefileVariables - this.#variableCharacters;
    const { text, unset, empty, inserted } = replaceVariables(token.text, this.#environment, left);
    if (text === token.text && unset.length === 0 && empty.length === 0 && inserted === 0) return token;
    if (inserted > left) {
      this.#problems.error(token, `environment variables put in more than ${bounds.corefileVariables} characters`);
      return token;
    }
    this.#variableCharacters += inserted;
    this.#fingerprint.add(text);
    return { ...token, text, ...(unset.length === 0 ? {} : { unset }), ...(empty.length === 0 ? {} : { empty }) };
  }
}

/** The variable that a whole word would stand for in a shell: `$NAME` in capitals, or `${name}`. */
function variableOfShell({ text, quoted }: SourceToken): string | undefined {
  if (quoted) return undefined;
  const [, plain, braced] = /^\$(?:([A-Z_][A-Z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})$/.exec(text) ?? [];
  return plain ?? braced;
}

/** Whether it is a brace of the language, which it is not in quotes. */
export function isBrace(token: Token, brace: '{' | '}'): boolean {
  return token.text === brace && !token.quoted;
}

/** Whether the file or snippet of this scope came to its end before the token. */
export function hasEnded(scope: Scope, next: Upcoming): boolean {
  return next.scope !== scope && next.scope.depth <= scope.depth;
}
