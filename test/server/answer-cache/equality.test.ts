/**
 * The property that the answer cache stands or falls with: a server that has it and one that has not give the same octets to
 * whatever they are asked, whatever happens meanwhile, and count the same.
 */
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { SilentListener } from './equality/side.ts';
import { directives } from './equality/corefiles.ts';
import { type Tally, room, runSteps, step } from './equality/pair.ts';
import type { TcpOptions } from '../../../src/transport/tcp.ts';

/** Nothing is asked over sockets here: requests over TCP are handed to the same handler. */
vi.mock('../../../src/transport/tcp.ts', () => ({
  openTcp: ({ handler }: TcpOptions) => Promise.resolve(new SilentListener('tcp', handler, () => undefined)),
}));

/** Random worlds for so many seconds, and from which seed, where the environment says so. */
const SECONDS = Number(process.env['NODENS_FUZZ_SECONDS'] ?? 0);
const RUNS = 120;

function parameters(): fc.Parameters<unknown> {
  if (SECONDS === 0) return { numRuns: RUNS };
  const seed = Number(process.env['NODENS_FUZZ_SEED'] ?? fc.readConfigureGlobal().seed);
  return { seed, numRuns: Infinity, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false };
}

it(
  'a server with the answer cache and one without it give the same octets, always',
  async () => {
    const tally: Tally = { questions: 0, hits: 0, glue: 0, samples: 0 };
    await fc.assert(
      fc.asyncProperty(
        directives,
        room,
        fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }),
        (first, octets, steps) => runSteps(first, octets, steps, tally),
      ),
      { ...parameters(), includeErrorInReport: true },
    );
    if (SECONDS > 0) console.log(tally);
    expect(tally.questions).toBeGreaterThan(5000);
    expect(tally.hits / tally.questions).toBeGreaterThan(0.1);
    expect(tally.glue).toBeGreaterThan(25);
    expect(tally.samples).toBeGreaterThan(10);
  },
  (SECONDS + 120) * 1000,
);
