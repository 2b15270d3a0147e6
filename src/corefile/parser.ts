/**
 * Tokens → server blocks of directives. In: the Corefile's tokens and its imports. Out: blocks with
 * their keys as words, and their directives as a tree. The grammar:
 *
 *     file      = { block | snippet | import }
 *     block     = KEY [","] { KEY [","] } ( "{" { line } "}" | { line } )     the second form ends with its file
 *     snippet   = "(" NAME ")" "{" { any word } "}"
 *     line      = import | NAME { ARGUMENT } [ "{" { line } "}" ]
 *     import    = "import" WORD
 *
 * After an error it goes on where the next line or block can begin, so that everything wrong is listed. A brace belongs
 * to the file or snippet that it stands in: what is opened in one is not closed in another.
 */
import type { Imports } from './imports.ts';
import { bounds } from '../bounds.ts';
import { shorten } from './problems.ts';
import { hasEnded, isBrace } from './reader.ts';
import type { TokenReader } from './reader.ts';
import type { Problems } from './problems.ts';
import type { Scope, TokenStream, Upcoming } from './stream.ts';
import type { Directive, SourceToken, Token } from './tokens.ts';

export interface RawBlock {
  readonly keys: readonly Token[];
  readonly directives: readonly Directive[];
  readonly withoutBraces: boolean;
}

/** Where something was opened that a `}` closes, or, without a brace, the end of its file. */
interface Opening {
  readonly brace: SourceToken | undefined;
  readonly scope: Scope;
}

export interface ParserInput {
  readonly stream: TokenStream;
  /** Reads from `stream`. */
  readonly reader: TokenReader;
  readonly imports: Imports;
  readonly problems: Problems;
}

/** Reads the stream to its end. Never throws; the depth of its recursion is bounded by `bounds.corefileNesting`. */
export function parseBlocks(input: ParserInput): readonly RawBlock[] {
  return new Parser(input).blocks();
}

class Parser {
  readonly #stream: TokenStream;
  readonly #reader: TokenReader;
  readonly #imports: Imports;
  readonly #problems: Problems;

  constructor({ stream, reader, imports, problems }: ParserInput) {
    this.#stream = stream;
    this.#reader = reader;
    this.#imports = imports;
    this.#problems = problems;
  }

  blocks(): readonly RawBlock[] {
    const found: RawBlock[] = [];
    for (let next = this.#reader.peek(); next !== undefined; next = this.#reader.peek()) {
      if (isBrace(next.token, '}')) this.#reader.surplus();
      else if (isImport(next)) this.#import(next);
      else this.#block(next, found);
    }
    return found;
  }

