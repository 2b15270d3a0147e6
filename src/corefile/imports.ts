/**
 * What `import` brings in: snippets, files and globs. In: the argument of an `import`, and the file that it stands in.
 * Out: lists of tokens to insert, and the paths that were read or looked for. Each file is read once. Bounded in octets,
 * tokens and the number of insertions; something that would insert itself is an error.
 */
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { findMatches, isPattern, readBounded } from './files.ts';
import type { FileReading } from './files.ts';
import { readTokens } from './lexer.ts';
import { bounds } from '../bounds.ts';
import { nearestWord } from './nearest.ts';
import { shorten } from './problems.ts';
import type { Position, Problems } from './problems.ts';
import { isBrace } from './reader.ts';
import type { Insertion, TokenStream } from './stream.ts';
import type { Source, SourceToken, Token } from './tokens.ts';

interface Snippet {
  readonly token: Token;
  readonly body: Insertion;
}

type Opened = { readonly kind: 'insertion'; readonly insertion: Insertion } | Exclude<FileReading, { kind: 'text' }>;

export class Imports {
  readonly #problems: Problems;
  readonly #inputs = new Set<string>();
  readonly #snippets = new Map<string, Snippet>();
  /** Where texts that were read begin a snippet, whether it is defined by now or not. */
  readonly #headings = new Map<string, Position>();
  readonly #files = new Map<string, Insertion>();
  readonly #globs = new Map<string, readonly string[]>();
  #octets = 0;
  /** One more than may be read, so that the stream comes upon its bound and says so. */
  #tokensLeft: number = bounds.corefileTokens + 1;
  #snippetExpansions = 0;
  #fileExpansions = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** Absolute paths of files that were read or looked for, and of folders that a glob looked into. */
  get inputs(): readonly string[] {
    return [...this.#inputs];
  }

  /** Keeps a snippet for the imports that follow. A name that is taken is an error, and its first body stays. */
  define(name: string, token: Token, tokens: readonly SourceToken[]): void {
    const first = this.#snippets.get(name);
    if (first !== undefined) {
      const { file, line, column } = first.token.at;
      this.#problems.error(token, `snippet '${shorten(name)}' is already defined at ${file}:${line}:${column}`, {
        expected: 'another name',
      });
      return;
    }
    this.#snippets.set(name, { token, body: { id: `snippet ${name}`, label: `snippet '${shorten(name)}'`, tokens } });
  }

  /** The Corefile itself, from its file; undefined where it cannot be read, which is reported. */
  openMain(path: string): Insertion | undefined {
    const opened = this.#open(resolve(path), path, 'any');
    if (opened.kind === 'insertion') return opened.insertion;
    const at = { file: path, line: 1, column: 1 };
    if (opened.kind === 'too-large') this.#tooLarge(at);
    else this.#problems.error(at, `the Corefile cannot be read: ${reasonFor(opened)}`);
    return undefined;
  }

  /** The Corefile itself, from a text. */
  openText(source: Source, text: string): Insertion {
    const fits = Buffer.byteLength(text) <= bounds.corefileText;
    if (!fits) this.#tooLarge({ file: source.name, line: 1, column: 1 });
    return this.#lex(source, fits ? text : '');
  }

  /**
   * What an `import` inserts; nothing where it is wrong, which is reported.
   *
   * @param argument with its variables replaced
   * @param importer the file that the `import` stands in
   */
  resolve(argument: Token, importer: Source, stream: TokenStream): readonly Insertion[] {
    const wanted = argument.text;
    if (wanted === '') {
      this.#problems.error(argument, 'import requires a path that is not empty', { expected: importable });
      return [];
    }
    const snippet = this.#snippets.get(wanted);
    const insertions = snippet === undefined ? this.#matching(argument, importer) : this.#snippet(argument, snippet);
    const endless = insertions.find(({ id }) => stream.isOpen(id));
    if (endless !== undefined) {
      this.#problems.error(argument, `${endless.label} imports itself`, { expected: 'an import that comes to an end' });
      return [];
    }
    return insertions.filter(({ tokens }) => tokens.length > 0);
  }

  #snippet(argument: Token, snippet: Snippet): readonly Insertion[] {
    this.#snippetExpansions++;
    if (this.#snippetExpansions > bounds.corefileSnippets) {
      this.#problems.error(argument, `more than ${bounds.corefileSnippets} imports of snippets`);
      return [];
    }
    return [snippet.body];
  }

  #matching(argument: Token, importer: Source): readonly Insertion[] {
    this.#fileExpansions++;
    if (this.#fileExpansions > bounds.corefileFiles) {
      this.#problems.error(argument, `more than ${bounds.corefileFiles} imports of files`);
      return [];
    }
    const wanted = argument.text;
    if (wanted.includes('\0') || count(wanted, '*') > 1 || count(wanted, '?') > 1 || wanted.includes('[')) {
      this.#problems.error(argument, `import pattern '${shorten(wanted)}' cannot be read`, {
        expected: `at most one '*', at most one '?', and no '[…]'`,
      });
      return [];
    }
    const paths = this.#find(importer.folder, wanted);
    if (paths.length === 0) {
      const message = `no files match import pattern '${shorten(wanted)}'`;
      // Distributions import folders for what their users add, which are empty until somebody does.
      if (/[*?]/.test(wanted)) this.#problems.note(argument, message);
      else this.#problems.warning(argument, message);
    }
    return paths.flatMap((path) => {
      const name = isAbsolute(wanted) ? path : join(dirname(importer.name), relative(importer.folder, path));
      return this.#readImport(path, name, argument);
    });
  }

  #readImport(path: string, name: string, argument: Token): readonly Insertion[] {
    const opened = this.#open(path, name, 'regular');
    if (opened.kind === 'insertion') return [opened.insertion];
    const shown = shorten(argument.text);
    if (opened.kind === 'too-large') {
      this.#tooLarge(argument);
    } else if (opened.kind === 'missing') {
      const below = this.#headings.get(argument.text);
      const suggestion = below === undefined ? nearestWord(argument.text, [...this.#snippets.keys()]) : undefined;
      this.#problems.error(argument, `File to import not found: ${shown}`, {
        expected:
          below === undefined
            ? importable
            : `the snippet (${shown}) above this line: it is defined at ${below.file}:${below.line}:${below.column}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      });
    } else {
      const which = isPattern(argument.text) ? ` (by '${shown}')` : '';
      this.#problems.error(argument, `could not import ${shorten(name)}${which}: ${reasonFor(opened)}`, {
        expected: importable,
      });
    }
    return [];
  }

  #find(folder: string, pattern: string): readonly string[] {
    const key = JSON.stringify([folder, pattern]);
    const known = this.#globs.get(key);
    if (known !== undefined) return known;
    const { matches, folders } = findMatches(folder, pattern);
    for (const looked of folders) this.#inputs.add(looked);
    if (isPattern(pattern)) this.#globs.set(key, matches);
    return matches;
  }

  /** @param name what positions in the file are to call it */
  #open(path: string, name: string, kind: 'regular' | 'any'): Opened {
    const known = this.#files.get(path);
    if (known !== undefined) return { kind: 'insertion', insertion: known };
    this.#inputs.add(path);
    const reading = readBounded(path, bounds.corefileText - this.#octets, kind);
    if (reading.kind !== 'text') return reading;
    this.#octets += reading.octets;
    const insertion = this.#lex({ name, path, folder: dirname(path) }, reading.text);
    this.#files.set(path, insertion);
    return { kind: 'insertion', insertion };
  }

  #lex(source: Source, text: string): Insertion {
    // As in a file that was saved with one: it is no part of the first word.
    const marked = text.startsWith('\uFEFF') ? text.slice(1) : text;
    this.#problems.addSource(source.name, marked);
    const tokens = readTokens(source, marked, this.#problems, this.#tokensLeft);
    this.#tokensLeft -= tokens.length;
    tokens.forEach((token, index) => {
      const [, snippet] = /^\((.+)\)$/s.exec(token.text) ?? [];
      const next = tokens[index + 1];
      const isHeading = token.startsLine && next !== undefined && isBrace(next, '{');
      if (snippet !== undefined && isHeading && !this.#headings.has(snippet)) this.#headings.set(snippet, token.at);
    });
    const shown = source.path ?? source.name;
    return { id: `file ${shown}`, label: `file '${shorten(shown)}'`, tokens };
  }

  #tooLarge(at: Token | Position): void {
    this.#problems.error(at, `the Corefile is larger than ${bounds.corefileText} octets with all that it imports`);
  }
}

const importable = `a snippet defined before this line, a file, or a pattern with one '*'`;

function reasonFor(failure: Exclude<Opened, { kind: 'insertion' | 'too-large' }>): string {
  if (failure.kind === 'unreadable') return failure.reason;
  return failure.kind === 'folder' ? 'it is a directory' : 'there is no such file';
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
