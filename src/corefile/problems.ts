/**
 * Collects what is wrong with a configuration, so that a person reads everything in one go. In: a token or a position,
 * a message, what was expected, what to write instead. Out: problems with the offending line, and their text:
 *
 *     Corefile:3:5: unknown directive 'kuberntes'
 *         kuberntes cluster.local {
 *         ^^^^^^^^^
 *       expected: bind, bufsize, cache, …; did you mean 'kubernetes'?
 *
 * A file may be hostile or huge: messages and lines are shortened and freed of control characters, equal problems are
 * listed once, and beyond a bound they are only counted.
 */
import { bounds } from '../bounds.ts';
import { byDistance, nearestWord } from './nearest.ts';
import type { Position, Token } from './tokens.ts';

export type { Position, Token } from './tokens.ts';

/** A note is worth knowing and needs no doing. */
export type Severity = 'error' | 'warning' | 'note';

export interface Problem {
  readonly at: Position;
  readonly message: string;
  /** What would have been right. */
  readonly expected?: string;
  /** What to write instead, word for word. */
  readonly suggestion?: string;
  /** A sentence on how it came about, such as an environment variable that is not set. */
  readonly note?: string;
  readonly severity: Severity;
  /** The line on which it stands, without its line end; absent where the file could not be read. */
  readonly sourceLine?: string;
  /** Columns to underline, at least 1. */
  readonly width: number;
}

export interface Hint {
  readonly expected?: string;
  readonly suggestion?: string;
}

/** More known words than this are not all listed. */
const listedWords = 32;
/** Nor more than these beside what was most likely meant. */
const listedBeside = 16;
/** Of many known words, so many of the nearest are. */
const listedOfMany = 5;
/** Characters of a message, of a hint, and of a line that are shown. */
const shownText = 600;
const shownLine = 120;

export class Problems {
  readonly #list: Problem[] = [];
  readonly #seen = new Set<string>();
  readonly #sources = new Map<string, readonly string[] | string>();
  readonly #count = { error: 0, warning: 0, note: 0 };

