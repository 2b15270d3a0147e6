/** What a campaign has done and found: counts for the report, and the first violations with what led to them. */
import type { Fault, Violation } from './judge.ts';

/** Violations that are told with their context. */
const TOLD = 5;
/** What was done last, that goes with a violation. */
const REMEMBERED = 8;

export class Findings {
  /** How often each thing was done. */
  readonly done = new Map<string, number>();
  /** How often each fault was found. */
  readonly faults = new Map<Fault, number>();
  /** The first ones, each name once. */
  readonly violations: string[] = [];
  /** All of them. */
  count = 0;
  /** How things stood when the first was found. */
  standing: string | undefined;
  readonly #begun = performance.now();
  readonly #last: string[] = [];
  readonly #told = new Set<string>();
  readonly #stand: () => string;
  readonly #tell: (line: string) => void;

  /** @param stand says how things stand; `tell` is given each line as it comes */
  constructor(stand: () => string, tell: (line: string) => void) {
    this.#stand = stand;
    this.#tell = tell;
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** A time of `performance.now()` as the report has it. */
  at(time: number): string {
    return `${((time - this.#begun) / 1000).toFixed(2)} s`;
  }

  did(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
    const line = `${this.at(performance.now())}: ${what}`;
    this.#last.push(line);
    if (this.#last.length > REMEMBERED) this.#last.shift();
    this.#tell(line);
  }

  violation({ fault, name, got, context }: Violation): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    this.#found(`${fault} ${name}`, `${fault}: ${name} gives ${got}\n    ${context}`);
  }

  complaint(text: string): void {
    this.#found(text, text);
  }

  #found(key: string, text: string): void {
    this.count++;
    this.standing ??= this.#stand();
    if (this.#told.has(key) || this.violations.length >= TOLD) return;
    this.#told.add(key);
    const before = this.#last.map((line) => `    ${line}`);
    this.violations.push([`${this.at(performance.now())}: ${text}`, '  before it:', ...before].join('\n'));
  }
}
