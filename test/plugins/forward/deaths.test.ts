/** Upstreams that die while queries are on their way: how long anybody waits, and for what. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import type { Answer } from '../../../src/plugins/answer.ts';
import { type Behaviour, type Sent, forwarding, fresh, replyTo } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const RIGHT = { answers: ['x.example. 60 IN A 203.0.113.1'] };
const A = '192.0.2.1';
const B = '192.0.2.2';
/** NODENS_LONGER=20 plays so many times as much. */
const LONGER = Number(process.env['NODENS_LONGER'] ?? 1);

const life = fc.record({
  options: fc.constantFrom('', 'failover SERVFAIL', 'force_tcp', 'prefer_udp', 'max_fails 0', 'policy random'),
  protocol: fc.constantFrom<('udp' | 'tcp')[]>('udp', 'tcp'),
  /** Of each upstream, in milliseconds; drawn from again and again. */
  delays: fc.array(fc.oneof(fc.nat(40), fc.nat(90)), { minLength: 1, maxLength: 6 }),
  /** What upstream A does when it dies. */
  death: fc.constantFrom('silent', 'cut', 'servfail'),
  pause: fc.integer({ min: 3, max: 40 }),
});

/** Both answer for a while; then `dead` is asked what becomes of each message. */
async function dying(
  { options, protocol, delays, pause }: typeof life extends fc.Arbitrary<infer T> ? T : never,
  dead: (sent: Sent) => boolean,
): Promise<readonly { readonly took: number; readonly answer: Answer; readonly after: number }[]> {
  vi.clearAllTimers();
  const DEATH = 1_000;
  const started = performance.now();
  let turn = 0;
  const behaviour: Behaviour = (sent) => {
    const delay = delays[turn++ % delays.length] ?? 0;
    setTimeout(() => {
      // What has not been answered by then never is.
      if (performance.now() - started >= DEATH && dead(sent)) return;
      sent.show(replyTo(sent.message, RIGHT));
    }, delay);
  };
  const lines = `forward . ${A} ${B} {\n${options.startsWith('policy') ? '' : 'policy sequential\n'}${options}\n}`;
  const service = await forwarding(lines, { behaviours: { [A]: behaviour, [B]: behaviour } });
  const answered: { readonly took: number; readonly answer: Answer; readonly after: number }[] = [];
  const ask = async (): Promise<void> => {
    const at = performance.now();
    const answer = await service.ask(fresh({ client: { protocol } }));
    answered.push({ took: performance.now() - at, answer, after: at - started - DEATH });
  };
  for (let at = 0; at < 4_000; at += pause) setTimeout(() => void ask(), at);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(answered).toHaveLength(Math.ceil(4_000 / pause));
  service.close();
  return answered;
}

it(
  'one of two upstreams is black-holed: nobody waits for more than 300 ms',
  async () => {
    await fc.assert(
      fc.asyncProperty(life, async (one) => {
        const dead = (sent: Sent): boolean => {
          if (sent.target.to.address !== A) return false;
          if (one.death === 'cut' && sent.target.protocol === 'udp') sent.reply({ ...RIGHT, flags: Flag.TC }, 0);
          if (one.death === 'servfail' && !sent.isCheck && one.options === 'failover SERVFAIL')
            sent.reply({ rcode: Rcode.SERVFAIL }, 0);
          return true;
        };
        for (const { took, answer } of await dying(one, dead)) {
          expect(took).toBeLessThanOrEqual(300);
          expect(answer).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR, truncated: false });
        }
      }),
      { numRuns: 10 * LONGER },
    );
  },
  20_000 * LONGER,
);

it(
  'both upstreams die: everybody is told within 1.8 s, those too who asked just before',
  async () => {
    await fc.assert(
      fc.asyncProperty(life, async (one) => {
        for (const { took, answer, after } of await dying(one, () => true)) {
          expect(took).toBeLessThanOrEqual(1_800);
          if (after > 150) expect(answer).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL });
        }
      }),
      { numRuns: 10 * LONGER },
    );
  },
  20_000 * LONGER,
);
