/** A module of the tests as a process of its own: what it prints, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface Child {
  readonly child: ChildProcess;
  /** What it has printed. */
  readonly output: () => string;
  /** Resolves when it has printed this. */
  printed(text: string): Promise<void>;
  /** The exit status. */
  ended(): Promise<number | null>;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Beside that of the tests. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds that anything may take. */
  readonly time: number;
  /** Ends it when the test is over. */
  readonly signal: NodeJS.Signals;
}

/** Starts `node MODULE ARGS…`. */
export function startChild(module: string, { args = [], environment = {}, time, signal: end }: ChildOptions): Child {
  const child = spawn(process.execPath, [module, ...args], { env: { ...process.env, ...environment }, stdio: 'pipe' });
  onTestFinished(() => void child.kill(end));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const signal = AbortSignal.timeout(time);
  const closed = once(child, 'close', { signal });
  return {
    child,
    output: () => text,
    printed: async (wanted) => {
      // oxlint-disable-next-line no-await-in-loop -- one piece after another
      while (!text.includes(wanted)) await once(child.stdout, 'data', { signal });
    },
    ended: async () => {
      await closed;
      return child.exitCode;
    },
  };
}
