/** A short campaign, as the command runs it; long ones are run with `npm run chaos -- --seconds N --seed S`. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Child, startChild } from '../support/child.ts';

const CHAOS = fileURLToPath(new URL('chaos.ts', import.meta.url));
/** Milliseconds: of the campaign, and of the longest recovery after it. */
const TIME = 150_000;

/** It has a program of its own to end. */
const run = (...args: readonly string[]): Child => startChild(CHAOS, { args, time: TIME, signal: 'SIGTERM' });

describe('chaos', () => {
  it('answers are right through twenty bad seconds', { timeout: TIME }, async () => {
    const seed = process.env['NODENS_SEED'] ?? '1';
    // Other tests may have the processors.
    const chaos = run('--seconds', '20', '--seed', seed, '--grace', '3000');
    const status = await chaos.ended();
    const text = chaos.output();
    expect(status, text).toBe(0);
    expect(text).toContain('nothing wrong');
    // Otherwise nothing was tried.
    expect(count(text, /(\d+) answers to/), text).toBeGreaterThan(20_000);
    expect(count(text, /(\d+) changes of objects/), text).toBeGreaterThan(100);
    expect(text.match(/^ {2}\d+ × /gm)?.length ?? 0, text).toBeGreaterThan(3);
  });

  it('is ended by a signal, and ends its program', { timeout: TIME }, async () => {
    const chaos = run('--seconds', '60', '--rate', '100', '--verbose');
    await chaos.printed('the program starts');
    chaos.child.kill('SIGTERM');
    const status = await chaos.ended();
    expect(status, chaos.output()).toBe(1);
    expect(chaos.output()).toContain('interrupted');
  });
});

function count(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