  /** In the order of the lines; files in the order in which they came up. */
  get list(): readonly Problem[] {
    const files = [...new Set([...this.#sources.keys(), ...this.#list.map(({ at }) => at.file)])];
    const rank = new Map(files.map((file, index) => [file, index]));
    return this.#list.toSorted(
      (a, b) =>
        (rank.get(a.at.file) ?? 0) - (rank.get(b.at.file) ?? 0) || a.at.line - b.at.line || a.at.column - b.at.column,
    );
  }

  get hasErrors(): boolean {
    return this.#count.error > 0;
  }

  /** Problems that are not in `list`, because there were too many. */
  get omitted(): number {
    return this.#count.error + this.#count.warning + this.#count.note - this.#list.length;
  }

  /** Makes a file's lines known, so that problems in it can show them. `file` is the name that positions use. */
  addSource(file: string, text: string): void {
    this.#sources.set(file, text);
  }

  error(at: Token | Position, message: string, hint: Hint = {}): void {
    this.#add('error', at, message, hint);
  }

  warning(at: Token | Position, message: string, hint: Hint = {}): void {
    this.#add('warning', at, message, hint);
  }

  note(at: Token | Position, message: string, hint: Hint = {}): void {
    this.#add('note', at, message, hint);
  }

  /**
   * Reports a word that nobody knows, with the nearest known one.
   *
   * @param what what it was read as: `directive`, `option of 'kubernetes'`
   * @param otherwise what is expected where none is near; where it is left out, that is the known words
   */
  unknownWord(token: Token, what: string, known: readonly string[], otherwise?: string): void {
    if (this.#isFull('error')) {
      // Looking for the nearest of many words is what costs, and nobody would read it.
      this.#count.error++;
      return;
    }
    const suggestion = nearestWord(token.text, known);
    const nearest = (): string => `${byDistance(token.text, known).slice(0, listedOfMany).join(', ')}, …`;
    const isListed = known.length <= (suggestion === undefined ? listedWords : listedBeside);
    const ofKnown = isListed ? known.join(', ') : suggestion === undefined ? nearest() : '';
    const expected = suggestion === undefined ? (otherwise ?? ofKnown) : ofKnown;
    this.error(token, `unknown ${what} '${shorten(token.text)}'`, {
      ...(expected === '' ? {} : { expected }),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  #add(severity: Severity, place: Token | Position, text: string, hint: Hint): void {
    if (this.#isFull(severity)) {
      this.#count[severity]++;
      return;
    }
    const token = 'text' in place ? place : undefined;
    const at = 'text' in place ? place.at : place;
    const message = plain(text);
    const note = token && variablesNote(token);
    const identity = JSON.stringify([severity, at.file, at.line, at.column, message]);
    if (this.#seen.has(identity)) return;
    this.#count[severity]++;
    this.#seen.add(identity);
    const sourceLine = this.#line(at);
    this.#list.push({
      at,
      message,
      ...(hint.expected === undefined ? {} : { expected: plain(hint.expected) }),
      ...(hint.suggestion === undefined ? {} : { suggestion: plain(hint.suggestion) }),
      ...(note === undefined ? {} : { note: plain(note) }),
      severity,
      ...(sourceLine === undefined ? {} : { sourceLine }),
      width: Math.max(1, token?.width ?? token?.text.length ?? 1),
    });
  }

  #isFull(severity: Severity): boolean {
    return this.#count[severity] >= bounds.corefileProblems;
  }

  #line(at: Position): string | undefined {
    let lines = this.#sources.get(at.file);
    if (lines === undefined) return undefined;
    if (typeof lines === 'string') {
      lines = lines.split('\n');
      this.#sources.set(at.file, lines);
    }
    return lines[at.line - 1]?.replace(/\r$/, '');
  }
}

/** A problem as text of up to four lines, without a line end behind the last. What is no error says what it is. */
export function renderProblem(problem: Problem): string {
  return render(problem, problem.severity === 'error' ? '' : `${problem.severity}: `);
}

/** The same for a log, whose lines have a severity of their own. */
export function renderForLog(problem: Problem): string {
  return render(problem, '');
}

function render(problem: Problem, prefix: string): string {
  const { at, message } = problem;
  const lines = [`${at.file}:${at.line}:${at.column}: ${prefix}${message}`];
  if (problem.sourceLine !== undefined) lines.push(...underline(problem.sourceLine, at.column - 1, problem.width));
  const hints = [
    ...(problem.expected === undefined ? [] : [`expected: ${problem.expected}`]),
    ...(problem.suggestion === undefined ? [] : [`did you mean '${problem.suggestion}'?`]),
    ...(problem.note === undefined ? [] : [problem.note]),
  ];
  if (hints.length > 0) lines.push(`  ${hints.join('; ')}`);
  return lines.join('\n');
}

/** A word for use in a message: cut where it is long. */
export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The line without its indentation, and carets under its part from `start`; a long line is cut around that part. */
function underline(line: string, start: number, width: number): readonly string[] {
  const indentation = Math.min(line.length - line.trimStart().length, start);
  const from = start - indentation < shownLine - 20 ? indentation : start - 20;
  const cut = from > indentation ? '…' : '';
  const shown = line.slice(from, from + shownLine).trimEnd();
  const after = from + shown.length < line.trimEnd().length ? '…' : '';
  const carets = Math.max(1, Math.min(width, from + shown.length - start));
  // A tab takes an unknown number of columns; the same tab below it takes as many.
  const before = line.slice(from, start).replace(/[^\t]/g, ' ');
  const gap = before.padEnd(start - from);
  return [`    ${cut}${printable(shown)}${after}`, `    ${cut === '' ? '' : ' '}${gap}${'^'.repeat(carets)}`];
}

/** Which variables left nothing in a word; undefined where none did. */
function variablesNote({ unset = [], empty = [] }: Token): string | undefined {
  const notes = [...variablesThatAre(unset, 'not set'), ...variablesThatAre(empty, 'empty')];
  return notes.length === 0 ? undefined : notes.join('; ');
}

function variablesThatAre(names: readonly string[], what: string): readonly string[] {
  if (names.length === 0) return [];
  const list = names.map((name) => `'${shorten(name)}'`).join(', ');
  return [
    names.length === 1
      ? `the environment variable ${list} is ${what}`
      : `the environment variables ${list} are ${what}`,
  ];
}

function plain(text: string): string {
  return printable(text.length > shownText ? `${text.slice(0, shownText)}…` : text).replaceAll('\t', ' ');
}

/** Keeps a terminal from obeying a file: control characters other than tabs become visible ones. */
function printable(text: string): string {
  return text.replaceAll('\n', '↵').replace(/(?!\t)[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
