/**
 * The property that the answer cache stands or falls with: a server that has it and one that has not give the same octets to
 * whatever they are asked, whatever happens meanwhile, and count the same.
 */
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { SilentListener } from './equality/side.ts';
import { type Directives, directives } from './equality/corefiles.ts';
import { type Step, type Tally, room, runSteps, step } from './equality/pair.ts';
import type { Form, Occasion } from './equality/questions.ts';
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
    expect(tally.hits / tally.questions).toBeGreaterThan(0.07);
    expect(tally.glue).toBeGreaterThan(25);
    expect(tally.samples).toBeGreaterThan(10);
  },
  (SECONDS + 120) * 1000,
);

const PLAIN: Directives = {
  ttl: 5,
  pods: 'insecure',
  loadbalance: '',
  cache: '',
  bufsize: '',
  prometheus: false,
  log: '',
  extras: [],
  kubernetes: [],
  before: '',
};

const HOSTS = 'hosts {\n192.0.2.6 box.hosts.test\nfallthrough\n}';

/** Asks in small letters, until the answer is kept, and then in capitals. */
const spelling = (capitals: number): Occasion => ({
  id: 1,
  spelling: capitals,
  otherSize: false,
  client: {},
  before: 0,
});
const OCCASIONS = [0, 0, 0, -1, 0x55555555].map(spelling);

/** Each is an answer in whose data stands what was made of the question's name, where it cannot point there. */
it.each([
  ['the end of a search path', 'box.hosts.test.a.svc.cluster.local', 1, ['searchpath {\ncomplete\n}', HOSTS]],
  ['the end of a search path of a file', 'box.hosts.test.a.svc.cluster.local', 1, ['autopath . RESOLV', HOSTS]],
  ['a name that DNAME leads elsewhere', 'box.to.branch.test', 5, ['file BRANCH branch.test']],
  ['a suffix changed back', 'web.old.test', 33, ['rewrite name suffix .old.test .a.svc.cluster.local answer auto']],
  ['a name changed back', 'shop.test', 33, ['rewrite name exact shop.test web.a.svc.cluster.local answer auto']],
] as const)('%s is not in the spelling of who asked first', async (_, name, type, extras) => {
  const tally: Tally = { questions: 0, hits: 0, glue: 0, samples: 0 };
  const form: Form = { name, type, class: 1, flags: 0x0100, edns: undefined, protocol: 'udp' };
  await runSteps({ ...PLAIN, extras }, 1_000_000, [{ kind: 'ask', form, occasions: OCCASIONS }], tally);
  expect(tally.hits).toBe(3);
});

const ask = (name: string, times: number): Step => ({
  kind: 'ask',
  form: { name, type: 1, class: 1, flags: 0x0100, edns: undefined, protocol: 'udp' },
  occasions: Array.from({ length: times }, () => spelling(0)),
});
const wait = (seconds: number): Step => ({ kind: 'wait', milliseconds: seconds * 1000 });
const ENDS_ELSEWHERE = 'many.example.a.svc.cluster.local';
const ENDS_IN_HOSTS = 'box.hosts.test.a.svc.cluster.local';

/** Each is an alias whose TTL is the least of several, of which some count down out of `cache`. */
it.each([
  ['a target that counts down below what stays', 5, 'searchpath {\ncomplete\n}', ENDS_ELSEWHERE, [10, 17.5]],
  ['the same of a file', 5, 'autopath . RESOLV', ENDS_ELSEWHERE, [10, 17.5]],
  ['a denial that counts down, and a target that does not', 30, 'autopath . RESOLV2', ENDS_IN_HOSTS, [3, 3]],
] as const)('the end of a search path: %s', async (_, ttl, extra, name, waits) => {
  const tally: Tally = { questions: 0, hits: 0, glue: 0, samples: 0 };
  const first = { ...PLAIN, ttl, cache: 'cache', prometheus: true, extras: [extra, HOSTS] };
  await runSteps(first, 1_000_000, [ask(name, 5), ...waits.flatMap((seconds) => [wait(seconds), ask(name, 2)])], tally);
  expect(tally.questions).toBe(9);
});
