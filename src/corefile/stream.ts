/**
 * Tokens in the order in which the parser reads them, imports inserted. In: lists of tokens (files and snippets). Out:
 * one token after the other, each with whether it begins a line and with the scope that it belongs to: one insertion of
 * one file or snippet. Scopes nest like a stack, so that an import takes no room on the stack of the program.
 */
import type { Fingerprint } from './fingerprint.ts';
import { bounds } from '../bounds.ts';
import type { Problems } from './problems.ts';
import type { SourceToken } from './tokens.ts';

/** A file or a snippet to insert. */
export interface Insertion {
  /** Equal ones are the same file or snippet. */
  readonly id: string;
  /** What it is, in a message: `file '/etc/coredns/x'`. */
  readonly label: string;
  /** At least one. */
  readonly tokens: readonly SourceToken[];
}

/** One insertion while it is being read; compared by identity. */
export interface Scope {
  /** 0 for the Corefile itself. */
  readonly depth: number;
}

export interface Upcoming {
  readonly token: SourceToken;
  /** Whether it begins a line, as the first token of an insertion and the first after one do. */
  readonly newLine: boolean;
  readonly scope: Scope;
}

interface Frame {
  readonly insertions: readonly Insertion[];
  current: number;
  index: number;
  scope: Scope;
}

export class TokenStream {
  readonly #problems: Problems;
  readonly #fingerprint: Fingerprint;
  readonly #frames: Frame[] = [];
  readonly #open = new Set<string>();
  #upcoming: Upcoming | undefined;
  #taken = 0;
  #stopped = false;

  constructor(problems: Problems, fingerprint: Fingerprint) {
    this.#problems = problems;
    this.#fingerprint = fingerprint;
  }

  /** Whether it ended before its tokens did, because they were too many. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether the file or snippet is being read, so that to insert it again would never end. */
  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  /** Puts the tokens of these, in their order, before the next token. */
  insert(insertions: readonly Insertion[]): void {
    const [first] = insertions;
    if (first === undefined) return;
    this.#frames.push({ insertions, current: 0, index: 0, scope: { depth: this.#frames.length } });
    this.#open.add(first.id);
    this.#upcoming = undefined;
  }

  /** The next token, which stays; undefined at the end. */
  peek(): Upcoming | undefined {
    if (this.#stopped) return undefined;
    this.#upcoming ??= this.#find();
    return this.#upcoming;
  }

  /** Takes the next token. */
  next(): Upcoming | undefined {
    const upcoming = this.peek();
    if (upcoming === undefined) return undefined;
    const { token, scope } = upcoming;
    // What was read to its end stays open until a token behind it is taken: an import as its last line is still in it.
    while (this.#frames.length - 1 > scope.depth) {
      const ended = this.#frames.pop();
      this.#close(ended);
    }
    const frame = this.#frames[scope.depth];
    if (frame !== undefined) {
      if (frame.scope !== scope) {
        this.#close(frame);
        frame.current++;
        frame.index = 0;
        frame.scope = scope;
        this.#open.add(frame.insertions[frame.current]?.id ?? '');
      }
      frame.index++;
    }
    this.#upcoming = undefined;
    this.#fingerprint.add(`${token.at.file}:${token.at.line}:${token.at.column}${token.quoted ? 'q' : ''}`);
    this.#fingerprint.add(token.text);
    this.#taken++;
    if (this.#taken === bounds.corefileTokens) {
      this.#stopped = true;
      this.#problems.error(token, `the Corefile has more than ${bounds.corefileTokens} words with all that it imports`);
    }
    return upcoming;
  }

  #find(): Upcoming | undefined {
    for (let depth = this.#frames.length - 1; depth >= 0; depth--) {
      const frame = this.#frames[depth];
      if (frame === undefined) continue;
      const token = frame.insertions[frame.current]?.tokens[frame.index];
      if (token !== undefined) {
        const newLine = token.startsLine || frame.index === 0 || depth < this.#frames.length - 1;
        return { token, newLine, scope: frame.scope };
      }
      const following = frame.insertions[frame.current + 1]?.tokens[0];
      if (following !== undefined) return { token: following, newLine: true, scope: { depth } };
    }
    return undefined;
  }

  #close(frame: Frame | undefined): void {
    const id = frame?.insertions[frame.current]?.id;
    if (id !== undefined) this.#open.delete(id);
  }
}
