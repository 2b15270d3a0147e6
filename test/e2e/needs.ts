/**
 * Tests that need what a machine may lack: a client program, or a right. Where it is absent they are skipped with a printed
 * reason; in CI (`CI=true`) it is a failure instead, so that nothing goes untested unnoticed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Undefined where the machine has it, else why the tests cannot run. */
export type Reason = string | undefined;

/** `describe`, if there is no reason against it. */
export function describeWith(name: string, reason: Reason, body: () => void): void {
  if (reason === undefined) {
    describe(name, body);
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('can run here, as it must in CI', () => expect.fail(reason));
    });
  } else {
    console.warn(`${name}: skipped, ${reason}`);
    describe.skip(name, body);
  }
}

/** The first command that is absent. */
export function commands(...names: readonly string[]): Reason {
  const absent = names.find((name) => spawnSync('sh', ['-c', 'command -v "$0"', name]).status !== 0);
  return absent === undefined ? undefined : `'${absent}' is not installed`;
}

/** Whether a command that shows a right succeeds. */
export function right(what: string, command: string, ...args: readonly string[]): Reason {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${what} is not possible: ${error?.message ?? stderr.trim()}`;
}

/** What a command prints on standard output, even where its status says failure, and its status. */
export function output(
  command: string,
  ...args: readonly string[]
): { readonly text: string; readonly status: number } {
  const { stdout, status, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 15_000 });
  if (error !== undefined) throw error;
  return { text: stdout, status: status ?? -1 };
}

/** What a command prints on standard output; throws where it fails. */
export function printed(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', timeout: 15_000, stdio: ['ignore', 'pipe', 'pipe'] });
}