  #block(first: Upcoming, found: RawBlock[]): void {
    if (isBrace(first.token, '{')) {
      this.#problems.error(first.token, `a server block has no key before its '{'`, { suggestion: '.:53 {' });
      this.#braces(first, 1);
      return;
    }
    const { keys, scope } = this.#keys(first.scope);
    const [key] = keys;
    const next = this.#reader.peek();
    const open =
      next !== undefined && isBrace(next.token, '{') && (!next.newLine || next.scope === scope) ? next : undefined;
    if (key === undefined) {
      this.#problems.error(this.#reader.expand(first.token), 'a server block has no key', {
        expected: 'a zone such as .:53',
      });
    } else if (open?.newLine === true) {
      this.#misplaced(open.token, 'the last key', shorten(keys.map(({ text }) => text).join(' ')));
    }
    const snippet = keys.length === 1 ? /^\(([\s\S]*)\)$/.exec(key?.text ?? '')?.[1] : undefined;
    if (key !== undefined && snippet !== undefined) {
      this.#snippet(snippet, key, open);
    } else if (open === undefined) {
      found.push({ keys, directives: this.#lines({ brace: undefined, scope }, 0), withoutBraces: true });
    } else {
      found.push({ keys, directives: this.#braces(open, 1), withoutBraces: false });
    }
  }

  /**
   * The keys up to a `{` or the end of a line that has no trailing comma, and the scope of the last one. Words that
   * variables left empty are none.
   */
  #keys(start: Scope): { readonly keys: readonly Token[]; readonly scope: Scope } {
    const keys: Token[] = [];
    let scope = start;
    let taken = 0;
    let comma: Token | undefined;
    for (let next = this.#reader.peek(); next !== undefined; next = this.#reader.peek()) {
      if (isBrace(next.token, '{') || (taken > 0 && comma === undefined && next.newLine)) break;
      if (isBrace(next.token, '}')) {
        this.#reader.surplus();
        continue;
      }
      if (comma !== undefined && isImport(next)) {
        this.#import(next);
        continue;
      }
      const word = this.#reader.take(next);
      scope = next.scope;
      taken++;
      comma = word.text.endsWith(',') ? word : undefined;
      const key = comma === undefined ? word : { ...word, text: word.text.slice(0, -1) };
      if (key.text !== '') keys.push(key);
    }
    if (comma !== undefined && !this.#stream.stopped) {
      this.#problems.error(comma, `another key must follow the comma of '${shorten(comma.text)}'`, {
        expected: `a key, or '${shorten(comma.text.slice(0, -1))}' without the comma`,
      });
    }
    return { keys, scope };
  }

  #snippet(name: string, key: Token, open: Upcoming | undefined): void {
    if (open === undefined) {
      this.#problems.error(key, `snippet '${shorten(name)}' has no body`, { suggestion: `(${name}) {` });
      return;
    }
    const body = this.#reader.collect(open);
    if (name === '') {
      this.#problems.error(key, 'a snippet has no name', { expected: 'a name in the parentheses' });
      return;
    }
    const kept: SourceToken[] = [];
    for (const token of body) {
      const word = kept.at(-1);
      const before = kept.at(-2);
      const leads = word?.startsLine === true || before === undefined || isBrace(before, '{');
      if (word?.text === 'import' && leads && !token.startsLine && token.text === name) {
        this.#problems.error(token, `snippet '${shorten(name)}' imports itself`, { expected: 'another snippet' });
        kept.pop();
      } else {
        kept.push(token);
      }
    }
    this.#imports.define(name, key, kept);
  }

  /** Takes a `{` and the lines up to its `}`. */
  #braces(open: Upcoming, level: number): readonly Directive[] {
    if (level > bounds.corefileNesting) {
      this.#problems.error(open.token, `braces are nested more than ${bounds.corefileNesting} deep`);
      this.#reader.collect(open);
      return [];
    }
    this.#stream.next();
    return this.#lines({ brace: open.token, scope: open.scope }, level);
  }

  /** The lines of a block, up to and with what closes it. */
  #lines(open: Opening, level: number): readonly Directive[] {
    const found: Directive[] = [];
    for (
      let next = this.#reader.peek();
      next !== undefined && !hasEnded(open.scope, next);
      next = this.#reader.peek()
    ) {
      if (isBrace(next.token, '}')) {
        const own = next.scope === open.scope;
        if (own && open.brace !== undefined) {
          this.#stream.next();
          return found;
        }
        this.#reader.surplus();
        if (own) return found;
      } else if (isBrace(next.token, '{')) {
        this.#strayBlock(next, level, found);
      } else if (isImport(next)) {
        this.#import(next);
      } else {
        found.push(this.#directive(next, level));
      }
    }
    this.#reader.unclosed(open.brace);
    return found;
  }

  #directive(first: Upcoming, level: number): Directive {
    const name = this.#reader.take(first);
    const args = this.#reader.restOfLine();
    const next = this.#reader.peek();
    if (next === undefined || next.newLine || !isBrace(next.token, '{')) return { name, args, block: undefined };
    const block = this.#braces(next, level + 1);
    const after = this.#reader.peek();
    if (after !== undefined && !after.newLine && !isBrace(after.token, '{') && !isBrace(after.token, '}')) {
      this.#problems.error(
        after.token,
        `'${shorten(after.token.text)}' stands behind the block of '${shorten(name.text)}'`,
        {
          expected: `the end of the line after '}'`,
        },
      );
      this.#reader.restOfLine();
    }
    return { name, args, block };
  }

  /** A `{` where a line should begin: most often the brace of the line before, put on a line of its own. */
  #strayBlock(open: Upcoming, level: number, found: Directive[]): void {
    const previous = found.at(-1);
    const belongs = previous !== undefined && previous.block === undefined && open.newLine;
    if (belongs) {
      const line = [previous.name, ...previous.args].map(({ text }) => text).join(' ');
      this.#misplaced(open.token, `'${shorten(previous.name.text)}'`, shorten(line));
    } else {
      this.#problems.error(open.token, `a '{' without a directive before it`, { expected: 'the name of a directive' });
    }
    const block = this.#braces(open, level + 1);
    if (belongs) found.splice(-1, 1, { ...previous, block });
  }

  #import(first: Upcoming): void {
    this.#reader.take(first);
    const [argument, further] = this.#reader.restOfLine();
    const next = this.#reader.peek();
    if (next !== undefined && !next.newLine && isBrace(next.token, '{')) {
      this.#problems.error(next.token, 'import takes no block', { expected: 'the end of the line' });
      this.#reader.collect(next);
    } else if (argument === undefined) {
      this.#problems.error(first.token, 'import needs an argument', {
        expected: 'import SNIPPET, import FILE or import GLOB',
      });
    } else if (further === undefined) {
      this.#stream.insert(this.#imports.resolve(argument, first.token.source, this.#stream));
    } else {
      this.#problems.error(further, 'Import takes only one argument (glob pattern or file)', {
        expected: 'the end of the line',
      });
    }
  }

  #misplaced(brace: SourceToken, owner: string, line: string): void {
    this.#problems.error(brace, `'{' must stand on the line of ${owner}`, { suggestion: `${line} {` });
  }
}

function isImport(next: Upcoming): boolean {
  return next.token.text === 'import';
}
