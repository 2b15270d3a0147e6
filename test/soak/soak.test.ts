/** A short soak, as the command runs it; long ones are run with `--minutes N`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { commands, describeWith } from '../e2e/needs.ts';
import { batches } from '../transport/fixtures.ts';

const SOAK = fileURLToPath(new URL('soak.ts', import.meta.url));
/** Minutes of the soak, and milliseconds that all of it may take. */
const MINUTES = '0.33';
const TIME = 90_000;

const reason = batches.kind === 'absent' ? batches.why : commands('dnsperf', 'taskset');

describeWith('a soak', reason, () => {
  it('of twenty seconds finds nothing wrong', { timeout: TIME }, async () => {
    const child = spawn(process.execPath, [SOAK, '--minutes', MINUTES], { stdio: 'pipe' });
    // It has a program of its own to end.
    onTestFinished(() => void child.kill('SIGTERM'));
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [status] = await once(child, 'close', { signal: AbortSignal.timeout(TIME) });
    expect(status, text).toBe(0);
    expect(text).toContain('nothing wrong');
    const [, answered = 0, killed = 0, reloads = 0] =
      /(\d+) queries answered, (\d+) clients killed, (\d+) reloads/.exec(text)?.map(Number) ?? [];
    // Otherwise nothing was tried.
    expect(answered, text).toBeGreaterThan(10_000);
    expect(killed, text).toBeGreaterThan(10);
    expect(reloads, text).toBeGreaterThan(2);
  });
});
