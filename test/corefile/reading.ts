/**
 * How the tests of the Corefile language look at a result: blocks and directives as nested arrays of words, problems as
 * one line each.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import type { Corefile, Directive } from '../../src/corefile/corefile.ts';
import { Problems } from '../../src/corefile/problems.ts';
import type { Problem } from '../../src/corefile/problems.ts';

/** A directive as `[name, ...arguments]`, with its block, where it has one, as an array at the end. */
export type Shape = readonly (string | readonly Shape[])[];

export interface Reading {
  readonly corefile: Corefile | undefined;
  /** `scheme://zone:port`, the port left out where there is none. */
  readonly keys: readonly (readonly string[])[];
  readonly directives: readonly (readonly Shape[])[];
  /** `line:column message`; with the file in front where it is not `Corefile`. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly problems: Problems;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function readText(text: string, environment: Environment = {}, folder = '/nowhere'): Reading {
  const problems = new Problems();
  return look(loadCorefile({ kind: 'text', name: 'Corefile', text, folder }, environment, problems), problems);
}

export function readPath(path: string, environment: Environment = {}): Reading {
  const problems = new Problems();
  return look(loadCorefile({ kind: 'file', path }, environment, problems), problems);
}

/** Writes files below a new folder, calls back with its path, and removes it. */
export function withFiles(files: Readonly<Record<string, string>>, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'corefile-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function shapeOf({ name, args, block }: Directive): Shape {
  const words = [name, ...args].map(({ text }) => text);
  return block === undefined ? words : [...words, block.map(shapeOf)];
}

function look(corefile: Corefile | undefined, problems: Problems): Reading {
  const blocks = corefile?.blocks ?? [];
  return {
    corefile,
    keys: blocks.map(({ keys }) =>
      keys.map(({ scheme, zone, port }) => `${scheme}://${zone}${port === undefined ? '' : `:${port}`}`),
    ),
    directives: blocks.map(({ directives }) => directives.map(shapeOf)),
    errors: problems.list.filter(({ severity }) => severity === 'error').map(line),
    warnings: problems.list.filter(({ severity }) => severity === 'warning').map(line),
    notes: problems.list.filter(({ severity }) => severity === 'note').map(line),
    problems,
  };
}

function line({ at, message }: Problem): string {
  return `${at.file === 'Corefile' ? '' : `${at.file}:`}${at.line}:${at.column} ${message}`;
}
